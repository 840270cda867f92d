//! Leaving a cache alone that does not answer.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// After a failure nobody asks for a while, and then one does: an outage costs one timeout each while, not one each read.
#[derive(Debug)]
pub(super) struct Breaker {
    rest: u64,
    /// When somebody may ask again, in nanoseconds of the clock; 0 where all is well.
    until: AtomicU64,
}

impl Breaker {
    pub(super) fn new(rest: Duration) -> Self {
        Self { rest: nanos(rest), until: AtomicU64::new(0) }
    }

    /// Whether to ask. Where it says so after a rest, the others go on resting until the asker knows more.
    pub(super) fn lets(&self, now: impl FnOnce() -> Duration) -> bool {
        let until = self.until.load(Ordering::Relaxed);
        if until == 0 {
            return true;
        }
        let now = nanos(now());
        let later = now.saturating_add(self.rest).max(1);
        now >= until && self.until.compare_exchange(until, later, Ordering::Relaxed, Ordering::Relaxed).is_ok()
    }

    pub(super) fn answered(&self) {
        // A look before the write: on the good path nothing is written to a shared cache line.
        if self.until.load(Ordering::Relaxed) != 0 {
            self.until.store(0, Ordering::Relaxed);
        }
    }

    pub(super) fn failed(&self, now: Duration) {
        self.until.store(nanos(now).saturating_add(self.rest).max(1), Ordering::Relaxed);
    }
}

fn nanos(time: Duration) -> u64 {
    u64::try_from(time.as_nanos()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_asks_after_each_rest() {
        let at = Duration::from_millis;
        let breaker = Breaker::new(at(1_000));
        assert!(breaker.lets(|| at(0)) && breaker.lets(|| at(0)));
        breaker.failed(at(0));
        assert!(!breaker.lets(|| at(999)));
        assert!(breaker.lets(|| at(1_000)));
        assert!(!breaker.lets(|| at(1_000)), "the others wait for what the first one finds");
        assert!(breaker.lets(|| at(2_000)), "if nothing is heard of it, the next one asks");
        breaker.answered();
        assert!(breaker.lets(|| at(2_000)) && breaker.lets(|| at(2_000)));
    }
}
