//! Handlers of one setting, with typed values.

use std::sync::Arc;
use std::sync::mpsc::{Receiver, channel};

use constance_core::testing::ReferenceBackend;
use constance_core::{
    Config, Settings, Subscription,
    backend::{Encoded, Stored},
};

#[derive(Debug, Clone, PartialEq, Settings)]
struct Shop {
    #[setting(default = 42)]
    the_answer: i64,
    #[setting(default = "My Title")]
    site_name: String,
    #[setting(default = "hunter2", secret)]
    api_key: String,
}

type Seen = (Option<i64>, i64);

fn answers(config: &Config<Shop>) -> (Subscription, Receiver<Seen>) {
    let (sender, seen) = channel();
    let subscription = config.subscribe_to(Shop::THE_ANSWER, move |old, new| {
        let _ = sender.send((old.copied(), *new));
    });
    (subscription, seen)
}

#[test]
fn it_hears_of_its_setting_alone_until_it_is_dropped() {
    let config = Config::<Shop>::new(ReferenceBackend::new());
    let (subscription, seen) = answers(&config);
    config.set(Shop::THE_ANSWER, 43).expect("writes");
    config.set(Shop::SITE_NAME, "Another".to_owned()).expect("writes");
    config.set(Shop::THE_ANSWER, 43).expect("changes nothing");
    config.change().set(Shop::THE_ANSWER, 44).set(Shop::SITE_NAME, "A third".to_owned()).apply().expect("writes");
    config.reset(Shop::THE_ANSWER).expect("writes");
    drop(subscription);
    config.set(Shop::THE_ANSWER, 45).expect("writes");
    assert_eq!(seen.iter().collect::<Vec<_>>(), [(Some(42), 43), (Some(43), 44), (Some(44), 42)]);
}

#[test]
fn a_secret_is_given_as_any_other() {
    let config = Config::<Shop>::new(ReferenceBackend::new());
    let (sender, seen) = channel();
    let subscription = config.subscribe_to(Shop::API_KEY, move |old, new| {
        let _ = sender.send((old.cloned(), new.clone()));
    });
    config.set(Shop::API_KEY, "swordfish".to_owned()).expect("writes");
    drop(subscription);
    assert_eq!(seen.iter().collect::<Vec<_>>(), [(Some("hunter2".to_owned()), "swordfish".to_owned())]);
}

#[test]
fn a_value_before_that_was_unreadable_is_none() {
    let backend = Arc::new(ReferenceBackend::new());
    let config = Config::<Shop>::new(Arc::clone(&backend));
    let key = config.prefix().key("the_answer").expect("a valid name");
    backend.put(&key, Stored::Value(Encoded::from(&b"rubbish"[..])));
    let (subscription, seen) = answers(&config);
    config.set(Shop::THE_ANSWER, 43).expect("repairs");
    drop(subscription);
    assert_eq!(seen.iter().collect::<Vec<_>>(), [(None, 43)]);
}

#[test]
fn it_hears_of_what_live_learns_and_may_write() {
    let backend = Arc::new(ReferenceBackend::new());
    let config = Config::<Shop>::new(Arc::clone(&backend));
    let live = config.live().expect("a load");
    let (sender, seen) = channel();
    let writer = config.clone();
    config
        .subscribe_to(Shop::THE_ANSWER, move |_, new| {
            writer.set(Shop::SITE_NAME, format!("Title {new}")).expect("a handler may write");
            let _ = sender.send(*new);
        })
        .forever();
    Config::<Shop>::new(backend).set(Shop::THE_ANSWER, 7).expect("writes");
    assert_eq!(seen.recv(), Ok(7));
    assert_eq!(live.load().site_name, "Title 7");
}

#[cfg(feature = "tokio")]
#[tokio::test]
async fn the_asynchronous_front_has_it_too() {
    use constance_core::aio::{AsyncConfig, Blocking};

    let config = AsyncConfig::<Shop>::new(Blocking::new(ReferenceBackend::new()));
    let (sender, seen) = channel();
    let subscription = config.subscribe_to(Shop::THE_ANSWER, move |old, new| {
        let _ = sender.send((old.copied(), *new));
    });
    config.set(Shop::SITE_NAME, "Another".to_owned()).await.expect("writes");
    config.set(Shop::THE_ANSWER, 43).await.expect("writes");
    drop(subscription);
    assert_eq!(seen.iter().collect::<Vec<_>>(), [(Some(42), 43)]);
}
