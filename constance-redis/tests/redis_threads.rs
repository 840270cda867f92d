//! A pool starts no thread. A program of its own: its threads are counted.
#![cfg(target_os = "linux")]
#![allow(clippy::expect_used)]

mod common;

use common::{Server, read, write};
use constance_core::{Backend, ErrorKind, backend::Stored};
use constance_redis::RedisBackend;
use constance_testserver::threads;

#[test]
fn none_is_started_however_many_backends_there_are() {
    if let Some(url) = threads::started_again_with() {
        return at_the_limit(&url);
    }
    let Some(server) = Server::start() else { return };
    let before = threads::count().expect("the system tells");
    let backends: Vec<RedisBackend> = (0..80)
        .map(|_| {
            let backend = RedisBackend::from_url(&server.url()).expect("a valid URL");
            assert_eq!(read(&backend, "a").expect("a read"), Stored::Absent);
            backend
        })
        .collect();
    assert_eq!(threads::count(), Some(before));
    drop(backends);
    assert_eq!(threads::count(), Some(before));
    threads::without_threads("none_is_started_however_many_backends_there_are", &server.url());
}

/// Where the system gives no more threads.
fn at_the_limit(url: &str) {
    let backend = RedisBackend::from_url(url).expect("a valid URL");
    write(&backend, "a", b"1").expect("none is needed");
    // Looking a name up takes one.
    let backend = RedisBackend::from_url("redis://nobody.invalid/0").expect("a valid URL");
    for call in [read(&backend, "a").map(drop), write(&backend, "a", b"1"), backend.ping()] {
        let error = call.expect_err("no thread");
        assert_eq!(error.kind(), ErrorKind::Unavailable, "{error}");
        assert!(error.to_string().contains("no more threads"), "{error}");
    }
}
