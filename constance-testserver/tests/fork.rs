//! Forked children. A program of its own with one test: a child has no thread but the one that forked.
#![cfg(unix)]

use std::panic::catch_unwind;

use constance_testserver::fork::child;

#[test]
fn a_child_ends_well_or_fails_the_test() {
    let parent = std::process::id();
    child(|| assert_ne!(std::process::id(), parent)).ends_well();
    let failing = child(|| panic!("this message is part of the test"));
    assert!(catch_unwind(|| failing.ends_well()).is_err(), "its failure is not seen");
}
