//! Records for `tracing`, with the feature of that name. Names and kinds only, never a value.

use crate::Error;

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
