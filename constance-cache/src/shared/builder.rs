//! Options of a shared cache.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use constance_core::{Backend, Clock, Error, ErrorKind, Result, SystemClock};
use parking_lot::Mutex;

use super::cells::Cells;
use super::pending_invalidations::PendingInvalidations;
use super::record::Times;
use super::{Declared, SharedCache, stable_hash};
use crate::counters::{Counters, Observer};
use crate::store::CacheStore;

/// Options of a [`SharedCache`].
#[must_use]
pub struct SharedCacheBuilder<B, C> {
    inner: B,
    store: C,
    namespace: Option<String>,
    ttl: Duration,
    mark_ttl: Duration,
    autofill: Option<Duration>,
    cache_down: CacheDown,
    retry_after: Duration,
    clock: Arc<dyn Clock>,
    observer: Option<Arc<dyn Observer>>,
    allow_unshared: bool,
}

/// What happens to a write while the cache does not answer, so that the old value cannot be removed from it.
#[non_exhaustive]
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum CacheDown {
    /// The write fails with `Unavailable` before anything is stored, so that no process can read an old value afterwards.
    #[default]
    Refuse,
    /// The value is stored nevertheless. This process uses the new value at once. Others that do reach the cache may get the
    /// old value from it, until this process reaches it again and clears it there, at most for the entries'
    /// [time to live](SharedCacheBuilder::ttl).
    Proceed,
}

const DAY: Duration = Duration::from_secs(24 * 60 * 60);

impl<B, C: CacheStore> SharedCacheBuilder<B, C> {
    pub(super) fn new(inner: B, store: C) -> Self {
        Self {
            inner,
            store,
            namespace: None,
            ttl: Duration::from_secs(300),
            mark_ttl: Duration::from_secs(30),
            autofill: Some(DAY),
            cache_down: CacheDown::default(),
            retry_after: Duration::from_secs(1),
            clock: Arc::new(SystemClock),
            observer: None,
            allow_unshared: false,
        }
    }

    /// What the keys in the cache begin with. Everything that shares one store shares one namespace. Default: `constance`, where the
    /// backend [says which store it is](Backend::identity); where it cannot, as over a pool of the application's own, there is
    /// none and one has to be given.
    ///
    /// Entries carry a fingerprint of the store, so that two stores behind one cache never read each other's values. In one
    /// namespace they still take each other's places there, which costs both their hits, as it does where processes know one
    /// store by two names. Where the backend cannot say which store it is, the namespace is all that keeps them apart.
    pub fn namespace(mut self, namespace: impl Into<String>) -> Self {
        self.namespace = Some(namespace.into());
        self
    }

    /// How long an entry is served before the store is asked again. Writes through a `SharedCache` are seen at once; this is
    /// the bound for changes past it, and for the rare cases in the [guide](crate::shared). Default: 5 minutes.
    pub fn ttl(mut self, ttl: Duration) -> Self {
        self.ttl = ttl;
        self
    }

    /// How long the mark of a writer that died is respected, from 1 second to 1 hour. It has to be longer than any commit
    /// takes, its waiting for locks included. Until it is over, the keys of that writer are read from the store.
    /// Default: 30 seconds.
    pub fn mark_ttl(mut self, ttl: Duration) -> Self {
        self.mark_ttl = ttl;
        self
    }

    /// A miss may fill all declared settings at once, and no other one does for this period, or until what was filled is gone
    /// where that is sooner: because its [time](Self::ttl) is up, or because the cache was emptied. `None`: never, and each is
    /// filled when it is asked for. Default: 24 hours, so that it is done whenever they are gone.
    pub fn autofill(mut self, period: impl Into<Option<Duration>>) -> Self {
        self.autofill = period.into();
        self
    }

    /// What happens to a write while the cache does not answer. Default: [`CacheDown::Refuse`].
    pub fn cache_down(mut self, option: CacheDown) -> Self {
        self.cache_down = option;
        self
    }

    /// How long the cache is not used after a call that it did not answer. Reads go to the store meanwhile. Default: 1 second.
    pub fn retry_after(mut self, time: Duration) -> Self {
        self.retry_after = time;
        self
    }

    /// The clock for [`retry_after`](Self::retry_after). Default: [`SystemClock`]. The cache server itself ends its entries.
    pub fn clock(mut self, clock: impl Clock + 'static) -> Self {
        self.clock = Arc::new(clock);
        self
    }

