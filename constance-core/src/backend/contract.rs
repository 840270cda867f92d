//! The contract between the typed front and a store.

use std::fmt::Debug;
use std::time::Duration;

use crate::{
    Error, ErrorKind, Prefix, Result, Warning,
    backend::{Applied, Batch, Capability, Encoded, Key, Portion, Stored, Watch},
};

/// A store of settings: finished keys and bytes in, bytes out.
///
/// Everything a user calls is built on three verbs, once, in this crate: [`read`](Self::read), [`list`](Self::list) and
/// [`write`](Self::write). A backend knows nothing of types, defaults, prefixes in keys, or the format of a value.
///
/// # The contract
///
/// - Making a backend does no I/O. The first call may fail; a later one tries again.
/// - *Absent*, *unreachable* and *unreadable* are three results: [`Stored::Absent`], an `Err`, [`Stored::Foreign`]. A store
///   that cannot be asked is never "absent". A read never writes.
/// - A write that did not happen is an `Err` or a [`Conflict`](Applied::Conflict), never `Done`.
/// - A batch is applied as a whole or not at all, with its expectations checked in the same step.
/// - A read shows one moment, however many keys it asks for: it never shows one half of a batch. (Where
///   [`atomic_batch`](Capability::atomic_batch) is `false`, that holds for each key.)
/// - What a write that was `Done` has stored is what every later read gives, through any backend on the store. A read that may
///   be answered from elsewhere than the store, from a replica or from memory, is what
///   [`remembers`](Capability::remembers) is for.
/// - No lock of the backend is held while a visitor runs.
/// - No value and no password appears in an error: see [`Cause`](crate::backend::Cause).
///
/// The suite of [`conformance_tests!`](crate::conformance_tests) (feature `testing`) checks all of it with one line. The page
/// `docs/backends.md` of the repository leads from a template to a published crate.
///
/// # A whole backend
///
/// ```
/// use std::collections::BTreeMap;
/// use std::sync::Mutex;
///
/// use constance_core::{backend::{Applied, Batch, Capability, Encoded, Expect, Key, Op, Stored}, Backend, Prefix, Result};
///
/// #[derive(Debug, Default)]
/// struct MapBackend(Mutex<BTreeMap<String, Encoded>>);
///
/// impl MapBackend {
///     fn map(&self) -> std::sync::MutexGuard<'_, BTreeMap<String, Encoded>> {
///         self.0.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
///     }
/// }
///
/// impl Backend for MapBackend {
///     fn name(&self) -> &str {
///         "map"
///     }
///
///     fn capability(&self) -> Capability {
///         Capability::new()
///     }
///
///     fn read(&self, keys: &[&Key]) -> Result<Vec<Stored>> {
///         let map = self.map();
///         Ok(keys.iter().map(|key| map.get(key.as_str()).cloned().into()).collect())
///     }
///
///     fn list(&self, prefix: &Prefix) -> Result<Vec<(Key, Stored)>> {
///         let map = self.map();
///         Ok(map.iter().filter_map(|(k, v)| Some((prefix.key_of(k.as_bytes())?, v.clone().into()))).collect())
///     }
///
///     fn write(&self, batch: &Batch) -> Result<Applied> {
///         let mut map = self.map();
///         let mut previous = Vec::new();
///         for (index, change) in batch.changes().iter().enumerate() {
///             let current = Stored::from(map.get(change.key.as_str()).cloned());
///             if !change.expect.holds(&current) {
///                 return Ok(Applied::Conflict { index, current });
///             }
///             if batch.want_previous() {
///                 previous.push(current);
///             }
///         }
///         for change in batch.changes() {
///             match &change.op {
///                 Op::Set(value) => drop(map.insert(change.key.to_string(), value.clone())),
///                 Op::Remove => drop(map.remove(change.key.as_str())),
///                 Op::Keep => {}
///             }
///         }
///         Ok(Applied::Done(previous))
///     }
/// }
///
/// let backend = MapBackend::default();
/// let key = Prefix::empty().key("theme")?;
/// backend.write(&Batch::one(constance_core::backend::Change::set(key.clone(), Encoded::from(b"dark".to_vec()))))?;
/// assert_eq!(backend.read(&[&key])?[0].value().map(Encoded::as_bytes), Some(&b"dark"[..]));
/// # Ok::<(), constance_core::Error>(())
/// ```
///
/// There is no `'static` bound: a reference to a backend, and one that works inside a caller's transaction, are backends
/// too. The trait is object-safe and forwarded for `&B`, `Box<B>` and `Arc<B>`.
pub trait Backend: Debug + Send + Sync {
    /// The backend's name, for errors and traces: one word, such as `redis`.
    fn name(&self) -> &str;

    /// What it can do beyond what every backend must.
    fn capability(&self) -> Capability;

    /// What is stored under these keys: one answer for each, in their order, from one round trip.
    ///
    /// No keys: an empty answer without I/O.
    ///
    /// # Errors
    ///
    /// Where the store could not be asked. Something unreadable under one key is no error: it is [`Stored::Foreign`].
    fn read(&self, keys: &[&Key]) -> Result<Vec<Stored>>;

