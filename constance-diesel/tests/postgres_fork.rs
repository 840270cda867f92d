//! Forked children of a process with a backend. A program of its own with one test: a child has no thread but the one that forked.
#![cfg(all(unix, feature = "postgres"))]
#![allow(clippy::expect_used)]

#[path = "../../constance-redis/tests/common/forked.rs"]
mod forked;
mod postgres_support;

use std::time::Duration;

use postgres_support::{Schema, patient};

#[test]
fn a_child_has_sessions_of_its_own() {
    let Some(schema) = Schema::new() else { return };
    schema.backend();
    let builder = patient(&schema.url()).watch_interval(Duration::from_secs(2));
    forked::each_has_its_own(builder.build().expect("a valid URL"));
}
