//! `live()` never gives out values that break a rule, and loads all others.

use std::sync::Arc;
use std::sync::mpsc::channel;
use std::time::{Duration, Instant};

use constance_core::testing::ReferenceBackend;
use constance_core::{
    Backend, Config, LiveOptions, Settings,
    backend::{Batch, Change, Encoded, Stored},
};

use super::{BROKEN, Old, Shop, store};

fn quick() -> LiveOptions {
    LiveOptions::new().poll_interval(Duration::from_millis(1)).reread_interval(Duration::from_millis(20))
}

/// What is asked again in this long was not asked again by itself.
fn never() -> LiveOptions {
    LiveOptions::new().poll_interval(Duration::from_secs(36_000)).reread_interval(Duration::from_secs(36_000))
}

/// A store that tells of no change, and the two programs.
fn unwatched() -> (Arc<ReferenceBackend>, Config<Shop>, Config<Old>) {
    let store = Arc::new(ReferenceBackend::new().without_watch());
    (Arc::clone(&store), Config::new(Arc::clone(&store)), Config::new(store))
}

fn until(what: &str, holds: impl Fn() -> bool) {
    let deadline = Instant::now() + Duration::from_secs(60);
    while !holds() {
        assert!(Instant::now() < deadline, "{what}");
        std::thread::yield_now();
    }
}

#[test]
fn the_last_good_values_of_the_rules_settings_stay_and_all_others_are_loaded() {
    let (_, config, old) = store();
    config.change().set(Shop::MIN, 3).set(Shop::MAX, 8).apply().expect("writes");
    let (sender, told) = channel();
    config.subscribe(move |event| sender.send(event.name()).expect("listened to")).forever();
    let live = config.live_with(quick()).expect("loads");
    old.change().set(Old::MIN, 50).set(Old::STEP, 5).set(Old::SITE_NAME, "Shop".into()).apply().expect("writes");
    let held = Shop { min: 3, max: 8, step: 5, site_name: "Shop".into() };
    until("the others are not loaded", || live.load().site_name == "Shop");
    assert_eq!(*live.load(), held);
    assert_eq!(live.status().last_error.expect("an error").to_string(), BROKEN);
    // The handler may run just now, which it says behind that.
    assert!(live.status().to_string().contains(BROKEN), "{}", live.status());
    assert!(live.status().age.is_some());
    // Nobody is woken by what did not change.
    let waiter = live.clone();
    assert!(!waiter.wait_for_change(Duration::from_millis(100)));

    old.set(Old::MAX, 60).expect("writes");
    until("the repair is not loaded", || live.load().max == 60);
    assert_eq!(*live.load(), Shop { min: 50, max: 60, ..held });
    until("the error stays", || live.status().last_error.is_none());
    until("a change is not told of", || told.try_iter().any(|name| name == "max"));
}

#[test]
fn handlers_hear_of_a_value_that_was_held_back_when_it_comes_in() {
    let (_, config, old) = store();
    let live = config.live_with(quick()).expect("loads");
    let (sender, told) = channel();
    let handler = move |event: &constance_core::Event<Shop>| {
        let (old, new) = (event.old(Shop::MIN).copied(), event.new_value(Shop::MIN).copied());
        sender.send((event.name(), old, new)).expect("listened to");
    };
    config.subscribe(handler).forever();
    old.set(Old::MIN, 50).expect("writes");
    until("the broken rule is not reported", || live.status().last_error.is_some());
    assert_eq!(told.try_iter().count(), 0);
    config.set(Shop::MAX, 60).expect("above both");
    assert_eq!((live.load().min, live.load().max), (50, 60), "what the write was held against comes with it");
    assert_eq!(told.try_iter().collect::<Vec<_>>(), [("min", Some(1), Some(50)), ("max", None, None)]);
}

