//! The suite, and more, inside a transaction of the application's; generic over the database.
//!
//! A test program includes it by `#[path = "../common/within.rs"] mod within;`. A module of it writes
//! `fn world() -> Option<World<C>>` (`None` where there is no server), and instantiates the two macros:
//!
//! ```ignore
//! constance_core::conformance_cases! { [within::suite] world }
//! within::more! { world }
//! ```
#![allow(clippy::expect_used, clippy::print_stderr, dead_code, unreachable_pub)]

use std::sync::mpsc::channel;
use std::sync::{Arc, Mutex};

use constance_core::testing::{Case, ReferenceBackend};
use constance_core::{
    Backend, Config, Error, ErrorKind, Prefix, Settings,
    backend::{Applied, Batch, Change, Encoded, Expect, Key, Stored},
};
use constance_diesel::{Dialect, DieselBackend, InTransaction};

/// A database for one test.
pub struct World<C: Dialect> {
    /// Its tables are there.
    pub backend: Arc<DieselBackend<C>>,
    /// The same database over a table that does not exist.
    pub missing: DieselBackend<C>,
    /// Opens a connection to the same database, as an application does.
    pub connect: Box<dyn Fn() -> C>,
}

/// Settings of a shop.
#[derive(Debug, Clone, PartialEq, Settings)]
pub struct Shop {
    #[setting(default = 42, min = 0)]
    the_answer: i64,
    #[setting(default = "My Title")]
    site_name: String,
}

/// One `#[test]` for each case of the conformance suite.
macro_rules! suite {
    (($world:expr) $($group:ident::$case:ident,)*) => {
        $(
            #[test]
            fn $case() {
                let case = constance_core::testing::cases::$group::$case;
                $crate::within::check(constance_core::testing::Case::new(stringify!($case), case), $world());
            }
        )*
    };
}

/// One `#[test]` for each function below.
macro_rules! more {
    ($world:expr) => {
        $crate::within::functions! { [$crate::within::tests] $world }
    };
}

/// Hands the names of the functions below to a macro.
macro_rules! functions {
    ([$($callback:tt)+] $($arguments:tt)*) => {
        $($callback)+! { ($($arguments)*)
            what_is_written_is_there_after_the_commit_and_not_before,
            what_is_rolled_back_was_never_there,
            a_failed_call_leaves_the_transaction_as_it_was,
            a_conflict_leaves_the_transaction_as_it_was,
            a_nested_transaction_takes_back_its_own_part,
            threads_take_turns,
            without_a_transaction_each_call_is_one,
            nobody_hears_before_the_commit,
            a_rollback_tells_nobody,
            there_is_no_feed_and_no_migration,
        }
    };
}

macro_rules! tests {
    (($world:expr) $($name:ident,)*) => {
        $(
            #[test]
            fn $name() {
                match $world() {
                    Some(world) => $crate::within::$name(world),
                    None => $crate::within::skip(stringify!($name)),
                }
            }
        )*
    };
}

#[allow(unused_imports, reason = "each test program uses a part of them")]
pub(crate) use {functions, more, suite, tests};

/// Runs a case in a transaction that is rolled back at its end. A case that opens several backends gets one transaction for
/// each.
pub fn check<C: Dialect>(case: Case, world: Option<World<C>>) {
    let Some(world) = world else { return case.run_here(|| None::<ReferenceBackend>) };
    let mut connections: Vec<C> = (0..3).map(|_| (world.connect)()).collect();
    connections.iter_mut().for_each(|connection| connection.begin_test_transaction().expect("a transaction"));
    let free = Mutex::new(connections.iter_mut().collect::<Vec<_>>());
    let backend = &*world.backend;
    case.run_here(|| backend.within(free.lock().expect("no panic").pop().expect("no case opens more")));
}

pub fn skip(name: &str) {
    let required = std::env::var_os("CONSTANCE_REQUIRE_SERVICES").is_some_and(|value| value == "1");
    assert!(!required, "{name}: the server is missing, and CONSTANCE_REQUIRE_SERVICES=1 demands it");
    eprintln!("skipped {name}: the server is missing");
}

/// Why a transaction is rolled back.
#[derive(Debug)]
struct RollBack;

impl From<constance_diesel::diesel::result::Error> for RollBack {
    fn from(error: constance_diesel::diesel::result::Error) -> Self {
        panic!("{error}")
    }
}

fn key(name: &str) -> Key {
    Prefix::new("within:").and_then(|prefix| prefix.key(name)).expect("a key")
}

fn value(bytes: &[u8]) -> Stored {
    Stored::Value(Encoded::from(bytes))
}

fn set(backend: &dyn Backend, name: &str, bytes: &[u8]) -> Result<Applied, Error> {
    backend.write(&Batch::one(Change::set(key(name), Encoded::from(bytes))))
}

fn get(backend: &dyn Backend, name: &str) -> Stored {
    backend.read(&[&key(name)]).expect("a read").remove(0)
}

