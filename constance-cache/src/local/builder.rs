//! The builders of a cache in the process.

use std::fmt;
use std::sync::{Arc, Weak};
use std::time::Duration;

use constance_core::{Backend, Clock, backend::Capability};

use super::LocalCache;
use super::follow::{Follower, Opener};
use super::state::{Lifetime, State};
use super::time::{NEVER, Time, nanos};
use crate::{Counters, Observer};

/// The options of a synchronous and an asynchronous cache.
#[derive(Debug)]
pub(super) struct Options {
    /// `None` is for ever.
    pub(super) ttl: Option<Duration>,
    pub(super) jitter: Duration,
    pub(super) stale: Duration,
    pub(super) fill_together: bool,
    pub(super) clock: Option<Arc<dyn Clock>>,
    pub(super) observer: Option<Arc<dyn Observer>>,
}

impl Options {
    pub(super) fn new() -> Self {
        let (jitter, stale) = (Duration::ZERO, Duration::ZERO);
        Self { ttl: Some(Duration::from_secs(60)), jitter, stale, fill_together: true, clock: None, observer: None }
    }

    #[cfg_attr(not(feature = "metrics"), expect(unused_variables, reason = "the name is that of figures"))]
    pub(super) fn state(self, backend: &str, capability: Capability, follows: bool) -> Arc<State> {
        let Self { ttl, jitter, stale, fill_together, clock, observer } = self;
        let ttl = ttl.map_or(NEVER, nanos);
        let lifetime = Lifetime {
            ttl,
            jitter: nanos(jitter).min(ttl / 2),
            stale: nanos(stale),
            follows,
            backend_remembers: capability.remembers && (follows || ttl == NEVER),
            fill_together: fill_together && ttl > 0 && capability.atomic_batch,
        };
        let counters = observer.map_or_else(Counters::new, Counters::with_observer);
        #[cfg(feature = "metrics")]
        counters.label("local", backend);
        Arc::new(State::new(lifetime, clock.map_or(Time::Coarse, Time::Given), counters))
    }
}

/// The methods of both builders.
macro_rules! options {
    () => {
        /// How long a value is served, counted from the start of the read that fetched it. Default: 60 s. Zero keeps nothing.
        ///
        /// The default clock runs in steps of a few milliseconds.
        #[must_use]
        pub fn ttl(mut self, ttl: std::time::Duration) -> Self {
            self.options.ttl = Some(ttl);
            self
        }

        /// Serves a value until the cache is told that it changed: by a write through it, by
        /// [`forget`](constance_core::Backend::forget), or by a feed that it [follows](Self::follow). Without a feed,
        /// what another process writes is never seen.
        ///
        /// Over a backend that itself [remembers](constance_core::backend::Capability::remembers), such as a
        /// [`SharedCache`](crate::SharedCache), for ever is a minute: what it answers after a change may be from before.
        #[must_use]
        pub fn ttl_forever(mut self) -> Self {
            self.options.ttl = None;
            self
        }

        /// Shortens the time of each fetch by a random part of this, so that processes which were started together do not ask
        /// together. Default: none. More than half of the time counts as half.
        #[must_use]
        pub fn jitter(mut self, most: std::time::Duration) -> Self {
            self.options.jitter = most;
            self
        }

        /// Serves expired values while the store fails, whatever the error: for at most `bound` longer. Default: not
        /// at all, and the store's error is passed on.
        ///
        /// It is [counted](crate::CacheEvent::StaleServed). The store is asked again at most once a second meanwhile, so
        /// that not every read waits for it. What was changed through the cache, or told of by a feed, is not served so;
        /// nor are several keys that are not of one moment.
        #[must_use]
        pub fn stale_on_error(mut self, bound: std::time::Duration) -> Self {
            self.options.stale = bound;
            self
        }

        /// Whether the declared settings that are not remembered, or too old, are fetched together with one that is asked
        /// for: one round trip for all, rather than one for each. Default: they are.
        ///
        /// They never are over a backend that has no [atomic batches](constance_core::backend::Capability::atomic_batch): it may keep
        /// them in several places, and a read of one key should not fail because the place of another one is down.
        #[must_use]
        pub fn fill_together(mut self, yes: bool) -> Self {
            self.options.fill_together = yes;
            self
        }

        /// What time it is. Default: the system's monotonic clock, in steps of a few milliseconds where it is cheaper
        /// so.
        #[must_use]
        pub fn clock(mut self, clock: impl constance_core::Clock + 'static) -> Self {
            self.options.clock = Some(std::sync::Arc::new(clock));
            self
        }

        /// An observer, which is called for every event that the cache counts. Default: none.
        #[must_use]
        pub fn observer(mut self, observer: impl crate::Observer + 'static) -> Self {
            self.options.observer = Some(std::sync::Arc::new(observer));
            self
        }
    };
}
#[cfg(feature = "tokio")]
pub(super) use options;

/// Makes a [`LocalCache`]; from [`LocalCache::builder`].
///
/// ```
/// use std::time::Duration;
///
/// use constance_cache::LocalCache;
/// # use constance_core::testing::ReferenceBackend as SomeBackend;
///
/// let cache = LocalCache::builder(SomeBackend::new())
///     .ttl(Duration::from_secs(300))
///     .jitter(Duration::from_secs(30))
///     .stale_on_error(Duration::from_secs(3600))
///     .follow()
///     .build();
/// # drop(cache);
/// ```
pub struct LocalCacheBuilder<B> {
    backend: B,
    options: Options,
    follow: Option<Opener<B>>,
}

impl<B> LocalCacheBuilder<B> {
    pub(super) fn new(backend: B) -> Self {
        Self { backend, options: Options::new(), follow: None }
    }

    options!();
}

impl<B: Backend + 'static> LocalCacheBuilder<B> {
    /// Follows the feed of the backend, and drops what it tells of; the time is what remains while the feed is down. Default:
    /// it is not followed.
    ///
    /// Each prefix under which something is fetched is followed by a thread of its own, from the first fetch on until the
    /// cache is dropped. A feed that breaks is counted as a [cache error](crate::CacheEvent::CacheError), and opened
    /// again by itself; until then a value is kept for at most a minute even with [`ttl_forever`](Self::ttl_forever). A
    /// backend that has no feed is not followed.
    ///
    /// Over a backend that itself [remembers](constance_core::backend::Capability::remembers), such as a
    /// [`SharedCache`](crate::SharedCache), a value is never kept for longer than that minute: there a feed tells that it is
    /// time to ask again, and the answer may still be the one from before.
    #[must_use]
    pub fn follow(mut self) -> Self {
        self.follow = Some(|backend| {
            let backend: Weak<B> = Arc::downgrade(backend);
            Some(Box::new(move |prefix| Some(backend.upgrade()?.watch(prefix))))
        });
        self
    }
}

impl<B: Backend> LocalCacheBuilder<B> {
    /// The cache. No I/O.
    #[must_use]
    pub fn build(self) -> LocalCache<B> {
        let Self { backend, options, follow } = self;
        let capability = backend.capability();
        let follow = follow.filter(|_| capability.watch);
        let state = options.state(backend.name(), capability, follow.is_some());
        LocalCache { inner: Arc::new(backend), state, follower: follow.map(Follower::new) }
    }
}

impl<B: fmt::Debug> fmt::Debug for LocalCacheBuilder<B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { backend, options, follow } = self;
        f.debug_struct("LocalCacheBuilder")
            .field("backend", backend)
            .field("options", options)
            .field("follow", &follow.is_some())
            .finish()
    }
}
