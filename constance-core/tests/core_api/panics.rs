//! A function of the application that panics is an error that names its setting, and stops nothing else.

use std::sync::Arc;
use std::time::Duration;

use constance_core::testing::ReferenceBackend;
use constance_core::{
    Codec, Config, Error, ErrorKind, Kind, Live, MessagePack, SettingType, Settings, backend::Stored,
};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// Panics where it is read, written, or compared with this value.
const BAD: i64 = 13;

#[derive(Debug, Clone)]
struct Touchy(i64);

impl Serialize for Touchy {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        assert_ne!(self.0, BAD + 1, "written");
        serializer.serialize_i64(self.0)
    }
}

impl<'de> Deserialize<'de> for Touchy {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let value = i64::deserialize(deserializer)?;
        assert_ne!(value, BAD, "read");
        Ok(Self(value))
    }
}

impl PartialEq for Touchy {
    fn eq(&self, other: &Self) -> bool {
        assert_ne!(self.0, BAD + 2, "compared");
        self.0 == other.0
    }
}

impl SettingType for Touchy {
    const KIND: Kind = <i64 as SettingType>::KIND;

    fn parse(text: &str) -> Result<Self, constance_core::ParseError> {
        assert_ne!(text, "bad", "parsed");
        i64::parse(text).map(Self)
    }

    fn print(&self) -> String {
        assert_ne!(self.0, BAD + 3, "printed");
        self.0.to_string()
    }
}

#[derive(Debug, Clone, PartialEq, Settings)]
#[settings(validate = |s: &Shop| if s.burst == 99 { panic!("{} is bad", s.burst) } else { Ok::<(), String>(()) })]
struct Shop {
    #[setting(default = 1, validate = |rate: &i64| if *rate == BAD { panic!("{rate} is bad") } else { Ok::<(), String>(()) })]
    rate: i64,
    #[setting(default = Touchy(1))]
    touchy: Touchy,
    #[setting(default = 1)]
    burst: i64,
}

fn shop() -> (Arc<ReferenceBackend>, Config<Shop>) {
    let backend = Arc::new(ReferenceBackend::new());
    (Arc::clone(&backend), Config::new(backend))
}

fn number(value: i64) -> Stored {
    Stored::Value(MessagePack.encode(&i64::KIND, &value).expect("encodes"))
}

fn put(backend: &ReferenceBackend, config: &Config<Shop>, name: &str, stored: Stored) {
    backend.put(&config.prefix().key(name).expect("a key"), stored);
}

#[track_caller]
fn names(error: &Error, kind: ErrorKind, name: &str, words: &str) {
    assert_eq!((error.kind(), error.setting()), (kind, Some(name)), "{error}");
    assert!(error.to_string().contains(words) && !error.to_string().contains("13"), "{error}");
}

const RULE: &str = "a rule of this setting panicked";
const READING: &str = "reading the stored value panicked";

#[test]
fn a_rule_that_panics_refuses_the_value() {
    let (backend, config) = shop();
    names(&config.set(Shop::RATE, BAD).expect_err("refused"), ErrorKind::Invalid, "rate", RULE);
    names(&config.set_text("rate", "13").expect_err("refused"), ErrorKind::Invalid, "rate", RULE);
    names(&config.overrides().set(Shop::RATE, BAD).expect_err("refused"), ErrorKind::Invalid, "rate", RULE);
    put(&backend, &config, "rate", number(BAD));
    for error in [
        config.get(Shop::RATE).expect_err("refused"),
        config.get_text("rate").expect_err("refused"),
        config.snapshot().expect_err("refused"),
        config.verify().expect_err("refused"),
        config.live().expect_err("refused"),
    ] {
        names(&error, ErrorKind::Invalid, "rate", RULE);
    }
    assert_eq!(config.read_all().expect("reads").unreadable.len(), 1);
    config.set(Shop::RATE, 2).expect("is repaired");
    assert_eq!(config.get(Shop::RATE).expect("reads"), 2);
}