/// Runs `work` in a transaction that writes, and ends it as `work` says.
fn transaction<C: Dialect, T>(
    world: &World<C>,
    work: impl FnOnce(&mut C) -> Result<T, RollBack>,
) -> Result<T, RollBack> {
    (world.connect)().transaction(work)
}

pub fn what_is_written_is_there_after_the_commit_and_not_before<C: Dialect>(world: World<C>) {
    transaction(&world, |connection| {
        let store = world.backend.within(connection);
        set(&store, "a", b"1").expect("a write");
        let two = vec![
            Change::set(key("b"), Encoded::from(&b"2"[..])).expecting(Expect::Absent),
            Change::set(key("a"), Encoded::from(&b"3"[..])).expecting(Expect::Equals(Encoded::from(&b"1"[..]))),
        ];
        let batch = Batch::new(two).expect("two keys").wanting_previous(true);
        assert_eq!(store.write(&batch).expect("a write"), Applied::Done(vec![Stored::Absent, value(b"1")]));
        assert_eq!(get(&store, "a"), value(b"3"), "the transaction sees it");
        assert_eq!(get(&*world.backend, "a"), Stored::Absent, "nobody else does");
        Ok(())
    })
    .expect("a commit");
    assert_eq!((get(&*world.backend, "a"), get(&*world.backend, "b")), (value(b"3"), value(b"2")));
}

pub fn what_is_rolled_back_was_never_there<C: Dialect>(world: World<C>) {
    set(&*world.backend, "a", b"before").expect("a write");
    let ended = transaction(&world, |connection| {
        let store = world.backend.within(connection);
        set(&store, "a", b"after").expect("a write");
        set(&store, "b", b"1").expect("a write");
        assert_eq!(get(&store, "a"), value(b"after"));
        Err::<(), _>(RollBack)
    });
    assert!(ended.is_err());
    assert_eq!((get(&*world.backend, "a"), get(&*world.backend, "b")), (value(b"before"), Stored::Absent));
}

pub fn a_failed_call_leaves_the_transaction_as_it_was<C: Dialect>(world: World<C>) {
    transaction(&world, |connection| {
        set(&world.backend.within(connection), "a", b"1").expect("a write");
        {
            let missing = world.missing.within(connection);
            let failures = [
                missing.read(&[&key("a")]).map(drop),
                missing.read(&[&key("a"), &key("b")]).map(drop),
                missing.visit(&key("a"), &mut |_| panic!("a visitor is not called on an error")),
                missing.list(&Prefix::empty()).map(drop),
                set(&missing, "a", b"hunter2").map(drop),
                missing.ping(),
            ];
            for failure in failures {
                let error = failure.expect_err("no table");
                assert_eq!(error.kind(), ErrorKind::NotMigrated, "{error}");
            }
        }
        let store = world.backend.within(connection);
        assert_eq!(get(&store, "a"), value(b"1"), "what was done before stays");
        set(&store, "b", b"2").expect("a write");
        Ok(())
    })
    .expect("a commit");
    assert_eq!((get(&*world.backend, "a"), get(&*world.backend, "b")), (value(b"1"), value(b"2")));
}

pub fn a_conflict_leaves_the_transaction_as_it_was<C: Dialect>(world: World<C>) {
    transaction(&world, |connection| {
        let store = world.backend.within(connection);
        set(&store, "a", b"1").expect("a write");
        let one = Batch::one(Change::set(key("a"), Encoded::from(&b"2"[..])).expecting(Expect::Absent));
        let conflict = Applied::Conflict { index: 0, current: value(b"1") };
        assert_eq!(store.write(&one).expect("a write"), conflict);
        let two = vec![
            Change::set(key("b"), Encoded::from(&b"2"[..])),
            Change::keep(key("a")).expecting(Expect::Equals(Encoded::from(&b"2"[..]))),
        ];
        let conflict = Applied::Conflict { index: 1, current: value(b"1") };
        assert_eq!(store.write(&Batch::new(two).expect("two keys")).expect("a write"), conflict);
        assert_eq!((get(&store, "a"), get(&store, "b")), (value(b"1"), Stored::Absent));
        Ok(())
    })
    .expect("a commit");
    assert_eq!((get(&*world.backend, "a"), get(&*world.backend, "b")), (value(b"1"), Stored::Absent));
}

pub fn a_nested_transaction_takes_back_its_own_part<C: Dialect>(world: World<C>) {
    transaction(&world, |connection| {
        set(&world.backend.within(connection), "a", b"outer").expect("a write");
        let inner = connection.transaction(|connection| {
            let store = world.backend.within(connection);
            set(&store, "a", b"inner").expect("a write");
            set(&store, "b", b"inner").expect("a write");
            Err::<(), _>(RollBack)
        });
        assert!(inner.is_err());
        connection
            .transaction(|connection| {
                set(&world.backend.within(connection), "c", b"inner").expect("a write");
                Ok::<_, RollBack>(())
            })
            .expect("it is kept");
        let store = world.backend.within(connection);
        assert_eq!((get(&store, "a"), get(&store, "b")), (value(b"outer"), Stored::Absent));
        Ok(())
    })
    .expect("a commit");
    let found = ["a", "b", "c"].map(|name| get(&*world.backend, name));
    assert_eq!(found, [value(b"outer"), Stored::Absent, value(b"inner")]);
}