    /// Everything stored under a prefix, in no order, for tools; it may take many round trips.
    ///
    /// Exactly the keys for which [`Prefix::key_of`] finds a name. The characters of a prefix stand for themselves.
    ///
    /// # Errors
    ///
    /// Where the store could not be asked.
    fn list(&self, prefix: &Prefix) -> Result<Vec<(Key, Stored)>>;

    /// Checks every expectation and applies every change, or applies nothing.
    ///
    /// # Errors
    ///
    /// Where it is not known that the batch was applied. [`Timeout`](ErrorKind::Timeout) and
    /// [`Unavailable`](ErrorKind::Unavailable) may leave open whether it was; the other kinds say that it was not.
    fn write(&self, batch: &Batch) -> Result<Applied>;

    /// Shows what is stored under one key without copying it: exactly one call of `visitor` on success, none on an error,
    /// and under no lock, so that a visitor may use the backend.
    ///
    /// # Errors
    ///
    /// As [`read`](Self::read), and `Decode` for something [foreign](Stored::Foreign).
    fn visit(&self, key: &Key, visitor: &mut dyn FnMut(Option<&[u8]>)) -> Result<()> {
        let stored = self.read(&[key])?.pop().ok_or_else(too_few)?;
        visitor(stored.bytes()?.map(Encoded::as_bytes));
        Ok(())
    }

    /// The same as [`read`](Self::read), and how old the answer is: for how long before this call the store had not been asked
    /// for the oldest of it, zero where it was asked now. `live()` reads this way, so that its
    /// [status](crate::LiveStatus::age) is not younger than its values.
    ///
    /// Default: a `read`, of which nothing is older than the call. What answers from memory says more, and a wrapper passes
    /// on what the backend inside says.
    ///
    /// # Errors
    ///
    /// As [`read`](Self::read).
    fn read_with_age(&self, keys: &[&Key]) -> Result<(Vec<Stored>, Duration)> {
        Ok((self.read(keys)?, Duration::ZERO))
    }

    /// Opens a feed of the changes under a prefix, by any writer.
    ///
    /// A change that happens after this returns wakes the feed.
    ///
    /// # Errors
    ///
    /// `Unsupported` where there is no feed: `live()` then polls. This is the default.
    fn watch(&self, prefix: &Prefix) -> Result<Box<dyn Watch>> {
        let _ = prefix;
        Err(Error::new(ErrorKind::Unsupported).with_detail("the backend has no feed of changes"))
    }

    /// The prefix used where the application names none. Default: empty.
    fn default_prefix(&self) -> Prefix {
        Prefix::empty()
    }

    /// Tells which keys a front is going to ask for, so that a cache can fill them together. No I/O. Default: nothing.
    fn declare(&self, keys: &[Key]) {
        let _ = keys;
    }

    /// Tells that these keys were changed past this backend, by somebody who knows that the change is done: a cache drops
    /// what it remembers of them, and no read that began before brings it back. Default: nothing is remembered.
    ///
    /// # Errors
    ///
    /// Where what is remembered could not be dropped; it may then be served until it is too old.
    fn forget(&self, keys: &[&Key]) -> Result<()> {
        let _ = keys;
        Ok(())
    }

    /// Asks the store whether it answers. Default: a read of a key that nobody sets.
    ///
    /// # Errors
    ///
    /// Where it does not answer.
    fn ping(&self) -> Result<()> {
        let key = self.default_prefix().key("constance.ping")?;
        self.read(&[&key]).map(drop)
    }

    /// Some of the keys under a prefix, so that a great many take little memory: those at the beginning, or those from where an
    /// earlier portion [ended](Portion::next). What is stored under them is not read.
    ///
    /// A key that is there all the time comes in one of the portions at least; where the store is changed meanwhile, it may come
    /// twice. Default: every key that [`list`](Self::list) shows, in one portion.
    ///
    /// # Errors
    ///
    /// Where the store could not be asked.
    fn keys_from(&self, prefix: &Prefix, from: Option<&[u8]>) -> Result<Portion> {
        let _ = from;
        Ok(Portion::last(self.list(prefix)?.into_iter().map(|(key, _)| key).collect()))
    }

    /// Which store it is, without passwords, so that a cache which several stores share can tell their values apart. No I/O.
    ///
    /// Backends on different stores never say the same. Those on one store may differ, as where they know its server by two
    /// names: that costs a cache its hits. Default: `None`, it cannot be told, as over connections of the application's own;
    /// then a cache for all processes asks for a namespace.
    fn identity(&self) -> Option<String> {
        None
    }

    /// What an operator should know of the store although it works, for a readiness probe. It may take a round trip; what the
    /// user may not ask for is not known and not said. Default: nothing.
    ///
    /// # Errors
    ///
    /// Where the store could not be asked.
    fn warnings(&self) -> Result<Vec<Warning>> {
        Ok(Vec::new())
    }

    /// Creates or brings up to date what the store needs before it can serve, such as tables; safe to repeat and safe
    /// from several processes at once. Default: nothing is needed.
    ///
    /// # Errors
    ///
    /// Where the store could not be changed.
    fn migrate(&self) -> Result<()> {
        Ok(())
    }
}

/// The error for a read that breaks the contract.
#[cold]
pub(crate) fn too_few() -> Error {
    Error::new(ErrorKind::Contract).with_detail("a read did not give one answer for each key")
}
