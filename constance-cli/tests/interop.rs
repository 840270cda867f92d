//! One store with a real Django: what Python wrote is read here, what is written here is read by Python, and the bytes are
//! the same.
//!
//! `CONSTANCE_PYTHON` is a Python with django-constance 4 and its Redis client, `CONSTANCE_PYTHON_3` one with
//! django-constance 3; `cargo xtask test interop` makes both. Redis is started here.

#![allow(clippy::expect_used, reason = "helpers of tests are tests too")]
#![cfg(feature = "legacy")]

#[path = "interop/python.rs"]
mod python;
#[path = "interop/recipe.rs"]
mod recipe;
#[path = "interop/redis.rs"]
mod redis;
#[path = "interop/values.rs"]
mod values;

use std::time::Duration;

use constance_cli::SettingsArgs;
use constance_cli::clap::Parser;
use constance_core::{Backend, Config, Json, Settings, Stored};
use constance_redis::RedisBackend;

use python::Python;
use redis::Redis;
use values::{CASES, READ_ONLY, Shared};

/// Both sides over one Redis, or `None` where this machine cannot have them.
fn sides() -> Option<(Redis, Python, Config<Shared, Json>)> {
    let redis = Redis::start()?;
    let python = Python::start("CONSTANCE_PYTHON", &redis.python_url())?;
    let config = config(&redis);
    Some((redis, python, config))
}

fn config<S: Settings>(redis: &Redis) -> Config<S, Json> {
    let backend = RedisBackend::from_url(&redis.url()).expect("a URL");
    Config::builder(backend).codec(Json::new()).build().expect("builds")
}

fn bytes(config: &Config<Shared, Json>, name: &str) -> String {
    let key = config.prefix().key(name).expect("a key");
    let found = config.backend().read(&[&key]).expect("reads").pop();
    let Some(Stored::Value(value)) = found else { panic!("nothing under {name}") };
    String::from_utf8(value.as_bytes().to_vec()).expect("JSON")
}

#[test]
fn every_value_goes_both_ways_in_the_same_bytes() {
    let Some((_redis, mut python, config)) = sides() else { return };
    for (name, text) in CASES {
        assert_eq!(python.ask(&format!("write {name}")), "ok", "{name}");
        let theirs = bytes(&config, name);
        let read = config.get_text(name).unwrap_or_else(|e| panic!("{name}: {e}"));
        config.reset_name(name).expect("resets");
        config.set_text(name, text).unwrap_or_else(|e| panic!("{name}: {e}"));
        assert_eq!(config.get_text(name).expect("reads"), read, "{name} is read as the value that is written");
        assert_eq!(bytes(&config, name), theirs, "{name}");
        assert_eq!(python.ask(&format!("compare {name}")), "same", "{name}");
    }
    for (name, text) in READ_ONLY {
        assert_eq!(python.ask(&format!("write {name}")), "ok", "{name}");
        assert_eq!(config.get_text(name).unwrap_or_else(|e| panic!("{name}: {e}")), *text, "{name}");
    }
}

#[test]
fn live_hears_of_a_save_in_django() {
    let Some((_redis, mut python, config)) = sides() else { return };
    let live = config.live().expect("loads");
    assert_eq!(live.load().int_value, None);
    assert_eq!(python.ask("write INT_VALUE"), "ok");
    while live.load().int_value != Some(1) {
        assert!(live.wait_for_change(Duration::from_secs(10)), "the save does not arrive");
    }
}

#[test]
fn both_write_at_once_and_nothing_is_unreadable() {
    let Some((_redis, mut python, config)) = sides() else { return };
    let rounds: i64 = std::env::var("CONSTANCE_INTEROP_ROUNDS").map_or(300, |text| text.parse().expect("a number"));
    let ours = std::thread::spawn({
        let config = config.clone();
        move || {
            for number in 1..=rounds {
                config.set(Shared::OURS, Some(number)).expect("writes");
                config.set(Shared::SHARED, Some(number)).expect("writes");
                assert_eq!(config.get(Shared::OURS).expect("reads"), Some(number), "nobody else writes it");
                config.get(Shared::SHARED).expect("whoever wrote it").expect("it is set");
                config.get(Shared::THEIRS).expect("whatever it is");
            }
        }
    });
    assert_eq!(python.ask(&format!("count THEIRS {rounds}")), "ok");
    ours.join().expect("no panic");
    assert_eq!(config.get(Shared::OURS).expect("reads"), Some(rounds));
    assert_eq!(config.get(Shared::THEIRS).expect("reads"), Some(rounds));
    // The last write of one of them, whichever came later.
    let shared = config.get(Shared::SHARED).expect("reads").expect("set");
    assert_eq!(shared.abs(), rounds);
    assert_eq!(python.ask("get SHARED"), shared.to_string());
}

#[test]
fn a_store_of_django_constance_3_is_read_and_converted() {
    let Some((redis, mut python, config)) = sides() else { return };
    let Some(mut old) = Python::start("CONSTANCE_PYTHON_3", &redis.python_url()) else { return };
    let backend = RedisBackend::from_url(&redis.url()).expect("a URL");
    let reading: Config<Shared, Json> =
        Config::builder(backend).codec(Json::new().reading_pickles(true)).build().expect("builds");
    for (name, _) in CASES {
        assert_eq!(old.ask(&format!("write {name}")), "ok", "{name}");
        assert!(config.get_text(name).is_err(), "{name} is a pickle");
    }
    let in_place: Vec<String> = CASES.iter().map(|(name, _)| reading.get_text(name).expect(name)).collect();
    let import = SettingsArgs::parse_from(["settings", "import-legacy", "--write"]).command;
    let mut out = Vec::new();
    import.run_to(&config, &mut out).expect("converts");
    let said = String::from_utf8(out).expect("UTF-8");
    assert!(said.ends_with(&format!("{0} of {0} values converted\n", CASES.len())), "{said}");
    for ((name, text), in_place) in CASES.iter().zip(in_place) {
        assert_eq!(config.get_text(name).expect(name), in_place, "{name}");
        assert_eq!(python.ask(&format!("compare {name}")), "same", "{name}");
        let converted = bytes(&config, name);
        config.set_text(name, text).expect(name);
        assert_eq!(bytes(&config, name), converted, "{name}");
    }
}
