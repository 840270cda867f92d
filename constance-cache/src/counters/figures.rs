//! The counters for the `metrics` crate. The page `docs/metrics.md` has their table.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use metrics::{Label, Unit, counter, describe_counter};
use parking_lot::Mutex;

use super::{Counters, Counts};

const HITS: &str = "constance_cache_hits_total";
const MISSES: &str = "constance_cache_misses_total";
const FETCHES: &str = "constance_cache_fetches_total";
const STALE_SERVED: &str = "constance_cache_stale_served_total";
const LEASE_LOST: &str = "constance_cache_lease_lost_total";
const ERRORS: &str = "constance_cache_errors_total";

/// The least time between two looks at the counters by reads that find everything in the cache.
const SELDOM: Duration = Duration::from_secs(1);

/// How many caches the process has made.
static CACHES: AtomicU64 = AtomicU64::new(0);

/// What tells a cache from others of the process, and when its counters were last published by a read.
#[derive(Default)]
pub(super) struct Figures {
    labels: OnceLock<Vec<Label>>,
    published: Mutex<Option<Instant>>,
}

impl Counters {
    /// Gives a cache its labels.
    pub(crate) fn label(&self, kind: &'static str, backend: &str) {
        describe_counter!(HITS, Unit::Count, "Keys answered by the cache.");
        describe_counter!(MISSES, Unit::Count, "Keys that were not in the cache, or too old there.");
        describe_counter!(FETCHES, Unit::Count, "Calls of the backend below, each for however many keys.");
        describe_counter!(STALE_SERVED, Unit::Count, "Keys answered with a value past its time.");
        describe_counter!(LEASE_LOST, Unit::Count, "Fetched keys that were changed meanwhile and not kept.");
        describe_counter!(ERRORS, Unit::Count, "Failures of the cache itself.");
        let number = CACHES.fetch_add(1, Ordering::Relaxed) + 1;
        let labels = vec![
            Label::new("kind", kind),
            Label::new("cache", number.to_string()),
            Label::new("backend", backend.to_owned()),
        ];
        self.0.figures.labels.get_or_init(|| labels);
    }

    /// Says what has been counted up to now to the recorder of the `metrics` crate. Feature `metrics`.
    ///
    /// A cache does so by itself when it has asked the backend below, and when its feed wakes it, at least every 30 seconds; a
    /// [`SharedCache`](crate::SharedCache) also when it is read, at most once a second. A hit of a
    /// [`LocalCache`](crate::LocalCache) never does: call this before figures are collected where they have to be of that moment.
    pub fn publish(&self) {
        let Some(labels) = self.0.figures.labels.get() else { return };
        let Counts { hits, misses, fetches, stale_served, lease_lost, cache_errors } = self.counts();
        let all = [
            (HITS, hits),
            (MISSES, misses),
            (FETCHES, fetches),
            (STALE_SERVED, stale_served),
            (LEASE_LOST, lease_lost),
            (ERRORS, cache_errors),
        ];
        for (name, count) in all {
            counter!(name, labels.iter()).absolute(count);
        }
    }

    /// The same, once in a while.
    pub(crate) fn publish_sometimes(&self) {
        let now = Instant::now();
        if let Some(mut published) = self.0.figures.published.try_lock()
            && published.is_none_or(|then| now.duration_since(then) >= SELDOM)
        {
            *published = Some(now);
            drop(published);
            self.publish();
        }
    }
}
