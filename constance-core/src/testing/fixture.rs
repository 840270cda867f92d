//! What a case works with.

use std::collections::BTreeSet;
use std::fmt;
use std::hash::{BuildHasher, RandomState};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::{Duration, SystemTime};

use parking_lot::Mutex;

use super::Opened;
use super::deadline;
use crate::{
    Backend, ErrorKind, Prefix, Result,
    backend::{Applied, Batch, Capability, Change, Encoded, Key, Stored},
};

/// A backend, a key space that nobody else uses, and short words for what cases do.
///
/// Every key that it hands out is removed when it is dropped, also by a failing case. The words panic where the backend
/// breaks the contract, so that a case reads as what it promises.
///
/// ```
/// use constance_core::testing::{Fixture, ReferenceBackend};
///
/// let fixture = Fixture::new(ReferenceBackend::new).expect("it needs no service");
/// let key = fixture.key("theme");
/// fixture.set(&key, b"dark");
/// fixture.expect(&key, Some(b"dark"), "what was set is stored");
/// ```
pub struct Fixture<'b> {
    backend: Box<dyn Backend + 'b>,
    open: Box<dyn Fn() -> Option<Box<dyn Backend + 'b>> + Sync + 'b>,
    root: Prefix,
    used: Mutex<BTreeSet<Key>>,
    patience: Duration,
    confined: bool,
}

impl<'b> Fixture<'b> {
    /// A fixture over what `make` opens, or `None` where the service is missing.
    pub fn new<O, F>(make: F) -> Option<Self>
    where
        O: Opened<'b>,
        F: Fn() -> O + Sync + 'b,
    {
        Self::with_patience(deadline::of_event(), make)
    }

    /// The same, with another limit for what has to come.
    pub(super) fn with_patience<O, F>(patience: Duration, make: F) -> Option<Self>
    where
        O: Opened<'b>,
        F: Fn() -> O + Sync + 'b,
    {
        let opened = make();
        let confined = opened.is_confined();
        let backend = opened.opened()?;
        // Below the backend's own prefix, where a store may limit its users to that.
        let root = format!("{}{}:", backend.default_prefix(), random_word());
        let root = Prefix::new(&root).expect("the default prefix leaves room for another word");
        let open = Box::new(move || make().opened());
        Some(Self { backend, open, root, used: Mutex::default(), patience, confined })
    }

    /// The backend under test.
    #[must_use]
    pub fn backend(&self) -> &(dyn Backend + 'b) {
        &*self.backend
    }

