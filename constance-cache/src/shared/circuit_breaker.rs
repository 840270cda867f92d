//! Pausing the use of a cache that does not answer.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// After a failure no call asks for a while, then one call does: an outage costs one timeout each while, not one each read.
#[derive(Debug)]
pub(super) struct CircuitBreaker {
    retry_after: u64,
    /// When a call may ask again, in nanoseconds of the clock. 0: at any time.
    until: AtomicU64,
}

impl CircuitBreaker {
    pub(super) fn new(retry_after: Duration) -> Self {
        Self { retry_after: nanos(retry_after), until: AtomicU64::new(0) }
    }

    /// Whether to ask. After a pause one call may, and the others wait for what it finds.
    pub(super) fn allows(&self, now: impl FnOnce() -> Duration) -> bool {
        let until = self.until.load(Ordering::Relaxed);
        if until == 0 {
            return true;
        }
        let now = nanos(now());
        let later = now.saturating_add(self.retry_after).max(1);
        now >= until && self.until.compare_exchange(until, later, Ordering::Relaxed, Ordering::Relaxed).is_ok()
    }

    pub(super) fn answered(&self) {
        // A look before the write: on the good path nothing is written to a shared cache line.
        if self.until.load(Ordering::Relaxed) != 0 {
            self.until.store(0, Ordering::Relaxed);
        }
    }

    pub(super) fn failed(&self, now: Duration) {
        self.until.store(nanos(now).saturating_add(self.retry_after).max(1), Ordering::Relaxed);
    }
}

fn nanos(time: Duration) -> u64 {
    u64::try_from(time.as_nanos()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_call_asks_after_each_pause() {
        let at = Duration::from_millis;
        let breaker = CircuitBreaker::new(at(1_000));
        assert!(breaker.allows(|| at(0)) && breaker.allows(|| at(0)));
        breaker.failed(at(0));
        assert!(!breaker.allows(|| at(999)));
        assert!(breaker.allows(|| at(1_000)));
        assert!(!breaker.allows(|| at(1_000)), "the others wait for what the first one finds");
        assert!(breaker.allows(|| at(2_000)), "if nothing is heard of it, the next one asks");
        breaker.answered();
        assert!(breaker.allows(|| at(2_000)) && breaker.allows(|| at(2_000)));
    }
}
