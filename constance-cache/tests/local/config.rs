//! A `Config` over the cache in the process.

use std::sync::Arc;

use constance_cache::LocalCache;
use constance_core::testing::Method;
use constance_core::{Config, ErrorKind, Settings};
use constance_memory::MemoryBackend;

use crate::local_common;
use crate::local_common::setup;

#[derive(Debug, Clone, PartialEq, Settings)]
struct Shop {
    #[setting(default = 42, min = 0)]
    the_answer: i64,
    #[setting(default = "My Title", alias = "title")]
    site_name: String,
    #[setting(default = false)]
    is_open: bool,
}

#[test]
fn a_config_works_over_it() {
    let config = Config::<Shop>::new(LocalCache::new(MemoryBackend::new()));
    assert_eq!(config.get(Shop::THE_ANSWER).expect("reads"), 42);
    config.set(Shop::THE_ANSWER, 1).expect("writes");
    assert_eq!(config.get(Shop::THE_ANSWER).expect("reads"), 1);
    assert_eq!(config.update(Shop::THE_ANSWER, |n| n + 1).expect("writes"), 2);
    config.compare_and_set(Shop::THE_ANSWER, 2, 3).expect("it is 2");
    let lost = config.compare_and_set(Shop::THE_ANSWER, 2, 4).expect_err("it is 3");
    assert_eq!((lost.kind(), lost.current::<i64>()), (ErrorKind::Conflict, Some(&3)));
    config.set(Shop::SITE_NAME, "Shop".to_owned()).expect("writes");
    let snapshot = config.snapshot().expect("reads");
    assert_eq!(snapshot, Shop { the_answer: 3, site_name: "Shop".to_owned(), is_open: false });
    config.reset(Shop::THE_ANSWER).expect("writes");
    assert_eq!(config.get(Shop::THE_ANSWER).expect("reads"), 42);
    assert_eq!(config.set(Shop::THE_ANSWER, -1).expect_err("too small").kind(), ErrorKind::Invalid);
}

#[test]
fn live_follows_through_it() {
    let store = Arc::new(MemoryBackend::new());
    let config = Config::<Shop>::new(LocalCache::new(Arc::clone(&store)));
    let live = config.live().expect("loads");
    config.set(Shop::THE_ANSWER, 1).expect("writes");
    assert_eq!(live.load().the_answer, 1);
    Config::<Shop>::new(store).set(Shop::THE_ANSWER, 2).expect("writes");
    local_common::until("the change arrives", || live.load().the_answer == 2);
}

/// After it every read is a hit; it costs one round trip.
#[test]
fn warm_fills_everything_at_once() {
    let s = setup();
    let store = Arc::clone(&s.store);
    let config = Config::<Shop>::new(s.cache);
    assert_eq!(store.store_calls(), 0, "building does no I/O");
    config.warm().expect("reads");
    assert_eq!((store.calls(Method::Read), store.store_calls()), (1, 1));
    config.get(Shop::THE_ANSWER).expect("reads");
    config.get(Shop::SITE_NAME).expect("reads");
    config.snapshot().expect("reads");
    assert_eq!(store.store_calls(), 1);
    store.fail_all(ErrorKind::Unavailable);
    config.warm().expect("everything is there");
    config.set(Shop::IS_OPEN, true).expect_err("an outage");
    let error = config.warm().expect_err("an outage");
    assert_eq!(error.to_string(), "cannot read settings from reference: the test made this call fail");
}

/// Without `warm`, the first read does.
#[test]
fn the_first_miss_fills_what_was_declared() {
    let s = setup();
    let store = Arc::clone(&s.store);
    let config = Config::<Shop>::new(s.cache);
    config.get(Shop::IS_OPEN).expect("reads");
    config.get(Shop::THE_ANSWER).expect("reads");
    config.snapshot().expect("reads");
    assert_eq!(store.store_calls(), 1);
    config.set(Shop::THE_ANSWER, 1).expect("writes");
    config.get(Shop::SITE_NAME).expect("reads");
    assert_eq!(store.store_calls(), 2, "a save leaves the others where they are");
    config.get(Shop::THE_ANSWER).expect("reads");
    assert_eq!(store.store_calls(), 3);
}
