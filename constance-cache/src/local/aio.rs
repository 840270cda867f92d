//! The cache in the process over an asynchronous backend: the same state, awaited and not blocked on.

use std::fmt;
use std::sync::{Arc, Weak};
use std::time::Duration;

use constance_core::aio::{AsyncBackend, AsyncWatch, BlockOn, BoxFuture};
use constance_core::{
    Backend, Prefix, Result, Warning,
    backend::{Applied, Batch, Capability, Key, Portion, Stored},
};
use tokio::runtime::Handle;

use super::builder::{Options, options};
use super::fetch::Answer;
use super::follow::{Follower, Opener};
use super::invalidation::{InFlightWrite, InvalidateOnDrop};
use super::lookup::Next;
use super::state::State;
use super::watch::InvalidatingWatch;
use crate::Counters;

/// Remembers what an asynchronous backend has for a while: the twin of [`LocalCache`](crate::LocalCache), promise for
/// promise.
///
/// A `get` that it can answer makes no future: see [`AsyncBackend::peek`]. Any future may be dropped, or kept without being
/// polled, such as that of a `get` in a `select!`: all tasks that wait for a fetch poll it, whichever of them began it. A write whose
/// future was dropped is one of unknown end.
///
/// A fetch may outlive the future that began it, so the backend borrows nothing (`'static`).
///
/// ```
/// use constance_cache::aio::AsyncLocalCache;
/// use constance_core::Settings;
/// use constance_core::aio::AsyncConfig;
/// # use constance_core::testing::ReferenceBackend;
///
/// #[derive(Debug, Clone, Settings)]
/// struct Shop {
///     /// How many articles a page shows
///     #[setting(default = 20)]
///     page_size: u32,
/// }
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> constance_core::Result<()> {
/// # let backend = constance_core::aio::Blocking::new(ReferenceBackend::new());
/// let config = AsyncConfig::<Shop>::new(AsyncLocalCache::new(backend));
/// config.warm().await?;
/// assert_eq!(config.get(Shop::PAGE_SIZE).await?, 20);
/// # Ok(())
/// # }
/// ```
pub struct AsyncLocalCache<B> {
    inner: Arc<B>,
    state: Arc<State>,
    follower: Option<Follower<B>>,
}

/// Makes an [`AsyncLocalCache`]; from [`AsyncLocalCache::builder`].
pub struct AsyncLocalCacheBuilder<B> {
    backend: B,
    options: Options,
    follow: Option<Opener<B>>,
}

impl<B: AsyncBackend + 'static> AsyncLocalCache<B> {
    /// Remembers what a backend has for 60 s. No I/O.
    #[must_use]
    pub fn new(backend: B) -> Self {
        Self::builder(backend).build()
    }

    /// Begins a cache with another time, or with more than that.
    #[must_use]
    pub fn builder(backend: B) -> AsyncLocalCacheBuilder<B> {
        AsyncLocalCacheBuilder { backend, options: Options::new(), follow: None }
    }
}

impl<B> AsyncLocalCache<B> {
    /// The backend below. A write to it goes past the cache, which then has to be told by
    /// [`forget`](AsyncBackend::forget).
    #[must_use]
    pub fn inner(&self) -> &B {
        &self.inner
    }

    /// What it has counted.
    #[must_use]
    pub fn counters(&self) -> &Counters {
        &self.state.counters
    }
}

impl<B> AsyncLocalCacheBuilder<B> {
    options!();
}

impl<B: AsyncBackend + 'static> AsyncLocalCacheBuilder<B> {
    /// Follows the feed of the backend, as the [synchronous cache](crate::LocalCacheBuilder::follow) does. Default: it is
    /// not followed.
    ///
    /// The threads wait for the feeds in the tokio runtime in which the first fetch is made; outside of one there is no
    /// feed, which counts as a [cache error](crate::CacheEvent::CacheError).
    #[must_use]
    pub fn follow(mut self) -> Self {
        self.follow = Some(|backend| {
            let (backend, runtime): (Weak<B>, _) = (Arc::downgrade(backend), Handle::try_current().ok()?);
            Some(Box::new(move |prefix| Some(BlockOn::new(backend.upgrade()?, runtime.clone()).watch(prefix))))
        });
        self
    }
}

impl<B: AsyncBackend + 'static> AsyncLocalCacheBuilder<B> {
    /// The cache. No I/O.
    #[must_use]
    pub fn build(self) -> AsyncLocalCache<B> {
        let Self { backend, options, follow } = self;
        let capability = backend.capability();
        let follow = follow.filter(|_| capability.watch);
        let state = options.state(backend.name(), capability, follow.is_some());
        AsyncLocalCache { inner: Arc::new(backend), state, follower: follow.map(Follower::new) }
    }
}

