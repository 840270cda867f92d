//! The cache in the process over asynchronous backends: the same promises, and futures that are dropped.

use std::sync::Arc;
use std::time::Duration;

use constance_cache::aio::AsyncLocalCache;
use constance_core::aio::{AsyncBackend, AsyncConfig, Blocking};
use constance_core::testing::aio::{polled, runtime};
use constance_core::testing::{FaultyBackend, ManualClock, Method, ReferenceBackend};
use constance_core::{
    ErrorKind, LiveMode, Settings,
    backend::{Batch, Key, Stored},
};
use constance_memory::MemoryBackend;
use constance_redis::aio::AsyncRedisBackend;

use crate::local_common::{Faulty, TTL, key, set, until, value};

constance_core::async_conformance_tests!(mod memory: || AsyncLocalCache::new(Blocking::new(MemoryBackend::new())));
constance_core::async_conformance_tests!(mod nothing_kept: || {
    AsyncLocalCache::builder(Blocking::new(MemoryBackend::new())).ttl(Duration::ZERO).build()
});
constance_core::async_conformance_tests!(mod following: || {
    AsyncLocalCache::builder(Blocking::new(ReferenceBackend::new())).ttl_forever().follow().build()
});
constance_core::async_conformance_tests!(mod redis: || {
    let url = std::env::var("CONSTANCE_REDIS_URL").ok()?;
    Some(AsyncLocalCache::new(AsyncRedisBackend::from_url(&url).expect("a valid URL")))
});

type Cache = AsyncLocalCache<Blocking<FaultyBackend<ReferenceBackend>>>;

fn setup() -> (Faulty, Cache, Arc<ManualClock>) {
    let store = Arc::new(FaultyBackend::new(ReferenceBackend::new()));
    let clock = Arc::new(ManualClock::new());
    let cache = AsyncLocalCache::builder(Blocking::from(Arc::clone(&store))).clock(clock.clone()).build();
    (store, cache, clock)
}

async fn get(backend: &impl AsyncBackend, key: &Key) -> Stored {
    backend.read(&[key]).await.expect("a store that answers").remove(0)
}

/// 50 tasks on one expired key: exactly one fetch.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn fifty_tasks_make_one_fetch() {
    let (store, cache, clock) = setup();
    let (cache, theme) = (Arc::new(cache), key("theme"));
    assert!(get(&cache, &theme).await.is_absent());
    clock.advance(TTL);
    store.inner().put(&theme, value("new"));
    let (gate, misses) = (store.hold_reads(), cache.counters().counts().misses);
    let tasks: Vec<_> = (0..50)
        .map(|_| {
            let (cache, theme) = (Arc::clone(&cache), theme.clone());
            tokio::spawn(async move { get(&cache, &theme).await })
        })
        .collect();
    while cache.counters().counts().misses < misses + 50 {
        tokio::task::yield_now().await;
    }
    gate.open();
    for task in tasks {
        assert_eq!(task.await.expect("no panic"), value("new"));
    }
    assert_eq!(store.calls(Method::Read), 2, "one before and one now");
    assert_eq!(cache.peek(&theme), Some(value("new")));
}

/// The task whose fetch others wait for is dropped: one of them makes the next.
#[test]
fn a_dropped_fetch_leaves_nobody_waiting() {
    runtime().block_on(async {
        let (store, cache, _) = setup();
        let theme = key("theme");
        let keys = [&theme];
        for polls in 1..10 {
            cache.forget(&keys).await.expect("nothing fails");
            let gate = store.hold_reads();
            let mut leader = cache.read(&keys);
            let led = futures_poll(&mut leader).await;
            assert!(!led, "it is held");
            let mut waiting = cache.read(&keys);
            assert!(!futures_poll(&mut waiting).await, "it waits for the other one");
            drop(leader);
            gate.open();
            assert!(waiting.await.expect("a store that answers")[0].is_absent());
            // And one that is dropped while it waits takes nobody with it.
            cache.forget(&keys).await.expect("nothing fails");
            drop(polled(cache.read(&keys), polls).await);
            assert!(get(&cache, &theme).await.is_absent());
        }
    });
}

/// Polls once. Says whether it is ready.
async fn futures_poll<T>(future: &mut constance_core::aio::BoxFuture<'_, T>) -> bool {
    std::future::poll_fn(|context| std::task::Poll::Ready(future.as_mut().poll(context).is_ready())).await
}

/// A write whose future is dropped may arrive after a read that followed it: it is seen within a minute.
#[test]
fn a_dropped_write_is_one_of_unknown_end() {
    runtime().block_on(async {
        let (store, _, clock) = setup();
        let blocking = Blocking::from(Arc::clone(&store));
        let cache = AsyncLocalCache::builder(blocking).clock(clock.clone()).ttl_forever().build();
        let theme = key("theme");
        store.inner().put(&theme, value("old"));
        let gate = store.hold_writes();
        let batch = Batch::one(set(&theme, "new"));
        assert_eq!(polled(cache.write(&batch), 1).await.map(drop), None);
        gate.wait_for(1);
        assert_eq!(get(&cache, &theme).await, value("old"));
        gate.open();
        until("the write arrives", || store.inner().peek(&theme) == value("new"));
        clock.advance(Duration::from_secs(60));
        assert_eq!(get(&cache, &theme).await, value("new"));
    });
}

