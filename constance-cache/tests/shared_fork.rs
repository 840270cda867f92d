//! Forked children of a process with caches. A program of its own with one test: a child has no thread but the one that forked.
#![cfg(all(unix, feature = "memcached", feature = "redis"))]
#![allow(clippy::expect_used)]

mod common;

use std::time::Duration;

use common::server::Program;
use constance_cache::store::{Seen, Swap, SwapFrom};
use constance_cache::{CacheStore, LocalCache};
use constance_memory::MemoryBackend;
use constance_testserver::{fork, until};

#[test]
fn a_child_reads_its_own_answers() {
    let (Some(redis), Some(memcached)) = (Program::Redis.start(), Program::Memcached.start()) else { return };
    each_has_its_own(&common::patient::redis(&redis.url()));
    each_has_its_own(&common::patient::memcached(&memcached.url()));
    what_was_remembered_is_followed_anew();
}

fn each_has_its_own(store: &dyn CacheStore) {
    let ttl = Duration::from_secs(600);
    let put = |key: &str| {
        let swap = Swap { key, from: SwapFrom::Any, to: key.as_bytes(), ttl };
        assert!(store.swap(&[swap]).expect("a write")[0].is_some());
    };
    let reads = |key: &str| {
        for _ in 0..200 {
            match &store.read(&[key]).expect("a read")[..] {
                [Seen::Cell(cell)] => assert_eq!(cell.bytes, key.as_bytes(), "somebody else's answer"),
                seen => panic!("{seen:?}"),
            }
        }
    };
    put("parent");
    put("child");
    let child = fork::child(|| reads("child"));
    reads("parent");
    child.ends_well();
    reads("parent");
}

/// The thread that tells of changes is the parent's. What asks the backend in the child begins anew, and is told again.
fn what_was_remembered_is_followed_anew() {
    let backend = std::sync::Arc::new(MemoryBackend::new());
    let cache = LocalCache::builder(std::sync::Arc::clone(&backend)).ttl_forever().follow().build();
    for (name, value) in [("a", "1"), ("b", "1")] {
        common::write(&*backend, name, value.as_bytes()).expect("a write");
    }
    let is = |name: &str, value: &str| common::read(&cache, name).expect("a read") == common::value(value.as_bytes());
    assert!(is("a", "1"));
    // Until the feed is open, which drops what was remembered before.
    common::write(&*backend, "a", b"2").expect("a write");
    until("it is followed", || is("a", "2").then_some(()));
    let child = fork::child(|| {
        common::write(&*backend, "a", b"3").expect("a write");
        assert!(is("a", "2"), "a hit is not checked");
        assert!(is("b", "1"), "a miss asks the backend");
        assert!(is("a", "3"), "and begins anew");
        common::write(&*backend, "a", b"4").expect("a write");
        until("it is followed", || is("a", "4").then_some(()));
    });
    child.ends_well();
}
