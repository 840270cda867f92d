//! A connection that all share and that is cut at any byte never returns a wrong value.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use constance_core::aio::AsyncBackend;
use constance_core::{
    Error, ErrorKind,
    backend::{Applied, Batch, Encoded, Expect, Stored},
};
use constance_redis::aio::AsyncRedisBackend;
use tokio::task::JoinSet;

use crate::common::aio::{long_timeouts, read, read_all, short_timeouts, write};
use crate::common::proxy::proxy;
use crate::common::{Server, prefix, set, value};

const TASKS: usize = 8;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ten_thousand_reads_over_connections_that_are_cut() {
    let Some(server) = Server::start() else { return };
    let direct = long_timeouts(&server.url());
    let long = vec![b'x'; 300];
    write(&direct, "a", b"1").await.expect("a write");
    write(&direct, "long", &long).await.expect("a write");
    let cuts = Arc::default();
    let backend = Arc::new(short_timeouts(&format!("redis://127.0.0.1:{}/0", proxy(server.port(), Arc::clone(&cuts)))));

    let mut tasks = JoinSet::new();
    for _ in 0..TASKS {
        tasks.spawn(some_reads(Arc::clone(&backend), long.clone()));
    }
    let (mut right, mut failed) = (0, 0);
    while let Some(counts) = tasks.join_next().await {
        let counts = counts.expect("no wrong answer");
        (right, failed) = (right + counts.0, failed + counts.1);
    }
    let cuts = cuts.load(Ordering::Relaxed);
    eprintln!("{right} answers, {failed} errors, {cuts} cuts");
    assert!(cuts > 100 && right > failed, "{right} answers, {failed} errors, {cuts} cuts");
    for _ in 0..100 {
        if let Ok(listed) = backend.list(&prefix("constance:")).await {
            assert_eq!(listed.len(), 2);
        }
    }
}

/// The number of correct values, and of errors.
async fn some_reads(backend: Arc<AsyncRedisBackend>, long: Vec<u8>) -> (usize, usize) {
    let (mut right, mut failed) = (0, 0);
    // The driver loses a request that it gets just when the connection ends. The call times out.
    let fine = |error: Error| assert!(matches!(error.kind(), ErrorKind::Unavailable | ErrorKind::Timeout), "{error:?}");
    for round in 0..10_000 / TASKS {
        let answer = match round % 4 {
            0 => read(&*backend, "a").await.map(|found| assert_eq!(found, value(b"1"))),
            1 => read(&*backend, "none").await.map(|found| assert_eq!(found, Stored::Absent)),
            2 => read_all(&*backend, &["a", "none", "long"])
                .await
                .map(|found| assert_eq!(found, [value(b"1"), Stored::Absent, value(&long)])),
            _ => read(&*backend, "long").await.map(|found| assert_eq!(found, value(&long))),
        };
        match answer {
            Ok(()) => right += 1,
            Err(error) => {
                fine(error);
                failed += 1;
            }
        }
    }
    (right, failed)
}

#[tokio::test]
async fn a_write_over_a_connection_that_is_cut_is_never_done_twice() {
    let Some(server) = Server::start() else { return };
    let direct = long_timeouts(&server.url());
    let backend = short_timeouts(&format!("redis://127.0.0.1:{}/0", proxy(server.port(), Arc::default())));
    let number = |stored: Stored| -> u32 {
        let bytes = stored.value().expect("a value").as_bytes();
        std::str::from_utf8(bytes).expect("a number").parse().expect("a number")
    };
    write(&direct, "counter", b"0").await.expect("a write");
    let (mut done, mut unknown) = (0, 0);
    for _ in 0..1000 {
        let now = number(read(&direct, "counter").await.expect("a read"));
        let next = set("counter", (now + 1).to_string().as_bytes())
            .expecting(Expect::Equals(Encoded::from(now.to_string().into_bytes())));
        match backend.write(&Batch::one(next)).await {
            Ok(applied) => {
                assert_eq!(applied, Applied::Done(vec![]), "nobody else writes");
                done += 1;
            }
            Err(error) => {
                assert!(matches!(error.kind(), ErrorKind::Unavailable | ErrorKind::Timeout), "{error:?}");
                unknown += 1;
            }
        }
    }
    let found = number(read(&direct, "counter").await.expect("a read"));
    assert!((done..=done + unknown).contains(&found), "{found}: {done} done, {unknown} unknown");
}
