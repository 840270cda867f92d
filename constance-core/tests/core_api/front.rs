//! Reading and writing through `Config`.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use constance_core::testing::{FaultyBackend, Method, ReferenceBackend};
use constance_core::{
    Backend, Codec, Config, ErrorKind, Kind, MessagePack, Prefix, SettingType, Settings,
    backend::{Batch, Change, Encoded, Key, MAX_KEY_LEN, Stored},
};

#[derive(Debug, Clone, PartialEq, Settings)]
#[settings(validate = low_below_high)]
struct Bounds {
    #[setting(default = 1, min = 0, max = 100)]
    low: i64,
    #[setting(default = 10, min = 0, max = 100)]
    high: i64,
}

fn low_below_high(bounds: &Bounds) -> Result<(), &'static str> {
    if bounds.low < bounds.high { Ok(()) } else { Err("low must be below high") }
}

#[derive(Debug, Clone, PartialEq, Settings)]
struct Shop {
    /// Answer to the Ultimate Question of Life, The Universe, and Everything
    #[setting(default = 42, min = 0)]
    the_answer: i64,
    #[setting(default = "My Title", group = "General", alias = "title", alias = "older_title")]
    site_name: String,
    #[setting(default = Duration::from_secs(1800))]
    basket_timeout: Duration,
    note: Option<String>,
    #[setting(default)]
    weights: HashMap<String, f64>,
}

fn shop() -> (Arc<ReferenceBackend>, Config<Shop>) {
    let backend = Arc::new(ReferenceBackend::new());
    (Arc::clone(&backend), Config::new(backend))
}

fn key(config: &Config<Shop>, name: &str) -> Key {
    config.prefix().key(name).unwrap_or_else(|e| panic!("{e}"))
}

fn put(backend: &ReferenceBackend, key: Key, bytes: &[u8]) {
    backend.put(&key, Stored::Value(Encoded::from(bytes)));
}

#[test]
fn the_default_is_in_force_until_a_value_is_stored_and_a_read_writes_nothing() {
    let (backend, config) = shop();
    assert_eq!(config.get(Shop::THE_ANSWER).expect("reads"), 42);
    assert_eq!(config.snapshot().expect("reads"), Shop::defaults());
    assert!(!config.is_set(Shop::THE_ANSWER).expect("reads"));
    assert!(backend.list(config.prefix()).expect("lists").is_empty(), "promise 1: a read never writes");
    config.set(Shop::THE_ANSWER, 42).expect("writes");
    assert!(config.is_set(Shop::THE_ANSWER).expect("reads"), "the default can be stored too");
    config.reset(Shop::THE_ANSWER).expect("writes");
    assert!(!config.is_set(Shop::THE_ANSWER).expect("reads"));
}

#[test]
fn none_empty_zero_and_not_stored_are_four_things() {
    let (_, config) = shop();
    config.set(Shop::NOTE, Some(String::new())).expect("writes");
    assert_eq!(config.get(Shop::NOTE).expect("reads"), Some(String::new()));
    config.set(Shop::NOTE, None).expect("writes");
    assert_eq!(config.get(Shop::NOTE).expect("reads"), None);
    assert!(config.is_set(Shop::NOTE).expect("reads"), "none is stored, not absent");
    config.set(Shop::THE_ANSWER, 0).expect("writes");
    assert_eq!(config.get(Shop::THE_ANSWER).expect("reads"), 0);
    config.set(Shop::SITE_NAME, String::new()).expect("writes");
    assert_eq!(config.snapshot().expect("reads").site_name, "");
}

#[test]
fn a_refused_value_is_not_stored_and_the_error_says_what_is_accepted() {
    let (_, config) = shop();
    let error = config.set(Shop::THE_ANSWER, -77).expect_err("refused");
    assert_eq!(error.kind(), ErrorKind::Invalid);
    assert_eq!(error.to_string(), "setting \"the_answer\": must be at least 0; accepted is a whole number, at least 0");
    assert!(!config.is_set(Shop::THE_ANSWER).expect("reads"));
    let both = config.change().set(Shop::THE_ANSWER, -1).set(Shop::SITE_NAME, "x".into()).apply();
    assert_eq!(both.expect_err("refused").setting(), Some("the_answer"));
    assert!(!config.is_set(Shop::SITE_NAME).expect("reads"), "nothing of a refused change set is stored");
}

