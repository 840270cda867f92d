//! The figures of `live()`. A program of its own: a recorder is that of the process.
#![cfg(all(feature = "metrics", feature = "testing"))]
#![allow(clippy::expect_used)]

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, LazyLock, Mutex};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use constance_core::testing::{FaultyBackend, Method, ReferenceBackend};
use constance_core::{Backend, Config, ErrorKind, LiveOptions, Prefix, Settings};
use metrics_util::debugging::{DebugValue, DebuggingRecorder, Snapshotter};
use serde::{Deserialize, Serialize};

const SECRET: &str = "hunter2";
/// Another one.
const NUMBER: i64 = 73_577_357;
const LONG: Duration = Duration::from_secs(60);

#[derive(Debug, Clone, Settings)]
struct Vault {
    #[setting(default = "", secret)]
    password: String,
    #[setting(default = 1)]
    digit: i64,
    #[setting(default = "open")]
    motto: String,
}

#[derive(Debug, Clone, Settings)]
struct Mapped {
    #[setting(default, serde)]
    names: Names,
}

#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
struct Names {
    names: HashMap<String, String>,
}

/// The same settings in another order.
mod turned {
    use super::*;

    #[derive(Debug, Clone, Settings)]
    pub(super) struct Vault {
        #[setting(default = "open")]
        motto: String,
        #[setting(default = 1)]
        digit: i64,
        #[setting(default = "", secret)]
        password: String,
    }
}

type Key = (String, Vec<(String, String)>);

/// What has been recorded up to now: reading takes it out of the recorder.
static SEEN: LazyLock<(Snapshotter, Mutex<BTreeMap<Key, f64>>)> = LazyLock::new(|| {
    let recorder = DebuggingRecorder::new();
    let snapshotter = recorder.snapshotter();
    recorder.install().expect("the only one");
    (snapshotter, Mutex::default())
});

fn recorded() -> BTreeMap<Key, f64> {
    let (snapshotter, seen) = &*SEEN;
    let mut seen = seen.lock().expect("no panic");
    for (key, _, _, value) in snapshotter.snapshot().into_vec() {
        let (_, key) = key.into_parts();
        let labels = key.labels().map(|label| (label.key().to_owned(), label.value().to_owned())).collect();
        let figure = seen.entry((key.name().to_owned(), labels)).or_default();
        match value {
            DebugValue::Counter(count) => *figure += count as f64,
            DebugValue::Gauge(value) if value.0 != 0.0 => *figure = value.0,
            DebugValue::Gauge(_) | DebugValue::Histogram(_) => {}
        }
    }
    seen.clone()
}

/// The sum of a figure under a prefix, of those with this label.
fn figure(name: &str, prefix: &str, with: Option<(&str, &str)>) -> f64 {
    let has =
        |labels: &[(String, String)], (key, value): (&str, &str)| labels.iter().any(|(k, v)| k == key && v == value);
    let is =
        |(n, labels): &Key| n == name && has(labels, ("prefix", prefix)) && with.is_none_or(|with| has(labels, with));
    recorded().iter().filter(|(key, _)| is(key)).map(|(_, figure)| figure).sum()
}

fn until(what: &str, holds: impl Fn() -> bool) {
    let deadline = Instant::now() + LONG;
    while !holds() {
        assert!(Instant::now() < deadline, "{what}: {:#?}", recorded());
        std::thread::yield_now();
    }
}

fn config<S: Settings>(prefix: &str, backend: impl Backend + 'static) -> Config<S> {
    LazyLock::force(&SEEN);
    Config::builder(backend).prefix(Prefix::without_separator(prefix).expect("a prefix")).build().expect("builds")
}

#[test]
fn loads_failures_and_changes_are_counted() {
    let backend = Arc::new(FaultyBackend::new(ReferenceBackend::new()));
    let config = config::<Vault>("counted:", Arc::clone(&backend));
    config.set(Vault::DIGIT, 7).expect("writes");
    let began = SystemTime::now().duration_since(UNIX_EPOCH).expect("after 1970").as_secs_f64();
    let live = config.live_with(LiveOptions::new().poll_interval(Duration::from_millis(1))).expect("loads");
    assert!(figure("constance_live_loads_total", "counted:", None) >= 1.0, "{:#?}", recorded());
    let read = figure("constance_live_read_timestamp_seconds", "counted:", None);
    assert!((read - began).abs() < LONG.as_secs_f64(), "{read} is not near {began}");
    let changes = || figure("constance_changes_total", "counted:", None);
    assert!(changes() < 0.5, "the first load counts as a change: {}", changes());
    config.set(Vault::DIGIT, 8).expect("writes");
    config.set(Vault::MOTTO, "shut".to_owned()).expect("writes");
    until("the changes are counted", || changes() >= 2.0);
    backend.fail_method(Method::Read, ErrorKind::Denied);
    let denied = || figure("constance_live_failures_total", "counted:", Some(("kind", "denied")));
    config.set(Vault::DIGIT, 9).expect("writes");
    until("the failure is counted", || denied() >= 1.0);
    backend.heal();
    until("the third change is counted", || changes() >= 3.0);
    drop(live);
    assert!((changes() - 3.0).abs() < 0.5, "a change counts twice: {}", changes());
}

