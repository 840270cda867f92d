//! The reader of a hot loop.

use std::fmt;
use std::sync::Arc;

use arc_swap::Cache;

use super::Live;
use super::core::Swap;

/// Reads a [`Live`] in one thread's hot loop, at the cost of one atomic load; from [`Live::reader`].
///
/// It holds on to the values that it last read, until it reads again.
///
/// ```
/// # use constance_core::{Config, Settings};
/// # use constance_core::testing::ReferenceBackend as MemoryBackend;
/// # #[derive(Clone, Settings)]
/// # struct Shop {
/// #     #[setting(default = 42)]
/// #     the_answer: i64,
/// # }
/// # let config = Config::<Shop>::new(MemoryBackend::default());
/// let mut reader = config.live()?.reader();
/// assert_eq!(reader.load().the_answer, 42);
/// # Ok::<(), constance_core::Error>(())
/// ```
pub struct LiveReader<S> {
    cache: Cache<Swap<S>, Arc<S>>,
    overridden: Option<Arc<S>>,
    live: Live<S>,
}

impl<S: Clone + Send + Sync + 'static> LiveReader<S> {
    pub(super) fn new(live: Live<S>) -> Self {
        let cache = Cache::new(Swap(Arc::clone(&live.core)));
        Self { cache, overridden: None, live }
    }

    /// The settings now, all of one moment.
    #[inline]
    pub fn load(&mut self) -> &S {
        if let Some(scope) = &self.live.scope {
            self.overridden = self.live.core.overridden(scope).map(|(values, _)| values);
            if let Some(overridden) = &self.overridden {
                return overridden;
            }
        }
        self.cache.load()
    }
}

impl<S: Clone + Send + Sync + 'static> Clone for LiveReader<S> {
    fn clone(&self) -> Self {
        Self::new(self.live.clone())
    }
}

impl<S: Clone + Send + Sync + 'static> fmt::Debug for LiveReader<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LiveReader").field("live", &self.live).finish_non_exhaustive()
    }
}
