//! A cache that processes share.
#![doc = include_str!("guide.md")]

mod backend;
mod builder;
mod cells;
mod circuit_breaker;
mod env;
mod hash;
mod pending_invalidations;
mod read;
mod record;
mod wire;
mod write;

use std::collections::BTreeSet;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use constance_core::backend::Key;
use parking_lot::Mutex;

pub use self::builder::{CacheDown, SharedCacheBuilder};
use self::cells::Cells;
pub(crate) use self::env::layer;
pub(crate) use self::hash::stable_hash;
use self::pending_invalidations::PendingInvalidations;
use crate::counters::Counters;
use crate::store::CacheStore;

/// Puts a cache that all processes share, memcached or Redis, in front of any backend.
///
/// It is a [`Backend`](constance_core::Backend) itself. Its guarantees are explained in [the documentation of this module](crate::shared).
///
/// ```no_run
/// # fn database() -> constance_core::testing::ReferenceBackend {
/// #     constance_core::testing::ReferenceBackend::new()
/// # }
/// # #[cfg(feature = "memcached")] {
/// use std::time::Duration;
///
/// use constance_cache::{MemcachedStore, SharedCache};
///
/// let memcached = MemcachedStore::from_url("memcache://10.0.0.1,10.0.0.2")?;
/// let backend = SharedCache::builder(database(), memcached).namespace("shop").ttl(Duration::from_secs(600)).build()?;
/// # }
/// # Ok::<(), constance_core::Error>(())
/// ```
pub struct SharedCache<B, C> {
    inner: B,
    /// The store's and the cache's, since an error may come from either.
    name: String,
    cells: Cells<C>,
    pending: PendingInvalidations,
    declared: Mutex<Arc<Declared>>,
    autofill: Option<Duration>,
    cache_down: CacheDown,
    counters: Counters,
}

/// The keys that the application declares.
#[derive(Debug, Default)]
struct Declared {
    keys: BTreeSet<Key>,
    /// The name of what says in the cache that all of them were filled.
    filled: String,
}

impl<B, C: CacheStore> SharedCache<B, C> {
    /// Options. [`build`](SharedCacheBuilder::build) makes the cache.
    pub fn builder(inner: B, store: C) -> SharedCacheBuilder<B, C> {
        SharedCacheBuilder::new(inner, store)
    }

    /// The backend below.
    pub fn inner(&self) -> &B {
        &self.inner
    }

    /// The store of the entries.
    pub fn store(&self) -> &C {
        &self.cells.store
    }

    /// The counters of this process.
    pub fn counters(&self) -> &Counters {
        &self.counters
    }

    /// Clears the keys of which the cache may hold an old value, where it may be asked.
    fn clear_pending(&self) {
        if self.pending.is_empty() {
            return;
        }
        for due in self.cells.ready(self.pending.due()) {
            let keys: Vec<&Key> = due.iter().map(|(key, _)| key).collect();
            if self.cells.forget(&keys).is_none() {
                self.pending.cleared(&due);
            }
        }
    }
}

impl<B: fmt::Debug, C: CacheStore> fmt::Debug for SharedCache<B, C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SharedCache")
            .field("inner", &self.inner)
            .field("store", &self.cells.store)
            .field("times", &self.cells.times)
            .field("autofill", &self.autofill)
            .field("cache_down", &self.cache_down)
            .field("counts", &self.counters.counts())
            .finish_non_exhaustive()
    }
}
