//! Figures of a pool for the `metrics` crate. The page `docs/metrics.md` has their table.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use metrics::{Label, Unit, counter, describe_counter, describe_histogram, histogram};

use crate::Manager;

const WAITS: &str = "constance_pool_waits_total";
const WAITED: &str = "constance_pool_wait_seconds";

/// How many pools the process has made.
static POOLS: AtomicU64 = AtomicU64::new(0);

/// What tells a pool from others of the process.
pub(crate) struct Figures(Vec<Label>);

/// A call for a connection; tells how long it waited when it is over, if it had to.
pub(crate) struct Waited<'f> {
    figures: &'f Figures,
    since: Option<Instant>,
}

impl Figures {
    pub(crate) fn new<M: Manager>() -> Self {
        describe_counter!(WAITS, Unit::Count, "Calls that waited for a connection that others used or made.");
        describe_histogram!(WAITED, Unit::Seconds, "How long they waited.");
        let path = std::any::type_name::<M::Connection>().split('<').next().unwrap_or_default();
        let number = POOLS.fetch_add(1, Ordering::Relaxed) + 1;
        let connection = Label::new("connection", path.rsplit("::").next().unwrap_or(path));
        Self(vec![Label::new("pool", number.to_string()), connection])
    }

    pub(crate) fn begin(&self) -> Waited<'_> {
        Waited { figures: self, since: None }
    }
}

impl Waited<'_> {
    /// There is none yet.
    pub(crate) fn waits(&mut self) {
        self.since.get_or_insert_with(Instant::now);
    }
}

impl Drop for Waited<'_> {
    fn drop(&mut self) {
        if let Some(since) = self.since {
            let labels = &self.figures.0;
            counter!(WAITS, labels.iter()).increment(1);
            histogram!(WAITED, labels.iter()).record(since.elapsed());
        }
    }
}