#[test]
fn one_unreadable_value_does_not_hide_the_others_and_can_be_repaired() {
    let (backend, config) = shop();
    config.set(Shop::BASKET_TIMEOUT, Duration::from_secs(5)).expect("writes");
    put(&backend, key(&config, "the_answer"), b"rubbish");
    backend.put(&key(&config, "site_name"), Stored::Foreign("a list"));
    let all = config.read_all().expect("reads");
    assert_eq!(all.values, Shop { basket_timeout: Duration::from_secs(5), ..Shop::defaults() });
    let names: Vec<_> = all.unreadable.iter().filter_map(|e| e.setting()).collect();
    assert_eq!(names, ["the_answer", "site_name"]);
    let error = config.snapshot().expect_err("strict");
    assert_eq!(error.kind(), ErrorKind::Decode);
    assert_eq!(error.each().count(), 2);
    assert!(
        error.to_string().starts_with("cannot read settings \"the_answer\", \"site_name\" from reference: "),
        "{error}"
    );
    let list = config.list().expect("lists");
    assert_eq!(list.iter().map(|entry| entry.text.is_ok()).collect::<Vec<_>>(), [false, false, true, true, true]);
    assert_eq!(
        config.get(Shop::SITE_NAME).expect_err("foreign").to_string(),
        "cannot read setting \"site_name\" from reference: the store holds a list there; set or reset the setting to repair it"
    );
    assert_eq!(config.verify().expect_err("unreadable").kind(), ErrorKind::Decode);
    config.set(Shop::THE_ANSWER, 1).expect("set repairs");
    config.reset(Shop::SITE_NAME).expect("reset repairs");
    assert_eq!(config.snapshot().expect("reads").the_answer, 1);
    config.verify().expect("all is well");
}

#[test]
fn a_stored_value_that_breaks_todays_rules_is_invalid_on_reading() {
    let (backend, config) = shop();
    let bytes = MessagePack.encode(&<i64 as SettingType>::KIND, &-5_i64).expect("encodes");
    put(&backend, key(&config, "the_answer"), bytes.as_bytes());
    let error = config.get(Shop::THE_ANSWER).expect_err("invalid");
    assert_eq!(error.kind(), ErrorKind::Invalid);
    assert_eq!(
        error.to_string(),
        "cannot read setting \"the_answer\" from reference: must be at least 0; set or reset the setting to repair it"
    );
    assert_eq!(config.read_all().expect("reads").unreadable.len(), 1);
}

#[test]
fn an_old_name_is_read_and_reset_removes_both() {
    let (backend, config) = shop();
    let text = |text: &str| MessagePack.encode(&Kind::Text, text).expect("encodes");
    put(&backend, key(&config, "title"), text("Old").as_bytes());
    assert_eq!(config.get(Shop::SITE_NAME).expect("reads"), "Old");
    assert_eq!(config.snapshot().expect("reads").site_name, "Old");
    assert!(config.stale_keys().expect("lists").is_empty(), "an alias is no stale key");
    config.compare_and_set(Shop::SITE_NAME, "Old".into(), "New".into()).expect("the old name's value is in force");
    assert_eq!(config.get(Shop::SITE_NAME).expect("reads"), "New");
    config.reset(Shop::SITE_NAME).expect("writes");
    assert_eq!(config.get(Shop::SITE_NAME).expect("reads"), "My Title");
    assert!(backend.list(config.prefix()).expect("lists").is_empty());
}

#[test]
fn compare_and_set_compares_values_and_not_bytes() {
    let (backend, config) = shop();
    let (a, b) = (("a".to_owned(), 1.0_f64), ("b".to_owned(), 2.0_f64));
    // The same map, its entries stored in the two possible orders.
    for entries in [[&a, &b], [&b, &a]] {
        let mut bytes = vec![0xc1, 1, b'M', b'f', 0x82];
        for (name, value) in entries {
            bytes.extend([0xa1, name.as_bytes()[0], 0xcb]);
            bytes.extend(value.to_be_bytes());
        }
        put(&backend, key(&config, "weights"), &bytes);
        let expected = HashMap::from([a.clone(), b.clone()]);
        config.compare_and_set(Shop::WEIGHTS, expected, HashMap::new()).expect("the same map");
    }
    let error = config.compare_and_set(Shop::WEIGHTS, HashMap::from([a]), HashMap::new()).expect_err("conflict");
    assert_eq!(error.current::<HashMap<String, f64>>(), Some(&HashMap::new()));
    assert_eq!(
        error.to_string(),
        "cannot write setting \"weights\" to reference: the stored value was changed by another writer"
    );
}

