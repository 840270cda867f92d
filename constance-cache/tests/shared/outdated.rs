//! What a cache remembers, and another writer has changed past it, refuses no write that the store would allow.

use std::sync::Arc;

use constance_cache::LocalCache;
use constance_core::testing::{FaultyBackend, Method, ReferenceBackend};
use constance_core::{Backend, Config, ErrorKind, MessagePack, Prefix, Settings, backend::Stored};

use crate::common::{HOLD, World};

#[derive(Debug, Clone, PartialEq, Settings)]
#[settings(validate = low_below_high)]
struct Bounds {
    #[setting(default = 1)]
    low: i64,
    #[setting(default = 10)]
    high: i64,
}

fn low_below_high(bounds: &Bounds) -> Result<(), &'static str> {
    if bounds.low < bounds.high { Ok(()) } else { Err("low must be below high") }
}

#[derive(Debug, Clone, PartialEq, Settings)]
struct Shop {
    #[setting(default = 42)]
    the_answer: i64,
}

type Store = Arc<FaultyBackend<ReferenceBackend>>;

fn config<S: Settings, B: Backend>(backend: B) -> Config<S, MessagePack, B> {
    let prefix = Prefix::new("shop:").expect("a prefix");
    Config::builder(backend).prefix(prefix).build_typed().expect("builds")
}

/// A store, and a front of another process past every cache.
fn sides<S: Settings>() -> (Store, Config<S, MessagePack, Store>) {
    let store: Store = Arc::new(FaultyBackend::new(ReferenceBackend::new()));
    (Arc::clone(&store), config(store))
}

/// A front over a cache that remembers everything from now on.
fn cached<S: Settings>(store: &Store) -> Config<S, MessagePack, LocalCache<Store>> {
    let config = config(LocalCache::builder(Arc::clone(store)).ttl_forever().build());
    config.warm().expect("reads");
    config
}

#[test]
fn a_value_that_was_changed_elsewhere_is_the_one_that_is_expected() {
    let (store, elsewhere) = sides::<Shop>();
    let cached = cached::<Shop>(&store);
    elsewhere.set(Shop::THE_ANSWER, 43).expect("writes");
    assert_eq!(cached.get(Shop::THE_ANSWER).expect("reads"), 42, "remembered");
    store.reset_calls();
    cached.compare_and_set(Shop::THE_ANSWER, 43, 44).expect("it is 43 in the store");
    assert_eq!((store.calls(Method::Read), store.calls(Method::Write)), (1, 1));
    assert_eq!(elsewhere.get(Shop::THE_ANSWER).expect("reads"), 44);
}

#[test]
fn a_conflict_shows_what_the_store_has() {
    let (store, elsewhere) = sides::<Shop>();
    let cached = cached::<Shop>(&store);
    elsewhere.set(Shop::THE_ANSWER, 43).expect("writes");
    store.reset_calls();
    let lost = cached.compare_and_set(Shop::THE_ANSWER, 7, 8).expect_err("it is neither 42 nor 7");
    assert_eq!((lost.kind(), lost.current::<i64>()), (ErrorKind::Conflict, Some(&43)));
    assert_eq!((store.calls(Method::Read), store.calls(Method::Write)), (1, 0), "asked once");
    // What it has just learnt is remembered.
    assert_eq!(cached.get(Shop::THE_ANSWER).expect("reads"), 43);
}

#[test]
fn a_rule_across_settings_is_held_against_what_the_store_has() {
    let (store, elsewhere) = sides::<Bounds>();
    let cached = cached::<Bounds>(&store);
    elsewhere.set(Bounds::HIGH, 100).expect("writes");
    cached.set(Bounds::LOW, 50).expect("high is 100 in the store");
    assert_eq!(elsewhere.snapshot().expect("reads"), Bounds { low: 50, high: 100 });
    let refused = cached.set(Bounds::LOW, 100).expect_err("not below high");
    assert_eq!(refused.kind(), ErrorKind::Invalid);
}

#[test]
fn a_value_that_was_repaired_elsewhere_is_readable() {
    let (store, elsewhere) = sides::<Shop>();
    let key = elsewhere.prefix().key("the_answer").expect("a name");
    store.inner().put(&key, Stored::Foreign("a list"));
    let cached = cached::<Shop>(&store);
    elsewhere.set(Shop::THE_ANSWER, 43).expect("writes");
    assert_eq!(cached.get(Shop::THE_ANSWER).expect_err("remembered").kind(), ErrorKind::Decode);
    cached.compare_and_set(Shop::THE_ANSWER, 43, 44).expect("it is 43 in the store");
}