/// The digest of a process with settings `S`, over a store in which somebody changed `Vault`.
fn digest<S: Settings>(prefix: &str, change: impl FnOnce(&Config<Vault>)) -> f64 {
    let store = Arc::new(ReferenceBackend::new());
    change(&config(prefix, Arc::clone(&store)));
    drop(config::<S>(prefix, store).live().expect("loads"));
    figure("constance_live_digest", prefix, None)
}

#[test]
fn the_digest_is_that_of_the_values_but_not_of_secrets() {
    let seven = |config: &Config<Vault>| config.set(Vault::DIGIT, 7).map(drop).expect("writes");
    let first = digest::<Vault>("first:", seven);
    assert!(first > 0.0 && first < 9_007_199_254_740_992.0, "{first}");
    let same = |one: f64, other: f64| one.to_bits() == other.to_bits();
    assert!(same(first, digest::<Vault>("second:", seven)), "equal values");
    assert!(same(first, digest::<turned::Vault>("turned:", seven)), "another order");
    let secret = digest::<Vault>("secret:", |config| {
        seven(config);
        config.set(Vault::PASSWORD, SECRET.to_owned()).expect("writes");
    });
    assert!(same(first, secret), "a secret is part of it");
    assert!(!same(first, digest::<Vault>("eight:", |config| config.set(Vault::DIGIT, 8).map(drop).expect("writes"))));
    // Between two settings of one type, too.
    let swapped = digest::<Vault>("motto:", |config| {
        seven(config);
        config.set(Vault::MOTTO, "7".to_owned()).expect("writes");
    });
    assert!(!same(first, swapped));
}

#[test]
fn the_digest_does_not_depend_on_the_order_of_a_map() {
    let of = |prefix: &str, reversed: bool| {
        let store = Arc::new(ReferenceBackend::new());
        let config = config::<Mapped>(prefix, store);
        let mut names: Vec<String> = (0..100).map(|n| format!("n{n}")).collect();
        if reversed {
            names.reverse();
        }
        let names = names.into_iter().map(|name| (name.clone(), name)).collect();
        config.set(Mapped::NAMES, Names { names }).expect("writes");
        drop(config.live().expect("loads"));
        figure("constance_live_digest", prefix, None)
    };
    let (one, other) = (of("mapped:", false), of("reversed:", true));
    assert!(one > 0.0 && one.to_bits() == other.to_bits(), "{one} and {other}");
}

#[test]
fn the_digest_follows_a_change() {
    let config = config::<Vault>("followed:", Arc::new(ReferenceBackend::new()));
    let live = config.live_with(LiveOptions::new().poll_interval(Duration::from_millis(1))).expect("loads");
    let digest = || figure("constance_live_digest", "followed:", None);
    let before = digest();
    config.set(Vault::DIGIT, 3).expect("writes");
    until("the digest follows", || digest().to_bits() != before.to_bits());
    config.set(Vault::DIGIT, 1).expect("writes");
    until("the digest goes back with the values", || digest().to_bits() == before.to_bits());
    drop(live);
}

#[test]
fn no_label_shows_a_value() {
    let backend = Arc::new(FaultyBackend::new(ReferenceBackend::new()));
    let config = config::<Vault>("hushed:", Arc::clone(&backend));
    config.set(Vault::PASSWORD, SECRET.to_owned()).expect("writes");
    config.set(Vault::DIGIT, NUMBER).expect("writes");
    let live = config.live_with(LiveOptions::new().poll_interval(Duration::from_millis(1))).expect("loads");
    backend.fail_method(Method::Read, ErrorKind::Timeout);
    config.set(Vault::MOTTO, SECRET.to_owned()).expect("writes");
    until("it fails", || figure("constance_live_failures_total", "hushed:", Some(("kind", "timeout"))) >= 1.0);
    drop(live);
    let number = NUMBER.to_string();
    for (name, labels) in recorded().into_keys() {
        let shows = labels.iter().any(|(_, label)| label.contains(SECRET) || label.contains(&number));
        assert!(!shows, "{name}: {labels:?}");
    }
    let own =
        recorded().into_keys().find(|(name, labels)| name == "constance_live_loads_total" && labels[0].1 == "hushed:");
    let (_, labels) = own.expect("it has loaded");
    assert_eq!(labels[1..], [("backend".into(), "reference".into()), ("settings".into(), "Vault".into())]);
}
