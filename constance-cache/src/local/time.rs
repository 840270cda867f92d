//! A clock that is cheap to read.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use constance_core::Clock;

/// No moment comes after this one.
pub(super) const NEVER: u64 = u64::MAX;

/// The clock of a cache, in nanoseconds since a moment of its own.
pub(super) enum Time {
    /// The system's, a few milliseconds behind at most: `Instant::now()` would be half of a hit.
    Coarse,
    Given(Arc<dyn Clock>),
}

impl Time {
    #[inline]
    pub(super) fn now(&self) -> u64 {
        match self {
            Self::Coarse => coarse(),
            Self::Given(clock) => nanos(clock.now()),
        }
    }
}

/// A span in nanoseconds; one that does not fit, 584 years, never ends.
pub(super) fn nanos(span: Duration) -> u64 {
    u64::try_from(span.as_nanos()).unwrap_or(NEVER)
}

#[cfg(any(target_os = "linux", target_os = "android"))]
#[inline]
fn coarse() -> u64 {
    let now = rustix::time::clock_gettime(rustix::time::ClockId::MonotonicCoarse);
    // The time since the machine was started, which is not negative.
    now.tv_sec.unsigned_abs().wrapping_mul(1_000_000_000).wrapping_add(now.tv_nsec.unsigned_abs())
}

#[cfg(not(any(target_os = "linux", target_os = "android")))]
#[inline]
fn coarse() -> u64 {
    nanos(constance_core::SystemClock.now())
}

impl fmt::Debug for Time {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Coarse => f.write_str("Coarse"),
            Self::Given(clock) => clock.fmt(f),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Instant;

    use super::*;

    #[test]
    fn the_coarse_clock_runs_with_the_exact_one() {
        let (began, coarse) = (Instant::now(), Time::Coarse);
        let first = coarse.now();
        // It stands still between two ticks of the system: until it moves, however far.
        let mut now = first;
        while now == first {
            now = coarse.now();
        }
        assert!(now > first, "it never goes back");
        // A tick may have been due when the first look was taken, and is at most 10 ms long.
        let exact = nanos(began.elapsed());
        assert!(now - first <= exact + 10_000_000, "{} and {exact}", now - first);
    }

    #[test]
    fn the_longest_span_never_ends() {
        assert_eq!(nanos(Duration::MAX), NEVER);
        assert_eq!(nanos(Duration::from_secs(60)), 60_000_000_000);
    }
}
