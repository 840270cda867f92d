//! Cases for a backend that is persistent: what it has acknowledged outlives the backend, and its process.

use std::fmt;
use std::io::{BufRead, BufReader, Write};
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use super::case::{late, report_skipped};
use super::deadline::{self, Unfinished, within};
use super::fixture::{expect_stored, ok, random_word, read_one};
use super::{Opened, Outcome};
use crate::{
    Backend, Prefix,
    backend::{Applied, Batch, Change, Encoded, Key, Stored},
};

/// Names the prefix that a child process writes under, and its folder. A test that finds them is that process.
const CHILD_PREFIX: &str = "CONSTANCE_SUITE_CHILD_PREFIX";
const CHILD_FOLDER: &str = "CONSTANCE_SUITE_CHILD_FOLDER";
/// What the child says of each write that was acknowledged.
const STORED: &str = "stored ";
/// After so many the child is killed.
const WRITES: usize = 20;

/// One promise of a backend that is [`persistent`](crate::backend::Capability::persistent).
///
/// The macro [`persistence_tests!`](crate::persistence_tests) makes a test of each.
#[derive(Debug, Clone, Copy)]
pub struct PersistenceCase {
    name: &'static str,
    run: fn(&Reopened<'_>),
}

/// A store that a case opens, closes, and opens again. It never opens two backends at once, since a store may have room for
/// one only.
pub struct Reopened<'a> {
    open: &'a (dyn Fn(&Path) -> Option<Box<dyn Backend>> + Sync),
    folder: PathBuf,
    prefix: Prefix,
    test: &'a str,
}

