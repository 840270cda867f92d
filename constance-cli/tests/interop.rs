//! One store with a real Django: what Python wrote is read here, what is written here is read by Python, and the bytes are
//! the same.
//!
//! `CONSTANCE_PYTHON` is a Python with django-constance 4 and the clients of Redis, PostgreSQL and MariaDB, `CONSTANCE_PYTHON_3`
//! one with django-constance 3; `cargo xtask test interop` makes both, and starts the database servers. Redis is started here.

#![allow(clippy::expect_used, reason = "helpers of tests are tests too")]
#![cfg(feature = "legacy")]

#[path = "interop/python.rs"]
mod python;
#[path = "interop/recipe.rs"]
mod recipe;
#[path = "interop/redis.rs"]
mod redis;
#[path = "interop/stores.rs"]
mod stores;
#[path = "interop/values.rs"]
mod values;

use std::time::{Duration, Instant};

use constance_cli::SettingsArgs;
use constance_cli::clap::Parser;
use constance_core::{Backend, Config, Json, Settings, Stored};

use python::Python;
use stores::Store;
use values::{CASES, READ_ONLY, Shared};

/// Both sides over one store, or `None` where this machine cannot have them.
fn sides(store: Option<Store>) -> Option<(Store, Python, Config<Shared, Json>)> {
    let store = store?;
    let python = Python::start("CONSTANCE_PYTHON", &store.python_url())?;
    let config = config(&store);
    Some((store, python, config))
}

fn config<S: Settings>(store: &Store) -> Config<S, Json> {
    Config::builder(store.backend()).codec(Json::new()).build().expect("builds")
}

fn bytes(config: &Config<Shared, Json>, name: &str) -> String {
    let key = config.prefix().key(name).expect("a key");
    let found = config.backend().read(&[&key]).expect("reads").pop();
    let Some(Stored::Value(value)) = found else { panic!("nothing under {name}") };
    String::from_utf8(value.as_bytes().to_vec()).expect("JSON")
}

/// The tests, over each store.
macro_rules! over {
    ($($store:ident)+) => {
        $(mod $store {
            use super::Store;

            #[test]
            fn every_value_goes_both_ways_in_the_same_bytes() {
                super::every_value_goes_both_ways_in_the_same_bytes(Store::$store());
            }

            #[test]
            fn live_hears_of_a_save_in_django() {
                super::live_hears_of_a_save_in_django(Store::$store());
            }

            #[test]
            fn both_write_at_once_and_nothing_is_unreadable() {
                super::both_write_at_once_and_nothing_is_unreadable(Store::$store());
            }
        })+
    };
}

over! { redis_server sqlite postgres mariadb }

fn every_value_goes_both_ways_in_the_same_bytes(store: Option<Store>) {
    let Some((_store, mut python, config)) = sides(store) else { return };
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

fn live_hears_of_a_save_in_django(store: Option<Store>) {
    let Some((_store, mut python, config)) = sides(store) else { return };
    let live = config.live().expect("loads");
    assert_eq!(live.load().int_value, None);
    assert_eq!(python.ask("write INT_VALUE"), "ok");
    while live.load().int_value != Some(1) {
        assert!(live.wait_for_change(Duration::from_secs(10)), "the save does not arrive");
    }
}

fn both_write_at_once_and_nothing_is_unreadable(store: Option<Store>) {
    let Some((_store, mut python, config)) = sides(store) else { return };
    let seconds = std::env::var("CONSTANCE_INTEROP_SECONDS").unwrap_or_else(|_| "1".to_owned());
    let time = Duration::from_secs(seconds.parse().expect("a number"));
    let ours = std::thread::spawn({
        let config = config.clone();
        move || {
            let (began, mut number) = (Instant::now(), 0);
            while number == 0 || began.elapsed() < time {
                number += 1;
                config.set(Shared::OURS, Some(number)).expect("writes");
                config.set(Shared::SHARED, Some(number)).expect("writes");
                assert_eq!(config.get(Shared::OURS).expect("reads"), Some(number), "nobody else writes it");
                config.get(Shared::SHARED).expect("whoever wrote it").expect("it is set");
                config.get(Shared::THEIRS).expect("whatever it is");
            }
            number
        }
    });
    let said = python.ask(&format!("count THEIRS {seconds}"));
    let theirs: i64 = said.parse().unwrap_or_else(|_| panic!("Python says {said}"));
    let ours = ours.join().expect("no panic");
    assert_eq!(config.get(Shared::OURS).expect("reads"), Some(ours));
    assert_eq!(config.get(Shared::THEIRS).expect("reads"), Some(theirs));
    // The last write of one of them, whichever came later.
    let shared = config.get(Shared::SHARED).expect("reads").expect("set");
    assert!([ours, -theirs].contains(&shared), "{shared} is neither {ours} nor {}", -theirs);
    assert_eq!(python.ask("get SHARED"), shared.to_string());
}

#[test]
fn a_store_of_django_constance_3_is_read_and_converted() {
    let Some((store, mut python, config)) = sides(Store::redis_server()) else { return };
    let Some(mut old) = Python::start("CONSTANCE_PYTHON_3", &store.python_url()) else { return };
    let reading: Config<Shared, Json> =
        Config::builder(store.backend()).codec(Json::new().reading_pickles(true)).build().expect("builds");
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
