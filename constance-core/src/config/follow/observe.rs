//! What happens to a `live()`, told in one place: records for `tracing`, figures for `metrics`. Names and kinds, never a value.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use crate::config::Front;
use crate::live::Core;
use crate::{Codec, Error, LiveMode, Settings, trace};

/// What was told last, so that each loss and each return is told once.
pub(super) struct Observed {
    /// The settings of which what is stored is not used, as errors name them.
    faults: BTreeSet<String>,
    /// How changes are noticed, and since when.
    mode: Option<(LiveMode, Instant)>,
    #[cfg(feature = "metrics")]
    figures: super::metrics::Figures,
}

impl Observed {
    #[cfg_attr(not(feature = "metrics"), expect(unused_variables, reason = "no figures without the feature"))]
    pub(super) fn new<S: Settings, C: Codec>(front: &Front<S, C>) -> Self {
        Self {
            faults: BTreeSet::new(),
            mode: None,
            #[cfg(feature = "metrics")]
            figures: super::metrics::Figures::new(front),
        }
    }

    /// A load has succeeded, but for these faults.
    pub(super) fn loaded(&mut self, faults: &[Error]) {
        #[cfg(feature = "metrics")]
        self.figures.loaded();
        let name = |error: &Error| error.settings().collect::<Vec<_>>().join(", ");
        let now: BTreeSet<String> = faults.iter().map(name).collect();
        faults.iter().filter(|error| !self.faults.contains(&name(error))).for_each(trace::unreadable);
        self.faults.difference(&now).for_each(|settings| trace::readable(settings));
        self.faults = now;
    }

    /// A load has failed; the first one of an outage is recorded, which is tried often.
    pub(super) fn failed(&self, error: &Error, is_first: bool) {
        #[cfg(feature = "metrics")]
        self.figures.failed(error.kind(), "load");
        if is_first {
            trace::live_failed(error);
        }
    }

    /// A load has succeeded after an outage.
    pub(super) fn recovered(&self, outage: Duration) {
        trace::live_recovered(outage);
    }

    /// Changes are noticed in this way from now on; with the error that keeps the feed from telling of them.
    pub(super) fn mode(&mut self, mode: LiveMode, error: Option<&Error>) {
        #[cfg(feature = "metrics")]
        if let Some(error) = error {
            self.figures.failed(error.kind(), "watch");
        }
        match self.mode {
            Some((before, _)) if lateness(before) == lateness(mode) => return,
            Some((before, _)) if lateness(before) < lateness(mode) => trace::feed_lost(error, mode),
            Some((_, since)) => trace::feed_recovered(since.elapsed(), mode),
            None if error.is_some() => trace::feed_lost(error, mode),
            None => {}
        }
        self.mode = Some((mode, Instant::now()));
    }

    /// The values may be others than before.
    #[cfg_attr(not(feature = "metrics"), expect(unused_variables, reason = "no figures without the feature"))]
    pub(super) fn values<S: Settings, C: Codec>(&mut self, front: &Front<S, C>, core: &Core<S>) {
        #[cfg(feature = "metrics")]
        self.figures.values(front, core);
    }
}

/// The order of the ways in which changes are noticed, the earliest first. That a backend looks less often while nothing changes
/// is no loss.
fn lateness(mode: LiveMode) -> u8 {
    match mode {
        LiveMode::Pushed => 0,
        LiveMode::Looking { .. } => 1,
        LiveMode::Polling { .. } | LiveMode::Starting | LiveMode::OtherProcess | LiveMode::Fixed => 2,
    }
}