    /// An observer, which is called for every event that the cache counts. Default: none.
    pub fn observer(mut self, observer: impl Observer + 'static) -> Self {
        self.observer = Some(Arc::new(observer));
        self
    }

    /// Takes a cache store that other processes do not see, such as [`MemoryStore`](crate::MemoryStore).
    ///
    /// As soon as a second process writes, this one goes on with the values it has cached, for up to the entries' time to
    /// live, and no write of its own tells it better. It is for tests, and for an application that is certain to be one process
    /// for ever; [`LocalCache`](crate::LocalCache) is what such an application wants.
    pub fn dangerously_allow_unshared_store(mut self) -> Self {
        self.allow_unshared = true;
        self
    }

    /// The cache. No I/O.
    ///
    /// # Errors
    ///
    /// `Configuration` where the store is not shared between processes, where neither the backend says which store it is nor a
    /// namespace is given, or where an option is out of its range.
    pub fn build(self) -> Result<SharedCache<B, C>>
    where
        B: Backend,
    {
        self.check()?;
        if self.lacks_namespace() {
            return Err(unnamed().with_hint("give the cache a namespace that no other store has"));
        }
        let identity = self.inner.identity();
        let name = format!("{}+{}", self.inner.name(), self.store.name());
        let store = stable_hash(&[identity.unwrap_or_default().as_bytes()]);
        let namespace = self.namespace.unwrap_or_else(|| "constance".to_owned());
        let counters = self.observer.map_or_else(Counters::new, Counters::with_observer);
        #[cfg(feature = "metrics")]
        counters.label("shared", &name);
        let times = Times { store, ttl: self.ttl, hold: self.mark_ttl };
        let cells = Cells::new(self.store, times, namespace, self.clock, self.retry_after, counters.clone());
        Ok(SharedCache {
            inner: self.inner,
            name,
            cells,
            pending: PendingInvalidations::default(),
            declared: Mutex::new(Arc::new(Declared::default())),
            autofill: self.autofill,
            cache_down: self.cache_down,
            counters,
        })
    }

    /// Whether nothing tells this store from others behind the same cache.
    pub(super) fn lacks_namespace(&self) -> bool
    where
        B: Backend,
    {
        self.namespace.is_none() && self.inner.identity().is_none()
    }

    fn check(&self) -> Result<()> {
        let refuse = |detail: String| Err(Error::new(ErrorKind::Configuration).with_detail(detail));
        if !self.store.is_shared() && !self.allow_unshared {
            let detail = format!(
                "the cache store \"{}\" is not shared across processes: after a write the other processes would go on \
                 with the old value",
                self.store.name()
            );
            let hint = "use memcached or Redis, or LocalCache for a cache in the process";
            return Err(Error::new(ErrorKind::Configuration).with_detail(detail).with_hint(hint));
        }
        let fits = |text: &String| (1..=100).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_graphic());
        if !self.namespace.iter().all(fits) {
            return refuse("the namespace of a shared cache is 1 to 100 bytes of visible ASCII".to_owned());
        }
        if !(Duration::from_secs(1)..=Duration::from_secs(3600)).contains(&self.mark_ttl) {
            return refuse("the mark_ttl of a shared cache is from 1 second to 1 hour".to_owned());
        }
        if self.ttl.is_zero() || self.autofill.is_some_and(|period| period.is_zero()) {
            return refuse("the ttl and the autofill period of a shared cache are more than zero".to_owned());
        }
        Ok(())
    }
}

/// The error where nothing does.
pub(super) fn unnamed() -> Error {
    Error::new(ErrorKind::Configuration).with_detail(
        "the backend cannot say which store it is, and a shared cache could mix up its values with another's",
    )
}

impl<B: fmt::Debug, C: fmt::Debug> fmt::Debug for SharedCacheBuilder<B, C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { inner, store, namespace, ttl, mark_ttl, autofill, cache_down, retry_after, .. } = self;
        f.debug_struct("SharedCacheBuilder")
            .field("inner", inner)
            .field("store", store)
            .field("namespace", namespace)
            .field("ttl", ttl)
            .field("mark_ttl", mark_ttl)
            .field("autofill", autofill)
            .field("cache_down", cache_down)
            .field("retry_after", retry_after)
            .finish_non_exhaustive()
    }
}
