//! The cache in the process.

#[cfg(feature = "tokio")]
pub(crate) mod aio;
mod backend;
mod builder;
mod entries;
mod env;
mod fetch;
mod follow;
#[cfg(test)]
mod interleaving_tests;
mod invalidation;
mod lookup;
#[cfg(feature = "tokio")]
mod shared_future;
mod state;
mod time;
mod watch;

use std::fmt;
use std::sync::Arc;

use constance_core::Backend;

pub use self::builder::LocalCacheBuilder;
pub(crate) use self::env::layer;
use self::follow::Follower;
use self::state::State;
use crate::Counters;

/// Caches the values of a backend in this process. A read that the cache answers does no I/O.
///
/// It is a [`Backend`] itself, over any other.
///
/// ```
/// use constance_cache::LocalCache;
/// use constance_core::{Config, Settings};
/// # use constance_core::testing::ReferenceBackend as SomeBackend;
///
/// #[derive(Debug, Clone, Settings)]
/// struct Shop {
///     /// Answer to the Ultimate Question of Life, The Universe, and Everything
///     #[setting(default = 42)]
///     the_answer: i64,
/// }
///
/// let config = Config::<Shop>::new(LocalCache::new(SomeBackend::new()));
/// config.warm()?; // all settings, in one round trip
/// assert_eq!(config.get(Shop::THE_ANSWER)?, 42); // nanoseconds
/// # Ok::<(), constance_core::Error>(())
/// ```
///
/// # What it promises
///
/// - **How old**: a value is served for at most its time (60 s by default), counted from the start of the read that found
///   it; with [`stale_on_error`](LocalCacheBuilder::stale_on_error) longer while the store fails. Where the backend below
///   itself [remembers](constance_core::backend::Capability::remembers), that read may have found what is older. What is absent,
///   or unreadable, is remembered as such; an error never is.
/// - **One's own writes**: a write through the cache is seen by every read through it that begins when the write has
///   returned, whatever became of it. A read that was under way meanwhile cannot bring the old value back. Where the end of
///   a write is not known (`Timeout`, `Unavailable`, a dropped future), it may arrive later: what is read within the
///   next minute is read again after it.
/// - **One moment**: the answers of one `read`, and so a snapshot, are of one moment of the store: all come from one read
///   of the backend below, or all are read anew. So settings that were written together are seen together, as far as the
///   backend below answers of one moment: a [`SharedCache`](crate::SharedCache) does but for what its
///   [guide](crate::shared#what-can-be-seen-apart) says. Two reads, such as a `get` and another, may be of different
///   moments.
/// - **Never back**: what it remembers of a key that was changed through the cache, forgotten, or told of by a feed is
///   not served again. No reader sees a value of a key that is older than one that a reader had been given when it began: what
///   was changed while it was fetched is fetched again, three times where that goes on.
/// - **One fetch**: threads that miss the same keys at the same time share one read of the backend, its failure too,
///   after which the next call tries again. Where their keys overlap only partly, they share the next one. Nobody joins a
///   read that began longer ago than a value is served for (more than a minute ago in any case, less than a second ago in
///   none). [Declared](Backend::declare) settings that are too old are fetched together with the first that is asked for.
/// - **A hit** takes no lock, allocates nothing but the answer of `read`, and writes to no memory that other threads
///   use.
///
/// What it says of itself is what the backend says: [`shared`](constance_core::backend::Capability::shared), too, though it shows
/// others' writes later.
///
/// The number of keys is not limited. Keys that are no longer read are removed when others of the same shard are fetched.
///
/// It is not `Clone`. To share one, put it into an [`Arc`], which is a backend too.
pub struct LocalCache<B> {
    inner: Arc<B>,
    state: Arc<State>,
    follower: Option<Follower<B>>,
}

impl<B: Backend> LocalCache<B> {
    /// A cache that keeps values for 60 s. No I/O.
    #[must_use]
    pub fn new(backend: B) -> Self {
        Self::builder(backend).build()
    }

    /// A builder, for other options.
    #[must_use]
    pub fn builder(backend: B) -> LocalCacheBuilder<B> {
        LocalCacheBuilder::new(backend)
    }
}

impl<B> LocalCache<B> {
    /// The backend below. A write to it goes past the cache, which then has to be told by [`forget`](Backend::forget).
    #[must_use]
    pub fn inner(&self) -> &B {
        &self.inner
    }

    /// The counters of this cache.
    #[must_use]
    pub fn counters(&self) -> &Counters {
        &self.state.counters
    }
}

impl<B: fmt::Debug> fmt::Debug for LocalCache<B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { inner, state, follower: _ } = self;
        f.debug_struct("LocalCache").field("inner", inner).field("state", state).finish()
    }
}
