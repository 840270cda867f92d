//! A pool starts no thread. A program of its own: its threads are counted.
#![cfg(all(feature = "postgres", target_os = "linux"))]
#![allow(clippy::expect_used)]

mod postgres_support;

use constance_core::{ErrorKind, backend::Stored};
use constance_diesel::PostgresBackend;
use constance_testserver::threads;
use postgres_support::{Schema, read, store};

#[test]
fn none_is_started_however_many_backends_there_are() {
    if let Some(url) = threads::started_again_with() {
        return at_the_limit(&url);
    }
    let Some(schema) = Schema::new() else { return };
    schema.backend();
    let before = threads::count().expect("the system tells");
    let backends: Vec<PostgresBackend> = (0..80)
        .map(|_| {
            let backend = PostgresBackend::from_url(&schema.url()).expect("a valid URL");
            assert_eq!(read(&backend, "a").expect("a read"), Stored::Absent);
            backend
        })
        .collect();
    assert_eq!(threads::count(), Some(before));
    drop(backends);
    assert_eq!(threads::count(), Some(before));
    threads::without_threads("none_is_started_however_many_backends_there_are", &schema.url());
}

/// Where the system gives no more threads.
fn at_the_limit(url: &str) {
    let backend = PostgresBackend::from_url(url).expect("a valid URL");
    store(&backend, "a", b"1");
    let bounded = PostgresBackend::builder().url(url).call_timeout(postgres_support::LONG).build();
    let error = read(&bounded.expect("a valid URL"), "a").expect_err("no thread for its connection");
    assert_eq!(error.kind(), ErrorKind::Unavailable, "{error}");
    assert!(error.to_string().contains("no more threads"), "{error}");
}