impl<B: AsyncBackend + 'static> AsyncLocalCache<B> {
    async fn ask(&self, keys: &[&Key]) -> Result<Answer> {
        if keys.is_empty() {
            return Ok(Answer { stored: Vec::new(), age: 0 });
        }
        let mut lookup = match self.state.ask(keys) {
            Ok(found) => return Ok(found),
            Err(lookup) => lookup,
        };
        loop {
            let end = match lookup.next() {
                Next::Answer(found) => return Ok(found),
                Next::Wait(waiting) => waiting.ended().await,
                Next::Fetch(owner) => {
                    if let Some(follower) = &self.follower {
                        follower.follow(&self.inner, &self.state, owner.keys());
                    }
                    owner.ended(Arc::clone(&self.inner)).await
                }
            };
            if let Some(answer) = lookup.answer(end) {
                return answer;
            }
        }
    }
}

#[deny(clippy::missing_trait_methods)]
impl<B: AsyncBackend + 'static> AsyncBackend for AsyncLocalCache<B> {
    fn name(&self) -> &str {
        self.inner.name()
    }

    fn capability(&self) -> Capability {
        self.inner.capability().with_remembers(true)
    }

    fn read<'a>(&'a self, keys: &'a [&'a Key]) -> BoxFuture<'a, Result<Vec<Stored>>> {
        Box::pin(async move { self.ask(keys).await.map(|answer| answer.stored) })
    }

    fn read_with_age<'a>(&'a self, keys: &'a [&'a Key]) -> BoxFuture<'a, Result<(Vec<Stored>, Duration)>> {
        Box::pin(async move { self.ask(keys).await.map(|answer| (answer.stored, Duration::from_nanos(answer.age))) })
    }

    // Tools want to see the store.
    fn list<'a>(&'a self, prefix: &'a Prefix) -> BoxFuture<'a, Result<Vec<(Key, Stored)>>> {
        self.inner.list(prefix)
    }

    fn write<'a>(&'a self, batch: &'a Batch) -> BoxFuture<'a, Result<Applied>> {
        Box::pin(async move {
            let writing = InFlightWrite::new(&self.state, batch);
            writing.end(self.inner.write(batch).await)
        })
    }

    fn peek(&self, key: &Key) -> Option<Stored> {
        self.state.hit(key, Stored::clone)
    }

    fn watch<'a>(&'a self, prefix: &'a Prefix) -> BoxFuture<'a, Result<Box<dyn AsyncWatch>>> {
        Box::pin(async move {
            let watch = self.inner.watch(prefix).await?;
            Ok(Box::new(InvalidatingWatch::new(watch, Arc::clone(&self.state), prefix.clone())) as _)
        })
    }

    fn default_prefix(&self) -> Prefix {
        self.inner.default_prefix()
    }

    fn declare(&self, keys: &[Key]) {
        self.state.declare(keys);
        self.inner.declare(keys);
    }

    fn forget<'a>(&'a self, keys: &'a [&'a Key]) -> BoxFuture<'a, Result<()>> {
        Box::pin(async move {
            let _dropped_at_the_end = InvalidateOnDrop { state: &self.state, keys };
            self.inner.forget(keys).await
        })
    }

    fn ping(&self) -> BoxFuture<'_, Result<()>> {
        self.inner.ping()
    }

    fn keys_from<'a>(&'a self, prefix: &'a Prefix, from: Option<&'a [u8]>) -> BoxFuture<'a, Result<Portion>> {
        self.inner.keys_from(prefix, from)
    }

    fn identity(&self) -> Option<String> {
        self.inner.identity()
    }

    fn warnings(&self) -> BoxFuture<'_, Result<Vec<Warning>>> {
        self.inner.warnings()
    }

    fn migrate(&self) -> BoxFuture<'_, Result<()>> {
        Box::pin(async move {
            let migrated = self.inner.migrate().await;
            self.state.drop_all();
            migrated
        })
    }
}

impl<B: fmt::Debug> fmt::Debug for AsyncLocalCache<B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { inner, state, follower: _ } = self;
        f.debug_struct("AsyncLocalCache").field("inner", inner).field("state", state).finish()
    }
}

impl<B: fmt::Debug> fmt::Debug for AsyncLocalCacheBuilder<B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { backend, options, follow } = self;
        f.debug_struct("AsyncLocalCacheBuilder")
            .field("backend", backend)
            .field("options", options)
            .field("follow", &follow.is_some())
            .finish()
    }
}
