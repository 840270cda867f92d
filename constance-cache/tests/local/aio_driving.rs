//! A fetch belongs to all who wait for it: futures that are kept and not polled, dropped, or that panic hold nobody up.

use std::future::poll_fn;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::Poll;
use std::time::Duration;

use constance_cache::aio::AsyncLocalCache;
use constance_core::aio::{AsyncBackend, Blocking, BoxFuture};
use constance_core::testing::aio::runtime;
use constance_core::testing::{FaultyBackend, ManualClock, Method, ReferenceBackend};
use constance_core::{
    Backend, Prefix, Result,
    backend::{Applied, Batch, Capability, Key, Stored},
};

use crate::local_common::{TTL, key, keys, value};

/// Long even on a busy machine; only what hangs waits for it.
async fn ends<T>(what: &str, future: impl Future<Output = T>) -> T {
    tokio::time::timeout(Duration::from_secs(60), future).await.unwrap_or_else(|_| panic!("it hangs: {what}"))
}

async fn get(backend: &impl AsyncBackend, key: &Key) -> Stored {
    ends("a get", backend.read(&[key])).await.expect("a store that answers").remove(0)
}

/// Polls once. Says whether it is ready.
async fn poll_once<T>(future: &mut BoxFuture<'_, T>) -> bool {
    poll_fn(|context| Poll::Ready(future.as_mut().poll(context).is_ready())).await
}

/// A store whose reads take some polls. Each is woken before the one before has ended, as by a driver in another thread.
#[derive(Debug, Default)]
struct Steps {
    inner: ReferenceBackend,
    steps: usize,
    reads: AtomicUsize,
    panics: AtomicUsize,
    /// Held by each read for as long as its future is there.
    token: Arc<()>,
}

impl AsyncBackend for Steps {
    fn name(&self) -> &str {
        "steps"
    }

    fn capability(&self) -> Capability {
        self.inner.capability()
    }

    fn read<'a>(&'a self, keys: &'a [&'a Key]) -> BoxFuture<'a, Result<Vec<Stored>>> {
        let (token, mut left) = (Arc::clone(&self.token), self.steps);
        Box::pin(async move {
            let _token = token;
            self.reads.fetch_add(1, Ordering::SeqCst);
            poll_fn(|context| {
                if left == 0 {
                    return Poll::Ready(());
                }
                left -= 1;
                context.waker().wake_by_ref();
                Poll::Pending
            })
            .await;
            let panics = self.panics.load(Ordering::SeqCst);
            if panics > 0 {
                self.panics.store(panics - 1, Ordering::SeqCst);
                panic!("the test made this read panic");
            }
            self.inner.read(keys)
        })
    }

    fn list<'a>(&'a self, prefix: &'a Prefix) -> BoxFuture<'a, Result<Vec<(Key, Stored)>>> {
        Box::pin(async { self.inner.list(prefix) })
    }

    fn write<'a>(&'a self, batch: &'a Batch) -> BoxFuture<'a, Result<Applied>> {
        Box::pin(async { self.inner.write(batch) })
    }
}

/// A leader that was polled once and is kept, as in the branch of a `select!`: others have what it began, of any declared
/// setting, and it has it too when it goes on.
#[test]
fn a_fetch_whose_future_is_kept_holds_nobody_up() {
    runtime().block_on(async {
        let store = Arc::new(FaultyBackend::new(ReferenceBackend::new()));
        let cache = AsyncLocalCache::new(Blocking::from(Arc::clone(&store)));
        let (theme, title) = (key("theme"), key("title"));
        cache.declare(&[theme.clone(), title.clone()]);
        store.inner().put(&theme, value("dark"));
        let gate = store.hold_reads();
        let (asked, both) = ([&theme], [&title, &theme, &key("undeclared")]);
        let mut kept = cache.read(&asked);
        assert!(!poll_once(&mut kept).await, "it is held");
        // One that waits is kept as well: each of the others drives it all the same.
        let mut kept_too = cache.read(&both);
        assert!(!poll_once(&mut kept_too).await, "it is held");
        gate.wait_for(1);
        gate.open();
        assert!(get(&cache, &title).await.is_absent());
        assert_eq!(get(&cache, &theme).await, value("dark"));
        assert_eq!(store.calls(Method::Read), 1);
        assert_eq!(ends("the first", kept).await.expect("a store that answers"), [value("dark")]);
        assert_eq!(ends("the second", kept_too).await.expect("a store that answers")[1], value("dark"));
        assert_eq!(store.calls(Method::Read), 2, "one key was not among those of the first");
    });
}

