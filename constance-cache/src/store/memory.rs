//! Cells in this process, for tests.

use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use constance_core::{Clock, Result, SystemClock};
use parking_lot::Mutex;

use super::{CacheStore, Cell, Seen, Swap, SwapFrom, Version, unique_id};

/// Cells in the memory of this process, which no other process sees.
///
/// It is for tests: [`SharedCacheBuilder::build`](crate::SharedCacheBuilder::build) refuses it, and says why. It is also the
/// shortest store there is, to look up how something is meant.
pub struct MemoryStore {
    clock: Arc<dyn Clock>,
    cells: Mutex<HashMap<String, Held>>,
}

struct Held {
    bytes: Vec<u8>,
    until: Duration,
    version: Version,
}

impl MemoryStore {
    /// An empty store.
    #[must_use]
    pub fn new() -> Self {
        Self::with_clock(SystemClock)
    }

    /// An empty store whose cells expire by this clock.
    #[must_use]
    pub fn with_clock(clock: impl Clock + 'static) -> Self {
        Self { clock: Arc::new(clock), cells: Mutex::default() }
    }

    /// Removes everything, as a restart does.
    pub fn clear(&self) {
        self.cells.lock().clear();
    }

    /// The keys of what it holds, in no order.
    #[must_use]
    pub fn keys(&self) -> Vec<String> {
        self.cells.lock().keys().cloned().collect()
    }

    /// Changes stored bytes without the cache's knowledge, as a defect would.
    pub fn tamper(&self, mut with: impl FnMut(&str, &mut Vec<u8>)) {
        self.cells.lock().iter_mut().for_each(|(key, held)| with(key, &mut held.bytes));
    }
}

impl Default for MemoryStore {
    fn default() -> Self {
        Self::new()
    }
}

impl CacheStore for MemoryStore {
    fn name(&self) -> &str {
        "memory"
    }

    fn is_shared(&self) -> bool {
        false
    }

    fn read(&self, keys: &[&str]) -> Result<Vec<Seen>> {
        let now = self.clock.now();
        let cells = self.cells.lock();
        let seen = |key: &&str| match cells.get(*key).filter(|held| held.until > now) {
            Some(held) => Seen::Cell(Cell { bytes: held.bytes.clone(), left: held.until - now, version: held.version }),
            None => Seen::Vacant,
        };
        Ok(keys.iter().map(seen).collect())
    }

    fn swap(&self, swaps: &[Swap<'_>]) -> Result<Vec<Option<Version>>> {
        let now = self.clock.now();
        let mut cells = self.cells.lock();
        let one = |swap: &Swap<'_>| {
            let held = cells.get(swap.key).filter(|held| held.until > now);
            let is_due = match swap.from {
                SwapFrom::Vacant => held.is_none(),
                SwapFrom::Version(version) => held.is_some_and(|held| held.version == version),
                SwapFrom::Any => true,
            };
            is_due.then(|| {
                let version = Version(unique_id(), unique_id());
                let held = Held { bytes: swap.to.to_vec(), until: now + swap.ttl, version };
                cells.insert(swap.key.to_owned(), held);
                version
            })
        };
        Ok(swaps.iter().map(one).collect())
    }
}

impl fmt::Debug for MemoryStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MemoryStore").field("cells", &self.cells.lock().len()).finish_non_exhaustive()
    }
}
