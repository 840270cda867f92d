//! A clock that is turned by hand.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, SystemTime};

use crate::Clock;

/// A clock that stands still until a test advances it.
///
/// Share it by an [`Arc`](std::sync::Arc): what it is given to keeps one, the test the other.
///
/// ```
/// use std::sync::Arc;
/// use std::time::Duration;
///
/// use constance_core::Clock;
/// use constance_core::testing::ManualClock;
///
/// let clock = Arc::new(ManualClock::new());
/// let given: Arc<dyn Clock> = clock.clone();
/// assert_eq!(given.now(), Duration::ZERO);
/// clock.advance(Duration::from_secs(60));
/// assert_eq!(given.now(), Duration::from_secs(60));
/// ```
#[derive(Debug, Default)]
pub struct ManualClock {
    nanos: AtomicU64,
}

impl ManualClock {
    /// A clock at zero.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Turns the clock forward.
    ///
    /// # Panics
    ///
    /// Where the clock would pass 584 years.
    pub fn advance(&self, by: Duration) {
        let later = |now: u64| now.checked_add(u64::try_from(by.as_nanos()).ok()?);
        let turned = self.nanos.fetch_update(Ordering::SeqCst, Ordering::SeqCst, later);
        turned.expect("a manual clock ends after 584 years");
    }
}

impl Clock for ManualClock {
    fn now(&self) -> Duration {
        Duration::from_nanos(self.nanos.load(Ordering::SeqCst))
    }

    /// It was zero at the beginning of 1970.
    fn wall_time(&self) -> SystemTime {
        SystemTime::UNIX_EPOCH + self.now()
    }
}