#[test]
fn a_type_that_panics_is_unreadable() {
    let (backend, config) = shop();
    put(&backend, &config, "touchy", number(BAD));
    names(&config.get(Shop::TOUCHY).expect_err("refused"), ErrorKind::Decode, "touchy", READING);
    names(&config.snapshot().expect_err("refused"), ErrorKind::Decode, "touchy", READING);
    config.reset(Shop::TOUCHY).expect("is repaired");
    let error = config.set(Shop::TOUCHY, Touchy(BAD + 1)).expect_err("refused");
    names(&error, ErrorKind::Encode, "touchy", "writing the value panicked");
    let error = config.set(Shop::TOUCHY, Touchy(BAD + 2)).expect_err("refused");
    names(&error, ErrorKind::Encode, "touchy", "panicked");
    let error = config.set_text("touchy", "bad").expect_err("refused");
    names(&error, ErrorKind::Invalid, "touchy", "reading the text panicked");
    config.set(Shop::TOUCHY, Touchy(BAD + 3)).expect("writes");
    let error = config.get_text("touchy").expect_err("cannot be shown");
    names(&error, ErrorKind::Invalid, "touchy", "printing the value panicked");
    assert_eq!(config.list().expect("lists").iter().filter(|entry| entry.text.is_ok()).count(), 2);
}

#[test]
fn a_rule_across_settings_that_panics_refuses_the_write() {
    let (_, config) = shop();
    let error = config.set(Shop::BURST, 99).expect_err("refused");
    names(&error, ErrorKind::Invalid, "burst", "the rule across settings panicked");
    assert_eq!(config.get(Shop::BURST).expect("reads"), 1, "nothing was stored");
    config.set(Shop::BURST, 2).expect("writes");
}

/// Waits until the settings are as wanted.
fn until(live: &Live<Shop>, is_wanted: impl Fn(&Shop) -> bool) {
    while !is_wanted(&live.load()) {
        assert!(live.wait_for_change(Duration::from_secs(20)), "no change came: {:?}", live.status());
    }
}

fn follows(bad: &str, kind: ErrorKind, words: &str) {
    let (backend, config) = shop();
    config.set(Shop::RATE, 7).expect("writes");
    config.set(Shop::TOUCHY, Touchy(7)).expect("writes");
    let live = config.live().expect("loads");
    put(&backend, &config, bad, number(BAD));
    // Another writer changes another setting: it is followed, and the bad one keeps its last good value.
    put(&backend, &config, "burst", number(5));
    until(&live, |shop| shop.burst == 5);
    assert_eq!((live.load().rate, live.load().touchy.0), (7, 7));
    names(&live.status().last_error.expect("the status names it"), kind, bad, words);
    put(&backend, &config, bad, number(8));
    until(&live, |shop| if bad == "rate" { shop.rate == 8 } else { shop.touchy.0 == 8 });
}

#[test]
fn live_keeps_the_last_good_value_where_a_rule_panics() {
    follows("rate", ErrorKind::Invalid, RULE);
}

#[test]
fn live_keeps_the_last_good_value_where_a_type_panics() {
    follows("touchy", ErrorKind::Decode, READING);
}

#[test]
fn a_handler_that_panics_is_in_the_status_and_the_settings_are_followed() {
    let (backend, config) = shop();
    let live = config.live().expect("loads");
    let _subscription = config.subscribe(|event| assert_ne!(event.new_value(Shop::BURST), Some(&5), "told"));
    put(&backend, &config, "burst", number(5));
    until(&live, |shop| shop.burst == 5);
    let told = std::time::Instant::now();
    while live.status().last_error.is_none() {
        assert!(told.elapsed() < Duration::from_secs(20), "the status says nothing");
        std::thread::yield_now();
    }
    assert!(live.status().to_string().contains("a handler of the application panicked"), "{}", live.status());
    put(&backend, &config, "burst", number(6));
    until(&live, |shop| shop.burst == 6);
}

#[cfg(feature = "tokio")]
#[tokio::test]
async fn the_asynchronous_twin_gives_the_same_errors() {
    use constance_core::aio::{AsyncConfig, Blocking};

    let backend = Arc::new(ReferenceBackend::new());
    let config = AsyncConfig::<Shop>::new(Blocking::new(Arc::clone(&backend)));
    names(&config.set(Shop::RATE, BAD).await.expect_err("refused"), ErrorKind::Invalid, "rate", RULE);
    for (name, kind, words) in [("rate", ErrorKind::Invalid, RULE), ("touchy", ErrorKind::Decode, READING)] {
        backend.put(&config.prefix().key(name).expect("a key"), number(BAD));
        names(&config.get_text(name).await.expect_err("refused"), kind, name, words);
        names(&config.snapshot().await.expect_err("refused"), kind, name, words);
        config.reset_name(name).await.expect("is repaired");
    }
}