#[test]
fn compare_and_set_takes_nan_for_itself() {
    let (_, config) = shop();
    let nan = HashMap::from([("a".to_owned(), f64::NAN)]);
    config.set(Shop::WEIGHTS, nan.clone()).expect("a NaN can be stored");
    config.compare_and_set(Shop::WEIGHTS, nan, HashMap::new()).expect("the same NaN");
}

#[test]
fn updates_by_many_threads_lose_nothing() {
    let (_, config) = shop();
    std::thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| {
                for _ in 0..50 {
                    config.update(Shop::THE_ANSWER, |n| n + 1).expect("updates");
                }
            });
        }
    });
    assert_eq!(config.get(Shop::THE_ANSWER).expect("reads"), 42 + 400);
}

#[test]
fn a_change_set_is_applied_as_a_whole_or_not_at_all() {
    let (_, config) = shop();
    config.change().set(Shop::THE_ANSWER, 1).set(Shop::SITE_NAME, "a".into()).apply().expect("applies");
    let error = config
        .change()
        .set(Shop::SITE_NAME, "b".into())
        .expect(Shop::THE_ANSWER, 99)
        .apply()
        .expect_err("what is expected is not in force");
    assert_eq!((error.kind(), error.setting()), (ErrorKind::Conflict, Some("the_answer")));
    assert_eq!(error.current::<i64>(), Some(&1));
    assert_eq!(config.get(Shop::SITE_NAME).expect("reads"), "a");
    config.change().expect(Shop::THE_ANSWER, 1).reset(Shop::SITE_NAME).apply().expect("applies");
    assert_eq!(config.get(Shop::SITE_NAME).expect("reads"), "My Title");
    config.change().apply().expect("nothing to do");
}

#[test]
fn the_rule_across_settings_is_held_on_every_path() {
    let config = Config::<Bounds>::new(ReferenceBackend::new());
    let error = config.set(Bounds::LOW, 10).expect_err("refused");
    assert_eq!(
        (error.kind(), error.to_string()),
        (ErrorKind::Invalid, "setting \"low\": low must be below high".into())
    );
    assert!(config.set_text("low", "10").is_err());
    assert!(config.compare_and_set(Bounds::LOW, 1, 10).is_err());
    assert!(config.update(Bounds::LOW, |_| 10).is_err());
    config.change().set(Bounds::LOW, 20).set(Bounds::HIGH, 30).apply().expect("together they keep it");
    assert!(config.reset(Bounds::HIGH).is_err(), "resetting is writing the default");
    config.change().reset(Bounds::LOW).reset(Bounds::HIGH).apply().expect("both");
    assert!(!config.is_set(Bounds::HIGH).expect("reads"));
}

#[test]
fn the_rule_across_settings_holds_against_another_writer() {
    let config = Config::<Bounds>::new(ReferenceBackend::new());
    // One writer raises `low`, one lowers `high`, each right by itself: at no moment may the pair be wrong.
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                for n in 0..100 {
                    let _ = config.set(Bounds::LOW, n % 10);
                }
            });
            scope.spawn(|| {
                for n in 0..100 {
                    let _ = config.set(Bounds::HIGH, n % 10);
                }
            });
        }
        for _ in 0..200 {
            let bounds = config.snapshot().expect("reads");
            assert!(bounds.low < bounds.high, "{bounds:?}");
        }
    });
}

#[test]
fn an_unreadable_setting_does_not_forbid_repairing_another() {
    let backend = Arc::new(ReferenceBackend::new());
    let config = Config::<Bounds>::new(Arc::clone(&backend));
    for name in ["low", "high"] {
        put(&backend, config.prefix().key(name).expect("a key"), b"rubbish");
    }
    config.set(Bounds::LOW, 5).expect("repairs");
    config.reset(Bounds::HIGH).expect("repairs");
    assert_eq!(config.snapshot().expect("reads"), Bounds { low: 5, high: 10 });
}

