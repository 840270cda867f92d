//! A pool starts no thread. A program of its own: its threads are counted.
#![cfg(all(feature = "sqlite", target_os = "linux"))]
#![allow(clippy::expect_used)]

mod common;

use constance_core::{Backend, Prefix};
use constance_diesel::SqliteBackend;
use constance_testserver::threads;

#[test]
fn none_is_started_however_many_backends_there_are() {
    let folder = tempfile::tempdir().expect("a folder");
    let url = format!("sqlite://{}/db.sqlite3", folder.path().display());
    SqliteBackend::from_url(&url).expect("a valid URL").migrate().expect("tables");
    let before = threads::count().expect("the system tells");
    let backends: Vec<SqliteBackend> = (0..80)
        .map(|_| {
            let backend = SqliteBackend::from_url(&url).expect("a valid URL");
            assert!(backend.list(&Prefix::empty()).expect("a list").is_empty());
            backend
        })
        .collect();
    assert_eq!(threads::count(), Some(before));
    drop(backends);
    assert_eq!(threads::count(), Some(before));
}
