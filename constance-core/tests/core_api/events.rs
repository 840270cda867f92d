//! Promise 7: an event for each change that changed something, with the setting's own name.

use std::sync::Arc;
use std::sync::mpsc::{Receiver, channel};

use constance_core::testing::ReferenceBackend;
use constance_core::{
    Backend, Config, Prefix, Settings, Subscription,
    backend::{Encoded, Stored},
};

#[derive(Debug, Clone, PartialEq, Settings)]
struct Shop {
    #[setting(default = 42)]
    the_answer: i64,
    #[setting(default = "My Title")]
    site_name: String,
}

type Seen = (&'static str, Option<i64>, i64);

fn shop() -> (Arc<ReferenceBackend>, Config<Shop>) {
    let backend = Arc::new(ReferenceBackend::new());
    let prefix = Prefix::new("a%b*[c]:").expect("a prefix");
    (Arc::clone(&backend), Config::builder(backend).prefix(prefix).build().expect("builds"))
}

/// Writes down the events of `the_answer`.
fn answers(config: &Config<Shop>) -> (Subscription, Receiver<Seen>) {
    let (sender, receiver) = channel();
    let subscription = config.subscribe(move |event| {
        if let Some(new) = event.new_value(Shop::THE_ANSWER) {
            let _ = sender.send((event.name(), event.old(Shop::THE_ANSWER).copied(), *new));
        }
    });
    (subscription, receiver)
}

fn all(seen: &Receiver<Seen>) -> Vec<Seen> {
    seen.try_iter().collect()
}

#[test]
fn an_event_is_raised_once_for_each_change_that_changed_something() {
    let (_, config) = shop();
    let (_subscription, seen) = answers(&config);
    config.set(Shop::THE_ANSWER, 43).expect("writes");
    config.set(Shop::THE_ANSWER, 43).expect("writes");
    config.reset(Shop::THE_ANSWER).expect("writes");
    config.reset(Shop::THE_ANSWER).expect("writes");
    config.set(Shop::THE_ANSWER, 42).expect("the default, stored, changes no value");
    config.update(Shop::THE_ANSWER, |n| n * 2).expect("writes");
    config.compare_and_set(Shop::THE_ANSWER, 84, 1).expect("writes");
    config.compare_and_set(Shop::THE_ANSWER, 84, 2).expect_err("a conflict raises nothing");
    assert!(config.set_text("the_answer", "many").is_err());
    let name = "the_answer";
    assert_eq!(all(&seen), [(name, Some(42), 43), (name, Some(43), 42), (name, Some(42), 84), (name, Some(84), 1)]);
}

#[test]
fn a_change_set_raises_one_event_for_each_setting_that_changed() {
    let (_, config) = shop();
    let (sender, seen) = channel();
    config.subscribe(move |event| sender.send(event.name()).expect("somebody listens")).forever();
    config.change().set(Shop::THE_ANSWER, 1).set(Shop::SITE_NAME, "My Title".into()).apply().expect("applies");
    assert_eq!(seen.try_iter().collect::<Vec<_>>(), ["the_answer"]);
}

#[test]
fn a_change_by_somebody_else_is_the_old_value_of_ours() {
    let (backend, config) = shop();
    let other = Config::<Shop>::builder(backend).prefix(config.prefix().clone()).build().expect("builds");
    let (_subscription, seen) = answers(&config);
    config.set(Shop::THE_ANSWER, 1).expect("writes");
    other.set(Shop::THE_ANSWER, 2).expect("writes");
    config.set(Shop::THE_ANSWER, 1).expect("writes");
    assert_eq!(all(&seen), [("the_answer", Some(42), 1), ("the_answer", Some(2), 1)]);
}

#[test]
fn an_unreadable_old_value_is_reported_as_that() {
    let (backend, config) = shop();
    let key = config.prefix().key("the_answer").expect("a key");
    let (sender, seen) = channel();
    config.subscribe(move |event| sender.send(event.old_was_unreadable()).expect("somebody listens")).forever();
    for rubbish in [Stored::Foreign("a list"), Stored::Value(Encoded::from(b"rubbish".to_vec()))] {
        backend.put(&key, rubbish);
        config.set(Shop::THE_ANSWER, 42).expect("repairs");
    }
    assert_eq!(seen.try_iter().collect::<Vec<_>>(), [true, true]);
}

#[test]
fn a_handler_may_read_write_and_subscribe() {
    let (_, config) = shop();
    let (sender, seen) = channel();
    let inside = config.clone();
    config
        .subscribe(move |event| {
            let read = inside.get(Shop::THE_ANSWER).expect("reads");
            if event.is_of(Shop::THE_ANSWER) && read < 45 {
                inside.set(Shop::THE_ANSWER, read + 1).expect("writes");
            }
            drop(inside.subscribe(|_| {}));
            let _ = sender.send((event.name(), read));
        })
        .forever();
    config.set(Shop::THE_ANSWER, 43).expect("writes");
    let name = "the_answer";
    assert_eq!(seen.try_iter().collect::<Vec<_>>(), [(name, 43), (name, 44), (name, 45)]);
}

#[test]
fn a_handler_that_panics_keeps_no_other_from_being_called() {
    let (_, config) = shop();
    config.subscribe(|_| panic!("a handler's own fault")).forever();
    let (_subscription, seen) = answers(&config);
    let set = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| config.set(Shop::THE_ANSWER, 1)));
    assert!(set.is_err(), "the panic goes on in the thread that wrote");
    assert_eq!(all(&seen), [("the_answer", Some(42), 1)]);
    assert_eq!(config.get(Shop::THE_ANSWER).expect("nothing is stuck"), 1);
}