#[test]
fn settings_are_reached_by_name_and_text() {
    let (_, config) = shop();
    config.set_text("basket_timeout", "1h 30m").expect("writes");
    assert_eq!(config.get(Shop::BASKET_TIMEOUT).expect("reads"), Duration::from_secs(5400));
    assert_eq!(config.get_text("basket_timeout").expect("reads"), "1h 30m");
    config.set_text("note", "none").expect("writes");
    assert!(config.is_set(Shop::NOTE).expect("reads"));
    config.reset_name("note").expect("writes");
    assert!(!config.is_set(Shop::NOTE).expect("reads"));
    for (error, text) in [
        (
            config.set_text("the_answer", "-3").expect_err("too small"),
            "setting \"the_answer\": must be at least 0; accepted is a whole number, at least 0",
        ),
        (
            config.get_text("the-answr").expect_err("unknown"),
            "setting \"the-answr\": there is no such setting; did you mean \"the_answer\"?",
        ),
        (
            config.reset_name("completely_else").expect_err("unknown"),
            "setting \"completely_else\": there is no such setting; list the settings to see their names",
        ),
        (
            config.get_text("pass word:hunter2").expect_err("no name"),
            "this cannot be the name of a setting; list the settings to see their names",
        ),
    ] {
        assert_eq!(error.to_string(), text);
    }
}

#[test]
fn stale_keys_are_those_of_this_prefix_that_this_program_does_not_declare() {
    let backend = ReferenceBackend::new();
    let config =
        Config::<Shop>::builder(&backend).prefix(Prefix::new("a:").expect("a prefix")).build_typed().expect("builds");
    config.set(Shop::THE_ANSWER, 1).expect("writes");
    for (prefix, name) in [("a:", "gone"), ("a:b:", "gone"), ("", "gone"), ("A:", "gone")] {
        let key = Prefix::new(prefix).and_then(|p| p.key(name)).expect("a key");
        backend.write(&Batch::one(Change::set(key, Encoded::from(vec![1])))).expect("writes");
    }
    assert_eq!(config.stale_keys().expect("lists"), ["gone"]);
    assert_eq!(config.remove_stale_keys(["gone"]).expect("removes"), ["gone"]);
    assert!(config.stale_keys().expect("lists").is_empty());
    for prefix in ["a:b:", "", "A:"] {
        assert_eq!(backend.list(&Prefix::new(prefix).expect("a prefix")).expect("lists").len(), 1, "{prefix:?}");
    }
    assert_eq!(config.get(Shop::THE_ANSWER).expect("reads"), 1);
}

#[test]
fn a_key_that_is_too_long_is_found_when_the_config_is_built() {
    let prefix = Prefix::new(&format!("{}:", "p".repeat(MAX_KEY_LEN - 5))).expect("a prefix");
    let error = Config::<Shop>::builder(ReferenceBackend::new()).prefix(prefix).build().expect_err("too long");
    assert_eq!(error.kind(), ErrorKind::Configuration);
    assert!(error.to_string().contains("at most 255"), "{error}");
}

#[test]
fn a_config_over_a_reference_and_one_over_any_backend_share_a_store() {
    let backend = ReferenceBackend::new();
    let one = Config::<Shop>::builder(&backend).build_typed().expect("builds");
    let other = Config::<Shop>::builder(&backend).build_typed().expect("builds");
    one.set(Shop::THE_ANSWER, 7).expect("writes");
    assert_eq!(other.clone().get(Shop::THE_ANSWER).expect("reads"), 7);
    fn is_shareable<T: Clone + Send + Sync>(_: &T) {}
    is_shareable(&one);
    is_shareable(&Config::<Shop>::new(ReferenceBackend::new()));
}

#[test]
fn migrate_and_verify_ask_the_backend() {
    let (_, config) = shop();
    config.migrate().expect("nothing is needed");
    config.verify().expect("all is well");
}

#[test]
fn warming_is_one_read_of_everything_and_unreadable_values_do_not_stop_it() {
    let backend = Arc::new(FaultyBackend::new(ReferenceBackend::new()));
    let config = Config::<Shop>::new(Arc::clone(&backend));
    put(backend.inner(), key(&config, "the_answer"), b"rubbish");
    config.warm().expect("it answers");
    assert_eq!((backend.calls(Method::Read), backend.store_calls()), (1, 1));
    backend.fail_all(ErrorKind::Timeout);
    let error = config.warm().expect_err("an outage");
    assert_eq!(error.to_string(), "cannot read settings from reference: the test made this call fail");
}
