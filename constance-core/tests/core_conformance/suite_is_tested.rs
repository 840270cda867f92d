//! The suite finds what it is there to find: for each promise, backends that break it, and the cases that notice.
//!
//! Each wrong backend is a right one with one defect, so that a case which notices it notices that defect. Promise 7
//! (events) rests on a backend's previous values, on its feed, and on visits under no lock: `batches`, `watches`, `visits`.
//! Promise 11 (nothing leaks between tests) rests on instances that are stores of their own: `claims`. What the typed front
//! adds to both is tested in `events.rs` and `overrides.rs`.

mod wrong;

mod absence;
mod batches;
mod bytes;
mod claims;
mod lost_updates;
mod named_keys;
mod outages;
mod persistence;
mod prefixes;
mod secrets;
mod unreachable;
mod visits;
mod watches;

/// Where each case is shown to notice something.
const PROOFS: [&str; 13] = [
    include_str!("suite_is_tested/absence.rs"),
    include_str!("suite_is_tested/batches.rs"),
    include_str!("suite_is_tested/bytes.rs"),
    include_str!("suite_is_tested/claims.rs"),
    include_str!("suite_is_tested/lost_updates.rs"),
    include_str!("suite_is_tested/named_keys.rs"),
    include_str!("suite_is_tested/outages.rs"),
    include_str!("suite_is_tested/persistence.rs"),
    include_str!("suite_is_tested/prefixes.rs"),
    include_str!("suite_is_tested/secrets.rs"),
    include_str!("suite_is_tested/unreachable.rs"),
    include_str!("suite_is_tested/visits.rs"),
    include_str!("suite_is_tested/watches.rs"),
];

#[test]
fn every_case_is_shown_to_notice_something() {
    let cases = constance_core::testing::cases::ALL.iter().map(|case| case.name());
    let wrappers = constance_core::testing::wrappers::ALL.iter().map(|case| case.name());
    let unreachable = constance_core::testing::unreachable::ALL.iter().map(|case| case.name());
    let persistence = constance_core::testing::persistence::ALL.iter().map(|case| case.name());
    for name in cases.chain(wrappers).chain(unreachable).chain(persistence) {
        let quoted = format!("\"{name}\"");
        assert!(PROOFS.iter().any(|proofs| proofs.contains(&quoted)), "no wrong backend is caught by {name}");
    }
}
