//! Futures that are dropped before they are ready.

use std::sync::Arc;
use std::sync::mpsc::{Sender, channel};

use constance_core::aio::{AsyncBackend, AsyncConfig, Blocking, BoxFuture};
use constance_core::testing::ReferenceBackend;
use constance_core::testing::aio::polled;
use constance_core::{
    Backend, Event, LiveOptions, Prefix, Result,
    backend::{Applied, Batch, Capability, Key, Stored},
};
use tokio::sync::Semaphore;

use super::{Bounds, Shop, over, shop};

/// Waits for a permit before it asks the store, and for another before it gives the answer.
#[derive(Debug)]
struct Gated {
    inside: ReferenceBackend,
    asked: Semaphore,
    answered: Semaphore,
}

impl Gated {
    fn new() -> Arc<Self> {
        let open = || Semaphore::new(Semaphore::MAX_PERMITS);
        Arc::new(Self { inside: ReferenceBackend::new().without_watch(), asked: open(), answered: open() })
    }

    async fn around<T>(&self, call: impl FnOnce() -> Result<T>) -> Result<T> {
        self.asked.acquire().await.expect("open").forget();
        let result = call();
        self.answered.acquire().await.expect("open").forget();
        result
    }
}

impl AsyncBackend for Gated {
    fn name(&self) -> &str {
        "gated"
    }

    fn capability(&self) -> Capability {
        self.inside.capability()
    }

    fn read<'a>(&'a self, keys: &'a [&'a Key]) -> BoxFuture<'a, Result<Vec<Stored>>> {
        Box::pin(async { self.inside.read(keys) })
    }

    fn list<'a>(&'a self, prefix: &'a Prefix) -> BoxFuture<'a, Result<Vec<(Key, Stored)>>> {
        Box::pin(async { self.inside.list(prefix) })
    }

    fn write<'a>(&'a self, batch: &'a Batch) -> BoxFuture<'a, Result<Applied>> {
        Box::pin(self.around(|| self.inside.write(batch)))
    }
}

fn gated() -> (Arc<Gated>, AsyncConfig<Shop>) {
    let backend = Gated::new();
    (Arc::clone(&backend), AsyncConfig::new(backend))
}

fn tell_answers(config: &AsyncConfig<Shop>, told: Sender<Option<i64>>) {
    let handler = move |event: &Event<Shop>| {
        let _ = told.send(event.new_value(Shop::THE_ANSWER).copied());
    };
    config.subscribe(handler).forever();
}

/// Follows nothing by itself for as long as a test runs: what arrives was asked for.
fn patient() -> LiveOptions {
    let never = std::time::Duration::from_secs(3600);
    LiveOptions::new().poll_interval(never).reread_interval(never)
}

#[tokio::test]
async fn a_write_dropped_before_it_reached_the_store_leaves_everything_as_it_was() -> Result<()> {
    let (backend, config) = gated();
    let live = config.live_with(patient()).await?;
    let closed = backend.asked.forget_permits(usize::MAX);
    assert!(polled(Box::pin(config.set(Shop::THE_ANSWER, 1)), 1).await.is_none());
    backend.asked.add_permits(closed);
    assert_eq!(config.get(Shop::THE_ANSWER).await?, 42);
    assert_eq!(live.load().the_answer, 42);
    // Were the dropped one still counted as in flight, this one would not be told apart from it.
    config.set(Shop::THE_ANSWER, 2).await?;
    assert_eq!(live.load().the_answer, 2);
    Ok(())
}

#[tokio::test]
async fn a_write_dropped_after_it_reached_the_store_is_found_by_live() -> Result<()> {
    let (backend, config) = gated();
    let live = config.live_with(patient()).await?;
    let mut settings = live.receiver();
    let closed = backend.answered.forget_permits(usize::MAX);
    assert!(polled(Box::pin(config.set(Shop::THE_ANSWER, 1)), 1).await.is_none());
    settings.changed().await;
    assert_eq!(settings.load().the_answer, 1, "the store was asked again");
    backend.answered.add_permits(closed);
    Ok(())
}

#[tokio::test]
async fn a_change_hidden_behind_a_dropped_write_is_told_to_handlers() -> Result<()> {
    let (backend, config) = gated();
    let (told, seen) = channel();
    tell_answers(&config, told);
    let live = config.live_with(patient()).await?;
    let mut settings = live.receiver();
    let closed = backend.answered.forget_permits(usize::MAX);
    assert!(polled(Box::pin(config.set(Shop::THE_ANSWER, 1)), 1).await.is_none());
    settings.changed().await;
    backend.answered.add_permits(closed);
    config.set(Shop::THE_ANSWER, 2).await?;
    drop((live, settings));
    assert_eq!(seen.recv(), Ok(Some(1)));
    assert_eq!(seen.recv(), Ok(Some(2)));
    Ok(())
}

#[tokio::test]
async fn dropped_writes_do_not_hold_up_the_events_of_others() -> Result<()> {
    let (backend, config) = gated();
    let (told, seen) = channel();
    tell_answers(&config, told);
    let closed = backend.asked.forget_permits(usize::MAX);
    let mut first = Box::pin(config.set(Shop::THE_ANSWER, 1));
    assert!(polled(Box::pin(async { first.as_mut().await }), 1).await.is_none());
    let dropped = Box::pin(config.set(Shop::THE_ANSWER, 9));
    assert!(polled(dropped, 1).await.is_none());
    backend.asked.add_permits(closed);
    first.await?;
    assert_eq!(seen.try_iter().collect::<Vec<_>>(), [Some(1)]);
    Ok(())
}

#[tokio::test]
async fn a_change_set_dropped_at_any_poll_is_stored_as_a_whole_or_not_at_all() -> Result<()> {
    let (_, config) = over::<Bounds>(ReferenceBackend::new());
    for times in 0.. {
        let apply = config.change().set(Bounds::LOW, times).set(Bounds::HIGH, times + 9).apply();
        let polls = usize::try_from(times).expect("small");
        let done = polled(Box::pin(apply), polls).await.is_some();
        let now = config.snapshot().await?;
        assert_eq!(now.high - now.low, 9, "after {times} polls");
        if done {
            break;
        }
    }
    config.set(Bounds::LOW, 0).await
}

#[tokio::test]
async fn an_update_dropped_at_any_poll_counts_once_at_most() -> Result<()> {
    let (_, config) = shop();
    let mut most = 42;
    for times in 0.. {
        most += 1;
        if polled(Box::pin(config.update(Shop::THE_ANSWER, |n| n + 1)), times).await.is_some() {
            break;
        }
    }
    let now = config.get(Shop::THE_ANSWER).await?;
    assert!((43..=most).contains(&now), "{now} of {most}");
    Ok(())
}

#[tokio::test]
async fn a_live_that_nobody_waited_for_ends_and_can_be_started_again() -> Result<()> {
    let config = AsyncConfig::<Shop>::new(Blocking::new(ReferenceBackend::new()));
    for times in 0..3 {
        drop(polled(Box::pin(config.live()), times).await);
    }
    let live = config.live().await?;
    config.set(Shop::THE_ANSWER, 43).await?;
    assert_eq!(live.load().the_answer, 43);
    Ok(())
}
