//! How often a feed looks for changes.

use std::time::Duration;

/// The time between two looks, which may grow where nothing changes.
#[derive(Debug, Clone, Copy)]
pub(crate) struct PollInterval {
    interval: Duration,
    quiet: Duration,
    /// Whether the application said nothing about it.
    is_default: bool,
}

impl PollInterval {
    /// When a store counts as quiet.
    const QUIET_AFTER: Duration = Duration::from_secs(60);

    /// Always the same, at least 1 millisecond.
    pub(crate) fn every(interval: Duration) -> Self {
        let interval = interval.max(Duration::from_millis(1));
        Self { interval, quiet: interval, is_default: false }
    }

    /// The default. A look at a server is a round trip, and work for it from each process that follows.
    pub(crate) fn default_for(network: bool) -> Self {
        let file = Duration::from_millis(25);
        let (interval, quiet) =
            if network { (Duration::from_millis(250), Duration::from_secs(1)) } else { (file, file) };
        Self { interval, quiet, is_default: true }
    }

    /// The time between two looks, where the application said nothing about it.
    #[cfg_attr(
        not(all(feature = "sqlite", target_os = "linux")),
        allow(dead_code, reason = "no system tells of writes")
    )]
    pub(crate) fn default_interval(&self) -> Option<Duration> {
        self.is_default.then_some(self.interval)
    }

    /// How long to rest before the next look, where nothing has changed for so long.
    pub(crate) fn rest(&self, unchanged_for: Duration) -> Duration {
        if unchanged_for < Self::QUIET_AFTER { self.interval } else { self.quiet }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MINUTE: Duration = Duration::from_secs(60);

    #[test]
    fn a_quiet_server_is_looked_at_once_a_second() {
        let poll_interval = PollInterval::default_for(true);
        assert_eq!(poll_interval.rest(Duration::ZERO), Duration::from_millis(250));
        assert_eq!(poll_interval.rest(MINUTE - Duration::from_nanos(1)), Duration::from_millis(250));
        assert_eq!(poll_interval.rest(MINUTE), Duration::from_secs(1));
    }

    #[test]
    fn a_file_and_what_the_application_chose_are_looked_at_as_often_as_ever() {
        let chosen = Duration::from_millis(100);
        for (poll_interval, interval) in
            [(PollInterval::default_for(false), Duration::from_millis(25)), (PollInterval::every(chosen), chosen)]
        {
            assert_eq!(poll_interval.rest(Duration::ZERO), interval);
            assert_eq!(poll_interval.rest(MINUTE * 60), interval);
        }
        assert_eq!(PollInterval::every(Duration::ZERO).rest(MINUTE), Duration::from_millis(1));
    }
}
