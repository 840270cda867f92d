//! `live()` over asynchronous backends, and its receivers.

use std::sync::Arc;
use std::time::Duration;

use constance_core::aio::{AsyncConfig, Blocking};
use constance_core::testing::ReferenceBackend;
use constance_core::testing::aio::polled;
use constance_core::{Config, ErrorKind, LiveMode, LiveOptions, Result};

use super::{Shop, over, shop};

fn quick() -> LiveOptions {
    LiveOptions::new().poll_interval(Duration::from_millis(1)).reread_interval(Duration::from_millis(20))
}

#[tokio::test]
async fn it_loads_at_once_and_a_set_is_in_it_before_it_returns() -> Result<()> {
    let (_, config) = shop();
    config.set(Shop::THE_ANSWER, 1).await?;
    let live = config.live().await?;
    assert_eq!(live.load().the_answer, 1);
    for n in 2..50 {
        config.set(Shop::THE_ANSWER, n).await?;
        assert_eq!(live.load().the_answer, n);
    }
    Ok(())
}

#[tokio::test]
async fn a_change_by_somebody_else_is_pushed_or_polled() -> Result<()> {
    let polling = LiveMode::Polling { every: Duration::from_millis(1) };
    for (reference, mode) in
        [(ReferenceBackend::new(), LiveMode::Pushed), (ReferenceBackend::new().without_watch(), polling)]
    {
        let (backend, config) = over::<Shop>(reference);
        let other = Config::<Shop>::new(backend);
        let live = config.live_with(quick()).await?;
        assert_eq!(live.status().mode, mode);
        let mut settings = live.receiver();
        for n in 0..5 {
            other.set(Shop::THE_ANSWER, n)?;
            settings.changed().await;
            assert_eq!(settings.load().the_answer, n, "{mode:?}");
        }
    }
    Ok(())
}

#[tokio::test]
async fn an_outage_leaves_the_last_good_values_and_ends_by_itself() -> Result<()> {
    let (backend, config) = shop();
    config.set(Shop::THE_ANSWER, 1).await?;
    let live = config.live_with(quick()).await?;
    let mut settings = live.receiver();
    backend.fail_all(ErrorKind::Unavailable);
    let other = Config::<Shop>::new(Arc::clone(&backend));
    assert!(other.set(Shop::THE_ANSWER, 2).is_err());
    assert_eq!(live.load().the_answer, 1);
    backend.heal();
    other.set(Shop::THE_ANSWER, 2)?;
    settings.changed().await;
    assert_eq!(settings.load().the_answer, 2);
    Ok(())
}

#[tokio::test]
async fn the_first_load_has_to_succeed_unless_told_otherwise() -> Result<()> {
    let (backend, config) = shop();
    config.set(Shop::THE_ANSWER, 1).await?;
    backend.fail_all(ErrorKind::Unavailable);
    assert_eq!(config.live().await.expect_err("an outage").kind(), ErrorKind::Unavailable);
    let live = config.live_with(quick().defaults_if_unreachable()).await?;
    assert_eq!(live.load().the_answer, 42);
    assert_eq!(live.status().age, None);
    let mut settings = live.receiver();
    backend.heal();
    settings.changed().await;
    assert_eq!(settings.load().the_answer, 1);
    Ok(())
}

#[test]
fn it_keeps_its_values_when_the_runtime_ends_and_goes_on_in_another() -> Result<()> {
    let runtime = || tokio::runtime::Builder::new_multi_thread().worker_threads(1).build().expect("threads");
    let (_, config) = shop();
    let first = runtime();
    let live = first.block_on(async {
        config.set(Shop::THE_ANSWER, 1).await?;
        config.live_with(quick()).await
    })?;
    drop(first);
    assert_eq!(live.load().the_answer, 1);
    drop(live);
    runtime().block_on(async {
        let live = config.live().await?;
        config.set(Shop::THE_ANSWER, 2).await?;
        assert_eq!(live.load().the_answer, 2);
        Ok(())
    })
}

