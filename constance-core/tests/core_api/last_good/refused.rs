//! Files that are not used.

use std::fs;
use std::sync::Arc;

use constance_core::testing::{FaultyBackend, ReferenceBackend};
use constance_core::{Config, Error, ErrorKind, Live, LiveOptions, Prefix, Result, Settings};

use super::{Shop, World, until};

/// A start without a store, on defaults if need be.
fn start(world: &World, options: LiveOptions) -> Result<Live<Shop>> {
    world.outage();
    world.config().live_with(options)
}

#[test]
fn a_damaged_file_is_as_none_and_said_and_replaced_when_the_store_is_back() {
    let world = World::new();
    world.has_run_with(7);
    let good = world.bytes();
    let words = format!("the last good file {} is damaged", world.path().display());
    for damage in 0..3 {
        let mut bytes = good.clone();
        match damage {
            0 => bytes.truncate(bytes.len() - 1),
            1 => bytes[60] ^= 1,
            _ => bytes.fill(0),
        }
        fs::write(world.path(), &bytes).expect("writes");
        let error = start(&world, world.options()).expect_err("nothing to start on");
        assert_eq!(error.kind(), ErrorKind::Unavailable, "the outage first");
        assert!(error.to_string().ends_with(&words), "{error}");
        let live = start(&world, world.options().defaults_if_unreachable()).expect("starts");
        assert_eq!(*live.load(), Shop::defaults());
        let said = live.status().last_good_error.map(|error| error.to_string());
        assert_eq!(said, Some(format!("cannot read settings: {words}")));
        world.store.heal();
        until("it is not replaced", || live.status().last_good_error.is_none());
        until("it is not whole", || world.in_the_file().is_some_and(|values| values.the_answer == 7));
    }
}

#[test]
fn anothers_file_is_neither_used_nor_replaced_and_said() {
    let world = World::new();
    world.has_run_with(7);
    let before = world.bytes();
    let path = world.path().display().to_string();
    for words in ["prefix, \"reference:\"", "store, "] {
        let same_store = words.starts_with("prefix");
        let store = if same_store { Arc::clone(world.store.inner()) } else { Arc::new(ReferenceBackend::new()) };
        let store = Arc::new(FaultyBackend::new(store));
        store.fail_all(ErrorKind::Unavailable);
        let prefix = if same_store { "other:" } else { "reference:" };
        let builder = Config::<Shop>::builder(Arc::clone(&store)).prefix(Prefix::new(prefix).expect("a prefix"));
        let config = builder.build().expect("a config");
        let error = config.live_with(world.options()).expect_err("nothing to start on");
        let said = format!("the last good file {path} is of another {words}");
        assert!(error.to_string().contains(&said), "{error}");
        store.heal();
        let live = config.live_with(world.options()).expect("starts");
        let is_said = |error: &Error| error.to_string().contains(&said) && error.kind() == ErrorKind::Configuration;
        assert!(live.status().last_good_error.is_some_and(|error| is_said(&error)), "{}", live.status());
        config.set(Shop::THE_ANSWER, 8).expect("writes");
        until("it is not followed", || live.load().the_answer == 8);
        assert!(live.status().last_good_error.is_some_and(|error| is_said(&error)), "{}", live.status());
        assert_eq!(world.bytes(), before);
    }
}

#[cfg(feature = "json")]
#[test]
fn so_is_that_of_another_codec() {
    let world = World::new();
    world.has_run_with(7);
    world.outage();
    let config = Config::<Shop>::builder(Arc::clone(&world.store)).codec(constance_core::Json::new()).build();
    let error = config.expect("a config").live_with(world.options()).expect_err("nothing to start on");
    assert!(error.to_string().contains("is of another codec, MessagePack"), "{error}");
}

#[test]
fn that_of_a_program_without_one_of_its_settings_is_none() {
    #[derive(Debug, Clone, PartialEq, Settings)]
    struct Worker {
        #[setting(default = 3)]
        threads: i64,
    }

    let world = World::new();
    world.has_run_with(7);
    world.outage();
    let error = world.config::<Worker>().live_with(world.options()).expect_err("it says nothing");
    assert!(error.to_string().ends_with("has none of this program's settings"), "{error}");
}
