//! Forked children of a process with a backend. A program of its own with one test: a child has no thread but the one that forked.
#![cfg(all(unix, feature = "sqlite"))]
#![allow(clippy::expect_used)]

#[path = "../../constance-redis/tests/common/forked.rs"]
mod forked;

use std::time::Duration;

use constance_diesel::SqliteBackend;

#[test]
fn a_child_opens_the_file_itself() {
    let folder = tempfile::tempdir().expect("a folder");
    let builder = SqliteBackend::builder().url(format!("sqlite://{}/db.sqlite3", folder.path().display()));
    let backend = builder.watch_interval(Duration::from_secs(2)).build().expect("a valid URL");
    backend.migrate().expect("tables");
    forked::each_has_its_own(backend);
}
