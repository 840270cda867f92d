//! What a pool reports to the `metrics` crate. `docs/metrics.md` lists it.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use metrics::{Label, Unit, counter, describe_counter, describe_histogram, histogram};

use crate::Manager;

const WAITS: &str = "constance_pool_waits_total";
const WAITED: &str = "constance_pool_wait_seconds";

/// The number of pools that the process has made.
static POOLS: AtomicU64 = AtomicU64::new(0);

/// The labels that tell a pool from others of the process.
pub(crate) struct PoolMetrics(Vec<Label>);

/// Measures how long a call waits for a connection, and reports it when dropped. A call that did not wait reports nothing.
pub(crate) struct WaitTimer<'m> {
    metrics: &'m PoolMetrics,
    since: Option<Instant>,
}

impl PoolMetrics {
    pub(crate) fn new<M: Manager>() -> Self {
        describe_counter!(WAITS, Unit::Count, "Calls that waited for a connection that others used or made.");
        describe_histogram!(WAITED, Unit::Seconds, "How long they waited.");
        let path = std::any::type_name::<M::Connection>().split('<').next().unwrap_or_default();
        let number = POOLS.fetch_add(1, Ordering::Relaxed) + 1;
        let connection = Label::new("connection", path.rsplit("::").next().unwrap_or(path));
        Self(vec![Label::new("pool", number.to_string()), connection])
    }

    pub(crate) fn wait_timer(&self) -> WaitTimer<'_> {
        WaitTimer { metrics: self, since: None }
    }
}

impl WaitTimer<'_> {
    /// The call waits from now on.
    pub(crate) fn start(&mut self) {
        self.since.get_or_insert_with(Instant::now);
    }
}

impl Drop for WaitTimer<'_> {
    fn drop(&mut self) {
        if let Some(since) = self.since {
            let labels = &self.metrics.0;
            counter!(WAITS, labels.iter()).increment(1);
            histogram!(WAITED, labels.iter()).record(since.elapsed());
        }
    }
}