    /// Another backend from the same function: on the same store where it is shared, else on a new one.
    #[must_use]
    pub fn another(&self) -> Box<dyn Backend + 'b> {
        (self.open)().expect("the service was there when the case began, and is missing now")
    }

    /// What the backend says that it can do.
    #[must_use]
    pub fn capability(&self) -> Capability {
        self.backend.capability()
    }

    /// How long something that has to come may take, such as the wake of a feed: a quarter of what a case may take.
    #[must_use]
    pub fn patience(&self) -> Duration {
        self.patience
    }

    /// Whether the user may have no keys but those under the backend's default prefix: see
    /// [`Confined`](super::Confined).
    #[must_use]
    pub fn is_confined(&self) -> bool {
        self.confined
    }

    /// A prefix inside this case's key space; `tail` is empty or ends in `:` or `/`.
    #[must_use]
    pub fn prefix(&self, tail: &str) -> Prefix {
        Prefix::new(&format!("{}{tail}", self.root)).expect("a case uses valid prefixes")
    }

    /// A key directly in this case's key space.
    #[must_use]
    pub fn key(&self, name: &str) -> Key {
        self.key_under(&self.root, name)
    }

    /// A key under any prefix; it is removed at the end. Outside this case's key space the name has to be
    /// [unused](Self::unused_name).
    #[must_use]
    pub fn key_under(&self, prefix: &Prefix, name: &str) -> Key {
        let key = prefix.key(name).expect("a case uses valid names");
        self.used.lock().insert(key.clone());
        key
    }

    /// A name that no other case uses, for keys under the empty prefix.
    #[must_use]
    pub fn unused_name(&self) -> String {
        random_word()
    }

    /// Stores a value, whatever is there.
    #[track_caller]
    pub fn set(&self, key: &Key, value: &[u8]) {
        self.done(Batch::one(Change::set(key.clone(), Encoded::from(value))));
    }

    /// Removes a value.
    #[track_caller]
    pub fn remove(&self, key: &Key) {
        self.done(Batch::one(Change::remove(key.clone())));
    }

    /// Reads one key.
    #[track_caller]
    #[must_use]
    pub fn get(&self, key: &Key) -> Stored {
        read_one(self.backend(), key)
    }

    /// Demands that this is stored under a key; `promise` says what is broken otherwise.
    #[track_caller]
    pub fn expect(&self, key: &Key, wanted: Option<&[u8]>, promise: &str) {
        expect_stored(&self.get(key), wanted, promise);
    }

    /// Applies a batch that must not fail.
    #[track_caller]
    #[must_use]
    pub fn write(&self, batch: &Batch) -> Applied {
        ok(self.backend.write(batch), "a write to a store that answers")
    }

    /// Applies a batch that must be applied, and gives the previous values.
    #[track_caller]
    pub fn done(&self, batch: Batch) -> Vec<Stored> {
        match self.write(&batch) {
            Applied::Done(previous) => previous,
            Applied::Conflict { index, current } => {
                panic!("a batch whose expectations hold must be applied, but change {index} found {}", shown(&current))
            }
        }
    }

    /// Applies a batch of one change, which may be a conflict.
    #[track_caller]
    #[must_use]
    pub fn try_one(&self, change: Change) -> Applied {
        self.write(&Batch::one(change))
    }

    /// Applies a batch of several keys, or gives `None` where the backend says that it has no atomic batches and
    /// properly refused this one.
    #[track_caller]
    #[must_use]
    pub fn write_several(&self, batch: &Batch) -> Option<Applied> {
        let keys: Vec<&Key> = batch.changes().iter().map(|change| &change.key).collect();
        let before = ok(self.backend.read(&keys), "a read of a store that answers");
        match self.backend.write(batch) {
            Err(error) if error.kind() == ErrorKind::Unsupported && !self.capability().atomic_batch => {
                let after = ok(self.backend.read(&keys), "a read of a store that answers");
                assert!(before == after, "a batch refused with `Unsupported` must write nothing, but it changed a key");
                skip("the backend has no atomic batches, and refused one properly");
                None
            }
            result => Some(ok(result, "a batch written to a store that answers")),
        }
    }

    /// What is listed under a prefix, sorted by key.
    #[track_caller]
    #[must_use]
    pub fn list(&self, prefix: &Prefix) -> Vec<(Key, Stored)> {
        let mut listed = ok(self.backend.list(prefix), "a listing of a store that answers");
        listed.sort_by(|(one, _), (other, _)| one.cmp(other));
        listed
    }

    fn clean(&self) {
        let used: Vec<Key> = std::mem::take(&mut *self.used.lock()).into_iter().collect();
        for keys in used.chunks(200) {
            let found = self.backend.read(&keys.iter().collect::<Vec<_>>()).unwrap_or_default();
            let stored = keys.iter().zip(found).filter(|(_, stored)| !stored.is_absent());
            let removals: Vec<Change> = stored.map(|(key, _)| Change::remove(key.clone())).collect();
            let together = Batch::new(removals.clone()).and_then(|batch| self.backend.write(&batch));
            if together.is_err() {
                // A failing case is reported already; a key that stays is one of a random name.
                removals.into_iter().for_each(|change| drop(self.backend.write(&Batch::one(change))));
            }
        }
    }
}

impl Drop for Fixture<'_> {
    fn drop(&mut self) {
        // A second panic during a failing case would end the whole test program.
        let _ = catch_unwind(AssertUnwindSafe(|| self.clean()));
    }
}

impl fmt::Debug for Fixture<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Fixture").field("backend", &self.backend).field("root", &self.root).finish_non_exhaustive()
    }
}

/// The value of a call that must not fail.
#[track_caller]
pub(super) fn ok<T>(result: Result<T>, what: &str) -> T {
    match result {
        Ok(value) => value,
        Err(error) => panic!("{what} must not fail, but it did: {error} ({error:?})"),
    }
}

#[track_caller]
pub(super) fn read_one(backend: &dyn Backend, key: &Key) -> Stored {
    let mut answers = ok(backend.read(&[key]), "a read of a store that answers");
    assert!(answers.len() == 1, "a read of one key must give one answer, not {}", answers.len());
    answers.remove(0)
}

#[track_caller]
pub(super) fn expect_stored(found: &Stored, wanted: Option<&[u8]>, promise: &str) {
    let right = match (found, wanted) {
        (Stored::Absent, None) => true,
        (Stored::Value(found), Some(wanted)) => found.as_bytes() == wanted,
        _ => false,
    };
    let wanted = wanted.map_or(Stored::Absent, |bytes| Stored::Value(Encoded::from(bytes)));
    assert!(right, "broken: {promise}; stored should be {}, and is {}", shown(&wanted), shown(found));
}

/// A stored value of the suite's own, in short.
pub(super) fn shown(stored: &Stored) -> String {
    match stored {
        Stored::Absent => "nothing".to_owned(),
        Stored::Foreign(what) => format!("something unreadable ({what})"),
        Stored::Value(value) if value.len() <= 60 => {
            format!("\"{}\" ({} bytes)", value.as_bytes().escape_ascii(), value.len())
        }
        Stored::Value(value) => format!("\"{}…\" ({} bytes)", value.as_bytes()[..60].escape_ascii(), value.len()),
    }
}

/// Says why the rest of a case does not apply.
pub(super) fn skip(reason: &str) {
    eprintln!("not applicable: {reason}");
}

pub(super) fn random_word() -> String {
    // The state is seeded by the system; the rest is for a system whose seeds are few.
    let hash = RandomState::new().hash_one((SystemTime::now(), std::process::id()));
    format!("suite-{hash:016x}")
}