/// The rule must not be held against the default in the place of something unreadable that is there no longer.
#[test]
fn a_rule_across_settings_is_not_passed_by_something_that_was_repaired_elsewhere() {
    let (store, elsewhere) = sides::<Bounds>();
    let key = elsewhere.prefix().key("high").expect("a name");
    store.inner().put(&key, Stored::Foreign("a list"));
    let cached = cached::<Bounds>(&store);
    elsewhere.set(Bounds::HIGH, 5).expect("writes");
    let refused = cached.set(Bounds::LOW, 7).expect_err("high is 5 in the store, and not 10");
    assert_eq!(refused.kind(), ErrorKind::Invalid);
    assert_eq!(elsewhere.snapshot().expect("reads"), Bounds { low: 1, high: 5 });
    // What is foreign there too stands in nobody's way.
    store.inner().put(&key, Stored::Foreign("a list"));
    cached.set(Bounds::LOW, 7).expect("below the default of what cannot be read");
}

#[test]
fn an_update_reads_what_was_repaired_elsewhere() {
    let (store, elsewhere) = sides::<Shop>();
    let key = elsewhere.prefix().key("the_answer").expect("a name");
    store.inner().put(&key, Stored::Foreign("a list"));
    let cached = cached::<Shop>(&store);
    store.reset_calls();
    let error = cached.update(Shop::THE_ANSWER, |n| n + 1).expect_err("a list, in the store too");
    assert_eq!((error.kind(), store.calls(Method::Read)), (ErrorKind::Decode, 1));
    elsewhere.set(Shop::THE_ANSWER, 43).expect("writes");
    assert_eq!(cached.update(Shop::THE_ANSWER, |n| n + 1).expect("it is 43 in the store"), 44);
}

/// Its caller can do no more than that either.
#[test]
fn an_outage_is_asked_once() {
    let (store, _) = sides::<Shop>();
    let cached = cached::<Shop>(&store);
    store.fail_all(ErrorKind::Unavailable);
    store.reset_calls();
    let error = cached.compare_and_set(Shop::THE_ANSWER, 43, 44).expect_err("an outage");
    assert_eq!(error.kind(), ErrorKind::Unavailable);
    assert_eq!((store.calls(Method::Read), store.calls(Method::Write)), (1, 0));
}

#[test]
fn without_a_cache_a_refusal_costs_one_read() {
    let (store, config) = sides::<Shop>();
    config.compare_and_set(Shop::THE_ANSWER, 7, 8).expect_err("it is 42");
    assert_eq!(store.calls(Method::Read), 1);
}

#[test]
fn a_cache_across_processes_refuses_no_more_than_the_store() {
    let world = World::new();
    let (cached, elsewhere) = (config::<Shop, _>(world.process()), config::<Shop, _>(Arc::clone(&world.inner)));
    for _ in 0..2 {
        assert_eq!(cached.get(Shop::THE_ANSWER).expect("reads"), 42);
        world.clock.advance(HOLD);
    }
    elsewhere.set(Shop::THE_ANSWER, 43).expect("writes");
    assert_eq!(cached.get(Shop::THE_ANSWER).expect("reads"), 42, "remembered");
    cached.compare_and_set(Shop::THE_ANSWER, 43, 44).expect("it is 43 in the store");
    assert_eq!(elsewhere.get(Shop::THE_ANSWER).expect("reads"), 44);

    // A cache that is gone answers nothing, so that the store decides, and its refusal is the one that is shown.
    world.store.fail();
    let lost = cached.compare_and_set(Shop::THE_ANSWER, 7, 8).expect_err("it is 44");
    assert_eq!((lost.kind(), lost.current::<i64>()), (ErrorKind::Conflict, Some(&44)));
}

#[cfg(feature = "tokio")]
#[test]
fn the_same_holds_for_the_asynchronous_one() {
    use constance_cache::aio::AsyncLocalCache;
    use constance_core::aio::{AsyncConfig, Blocking};
    use constance_core::testing::aio::runtime;

    let (store, elsewhere) = sides::<Shop>();
    runtime().block_on(async {
        let cache = AsyncLocalCache::builder(Blocking::from(Arc::clone(&store))).ttl_forever().build();
        let cached = AsyncConfig::<Shop>::builder(cache).prefix(elsewhere.prefix().clone()).build().expect("builds");
        assert_eq!(cached.get(Shop::THE_ANSWER).await.expect("reads"), 42);
        elsewhere.set(Shop::THE_ANSWER, 43).expect("writes");
        assert_eq!(cached.get(Shop::THE_ANSWER).await.expect("reads"), 42, "remembered");
        cached.compare_and_set(Shop::THE_ANSWER, 43, 44).await.expect("it is 43 in the store");
        let lost = cached.compare_and_set(Shop::THE_ANSWER, 7, 8).await.expect_err("it is 44");
        assert_eq!((lost.kind(), lost.current::<i64>()), (ErrorKind::Conflict, Some(&44)));

        let key = elsewhere.prefix().key("the_answer").expect("a name");
        store.inner().put(&key, Stored::Foreign("a list"));
        assert_eq!(cached.update(Shop::THE_ANSWER, |n| n + 1).await.expect_err("a list").kind(), ErrorKind::Decode);
        elsewhere.set(Shop::THE_ANSWER, 45).expect("writes");
        assert_eq!(cached.update(Shop::THE_ANSWER, |n| n + 1).await.expect("it is 45 in the store"), 46);
    });
}