#[test]
fn a_dropped_subscription_hears_no_more() {
    let (_, config) = shop();
    let (subscription, seen) = answers(&config);
    drop(subscription);
    config.set(Shop::THE_ANSWER, 1).expect("writes");
    assert_eq!(all(&seen), []);
}

/// Each event begins where the last one ended, and none is missing, whatever order the threads come back in.
fn assert_chain(events: &[Seen], first: i64, count: usize) {
    assert_eq!(events.len(), count);
    let mut last = first;
    for (_, old, new) in events {
        assert_eq!(*old, Some(last), "{events:?}");
        last = *new;
    }
}

#[test]
fn changes_by_many_threads_are_told_once_each_and_in_order() {
    for live in [false, true] {
        let (_, config) = shop();
        let live = live.then(|| config.live().expect("loads"));
        let (subscription, seen) = answers(&config);
        std::thread::scope(|scope| {
            for _ in 0..8 {
                scope.spawn(|| {
                    for _ in 0..25 {
                        config.update(Shop::THE_ANSWER, |n| n + 1).expect("updates");
                    }
                });
            }
        });
        // Waits for an event that another thread is just telling.
        config.set(Shop::THE_ANSWER, 0).expect("writes");
        let mut events = Vec::new();
        while events.last().is_none_or(|(_, _, new)| *new != 0) {
            events.push(seen.recv().expect("an event for the last change"));
        }
        drop(subscription);
        if live.is_some() {
            // What the feed learns first is told by it, merged where it was slower.
            assert!(events.windows(2).all(|pair| Some(pair[0].2) == pair[1].1), "{events:?}");
            assert!(events.iter().all(|(_, old, new)| *old != Some(*new)), "{events:?}");
        } else {
            assert_chain(&events, 42, 201);
        }
    }
}

#[test]
fn the_prefix_is_no_part_of_the_name() {
    let (backend, config) = shop();
    let (_subscription, seen) = answers(&config);
    config.set(Shop::THE_ANSWER, 7).expect("writes");
    assert_eq!(all(&seen)[0].0, "the_answer");
    assert_eq!(backend.list(config.prefix()).expect("lists")[0].0.as_str(), "a%b*[c]:the_answer");
}