impl PersistenceCase {
    /// A case of this name. Those of the suite are in [`ALL`].
    #[must_use]
    pub const fn new(name: &'static str, run: fn(&Reopened<'_>)) -> Self {
        Self { name, run }
    }

    /// The name: what is promised.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        self.name
    }

    /// Runs the case as the test of this path: panics where the promise is broken, or where the case does not end within 30
    /// seconds (`CONSTANCE_SUITE_SECONDS`). The path is the test's name after the name of its crate: a child process runs the same test.
    pub fn run<O, F>(self, test: &'static str, open: F)
    where
        O: Opened<'static>,
        F: Fn(&Path) -> O + Send + Sync + 'static,
    {
        match within(self.name, deadline::of_case(), move || self.outcome(test, open)) {
            Ok(outcome) => report_skipped(self.name, outcome == Outcome::Skipped),
            Err(Unfinished::Panicked(panic)) => resume_unwind(panic),
            Err(Unfinished::Late) => panic!("{}", late(self.name, deadline::of_case())),
        }
    }

    /// Runs the case in the test of this path and tells how it ended, a case that does not end in time being a failed one.
    pub fn check<O, F>(self, test: &'static str, open: F, deadline: Duration) -> Outcome
    where
        O: Opened<'static>,
        F: Fn(&Path) -> O + Send + Sync + 'static,
    {
        match within(self.name, deadline, move || self.outcome(test, open)) {
            Ok(outcome) => outcome,
            Err(Unfinished::Panicked(panic)) => Outcome::Failed(deadline::message(&*panic)),
            Err(Unfinished::Late) => Outcome::Failed(late(self.name, deadline)),
        }
    }

    fn outcome<O, F>(self, test: &str, open: F) -> Outcome
    where
        O: Opened<'static>,
        F: Fn(&Path) -> O + Sync + 'static,
    {
        let open = |folder: &Path| open(folder).opened();
        if let (Ok(prefix), Some(folder)) = (std::env::var(CHILD_PREFIX), std::env::var_os(CHILD_FOLDER)) {
            let prefix = Prefix::new(&prefix).expect("what the parent process made");
            write_until_killed(&*open(Path::new(&folder)).expect("the service was there for the parent"), &prefix);
            return Outcome::Passed;
        }
        let folder = std::env::temp_dir().join(random_word());
        std::fs::create_dir(&folder).expect("a folder for temporary files");
        let Some(backend) = open(&folder) else {
            let _ = std::fs::remove_dir_all(&folder);
            return Outcome::Skipped;
        };
        let root = format!("{}{}:", backend.default_prefix(), random_word());
        let prefix = Prefix::new(&root).expect("the default prefix leaves room for another word");
        let test = test.split_once("::").map_or(test, |(_, path)| path);
        let reopened = Reopened { open: &open, folder, prefix, test };
        ok(backend.migrate(), "a migration of a new store");
        let persistent = backend.capability().persistent;
        drop(backend);
        assert!(persistent, "a backend that is tested for persistence says so in `capability().persistent`");
        (self.run)(&reopened);
        Outcome::Passed
    }
}

macro_rules! table {
    (() $($case:ident,)*) => {
        /// Every case of persistence, in the order of [`persistence_cases!`](crate::persistence_cases).
        pub const ALL: &[PersistenceCase] = &[$(PersistenceCase::new(stringify!($case), $case)),*];
    };
}

crate::persistence_cases! { [table] }

/// Hands the names of all cases of persistence to a macro, as [`conformance_cases!`](crate::conformance_cases) does; each is
/// a function of [`testing::persistence`](crate::testing::persistence).
#[macro_export]
macro_rules! persistence_cases {
    ([$($callback:tt)+] $($arguments:tt)*) => {
        $($callback)+! { ($($arguments)*)
            closed_store_keeps_everything,
            acknowledged_writes_outlive_a_killed_process,
        }
    };
}

/// Makes one `#[test]` for each case of a backend that is persistent.
///
/// It takes a function (or closure) from a folder, which is empty at first, to a backend on the store in it. It is called
/// several times with one folder and opens the same store each time; only one is open at a time. Where the store is a server,
/// the folder is not needed. One case starts the test program once more, as a process that writes and is killed.
///
/// ```
/// # fn main() {}
/// # use std::path::Path;
/// # use constance_core::testing::ReferenceBackend;
/// # fn open(folder: &Path) -> Option<ReferenceBackend> { None }
/// constance_core::persistence_tests!(|folder: &Path| open(&folder.join("settings.db")));
/// ```
#[macro_export]
macro_rules! persistence_tests {
    ($(#[$attribute:meta])* mod $name:ident: $open:expr $(,)?) => {
        $(#[$attribute])*
        mod $name {
            #[allow(unused_imports)]
            use super::*;

            $crate::persistence_tests!($open);
        }
    };
    ($open:expr $(,)?) => {
        $crate::persistence_cases! { [$crate::__persistence_test] $open }
    };
}

#[doc(hidden)]
#[macro_export]
macro_rules! __persistence_test {
    (($open:expr) $($case:ident,)*) => {
        $(
            #[test]
            fn $case() {
                $crate::testing::persistence::PersistenceCase::new(
                    stringify!($case),
                    $crate::testing::persistence::$case,
                ).run(concat!(module_path!(), "::", stringify!($case)), $open);
            }
        )*
    };
}

impl Reopened<'_> {
    /// Opens the store; the backend is closed before the next one is opened.
    #[must_use]
    pub fn open(&self) -> Box<dyn Backend> {
        (self.open)(&self.folder).expect("the service was there when the case began, and is missing now")
    }

    fn key(&self, name: &str) -> Key {
        self.prefix.key(name).expect("a case uses valid names")
    }
}

impl Drop for Reopened<'_> {
    fn drop(&mut self) {
        // A second panic during a failing case would end the whole test program.
        let _ = catch_unwind(AssertUnwindSafe(|| {
            let backend = self.open();
            for (key, _) in backend.list(&self.prefix).unwrap_or_default() {
                let _ = backend.write(&Batch::one(Change::remove(key)));
            }
        }));
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

impl fmt::Debug for Reopened<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { open: _, folder, prefix, test } = self;
        f.debug_struct("Reopened").field("folder", folder).field("prefix", prefix).field("test", test).finish()
    }
}

fn value(text: &str) -> Encoded {
    Encoded::from(text.as_bytes())
}

/// What was stored, replaced and removed is so for a backend that is opened after the first one was closed.
pub fn closed_store_keeps_everything(store: &Reopened<'_>) {
    let (kept, replaced, removed) = (store.key("kept"), store.key("replaced"), store.key("removed"));
    let write = |change| {
        let backend = store.open();
        assert!(
            matches!(
                ok(backend.write(&Batch::one(change)), "a write to a store that was opened again"),
                Applied::Done(_)
            ),
            "a batch whose expectations hold must be applied"
        );
    };
    write(Change::set(kept.clone(), value("1")));
    write(Change::set(replaced.clone(), value("1")));
    write(Change::set(removed.clone(), value("1")));
    write(Change::set(replaced.clone(), value("2")).expecting(crate::backend::Expect::Equals(value("1"))));
    write(Change::remove(removed.clone()).expecting(crate::backend::Expect::Equals(value("1"))));
    let backend = store.open();
    expect_stored(&read_one(&*backend, &kept), Some(b"1"), "what was stored is there when the store is opened again");
    expect_stored(&read_one(&*backend, &replaced), Some(b"2"), "what was replaced is, when the store is opened again");
    expect_stored(&read_one(&*backend, &removed), None, "what was removed is gone when the store is opened again");
}

/// Every write that another process was told is done is there after that process was killed, and a batch is there as a whole
/// or not at all.
pub fn acknowledged_writes_outlive_a_killed_process(store: &Reopened<'_>) {
    let program = std::env::current_exe().expect("the test program has a path");
    let mut child = Command::new(program)
        .args([store.test, "--exact", "--nocapture", "--test-threads=1"])
        .env(CHILD_PREFIX, store.prefix.as_str())
        .env(CHILD_FOLDER, &store.folder)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .expect("the test program can be started once more");
    let said = BufReader::new(child.stdout.take().expect("it is piped"));
    let mut acknowledged = 0;
    for line in said.lines().map_while(Result::ok) {
        if let Some(number) = line.strip_prefix(STORED).and_then(|number| number.parse().ok()) {
            acknowledged = number;
            if acknowledged == WRITES {
                let _ = child.kill();
            }
        }
    }
    let _ = child.kill();
    let _ = child.wait();
    assert!(
        acknowledged >= WRITES,
        "a child process ran the test \"{}\" and acknowledged {acknowledged} writes, not {WRITES}: it is run with that \
         name and `--exact`",
        store.test
    );
    let backend = store.open();
    for number in 1..=acknowledged + 1 {
        let found = pair(&store.prefix, number).map(|key| read_one(&*backend, &key));
        let wanted = Stored::Value(value(&number.to_string()));
        if number <= acknowledged {
            let all = found.iter().all(|stored| *stored == wanted);
            assert!(
                all,
                "broken: a write that was acknowledged outlives its process; write {number} of {acknowledged} is lost"
            );
        } else if backend.capability().atomic_batch {
            assert!(
                found[0] == found[1],
                "broken: a batch is stored as a whole or not at all, also by a process that is killed"
            );
        }
    }
    let last = read_one(&*backend, &store.key("last"));
    let last = last.value().and_then(|bytes| String::from_utf8_lossy(bytes.as_bytes()).parse::<usize>().ok());
    assert!(
        last.is_some_and(|last| last >= acknowledged),
        "broken: a write that was acknowledged outlives its process; the last replacement of a value is lost"
    );
}

fn pair(prefix: &Prefix, number: usize) -> [Key; 2] {
    ["a", "b"].map(|half| prefix.key(&format!("{half}{number}")).expect("a case uses valid names"))
}

/// What the child does: it says of each write that it was done, until nobody listens.
fn write_until_killed(backend: &dyn Backend, prefix: &Prefix) {
    let last = prefix.key("last").expect("a valid name");
    for number in 1..100_000_usize {
        let text = number.to_string();
        let both = pair(prefix, number).map(|key| Change::set(key, value(&text)));
        if backend.capability().atomic_batch {
            ok(
                backend.write(&Batch::new(both.to_vec()).expect("two keys")),
                "a write by a process that will be killed",
            );
        } else {
            for change in both {
                ok(backend.write(&Batch::one(change)), "a write by a process that will be killed");
            }
        }
        let replaced = Change::set(last.clone(), value(&text));
        ok(backend.write(&Batch::one(replaced)), "a write by a process that will be killed");
        let mut out = std::io::stdout().lock();
        // The name of the test stands at the beginning of the first line.
        if write!(out, "\n{STORED}{number}\n").and_then(|()| out.flush()).is_err() {
            return;
        }
    }
}