pub fn threads_take_turns<C: Dialect>(world: World<C>) {
    transaction(&world, |connection| {
        let store = world.backend.within(connection);
        let count = |store: &InTransaction<'_, C>| loop {
            let found = get(store, "counter");
            let (expect, next) = match found.value() {
                None => (Expect::Absent, 1),
                Some(bytes) => (Expect::Equals(bytes.clone()), bytes.as_bytes()[0] + 1),
            };
            let step = Change::set(key("counter"), Encoded::from(vec![next])).expecting(expect);
            if let Applied::Done(_) = store.write(&Batch::one(step)).expect("a write") {
                return;
            }
        };
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| (0..10).for_each(|_| count(&store)));
            }
        });
        Ok(())
    })
    .expect("a commit");
    assert_eq!(get(&*world.backend, "counter"), value(&[40]));
}

pub fn without_a_transaction_each_call_is_one<C: Dialect>(world: World<C>) {
    let mut connection = (world.connect)();
    set(&world.backend.within(&mut connection), "a", b"1").expect("a write");
    assert_eq!(get(&*world.backend, "a"), value(b"1"));
    assert_eq!(get(&world.backend.within(&mut connection), "a"), value(b"1"));
}

pub fn nobody_hears_before_the_commit<C: Dialect>(world: World<C>) {
    let config = typed(&world);
    let live = config.live().expect("loads");
    let (sender, seen) = channel();
    let listening = config.subscribe(move |event| {
        let (old, new) = (event.old(Shop::THE_ANSWER).copied(), event.new_value(Shop::THE_ANSWER).copied());
        sender.send((event.name(), old, new)).expect("somebody listens");
    });
    let written = transaction(&world, |connection| {
        let store = world.backend.within(connection);
        let settings = config.within(&store);
        settings.set(Shop::THE_ANSWER, 43).expect("a set");
        assert_eq!(settings.update(Shop::THE_ANSWER, |n| n + 1).expect("an update"), 44);
        settings
            .change()
            .expect(Shop::THE_ANSWER, 44)
            .set(Shop::SITE_NAME, "Corner".into())
            .apply()
            .expect("a change set");
        settings.set(Shop::THE_ANSWER, -1).expect_err("against its rule");
        assert_eq!(settings.snapshot().expect("a read"), Shop { the_answer: 44, site_name: "Corner".into() });
        assert_eq!((config.get(Shop::THE_ANSWER).expect("a read"), live.load().the_answer), (42, 42));
        assert!(seen.try_recv().is_err(), "no event");
        Ok(settings.into_changes())
    })
    .expect("a commit");
    config.committed(written).expect("catches up");
    assert_eq!((live.load().the_answer, live.load().site_name.as_str()), (44, "Corner"));
    drop(listening);
    // In whatever order, since the feed may have been faster; each once.
    let mut seen: Vec<_> = seen.iter().collect();
    seen.sort();
    assert_eq!(seen, [("site_name", None, None), ("the_answer", Some(42), Some(44))]);
}

pub fn a_rollback_tells_nobody<C: Dialect>(world: World<C>) {
    let config = typed(&world);
    let (sender, seen) = channel();
    let listening = config.subscribe(move |event| sender.send(event.name()).expect("somebody listens"));
    let ended = transaction(&world, |connection| {
        let store = world.backend.within(connection);
        let settings = config.within(&store);
        settings.set(Shop::THE_ANSWER, 43).expect("a set");
        drop(settings.into_changes());
        Err::<(), _>(RollBack)
    });
    assert!(ended.is_err());
    assert_eq!(config.get(Shop::THE_ANSWER).expect("a read"), 42);
    drop(listening);
    assert_eq!(seen.iter().count(), 0);
}

pub fn there_is_no_feed_and_no_migration<C: Dialect>(world: World<C>) {
    let mut connection = (world.connect)();
    {
        let store = world.backend.within(&mut connection);
        assert_eq!(store.watch(&Prefix::empty()).map(drop).expect_err("no feed").kind(), ErrorKind::Unsupported);
        store.migrate().expect("nothing is pending");
    }
    let missing = world.missing.within(&mut connection);
    let error = missing.migrate().expect_err("something is");
    assert_eq!(error.kind(), ErrorKind::Unsupported);
    assert!(error.to_string().ends_with("; run the `migrate` command, or call DieselBackend::migrate"), "{error}");
    assert!(!format!("{missing:?}").is_empty());
}

/// The typed front over the world's own backend.
fn typed<C: Dialect>(world: &World<C>) -> Config<Shop> {
    let prefix = Prefix::new("within:").expect("a prefix");
    Config::builder(Arc::clone(&world.backend)).prefix(prefix).build().expect("builds")
}
