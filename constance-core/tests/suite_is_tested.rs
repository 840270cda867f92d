//! The suite finds what it is there to find: for each promise, backends that break it, and the cases that notice.
//!
//! Each wrong backend is a right one with one defect, so that a case which notices it notices that defect. Events and
//! overrides belong to the typed front and are not visible here.

#[path = "suite_is_tested/wrong.rs"]
mod wrong;

#[path = "suite_is_tested/absence.rs"]
mod absence;
#[path = "suite_is_tested/batches.rs"]
mod batches;
#[path = "suite_is_tested/bytes.rs"]
mod bytes;
#[path = "suite_is_tested/claims.rs"]
mod claims;
#[path = "suite_is_tested/lost_updates.rs"]
mod lost_updates;
#[path = "suite_is_tested/outages.rs"]
mod outages;
#[path = "suite_is_tested/prefixes.rs"]
mod prefixes;
#[path = "suite_is_tested/visits.rs"]
mod visits;
#[path = "suite_is_tested/watches.rs"]
mod watches;
