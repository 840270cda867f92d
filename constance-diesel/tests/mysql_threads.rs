//! A pool keeps no thread. A program of its own: its threads are counted.
#![cfg(all(feature = "mysql", target_os = "linux"))]
#![allow(clippy::expect_used)]

mod mysql_support;

use constance_core::{ErrorKind, backend::Stored};
use constance_diesel::MysqlBackend;
use constance_testserver::threads;
use mysql_support::{Place, read};

#[test]
fn none_is_left_however_many_backends_there_are() {
    if let Some(url) = threads::started_again_with() {
        return at_the_limit(&url);
    }
    for place in Place::each() {
        place.backend();
        let before = threads::count().expect("the system tells");
        let backends: Vec<MysqlBackend> = (0..80)
            .map(|_| {
                let backend = place.unmigrated();
                assert_eq!(read(&backend, "a").expect("a read"), Stored::Absent);
                backend
            })
            .collect();
        // Each was connected to in a thread, which ends with that.
        threads::until_at_most(before);
        drop(backends);
        threads::until_at_most(before);
        threads::without_threads("none_is_left_however_many_backends_there_are", &place.url);
    }
}

/// Where the system gives no more threads.
fn at_the_limit(url: &str) {
    let backend = MysqlBackend::from_url(url).expect("a valid URL");
    let error = read(&backend, "a").expect_err("no thread to connect in");
    assert_eq!(error.kind(), ErrorKind::Unavailable, "{error}");
    assert!(error.to_string().contains("no more threads"), "{error}");
}
