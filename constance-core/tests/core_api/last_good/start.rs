//! What a service starts on while its store is down.

use std::sync::Arc;
use std::sync::mpsc::channel;
use std::time::Duration;

use constance_core::testing::FaultyBackend;
use constance_core::{Config, ErrorKind, LiveOptions, Settings};

use super::{Shop, World, until};

const HOUR: Duration = Duration::from_secs(3600);

#[test]
fn it_has_what_it_had_and_says_since_when() {
    let world = World::new();
    world.has_run_with(7);
    world.clock.advance(HOUR);
    world.outage();
    let live = world.live();
    assert_eq!(*live.load(), Shop { the_answer: 7, ..Shop::defaults() });
    let status = live.status();
    assert_eq!((status.age, status.from_last_good), (Some(HOUR), true));
    assert!(status.on_default.is_empty(), "{status}");
    assert_eq!(status.last_error.as_ref().map(|error| error.kind()), Some(ErrorKind::Unavailable));
    assert!(status.to_string().starts_with("loaded 3600.0 s ago, from the last good file, "), "{status}");
    world.store.heal();
    until("the store is not read", || !live.status().from_last_good);
    assert_eq!(live.status().age, Some(Duration::ZERO));
}

#[test]
fn handlers_hear_at_the_first_load_of_what_differs_from_the_file() {
    let world = World::new();
    world.has_run_with(7);
    world.outage();
    world.other().set(Shop::THE_ANSWER, 8).expect("writes");
    let config = world.config::<Shop>();
    let (sender, told) = channel();
    let handler = move |event: &constance_core::Event<Shop>| {
        let values = (event.old(Shop::THE_ANSWER).copied(), event.new_value(Shop::THE_ANSWER).copied());
        sender.send((event.name(), values)).expect("somebody listens");
    };
    config.subscribe(handler).forever();
    let live = config.live_with(world.options()).expect("starts");
    assert_eq!(live.load().the_answer, 7);
    world.store.heal();
    let event = told.recv_timeout(Duration::from_secs(60)).expect("an event");
    assert_eq!(event, ("the_answer", (Some(7), Some(8))));
    assert!(told.try_recv().is_err(), "nothing else differs");
}

#[test]
fn without_a_file_it_fails_or_has_the_defaults_as_chosen() {
    let world = World::new();
    world.outage();
    let error = world.config::<Shop>().live_with(world.options()).expect_err("an outage");
    assert_eq!(error.kind(), ErrorKind::Unavailable);
    let missing = format!("the last good file {} is not there", world.path().display());
    assert!(error.to_string().ends_with(&missing), "{error}");
    let live = world.config::<Shop>().live_with(world.options().defaults_if_unreachable()).expect("starts");
    let status = live.status();
    assert_eq!((status.age, status.from_last_good, status.on_default.len()), (None, false, 5));
    assert!(status.to_string().contains(&missing), "{status}");
    world.store.heal();
    until("it is not written", || live.status().last_good_error.is_none());
}

#[test]
fn each_fault_has_a_choice_of_its_own() {
    let world = World::new();
    let without = |kind| {
        let backend = FaultyBackend::new(Arc::clone(world.store.inner()));
        backend.fail_all(kind);
        Config::<Shop>::new(backend)
    };
    let kinds = [ErrorKind::Unavailable, ErrorKind::Timeout, ErrorKind::Denied, ErrorKind::NotMigrated];
    for kind in kinds {
        let unreadable = LiveOptions::new().default_if_unreadable();
        assert_eq!(without(kind).live_with(unreadable).expect_err("not that choice").kind(), kind);
        assert!(without(kind).live_with(LiveOptions::new().defaults_if_unreachable()).is_ok(), "{kind:?}");
    }
    for kind in [ErrorKind::Configuration, ErrorKind::Contract, ErrorKind::Unsupported] {
        let options = LiveOptions::new().defaults_if_unreachable();
        assert_eq!(without(kind).live_with(options).expect_err("no outage").kind(), kind);
    }
    world.spoil("the_answer");
    let unreachable = LiveOptions::new().defaults_if_unreachable();
    assert_eq!(world.config::<Shop>().live_with(unreachable).expect_err("unreadable").kind(), ErrorKind::Decode);
    assert!(world.config::<Shop>().live_with(LiveOptions::new().default_if_unreadable()).is_ok());
}

#[test]
fn a_later_version_reads_it_by_the_old_name_and_has_the_default_of_what_is_new() {
    #[derive(Debug, Clone, PartialEq, Settings)]
    struct Later {
        #[setting(default = 42, alias = "the_answer")]
        answer: i64,
        #[setting(default = 3)]
        pages: i64,
    }

    let world = World::new();
    world.has_run_with(7);
    world.outage();
    let live = world.config::<Later>().live_with(world.options()).expect("starts");
    assert_eq!(*live.load(), Later { answer: 7, pages: 3 });
    let status = live.status();
    assert_eq!(status.on_default, ["pages"]);
    assert!(status.to_string().ends_with("; on their defaults: pages"), "{status}");
    drop(live);
    // What it writes then is read by the version before it.
    world.store.heal();
    let later = world.config::<Later>();
    later.set(Later::ANSWER, 8).expect("writes");
    let live = later.live_with(world.options()).expect("starts");
    until("it is not written", || world.in_the_file().is_some_and(|values| values.the_answer == 8));
    drop(live);
}

#[test]
fn a_clock_that_was_set_back_makes_no_value_young() {
    let world = World::new();
    world.has_run_with(7);
    world.outage();
    let early = Arc::new(constance_core::testing::ManualClock::new());
    let live = world.config::<Shop>().live_with(world.options().clock(early)).expect("starts");
    assert_eq!(live.load().the_answer, 7);
    assert_eq!(live.status().age, Some(Duration::MAX));
    assert!(live.status().to_string().starts_with("loaded at an unknown time, "), "{}", live.status());
}