#[test]
fn one_blocking_thread_is_enough() -> Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread().max_blocking_threads(1).build().expect("a thread");
    runtime.block_on(async {
        let (_, config) = shop();
        let live = config.live_with(quick()).await?;
        config.update(Shop::THE_ANSWER, |n| n + 1).await?;
        assert_eq!(live.load().the_answer, 43);
        Ok(())
    })
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn writes_by_many_tasks_end_at_what_is_stored() -> Result<()> {
    let (_, config) = shop();
    let live = config.live().await?;
    for _ in 0..10 {
        let set = |n| {
            let config = config.clone();
            tokio::spawn(async move { config.set(Shop::THE_ANSWER, n).await })
        };
        for task in (0..8).map(set).collect::<Vec<_>>() {
            task.await.expect("no panic")?;
        }
        assert_eq!(live.load().the_answer, config.get(Shop::THE_ANSWER).await?);
    }
    Ok(())
}

#[tokio::test]
async fn each_receiver_has_seen_what_it_returned_for_and_misses_nothing() -> Result<()> {
    let config = AsyncConfig::<Shop>::new(Blocking::new(ReferenceBackend::new()));
    let live = config.live().await?;
    let (mut one, mut other) = (live.receiver(), live.receiver());
    assert!(!one.has_changed());
    assert!(polled(Box::pin(one.changed()), 1).await.is_none(), "nothing has changed");
    config.set(Shop::THE_ANSWER, 1).await?;
    assert!(one.has_changed(), "a look does not mark it as seen");
    let mut copy = one.clone();
    one.changed().await;
    assert!(!one.has_changed());
    config.set(Shop::THE_ANSWER, 1).await?;
    assert!(polled(Box::pin(one.changed()), 1).await.is_none(), "a set to the same is no change");
    config.set(Shop::THE_ANSWER, 2).await?;
    other.changed().await;
    assert!(!other.has_changed(), "two changes may be one");
    copy.changed().await;
    assert_eq!((one.has_changed(), copy.load().the_answer), (true, 2));
    Ok(())
}

#[tokio::test]
async fn a_dropped_wait_marks_nothing_as_seen() -> Result<()> {
    let (_, config) = shop();
    let live = config.live().await?;
    let mut settings = live.receiver();
    for times in 0..2 {
        assert!(polled(Box::pin(settings.changed()), times).await.is_none());
        config.set(Shop::THE_ANSWER, i64::try_from(times).expect("small")).await?;
        assert!(settings.has_changed());
        settings.changed().await;
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_waiting_task_is_woken() -> Result<()> {
    let (_, config) = shop();
    let live = config.live().await?;
    let tasks: Vec<_> = (0..20)
        .map(|_| {
            let mut settings = live.receiver();
            tokio::spawn(async move {
                while settings.load().the_answer != 50 {
                    settings.changed().await;
                }
            })
        })
        .collect();
    for n in 0..=50 {
        config.set(Shop::THE_ANSWER, n).await?;
    }
    for task in tasks {
        task.await.expect("no panic");
    }
    Ok(())
}

#[tokio::test]
async fn an_override_wakes_the_receivers_of_its_handle() -> Result<()> {
    let (_, config) = shop();
    let test = config.overrides();
    let live = test.config().live().await?;
    let (mut here, elsewhere) = (live.receiver(), config.live().await?.receiver());
    let guard = test.set(Shop::THE_ANSWER, 7)?;
    here.changed().await;
    assert_eq!((here.load().the_answer, elsewhere.load().the_answer), (7, 42));
    drop(guard);
    here.changed().await;
    assert_eq!(here.load().the_answer, 42);
    assert!(!elsewhere.has_changed());
    Ok(())
}

#[tokio::test]
async fn a_receiver_keeps_the_following_alive() -> Result<()> {
    let backend = Arc::new(ReferenceBackend::new());
    let config = Config::<Shop>::new(Arc::clone(&backend));
    let mut settings = config.live()?.receiver();
    drop(config);
    let other = Config::<Shop>::new(backend);
    other.set(Shop::THE_ANSWER, 43)?;
    settings.changed().await;
    assert_eq!(settings.load().the_answer, 43);
    Ok(())
}
