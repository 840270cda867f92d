//! A connection that is cut at any byte never returns a wrong value.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use constance_core::{
    Backend, ErrorKind,
    backend::{Applied, Batch, Encoded, Expect, Stored},
};

use crate::common::proxy::proxy;
use crate::common::{Server, key, long_timeouts, prefix, read, read_all, set, value, write};

#[test]
fn ten_thousand_reads_over_connections_that_are_cut() {
    let Some(server) = Server::start() else { return };
    let direct = long_timeouts(&server.url());
    let long = vec![b'x'; 300];
    write(&direct, "a", b"1").expect("a write");
    write(&direct, "long", &long).expect("a write");
    let cuts = Arc::default();
    let backend = long_timeouts(&format!("redis://127.0.0.1:{}/0", proxy(server.port(), Arc::clone(&cuts))));

    let (mut right, mut failed) = (0, 0);
    for round in 0..10_000_u32 {
        let answer = match round % 4 {
            0 => read(&backend, "a").map(|found| assert_eq!(found, value(b"1"))),
            1 => read(&backend, "none").map(|found| assert_eq!(found, Stored::Absent)),
            2 => read_all(&backend, &["a", "none", "long"])
                .map(|found| assert_eq!(found, [value(b"1"), Stored::Absent, value(&long)])),
            _ => backend.visit(&key("long"), &mut |found| assert_eq!(found, Some(&long[..]))),
        };
        match answer {
            Ok(()) => right += 1,
            Err(error) => {
                assert_eq!(error.kind(), ErrorKind::Unavailable, "{error:?}");
                failed += 1;
            }
        }
    }
    let cuts = cuts.load(Ordering::Relaxed);
    eprintln!("{right} answers, {failed} errors, {cuts} cuts");
    assert!(cuts > 100 && right > failed * 10, "{right} answers, {failed} errors, {cuts} cuts");
    for _ in 0..100 {
        if let Ok(listed) = backend.list(&prefix("constance:")) {
            assert_eq!(listed.len(), 2);
        }
    }
}

#[test]
fn a_write_over_a_connection_that_is_cut_is_never_done_twice() {
    let Some(server) = Server::start() else { return };
    let direct = long_timeouts(&server.url());
    let backend = long_timeouts(&format!("redis://127.0.0.1:{}/0", proxy(server.port(), Arc::default())));
    let number = |bytes: &[u8]| std::str::from_utf8(bytes).expect("a number").parse::<u32>().expect("a number");
    write(&direct, "counter", b"0").expect("a write");
    let (mut done, mut unknown) = (0, 0);
    for _ in 0..1000 {
        let now = read(&direct, "counter").expect("a read");
        let now = number(now.value().expect("a value").as_bytes());
        let next = set("counter", (now + 1).to_string().as_bytes())
            .expecting(Expect::Equals(Encoded::from(now.to_string().into_bytes())));
        match backend.write(&Batch::one(next)) {
            Ok(applied) => {
                assert_eq!(applied, Applied::Done(vec![]), "nobody else writes");
                done += 1;
            }
            Err(error) => {
                assert_eq!(error.kind(), ErrorKind::Unavailable, "{error:?}");
                unknown += 1;
            }
        }
    }
    let found = read(&direct, "counter").expect("a read");
    let found = number(found.value().expect("a value").as_bytes());
    assert!((done..=done + unknown).contains(&found), "{found}: {done} done, {unknown} unknown");
}
