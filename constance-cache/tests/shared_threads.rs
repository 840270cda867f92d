//! A cache store starts no thread. A program of its own: its threads are counted.
#![cfg(all(target_os = "linux", feature = "memcached", feature = "redis"))]
#![allow(clippy::expect_used)]

mod common;

use common::server::Program;
use constance_cache::CacheStore;
use constance_cache::store::Seen;
use constance_testserver::threads;

#[test]
fn none_is_started_however_many_stores_there_are() {
    let (Some(redis), Some(memcached)) = (Program::Redis.start(), Program::Memcached.start()) else { return };
    let before = threads::count().expect("the system tells");
    let stores: Vec<Box<dyn CacheStore>> = (0..80)
        .flat_map(|_| -> [Box<dyn CacheStore>; 2] {
            [Box::new(common::patient::redis(&redis.url())), Box::new(common::patient::memcached(&memcached.url()))]
        })
        .inspect(|store| assert_eq!(store.read(&["a"]).expect("a read"), [Seen::Vacant]))
        .collect();
    assert_eq!(threads::count(), Some(before));
    drop(stores);
    assert_eq!(threads::count(), Some(before));
}
