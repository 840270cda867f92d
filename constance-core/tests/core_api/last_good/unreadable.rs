//! Settings that cannot be read, in the store and in the file.

use std::sync::mpsc::channel;
use std::time::Duration;

use constance_core::{Config, ErrorKind, LiveOptions, Settings};

use super::{Shop, World, until};

#[derive(Debug, Clone, PartialEq, Settings)]
struct Unruled {
    #[setting(default = 1)]
    min: i64,
}

fn plain() -> LiveOptions {
    LiveOptions::new().default_if_unreadable()
}

#[test]
fn it_is_named_while_it_has_its_default_and_handlers_hear_of_the_first_value() {
    let world = World::new();
    world.other().set(Shop::SITE_NAME, "Shop".into()).expect("writes");
    world.spoil("the_answer");
    let config = world.config::<Shop>();
    let (sender, told) = channel();
    let handler = move |event: &constance_core::Event<Shop>| {
        sender.send((event.name(), event.new_value(Shop::THE_ANSWER).copied())).expect("somebody listens");
    };
    config.subscribe(handler).forever();
    let live = config.live_with(plain()).expect("starts");
    assert_eq!(*live.load(), Shop { site_name: "Shop".into(), ..Shop::defaults() });
    let status = live.status();
    assert_eq!(status.on_default, ["the_answer"]);
    assert_eq!(status.last_error.as_ref().and_then(|error| error.setting()), Some("the_answer"));
    assert!(status.to_string().ends_with("; on their defaults: the_answer"), "{status}");
    world.other().set(Shop::THE_ANSWER, 7).expect("repairs");
    assert_eq!(told.recv_timeout(Duration::from_secs(60)), Ok(("the_answer", Some(7))));
    until("it is still named", || live.status().on_default.is_empty() && live.status().last_error.is_none());
}

#[test]
fn settings_that_break_a_rule_are_named_and_what_a_write_was_held_against_is_known() {
    let world = World::new();
    Config::<Unruled>::new(world.store.inner().clone()).set(Unruled::MIN, 50).expect("writes");
    let config = world.config::<Shop>();
    assert_eq!(config.live().expect_err("50 is above 10").kind(), ErrorKind::Invalid);
    let live = config.live_with(plain()).expect("starts");
    assert_eq!(*live.load(), Shop::defaults());
    assert_eq!(live.status().on_default, ["min", "max"]);
    config.set(Shop::MAX, 60).expect("above 50");
    assert_eq!((live.load().min, live.load().max), (50, 60));
    assert!(live.status().on_default.is_empty(), "{}", live.status());
}

#[test]
fn it_has_its_last_good_value_where_the_file_has_one() {
    let world = World::new();
    world.has_run_with(7);
    world.clock.advance(Duration::from_secs(60));
    world.spoil("the_answer");
    let error = world.config::<Shop>().live_with(world.options()).expect_err("unreadable");
    assert_eq!(error.setting(), Some("the_answer"));
    let live = world.config::<Shop>().live_with(world.options().default_if_unreadable()).expect("starts");
    assert_eq!(live.load().the_answer, 7);
    let status = live.status();
    assert!(status.on_default.is_empty() && !status.from_last_good, "{status}");
    assert_eq!(status.age, Some(Duration::from_secs(60)), "that of the oldest value");
}

#[test]
fn the_file_keeps_its_last_good_value_and_its_time() {
    let world = World::new();
    world.has_run_with(7);
    world.clock.advance(Duration::from_secs(60));
    world.spoil("the_answer");
    let live = world.config::<Shop>().live_with(world.options().default_if_unreadable()).expect("starts");
    world.other().set(Shop::SITE_NAME, "Shop".into()).expect("writes");
    world.until_the_file_has(&live, &Shop { the_answer: 7, site_name: "Shop".into(), ..Shop::defaults() });
    drop(live);
    world.outage();
    assert_eq!(world.live().status().age, Some(Duration::from_secs(60)));
}

#[test]
fn settings_that_break_a_rule_stay_in_it_as_they_were_good() {
    let world = World::new();
    world.other().change().set(Shop::MIN, 3).set(Shop::MAX, 8).apply().expect("writes");
    let live = world.live();
    let good = Shop { min: 3, max: 8, ..Shop::defaults() };
    world.until_the_file_has(&live, &good);
    Config::<Unruled>::new(world.store.inner().clone()).set(Unruled::MIN, 50).expect("writes");
    world.other().set(Shop::SITE_NAME, "Shop".into()).expect("writes");
    world.until_the_file_has(&live, &Shop { site_name: "Shop".into(), ..good });
}

#[test]
fn what_cannot_be_used_of_it_is_said_and_the_choice_decides() {
    /// A version that accepts less.
    #[derive(Debug, Clone, PartialEq, Settings)]
    #[settings(validate(|s: &Narrower| if s.max <= 20 { Ok(()) } else { Err("too much") }, fields(max)))]
    struct Narrower {
        #[setting(default = 1, max = 5)]
        the_answer: i64,
        #[setting(default = "My Title")]
        site_name: String,
        #[setting(default = 10)]
        max: i64,
    }

    let world = World::new();
    let wide = Shop { the_answer: 7, site_name: "Shop".into(), max: 30, ..Shop::defaults() };
    let change = world.other();
    let change = change.change().set(Shop::THE_ANSWER, 7).set(Shop::SITE_NAME, "Shop".into()).set(Shop::MAX, 30);
    change.apply().expect("writes");
    world.until_the_file_has(&world.live(), &wide);
    world.outage();
    let start = |options| world.config::<Narrower>().live_with(options);
    let error = start(world.options()).expect_err("not all of it");
    let words = "has what cannot be used: \"the_answer\": must be at most 5; \"max\": ";
    assert!(error.to_string().contains(words), "{error}");
    for options in [world.options().default_if_unreadable(), world.options().defaults_if_unreachable()] {
        let live = start(options).expect("starts");
        assert_eq!(*live.load(), Narrower { site_name: "Shop".into(), ..Narrower::defaults() });
        let status = live.status();
        assert_eq!(status.on_default, ["the_answer", "max"]);
        assert!(status.last_good_error.as_ref().is_some_and(|e| e.to_string().contains(words)), "{status}");
    }
}
