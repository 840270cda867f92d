//! How a `live()` follows.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use crate::{Clock, SystemClock};

/// How [`Config::live_with`](crate::Config::live_with) follows the store.
///
/// ```
/// use std::time::Duration;
/// use constance_core::LiveOptions;
///
/// let options = LiveOptions::new().poll_interval(Duration::from_secs(5)).start_on_defaults();
/// # drop(options);
/// ```
#[derive(Clone)]
pub struct LiveOptions {
    pub(super) poll_interval: Duration,
    pub(super) reread_interval: Duration,
    pub(super) start_on_defaults: bool,
    pub(super) clock: Arc<dyn Clock>,
}

impl LiveOptions {
    /// The defaults.
    #[must_use]
    pub fn new() -> Self {
        Self {
            poll_interval: Duration::from_secs(1),
            reread_interval: Duration::from_secs(30),
            start_on_defaults: false,
            clock: Arc::new(SystemClock),
        }
    }

    /// How often the settings are read where the backend pushes no changes: one read each. Default: 1 s.
    #[must_use]
    pub fn poll_interval(mut self, interval: Duration) -> Self {
        self.poll_interval = interval;
        self
    }

    /// How often they are read beside pushed changes, in case the feed fails silently. Default: 30 s.
    #[must_use]
    pub fn reread_interval(mut self, interval: Duration) -> Self {
        self.reread_interval = interval;
        self
    }

    /// Starts on the defaults where the first load fails, so that a service can restart during an outage. Until a load
    /// succeeds, [`status`](crate::Live::status) says `never loaded`; then handlers hear of what differs from the defaults.
    /// Default: the first load has to succeed.
    #[must_use]
    pub fn start_on_defaults(mut self) -> Self {
        self.start_on_defaults = true;
        self
    }

    /// The clock that the age in [`status`](crate::Live::status) is taken from. Default: [`SystemClock`].
    #[must_use]
    pub fn clock(mut self, clock: impl Clock + 'static) -> Self {
        self.clock = Arc::new(clock);
        self
    }
}

impl Default for LiveOptions {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for LiveOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { poll_interval, reread_interval, start_on_defaults, clock: _ } = self;
        f.debug_struct("LiveOptions")
            .field("poll_interval", poll_interval)
            .field("reread_interval", reread_interval)
            .field("start_on_defaults", start_on_defaults)
            .finish_non_exhaustive()
    }
}