/// Woken while it is polled, and the one who polled it never does so again.
#[test]
fn a_wake_that_comes_while_it_is_polled_is_not_lost() {
    runtime().block_on(async {
        for steps in 0..5 {
            let cache = AsyncLocalCache::new(Steps { steps, ..Steps::default() });
            let theme = key("theme");
            let asked = [&theme];
            let mut kept = Vec::new();
            for mut future in (0..3).map(|_| cache.read(&asked)) {
                if !poll_once(&mut future).await {
                    kept.push(future);
                }
            }
            assert!(get(&cache, &theme).await.is_absent());
            for future in kept {
                assert!(ends("a kept one", future).await.expect("reads")[0].is_absent());
            }
            assert_eq!(cache.inner().reads.load(Ordering::SeqCst), 1, "{steps}");
        }
    });
}

/// When the last who waits for a fetch is gone, it is gone too, and the next one begins anew.
#[test]
fn a_fetch_that_nobody_waits_for_is_over() {
    runtime().block_on(async {
        let cache = AsyncLocalCache::new(Steps { steps: 3, ..Steps::default() });
        let theme = key("theme");
        let asked = [&theme];
        let held = || Arc::strong_count(&cache.inner().token) - 1;
        let (mut leader, mut waiting) = (cache.read(&asked), cache.read(&asked));
        assert!(!poll_once(&mut leader).await && !poll_once(&mut waiting).await);
        assert_eq!(held(), 1);
        drop(leader);
        assert_eq!(held(), 1, "the other one waits for it");
        drop(waiting);
        assert_eq!(held(), 0);
        assert!(get(&cache, &theme).await.is_absent());
        assert_eq!((held(), cache.inner().reads.load(Ordering::SeqCst)), (0, 2));
    });
}

/// A panic in it is that of the task which polled it; the others ask again.
#[test]
fn a_fetch_that_panics_takes_one_task_with_it() {
    runtime().block_on(async {
        let steps = Steps { steps: 1, panics: AtomicUsize::new(1), ..Steps::default() };
        let cache = Arc::new(AsyncLocalCache::new(steps));
        let theme = key("theme");
        let asked = [&theme];
        let mut leader = cache.read(&asked);
        assert!(!poll_once(&mut leader).await);
        let (other, name) = (Arc::clone(&cache), theme.clone());
        let waiting = tokio::spawn(async move { other.read(&[&name]).await });
        assert!(ends("the one that panics", waiting).await.expect_err("a panic").is_panic());
        assert!(ends("the leader", leader).await.expect("reads")[0].is_absent());
        assert_eq!(cache.inner().reads.load(Ordering::SeqCst), 2);
    });
}

/// Nobody is given the answer of a fetch that began longer ago than a value is served for.
#[test]
fn a_fetch_that_was_kept_for_too_long_is_joined_by_nobody() {
    runtime().block_on(async {
        let store = Arc::new(FaultyBackend::new(ReferenceBackend::new()));
        let clock = Arc::new(ManualClock::new());
        let cache = AsyncLocalCache::builder(Blocking::from(Arc::clone(&store))).clock(clock.clone()).build();
        let theme = key("theme");
        let asked = [&theme];
        store.inner().put(&theme, value("old"));
        let gate = store.hold_read_replies();
        let mut kept = cache.read(&asked);
        assert!(!poll_once(&mut kept).await, "it is held");
        gate.wait_for(1);
        store.inner().put(&theme, value("new"));
        gate.open();
        clock.advance(TTL);
        assert_eq!(get(&cache, &theme).await, value("new"));
        assert_eq!(
            ends("the kept one", kept).await.expect("reads"),
            [value("new")],
            "it asks again: others have seen this"
        );
        assert_eq!(cache.peek(&theme), Some(value("new")), "and it does not bring that back");
    });
}

/// Tasks that await, drop, or keep their futures, in many threads and over overlapping keys: all who go on have an answer.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn many_tasks_in_every_manner() {
    for round in 0..200_usize {
        let cache = Arc::new(AsyncLocalCache::new(Steps { steps: round % 7, ..Steps::default() }));
        let keys = Arc::new(keys(4));
        let tasks: Vec<_> = (0..16_usize)
            .map(|task| {
                let (cache, keys) = (Arc::clone(&cache), Arc::clone(&keys));
                tokio::spawn(async move {
                    let asked: Vec<&Key> = keys.iter().skip(task % 3).take(1 + task % 2).collect();
                    let mut read = cache.read(&asked);
                    for _ in 0..(round + task) % 4 {
                        if poll_once(&mut read).await {
                            return;
                        }
                        tokio::task::yield_now().await;
                    }
                    match (round / 2 + task) % 3 {
                        0 => drop(read),
                        1 => {
                            // Kept while it goes on with something that needs the same.
                            let other = cache.read(&asked).await.expect("reads");
                            assert_eq!(other.len(), asked.len());
                            assert_eq!(read.await.expect("reads").len(), asked.len());
                        }
                        _ => assert_eq!(read.await.expect("reads").len(), asked.len()),
                    }
                })
            })
            .collect();
        for task in tasks {
            ends("a task", task).await.expect("no panic");
        }
        assert_eq!(Arc::strong_count(&cache.inner().token), 1, "nothing is under way any more");
    }
}