/// Errors are shared and forgotten; stale values are served where that is wanted.
#[test]
fn an_outage_is_what_it_is_for_threads() {
    runtime().block_on(async {
        let store = Arc::new(FaultyBackend::new(ReferenceBackend::new()));
        let clock = Arc::new(ManualClock::new());
        let blocking = Blocking::from(Arc::clone(&store));
        let cache = AsyncLocalCache::builder(blocking).clock(clock.clone()).stale_on_error(TTL).build();
        let theme = key("theme");
        store.fail_all(ErrorKind::Unavailable);
        assert_eq!(cache.read(&[&theme]).await.expect_err("an outage").kind(), ErrorKind::Unavailable);
        store.heal();
        assert!(get(&cache, &theme).await.is_absent());
        store.fail_all(ErrorKind::Unavailable);
        clock.advance(TTL);
        assert!(get(&cache, &theme).await.is_absent());
        assert_eq!(cache.peek(&theme), Some(Stored::Absent), "not every read waits for the store");
        clock.advance(TTL);
        assert_eq!(cache.peek(&theme), None);
        assert_eq!(cache.read(&[&theme]).await.expect_err("an outage").kind(), ErrorKind::Unavailable);
        assert_eq!(cache.counters().counts().stale_served, 2);
    });
}

#[derive(Debug, Clone, PartialEq, Settings)]
struct Shop {
    #[setting(default = 42)]
    the_answer: i64,
    #[setting(default = "My Title")]
    site_name: String,
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_config_and_live_work_over_it() {
    let store = Arc::new(FaultyBackend::new(ReferenceBackend::new()));
    let cache = AsyncLocalCache::builder(Blocking::from(Arc::clone(&store))).ttl_forever().follow().build();
    let config = AsyncConfig::<Shop>::new(cache);
    config.warm().await.expect("reads");
    let elsewhere = AsyncConfig::<Shop>::new(Blocking::from(Arc::clone(&store)));
    let live = config.live().await.expect("loads");
    assert_eq!(live.status().mode, LiveMode::Pushed);
    let mut receiver = live.receiver();
    for answer in 1..10 {
        elsewhere.set(Shop::THE_ANSWER, answer).await.expect("writes");
        while live.load().the_answer != answer {
            receiver.changed().await;
        }
        assert_eq!(config.get(Shop::THE_ANSWER).await.expect("reads"), answer);
        config.set(Shop::SITE_NAME, answer.to_string()).await.expect("writes");
        assert_eq!(config.get(Shop::SITE_NAME).await.expect("reads"), answer.to_string());
        assert_eq!(config.snapshot().await.expect("reads").the_answer, answer);
    }
}

/// Nothing is followed outside of a runtime, and that is said.
#[test]
fn a_feed_outside_of_a_runtime_is_counted_as_missing() {
    #[derive(Debug)]
    struct Ready(ReferenceBackend);
    impl AsyncBackend for Ready {
        fn name(&self) -> &str {
            "ready"
        }
        fn capability(&self) -> constance_core::backend::Capability {
            constance_core::Backend::capability(&self.0)
        }
        fn read<'a>(
            &'a self,
            keys: &'a [&'a Key],
        ) -> constance_core::aio::BoxFuture<'a, constance_core::Result<Vec<Stored>>> {
            Box::pin(async { constance_core::Backend::read(&self.0, keys) })
        }
        fn list<'a>(
            &'a self,
            prefix: &'a constance_core::Prefix,
        ) -> constance_core::aio::BoxFuture<'a, constance_core::Result<Vec<(Key, Stored)>>> {
            Box::pin(async { constance_core::Backend::list(&self.0, prefix) })
        }
        fn write<'a>(
            &'a self,
            batch: &'a Batch,
        ) -> constance_core::aio::BoxFuture<'a, constance_core::Result<constance_core::backend::Applied>> {
            Box::pin(async { constance_core::Backend::write(&self.0, batch) })
        }
    }
    let cache = AsyncLocalCache::builder(Ready(ReferenceBackend::new())).follow().build();
    let theme = key("theme");
    let keys = [&theme];
    let mut read = cache.read(&keys);
    let waker = std::task::Waker::noop();
    let std::task::Poll::Ready(found) = read.as_mut().poll(&mut std::task::Context::from_waker(waker)) else {
        panic!("it never waits");
    };
    assert!(found.expect("reads")[0].is_absent());
    assert_eq!(cache.counters().counts().cache_errors, 1);
}
