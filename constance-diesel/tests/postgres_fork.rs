//! Forked children of a process with a backend. A program of its own with one test: a child has no thread but the one that forked.
#![cfg(all(unix, feature = "postgres"))]
#![allow(clippy::expect_used)]

#[path = "common/fork.rs"]
mod fork;
#[path = "common/forked.rs"]
mod forked;
mod postgres_support;

use postgres_support::Schema;

#[test]
fn a_child_has_sessions_of_its_own() {
    let Some(schema) = Schema::new() else { return };
    forked::each_has_its_own(schema.backend());
}
