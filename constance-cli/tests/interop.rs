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
use constance_core::{Backend, Config, Json, Settings, backend::Stored};

use python::Python;
use stores::Store;
use values::{CASES, Shared, Untyped};

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

fn bytes<S: Settings>(config: &Config<S, Json>, name: &str) -> String {
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
            fn every_value_goes_both_ways_without_its_type() {
                super::every_value_goes_both_ways_without_its_type(Store::$store());
            }

            #[test]
            fn a_store_of_django_constance_3_is_read_and_converted() {
                super::a_store_of_django_constance_3_is_read_and_converted(Store::$store());
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
}

/// Each as `Value`, which is what a service has that knows the names only.
fn every_value_goes_both_ways_without_its_type(store: Option<Store>) {
    let Some((store, mut python, _)) = sides(store) else { return };
    let config: Config<Untyped, Json> = config(&store);
    for (name, _) in CASES {
        assert_eq!(python.ask(&format!("write {name}")), "ok", "{name}");
        let theirs = bytes(&config, name);
        let text = config.get_text(name).unwrap_or_else(|e| panic!("{name}: {e}"));
        config.reset_name(name).expect("resets");
        config.set_text(name, &text).unwrap_or_else(|e| panic!("{name}: {e}"));
        assert_eq!(bytes(&config, name), theirs, "{name}");
        assert_eq!(python.ask(&format!("compare {name}")), "same", "{name}");
    }
}

#[test]
fn every_value_that_python_knows_is_a_case() {
    let Some((_store, mut python, _)) = sides(Store::sqlite()) else { return };
    let said = python.ask("names");
    let mut theirs: Vec<&str> = said.split(' ').collect();
    let mut ours: Vec<&str> = CASES.iter().map(|(name, _)| *name).collect();
    theirs.sort_unstable();
    ours.sort_unstable();
    assert_eq!(ours, theirs);
}

fn live_hears_of_a_save_in_django(store: Option<Store>) {
    let Some((_store, mut python, config)) = sides(store) else { return };
    let live = config.live().expect("loads");
    assert_eq!(live.load().int_value, None);
    assert_eq!(python.ask("write INT_VALUE"), "ok");
    while live.load().int_value != Some(1) {
        assert!(live.wait_for_change(Duration::from_secs(60)), "the save does not arrive");
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

fn a_store_of_django_constance_3_is_read_and_converted(store: Option<Store>) {
    let Some(store) = store else { return };
    // First, so that a table is the one that its migrations make.
    let Some(mut old) = Python::start("CONSTANCE_PYTHON_3", &store.python_url()) else { return };
    let (config, untyped): (Config<Shared, Json>, Config<Untyped, Json>) = (self::config(&store), self::config(&store));
    let (reading, reading_untyped): (Config<Shared, Json>, Config<Untyped, Json>) = (pickles(&store), pickles(&store));
    for (name, _) in CASES {
        assert_eq!(old.ask(&format!("write {name}")), "ok", "{name}");
        assert!(config.get_text(name).is_err(), "{name} is a pickle");
    }
    drop(old);
    // In a table it stored NULL for None, which is no value and stays as it is.
    let has_null = !matches!(store, Store::Redis(_));
    assert_eq!(reading.get_text("none").is_err(), has_null);
    let cases: Vec<_> = CASES.iter().filter(|(name, _)| *name != "none" || !has_null).collect();
    let read = |name: &str| (reading.get_text(name).expect(name), reading_untyped.get_text(name).expect(name));
    let in_place: Vec<_> = cases.iter().map(|(name, _)| read(name)).collect();
    let import = SettingsArgs::parse_from(["settings", "import-legacy", "--write"]).command;
    let mut out = Vec::new();
    let imported = import.run_to(&config, &mut out);
    assert_eq!(imported.is_err(), has_null, "it says what it cannot convert");
    let said = String::from_utf8(out).expect("UTF-8");
    assert!(said.ends_with(&format!("{} of {} values converted\n", cases.len(), CASES.len())), "{said}");
    // Now the project moves to django-constance 4, whose own migration finds nothing left to convert.
    let Some(mut python) = Python::start("CONSTANCE_PYTHON", &store.python_url()) else { return };
    for ((name, text), in_place) in cases.into_iter().zip(in_place) {
        let now = (config.get_text(name).expect(name), untyped.get_text(name).expect(name));
        assert_eq!(now, in_place, "{name}");
        assert_eq!(python.ask(&format!("compare {name}")), "same", "{name}");
        let converted = bytes(&config, name);
        config.set_text(name, text).expect(name);
        assert_eq!(bytes(&config, name), converted, "{name}");
    }
}

fn pickles<S: Settings>(store: &Store) -> Config<S, Json> {
    Config::builder(store.backend()).codec(Json::new().reading_pickles(true)).build().expect("builds")
}
