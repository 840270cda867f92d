//! Records for `tracing`, with the feature of that name. Names and kinds only, never a value.

use std::time::Duration;

use crate::{Error, LiveMode};

/// A setting was stored or reset.
#[cfg_attr(not(feature = "tracing"), expect(unused_variables, reason = "nothing is recorded without the feature"))]
pub(crate) fn written(setting: &'static str, backend: &str) {
    #[cfg(feature = "tracing")]
    tracing::info!(target: "constance", setting, backend, "setting written");
}

/// `live()` could not read or follow the store.
#[cfg_attr(not(feature = "tracing"), expect(unused_variables, reason = "nothing is recorded without the feature"))]
pub(crate) fn live_failed(error: &Error) {
    #[cfg(feature = "tracing")]
    tracing::warn!(target: "constance", %error, "live settings stay at their last good values");
}

/// The file of the last good values could not be used, or not be replaced.
#[cfg_attr(not(feature = "tracing"), expect(unused_variables, reason = "nothing is recorded without the feature"))]
pub(crate) fn last_good_failed(error: &Error) {
    #[cfg(feature = "tracing")]
    tracing::warn!(target: "constance", %error, "no start without the store is possible as things are");
}

/// A handler of the application panicked.
#[cfg_attr(not(feature = "tracing"), expect(unused_variables, reason = "nothing is recorded without the feature"))]
pub(crate) fn handler_panicked(error: &Error) {
    #[cfg(feature = "tracing")]
    tracing::warn!(target: "constance", %error, "a handler of changes panicked");
}

/// The store answers loads again after this time.
#[cfg_attr(not(feature = "tracing"), expect(unused_variables, reason = "nothing is recorded without the feature"))]
pub(crate) fn live_recovered(outage: Duration) {
    #[cfg(feature = "tracing")]
    tracing::info!(target: "constance", ?outage, "live settings follow the store again");
}

/// What is stored of a setting has become unreadable, or breaks a rule across settings.
#[cfg_attr(not(feature = "tracing"), expect(unused_variables, reason = "nothing is recorded without the feature"))]
pub(crate) fn unreadable(error: &Error) {
    #[cfg(feature = "tracing")]
    tracing::warn!(target: "constance", %error, "what is stored of a setting is not used");
}

/// What is stored of these settings is used again.
#[cfg_attr(not(feature = "tracing"), expect(unused_variables, reason = "nothing is recorded without the feature"))]
pub(crate) fn readable(settings: &str) {
    #[cfg(feature = "tracing")]
    tracing::info!(target: "constance", settings, "what is stored of a setting is used again");
}

/// Changes are noticed later than before.
#[cfg_attr(not(feature = "tracing"), expect(unused_variables, reason = "nothing is recorded without the feature"))]
pub(crate) fn feed_lost(error: Option<&Error>, mode: LiveMode) {
    #[cfg(feature = "tracing")]
    tracing::warn!(target: "constance", error = error.map(tracing::field::display), ?mode, "changes are noticed later than before");
}

/// Changes are noticed as before, after this time.
#[cfg_attr(not(feature = "tracing"), expect(unused_variables, reason = "nothing is recorded without the feature"))]
pub(crate) fn feed_recovered(outage: Duration, mode: LiveMode) {
    #[cfg(feature = "tracing")]
    tracing::info!(target: "constance", ?outage, ?mode, "changes are noticed early again");
}
