//! A handler that takes its time holds up no load, and the status says which one it is.

use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::{Duration, Instant};

use constance_core::testing::ReferenceBackend;
use constance_core::{Config, Live, LiveOptions, RunningHandler, Settings, Subscription};

#[derive(Debug, Clone, PartialEq, Settings)]
struct Shop {
    #[setting(default = 42)]
    the_answer: i64,
}

const LONG: Duration = Duration::from_secs(60);

/// A `Config`, another writer to its store, and the store.
fn shop() -> (Config<Shop>, Config<Shop>, Arc<ReferenceBackend>) {
    let store = Arc::new(ReferenceBackend::new());
    (Config::new(Arc::clone(&store)), Config::new(Arc::clone(&store)), store)
}

fn live(config: &Config<Shop>) -> Live<Shop> {
    config.live_with(LiveOptions::new().poll_interval(LONG * 100).reread_interval(LONG * 100)).expect("loads")
}

fn until(what: &str, holds: impl Fn() -> bool) {
    let deadline = Instant::now() + LONG;
    while !holds() {
        assert!(Instant::now() < deadline, "{what}");
        std::thread::yield_now();
    }
}

/// A handler that does not return before it is let go, and the line that subscribed it.
fn stubborn(config: &Config<Shop>) -> (Subscription, Receiver<i64>, Sender<()>, u32) {
    let ((entered, enters), (let_go, goes)) = (channel(), channel());
    let goes = std::sync::Mutex::new(goes);
    let line = line!() + 1;
    let subscription = config.subscribe(move |event| {
        entered.send(event.new_value(Shop::THE_ANSWER).copied().expect("the answer")).expect("somebody listens");
        goes.lock().expect("no panic").recv_timeout(LONG).expect("it is let go");
    });
    (subscription, enters, let_go, line)
}

#[test]
fn a_handler_that_does_not_return_holds_up_no_load_and_is_named() {
    let (config, other, _) = shop();
    let live = live(&config);
    assert!(live.status().handler.is_none());
    let (subscription, enters, let_go, line) = stubborn(&config);
    other.set(Shop::THE_ANSWER, 1).expect("writes");
    assert_eq!(enters.recv_timeout(LONG), Ok(1));
    let since = Instant::now();
    for n in 2..10 {
        other.set(Shop::THE_ANSWER, n).expect("writes");
        until("it is not loaded while a handler runs", || live.load().the_answer == n);
    }
    // Its own writes do not wait either.
    config.set(Shop::THE_ANSWER, 10).expect("writes");
    assert_eq!(live.load().the_answer, 10);
    let at_least = since.elapsed();
    let status = live.status();
    let handler: RunningHandler = status.handler.clone().expect("one runs");
    assert_eq!((handler.setting, handler.waiting), ("the_answer", 9));
    assert_eq!((handler.subscribed_at.file(), handler.subscribed_at.line()), (file!(), line));
    assert!(handler.running_for >= at_least, "{:?}", handler.running_for);
    assert!(status.last_error.is_none());
    let words = status.to_string();
    let named = format!("; the handler subscribed at {}:{line}:", file!());
    assert!(words.contains(&named) && words.contains("\"the_answer\" changed, 9 changes wait"), "{words}");
    // In order, and none is lost.
    for n in 2..=10 {
        let_go.send(()).expect("it waits");
        assert_eq!(enters.recv_timeout(LONG), Ok(n));
    }
    let_go.send(()).expect("it waits");
    until("the handler has returned", || live.status().handler.is_none());
    drop(subscription);
}

#[test]
fn a_handler_of_a_write_holds_up_no_load_either() {
    let (config, other, _) = shop();
    let live = live(&config);
    let (subscription, enters, let_go, _) = stubborn(&config);
    std::thread::scope(|scope| {
        let writer = scope.spawn(|| config.set(Shop::THE_ANSWER, 1));
        assert_eq!(enters.recv_timeout(LONG), Ok(1));
        other.set(Shop::THE_ANSWER, 2).expect("writes");
        until("it is not loaded while a handler runs", || live.load().the_answer == 2);
        assert_eq!(live.status().handler.expect("one runs").waiting, 1);
        let_go.send(()).expect("it waits");
        assert_eq!(enters.recv_timeout(LONG), Ok(2), "the writer takes it along");
        let_go.send(()).expect("it waits");
        writer.join().expect("no panic").expect("writes");
    });
    drop(subscription);
}

#[test]
fn dropping_a_live_does_not_wait_for_a_handler() {
    let (config, other, store) = shop();
    let live = live(&config);
    let (subscription, enters, let_go, _) = stubborn(&config);
    other.set(Shop::THE_ANSWER, 1).expect("writes");
    assert_eq!(enters.recv_timeout(LONG), Ok(1));
    drop((live, subscription, config, other));
    // The handler still runs.
    let_go.send(()).expect("it waits");
    until("nothing is kept for ever", || Arc::strong_count(&store) == 1);
}
