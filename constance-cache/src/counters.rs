//! The counters of a cache.

#[cfg(feature = "metrics")]
mod figures;

use std::fmt::{self, Debug};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use thread_local::ThreadLocal;

/// An event that a cache counts.
#[non_exhaustive]
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum CacheEvent {
    /// A key was answered by the cache.
    Hit,
    /// A key was not in the cache, or too old there.
    Miss,
    /// The backend below was asked, for however many keys together.
    Fetch,
    /// A key was answered with a value past its time, since the backend below failed.
    StaleServed,
    /// What was fetched for a key was not kept, since the key was changed meanwhile.
    LeaseLost,
    /// The cache itself failed: its store, or its feed of changes.
    CacheError,
}

/// Receives each event that a cache counts, to pass it to a metrics library.
///
/// It is called on the path of every read, in the thread that reads, and under no lock: it should be quick.
///
/// ```
/// use constance_cache::{CacheEvent, Observer};
///
/// #[derive(Debug)]
/// struct Metrics;
///
/// impl Observer for Metrics {
///     fn on_event(&self, event: CacheEvent, count: u64) {
///         match event {
///             CacheEvent::Hit => { /* metrics::counter!("settings_cache_hits").increment(count) */ }
///             _ => { /* … */ }
///         }
/// #       let _ = count;
///     }
/// }
/// ```
pub trait Observer: Debug + Send + Sync {
    /// The event happened `count` times.
    fn on_event(&self, event: CacheEvent, count: u64);
}

impl<O: Observer + ?Sized> Observer for Arc<O> {
    fn on_event(&self, event: CacheEvent, count: u64) {
        (**self).on_event(event, count);
    }
}

/// The counters of one cache. Cloning is cheap and shares them.
#[derive(Clone)]
pub struct Counters(Arc<Shared>);

struct Shared {
    lines: ThreadLocal<Line>,
    observer: Option<Arc<dyn Observer>>,
    #[cfg(feature = "metrics")]
    figures: self::figures::Figures,
}

const EVENTS: usize = 6;

/// Counters that one thread at a time writes, on cache lines of their own: a counter that all threads share costs a hit more
/// than the rest of it. Processors fetch lines in pairs, hence two of them.
#[repr(align(128))]
#[derive(Default)]
struct Line([AtomicU64; EVENTS]);

/// The counts of a cache since it was made.
#[non_exhaustive]
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counts {
    /// Keys answered by the cache.
    pub hits: u64,
    /// Keys that were not in the cache, or too old there.
    pub misses: u64,
    /// Calls of the backend below, each for however many keys.
    pub fetches: u64,
    /// Keys answered with a value past its time, since the backend below failed.
    pub stale_served: u64,
    /// Fetched keys that were not kept, since they were changed meanwhile.
    pub lease_lost: u64,
    /// Failures of the cache itself.
    pub cache_errors: u64,
}

impl Counters {
    pub(crate) fn new() -> Self {
        Self::made(None)
    }

    pub(crate) fn with_observer(observer: Arc<dyn Observer>) -> Self {
        Self::made(Some(observer))
    }

    fn made(observer: Option<Arc<dyn Observer>>) -> Self {
        Self(Arc::new(Shared {
            lines: ThreadLocal::new(),
            observer,
            #[cfg(feature = "metrics")]
            figures: self::figures::Figures::default(),
        }))
    }

    /// The counts up to now. While other threads count, the numbers are not all from the same moment.
    #[must_use]
    pub fn counts(&self) -> Counts {
        Counts {
            hits: self.total(CacheEvent::Hit),
            misses: self.total(CacheEvent::Miss),
            fetches: self.total(CacheEvent::Fetch),
            stale_served: self.total(CacheEvent::StaleServed),
            lease_lost: self.total(CacheEvent::LeaseLost),
            cache_errors: self.total(CacheEvent::CacheError),
        }
    }

    #[inline]
    pub(crate) fn add(&self, event: CacheEvent, count: u64) {
        let counter = &self.0.lines.get_or_default().0[event as usize];
        // Nobody else writes here, and this is a fifth of the price of an addition by several. What an ended thread has counted
        // stays, and the next thread that gets its place goes on from there.
        counter.store(counter.load(Ordering::Relaxed).wrapping_add(count), Ordering::Relaxed);
        if let Some(observer) = &self.0.observer {
            observer.on_event(event, count);
        }
    }

    fn total(&self, event: CacheEvent) -> u64 {
        let counts = self.0.lines.iter().map(|line| line.0[event as usize].load(Ordering::Relaxed));
        counts.fold(0, u64::wrapping_add)
    }
}

impl fmt::Display for Counts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { hits, misses, fetches, stale_served, lease_lost, cache_errors } = self;
        write!(f, "{hits} hits, {misses} misses, {fetches} fetches, {stale_served} stale served, ")?;
        write!(f, "{lease_lost} leases lost, {cache_errors} cache errors")
    }
}

impl fmt::Debug for Counters {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Counters").field(&self.counts()).finish()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Barrier;

    use parking_lot::Mutex;

    use super::*;

    #[test]
    fn what_threads_count_is_added_up() {
        let counters = Counters::new();
        // Many at a time, and later ones in the places of earlier ones.
        let threads = 128;
        for _ in 0..3 {
            let all = Barrier::new(128);
            std::thread::scope(|scope| {
                for _ in 0..threads {
                    scope.spawn(|| {
                        (0..100).for_each(|_| counters.add(CacheEvent::Hit, 1));
                        counters.add(CacheEvent::Miss, 3);
                        all.wait();
                    });
                }
            });
        }
        let counts = counters.counts();
        assert_eq!((counts.hits, counts.misses), (300 * threads, 9 * threads));
        assert_eq!((counts.fetches, counts.stale_served, counts.lease_lost, counts.cache_errors), (0, 0, 0, 0));
    }

    #[test]
    fn a_clone_shares_its_counters() {
        let counters = Counters::new();
        counters.clone().add(CacheEvent::CacheError, 2);
        assert_eq!(counters.counts().cache_errors, 2);
        assert!(format!("{counters:?}").contains("cache_errors: 2"));
    }

    #[test]
    fn counts_are_read_by_people() {
        let counts = Counts { hits: 1, misses: 2, fetches: 3, stale_served: 4, lease_lost: 5, cache_errors: 6 };
        assert_eq!(counts.to_string(), "1 hits, 2 misses, 3 fetches, 4 stale served, 5 leases lost, 6 cache errors");
    }

    #[test]
    fn an_observer_receives_every_event() {
        #[derive(Debug, Default)]
        struct Heard(Mutex<Vec<(CacheEvent, u64)>>);
        impl Observer for Heard {
            fn on_event(&self, event: CacheEvent, count: u64) {
                self.0.lock().push((event, count));
            }
        }
        let heard = Arc::new(Heard::default());
        let counters = Counters::with_observer(heard.clone());
        counters.add(CacheEvent::Fetch, 1);
        counters.add(CacheEvent::StaleServed, 20);
        assert_eq!(*heard.0.lock(), [(CacheEvent::Fetch, 1), (CacheEvent::StaleServed, 20)]);
        assert_eq!(counters.counts().stale_served, 20);
    }
}
