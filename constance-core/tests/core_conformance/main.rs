//! The suite itself: right backends pass it, and each defect is noticed.
// The lint's exception for tests knows the test functions only, not what they share.
#![allow(clippy::expect_used)]

#[cfg(feature = "tokio")]
mod async_suite;
mod suite_is_tested;
mod testing;
mod third_party;
