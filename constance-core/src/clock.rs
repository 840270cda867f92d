//! Time that a test can turn by hand.

use std::fmt::Debug;
use std::sync::LazyLock;
use std::time::{Duration, Instant, SystemTime};

/// A monotonic clock.
pub trait Clock: Debug + Send + Sync {
    /// The time since a fixed moment that is the clock's own; it never goes back.
    fn now(&self) -> Duration;

    /// The date and time of day, which outlive the process and which the system may set back. Default: the system's.
    fn wall_time(&self) -> SystemTime {
        SystemTime::now()
    }
}

/// The clock of the system ([`Instant`]).
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> Duration {
        static START: LazyLock<Instant> = LazyLock::new(Instant::now);
        START.elapsed()
    }
}

impl<C: Clock + ?Sized> Clock for std::sync::Arc<C> {
    fn now(&self) -> Duration {
        (**self).now()
    }

    fn wall_time(&self) -> SystemTime {
        (**self).wall_time()
    }
}
