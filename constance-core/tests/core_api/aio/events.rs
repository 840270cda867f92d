//! Events of writes through `AsyncConfig`.

use std::sync::mpsc::{Receiver, channel};
use std::thread;

use constance_core::aio::AsyncConfig;
use constance_core::{
    Result, Subscription,
    backend::{Encoded, Stored},
};

use super::{Shop, key, shop};

type Seen = (Option<i64>, i64);

fn answers(config: &AsyncConfig<Shop>) -> (Subscription, Receiver<Seen>) {
    let (told, seen) = channel();
    let subscription = config.subscribe(move |event| {
        if let Some(new) = event.new_value(Shop::THE_ANSWER) {
            let _ = told.send((event.old(Shop::THE_ANSWER).copied(), *new));
        }
    });
    (subscription, seen)
}

fn all(seen: &Receiver<Seen>) -> Vec<Seen> {
    seen.try_iter().collect()
}

#[tokio::test]
async fn an_event_is_raised_once_for_each_change_that_changed_something() -> Result<()> {
    let (_, config) = shop();
    let (_subscription, seen) = answers(&config);
    config.set(Shop::THE_ANSWER, 42).await?;
    config.set(Shop::THE_ANSWER, 43).await?;
    config.set(Shop::THE_ANSWER, 43).await?;
    config.update(Shop::THE_ANSWER, |n| n + 1).await?;
    config.reset(Shop::THE_ANSWER).await?;
    assert!(config.compare_and_set(Shop::THE_ANSWER, 1, 2).await.is_err());
    assert_eq!(all(&seen), [(Some(42), 43), (Some(43), 44), (Some(44), 42)]);
    Ok(())
}

#[tokio::test]
async fn an_unreadable_old_value_is_reported_as_that() -> Result<()> {
    let (backend, config) = shop();
    let (_subscription, seen) = answers(&config);
    backend.inner().put(&key(&config, "the_answer"), Stored::Value(Encoded::from(&b"rubbish"[..])));
    config.set(Shop::THE_ANSWER, 1).await?;
    assert_eq!(all(&seen), [(None, 1)]);
    Ok(())
}

#[tokio::test]
async fn handlers_run_in_the_thread_of_the_task_that_wrote_and_not_after_their_end() -> Result<()> {
    let (_, config) = shop();
    let (told, seen) = channel();
    let subscription = config.subscribe(move |event| {
        let _ = told.send((event.name(), thread::current().id()));
    });
    config.change().set(Shop::THE_ANSWER, 1).set(Shop::NOTE, Some("x".into())).apply().await?;
    let here = thread::current().id();
    assert_eq!(seen.try_iter().collect::<Vec<_>>(), [("the_answer", here), ("note", here)]);
    drop(subscription);
    config.set(Shop::THE_ANSWER, 2).await?;
    assert_eq!(seen.try_iter().count(), 0);
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn changes_by_many_tasks_are_told_once_each_and_in_order() -> Result<()> {
    let (_, config) = shop();
    let (_subscription, seen) = answers(&config);
    let tasks: Vec<_> = (0..8)
        .map(|_| {
            let config = config.clone();
            tokio::spawn(async move {
                for _ in 0..5 {
                    config.update(Shop::THE_ANSWER, |n| n + 1).await.expect("updates");
                }
            })
        })
        .collect();
    for task in tasks {
        task.await.expect("no panic");
    }
    let wanted: Vec<Seen> = (42..82).map(|n| (Some(n), n + 1)).collect();
    assert_eq!(all(&seen), wanted);
    Ok(())
}
