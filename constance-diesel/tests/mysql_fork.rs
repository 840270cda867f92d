//! Forked children of a process with a backend. A program of its own with one test: a child has no thread but the one that forked.
#![cfg(all(unix, feature = "mysql"))]
#![allow(clippy::expect_used)]

#[path = "../../constance-redis/tests/common/forked.rs"]
mod forked;
mod mysql_support;

use std::time::Duration;

use mysql_support::Place;

#[test]
fn a_child_has_sessions_of_its_own() {
    for place in Place::each() {
        place.backend();
        let builder = place.builder().watch_interval(Duration::from_secs(2));
        forked::each_has_its_own(builder.build().expect("a valid URL"));
    }
}
