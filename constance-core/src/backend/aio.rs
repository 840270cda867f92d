//! The contract between the asynchronous front and a store.

use std::fmt::Debug;
use std::pin::Pin;
use std::time::Duration;

use super::AsyncWatch;
use crate::{
    Error, ErrorKind, Prefix, Result, Warning,
    backend::{Applied, Batch, Capability, Key, Portion, Stored},
};

/// A future that a method of a trait object gives back.
pub type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// A store of settings for asynchronous code: the twin of [`Backend`](crate::Backend), verb for verb.
///
/// Everything that the contract of [`Backend`](crate::Backend) says holds here too. In addition:
///
/// # Dropped futures
///
/// A caller may drop a future at any moment, as a `select!` or a timeout does.
///
/// - A batch still reaches the store as a whole or not at all. Whether it did is then not known, and it may still arrive
///   after the drop; it never arrives in part.
/// - No later call is given the reply of a dropped one.
/// - The backend goes on working: nothing stays locked or lent out.
///
/// A future does nothing before it is first polled. It may need a tokio runtime to be polled in, and finds it by itself.
///
/// The suite of [`async_conformance_tests!`](crate::async_conformance_tests) (feature `testing`) checks all of it with one
/// line. The trait is object-safe and forwarded for `&B`, `Box<B>` and `Arc<B>`.
///
/// # A whole backend
///
/// ```
/// use std::collections::BTreeMap;
///
/// use constance_core::aio::{AsyncBackend, BoxFuture};
/// use constance_core::{backend::{Applied, Batch, Capability, Encoded, Key, Op, Stored}, Prefix, Result};
/// use tokio::sync::Mutex;
///
/// #[derive(Debug, Default)]
/// struct MapBackend(Mutex<BTreeMap<String, Encoded>>);
///
/// impl AsyncBackend for MapBackend {
///     fn name(&self) -> &str {
///         "map"
///     }
///
///     fn capability(&self) -> Capability {
///         Capability::new()
///     }
///
///     fn read<'a>(&'a self, keys: &'a [&'a Key]) -> BoxFuture<'a, Result<Vec<Stored>>> {
///         Box::pin(async move {
///             let map = self.0.lock().await;
///             Ok(keys.iter().map(|key| map.get(key.as_str()).cloned().into()).collect())
///         })
///     }
///
///     fn list<'a>(&'a self, prefix: &'a Prefix) -> BoxFuture<'a, Result<Vec<(Key, Stored)>>> {
///         Box::pin(async move {
///             let map = self.0.lock().await;
///             Ok(map.iter().filter_map(|(k, v)| Some((prefix.key_of(k.as_bytes())?, v.clone().into()))).collect())
///         })
///     }
///
///     fn write<'a>(&'a self, batch: &'a Batch) -> BoxFuture<'a, Result<Applied>> {
///         Box::pin(async move {
///             // The only place where the future can be dropped: nothing is changed before it, everything after.
///             let mut map = self.0.lock().await;
///             let mut previous = Vec::new();
///             for (index, change) in batch.changes().iter().enumerate() {
///                 let current = Stored::from(map.get(change.key.as_str()).cloned());
///                 if !change.expect.holds(&current) {
///                     return Ok(Applied::Conflict { index, current });
///                 }
///                 if batch.want_previous() {
///                     previous.push(current);
///                 }
///             }
///             for change in batch.changes() {
///                 match &change.op {
///                     Op::Set(value) => drop(map.insert(change.key.to_string(), value.clone())),
///                     Op::Remove => drop(map.remove(change.key.as_str())),
///                     Op::Keep => {}
///                 }
///             }
///             Ok(Applied::Done(previous))
///         })
///     }
/// }
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<()> {
/// let backend = MapBackend::default();
/// let key = Prefix::empty().key("theme")?;
/// backend.write(&Batch::one(constance_core::backend::Change::set(key.clone(), Encoded::from(b"dark".to_vec())))).await?;
/// assert_eq!(backend.read(&[&key]).await?[0].value().map(Encoded::as_bytes), Some(&b"dark"[..]));
/// # Ok(())
/// # }
/// ```
pub trait AsyncBackend: Debug + Send + Sync {
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
    /// As [`Backend::read`](crate::Backend::read).
    fn read<'a>(&'a self, keys: &'a [&'a Key]) -> BoxFuture<'a, Result<Vec<Stored>>>;

    /// Everything stored under a prefix, in no order, for tools; it may take many round trips.
    ///
    /// # Errors
    ///
    /// As [`Backend::list`](crate::Backend::list).
    fn list<'a>(&'a self, prefix: &'a Prefix) -> BoxFuture<'a, Result<Vec<(Key, Stored)>>>;

    /// Checks every expectation and applies every change, or applies nothing; also where the future is dropped.
    ///
    /// # Errors
    ///
    /// As [`Backend::write`](crate::Backend::write).
    fn write<'a>(&'a self, batch: &'a Batch) -> BoxFuture<'a, Result<Applied>>;

    /// What a [`read`](Self::read) of one key would answer, where that is known without I/O and without waiting: a cache
    /// that holds it. Default: `None`, it has to be read.
    fn peek(&self, key: &Key) -> Option<Stored> {
        let _ = key;
        None
    }

    /// The same as [`read`](Self::read), and how old the answer is: as
    /// [`Backend::read_with_age`](crate::Backend::read_with_age). Default: a `read`, of which nothing is older than the call.
    ///
    /// # Errors
    ///
    /// As [`read`](Self::read).
    fn read_with_age<'a>(&'a self, keys: &'a [&'a Key]) -> BoxFuture<'a, Result<(Vec<Stored>, Duration)>> {
        Box::pin(async move { Ok((self.read(keys).await?, Duration::ZERO)) })
    }

    /// Opens a feed of the changes under a prefix, by any writer.
    ///
    /// A change that happens after this returned wakes the feed.
    ///
    /// # Errors
    ///
    /// `Unsupported` where there is no feed: `live()` then polls. This is the default.
    fn watch<'a>(&'a self, prefix: &'a Prefix) -> BoxFuture<'a, Result<Box<dyn AsyncWatch>>> {
        let _ = prefix;
        Box::pin(async { Err(Error::new(ErrorKind::Unsupported).with_detail("the backend has no feed of changes")) })
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
    fn forget<'a>(&'a self, keys: &'a [&'a Key]) -> BoxFuture<'a, Result<()>> {
        let _ = keys;
        Box::pin(async { Ok(()) })
    }

    /// Asks the store whether it answers. Default: a read of a key that nobody sets.
    ///
    /// # Errors
    ///
    /// Where it does not answer.
    fn ping(&self) -> BoxFuture<'_, Result<()>> {
        Box::pin(async move {
            let key = self.default_prefix().key("constance.ping")?;
            self.read(&[&key]).await.map(drop)
        })
    }

    /// Some of the keys under a prefix, from the beginning or from where an earlier portion [ended](Portion::next).
    /// Default: every key that [`list`](Self::list) shows, in one portion.
    ///
    /// # Errors
    ///
    /// As [`Backend::keys_from`](crate::Backend::keys_from).
    fn keys_from<'a>(&'a self, prefix: &'a Prefix, from: Option<&'a [u8]>) -> BoxFuture<'a, Result<Portion>> {
        let _ = from;
        Box::pin(async move { Ok(Portion::last(self.list(prefix).await?.into_iter().map(|(key, _)| key).collect())) })
    }

    /// Which store it is, without passwords: as [`Backend::identity`](crate::Backend::identity). No I/O. Default: `None`, it
    /// cannot be told.
    fn identity(&self) -> Option<String> {
        None
    }

    /// What an operator should know of the store although it works. Default: nothing.
    ///
    /// # Errors
    ///
    /// As [`Backend::warnings`](crate::Backend::warnings).
    fn warnings(&self) -> BoxFuture<'_, Result<Vec<Warning>>> {
        Box::pin(async { Ok(Vec::new()) })
    }

    /// Creates or brings up to date what the store needs before it can serve, such as tables; safe to repeat and safe
    /// from several processes at once. Default: nothing is needed.
    ///
    /// # Errors
    ///
    /// Where the store could not be changed.
    fn migrate(&self) -> BoxFuture<'_, Result<()>> {
        Box::pin(async { Ok(()) })
    }
}