#[test]
fn a_new_process_does_not_start_on_values_that_break_a_rule() {
    let (_, config, old) = store();
    old.change().set(Old::MIN, 50).set(Old::SITE_NAME, "Shop".into()).apply().expect("writes");
    assert_eq!(config.live().expect_err("50 is above 10").to_string(), BROKEN);
    let live = config.live_with(quick().default_if_unreadable()).expect("starts");
    assert_eq!(*live.load(), Shop { site_name: "Shop".into(), ..Shop::defaults() });
    assert_eq!(live.status().last_error.expect("an error").to_string(), BROKEN);
    old.reset(Old::MIN).expect("writes");
    until("the error stays", || live.status().last_error.is_none());
}

#[test]
fn a_set_is_in_it_before_it_returns_however_far_it_was_behind() {
    let (_, config, old) = unwatched();
    let live = config.live_with(never()).expect("loads");
    old.change().set(Old::MIN, 30).set(Old::MAX, 40).apply().expect("writes");
    assert_eq!((live.load().min, live.load().max), (1, 10));
    config.set(Shop::MIN, 35).expect("below 40");
    assert_eq!((live.load().min, live.load().max), (35, 40));
    old.change().set(Old::MIN, 3).set(Old::MAX, 4).apply().expect("writes");
    config.set(Shop::MAX, 3).expect("not below 3");
    assert_eq!((live.load().min, live.load().max, live.load().step), (3, 3, 2));
}

#[test]
fn a_committed_transaction_is_in_it_with_what_its_rules_look_at() {
    let (store, config, old) = unwatched();
    let live = config.live_with(never()).expect("loads");
    old.change().set(Old::MIN, 30).set(Old::MAX, 40).apply().expect("writes");
    let settings = config.within(&store);
    settings.set(Shop::MIN, 35).expect("below 40");
    config.committed(settings.into_changes()).expect("catches up");
    assert_eq!((live.load().min, live.load().max), (35, 40));
}

#[test]
fn a_setting_that_becomes_unreadable_does_not_let_another_break_the_rule() {
    let (store, config, old) = store();
    let live = config.live_with(quick()).expect("loads");
    let max = config.prefix().key("max").expect("a name");
    store.inner().put(&max, Stored::Foreign("a list"));
    old.change().set(Old::MIN, 50).set(Old::SITE_NAME, "Shop".into()).apply().expect("writes");
    until("the others are not loaded", || live.load().site_name == "Shop");
    until("both are not reported", || live.status().last_error.is_some_and(|error| error.each().count() == 2));
    assert_eq!((live.load().min, live.load().max), (1, 10), "the last good of max has to fit");
    store.inner().write(&Batch::one(Change::set(max, Encoded::from(&b"rubbish"[..])))).expect("writes");
    config.set(Shop::MAX, 60).expect("repairs");
    until("the repair is not loaded", || (live.load().min, live.load().max) == (50, 60));
}

#[test]
fn writers_of_both_settings_in_one_process_never_show_a_broken_pair() {
    let (_, config, old) = store();
    let live = config.live_with(quick()).expect("loads");
    std::thread::scope(|scope| {
        let running = [
            scope.spawn(|| {
                for n in 0..300 {
                    let _ = config.set(Shop::MIN, n % 20);
                }
            }),
            scope.spawn(|| {
                for n in 0..300 {
                    let _ = config.set(Shop::MAX, 2 + n % 18);
                }
            }),
            scope.spawn(|| {
                for n in 0..300 {
                    old.change().set(Old::MIN, n % 7).set(Old::MAX, 2 + n % 13).apply().expect("writes");
                }
            }),
        ];
        while !running.iter().all(std::thread::ScopedJoinHandle::is_finished) {
            let now = live.load();
            assert!(now.min <= now.max && now.step <= now.max, "{:?}", *now);
        }
    });
    config.change().set(Shop::MIN, 5).set(Shop::MAX, 15).apply().expect("writes");
    assert_eq!((live.load().min, live.load().max), (5, 15));
    until("the error stays", || live.status().last_error.is_none());
}
