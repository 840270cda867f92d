//! Promise 9: no value of a setting appears in an error, its whole `source()` chain, a `Debug`, or a log record.

use std::error::Error as _;
use std::sync::Arc;

use constance_core::testing::ReferenceBackend;
use constance_core::{
    Backend, Codec, Config, Error, Kind, MessagePack, SettingEnum, Settings,
    backend::{Encoded, Stored},
};
use serde::{Deserialize, Serialize};

/// A value that must not be seen anywhere; every part of it is looked for.
const SECRET: &str = "hunter2";
/// The same as a number.
const NUMBER: i64 = 73_577_357;

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
enum Mode {
    Plain,
}

#[derive(Debug, Clone, Copy, PartialEq, SettingEnum)]
enum Theme {
    Dark,
}

#[derive(Debug, Clone, PartialEq, Settings)]
struct Vault {
    #[setting(default = "hunter2", secret, validate = |v: &String| if v.len() > 20 { Err(format!("bad {v}")) } else { Ok(()) })]
    password: String,
    #[setting(default = 1, max = 9)]
    digit: i64,
    #[setting(default = Mode::Plain, serde)]
    mode: Mode,
    #[setting(default = Theme::Dark)]
    theme: Theme,
    #[setting(default)]
    list: Vec<u8>,
}

fn assert_silent(what: &str, text: &str) {
    assert!(!text.contains(SECRET) && !text.contains(&NUMBER.to_string()), "{what} shows a value: {text}");
}

fn assert_error_silent(error: &Error) {
    assert_silent("an error", &format!("{error} {error:?} {error:#?}"));
    for part in error.each() {
        assert_silent("a part of an error", &format!("{part} {part:?}"));
    }
    let mut source = error.source();
    while let Some(cause) = source {
        assert_silent("a source", &format!("{cause} {cause:?}"));
        source = cause.source();
    }
}

#[test]
fn no_error_shows_a_value() {
    let backend = Arc::new(ReferenceBackend::new());
    let config = Config::<Vault>::new(Arc::clone(&backend));
    let long = SECRET.repeat(9);
    let mut errors = vec![
        config.set(Vault::PASSWORD, long.clone()).expect_err("refused"),
        config.set_text("password", &long).expect_err("refused"),
        config.set_text("digit", SECRET).expect_err("refused"),
        config.set_text("digit", &NUMBER.to_string()).expect_err("refused"),
        config.set_text("mode", "\"hunter2\"").expect_err("refused"),
        config.set_text("theme", SECRET).expect_err("refused"),
        config.set_text("list", "[\"hunter2\"]").expect_err("refused"),
        config.change().set(Vault::PASSWORD, long).set(Vault::DIGIT, NUMBER).apply().expect_err("refused"),
    ];
    config.set(Vault::PASSWORD, SECRET.to_owned()).expect("writes");
    errors.push(config.compare_and_set(Vault::PASSWORD, String::new(), "x".to_owned()).expect_err("conflict"));
    errors.push(config.overrides().set(Vault::DIGIT, NUMBER).expect_err("refused"));
    for (name, bytes) in [
        ("digit", MessagePack.encode(&Kind::Text, SECRET).expect("encodes")),
        ("mode", MessagePack.encode(&Kind::Text, SECRET).expect("encodes")),
        ("theme", MessagePack.encode(&Kind::Text, SECRET).expect("encodes")),
        ("list", MessagePack.encode(&Kind::Serde, &vec![NUMBER]).expect("encodes")),
        ("password", Encoded::from(SECRET.as_bytes())),
    ] {
        backend.put(&config.prefix().key(name).expect("a key"), Stored::Value(bytes));
        errors.push(config.get_text(name).expect_err("unreadable"));
    }
    errors.push(config.snapshot().expect_err("unreadable"));
    errors.push(config.live().expect_err("unreadable"));
    assert!(errors.iter().all(|e| e.setting().is_some()), "every one names its setting");
    errors.iter().for_each(assert_error_silent);
}

#[test]
fn no_debug_shows_a_value() {
    let config = Config::<Vault>::new(ReferenceBackend::new());
    config.set(Vault::PASSWORD, SECRET.to_owned()).expect("writes");
    let key = config.prefix().key("password").expect("a key");
    let change = constance_core::backend::Change::set(key.clone(), Encoded::from(SECRET.as_bytes()));
    let test = config.overrides();
    let guard = test.set(Vault::PASSWORD, SECRET.to_owned()).expect("accepted");
    let live = test.live().expect("loads");
    let shown = [
        format!("{config:?} {:?} {:?}", config.schema(), config.schema().settings().collect::<Vec<_>>()),
        format!("{:?} {:?}", config.list().expect("lists"), config.read_all().expect("reads")),
        format!("{:?}", config.change().set(Vault::PASSWORD, SECRET.to_owned())),
        format!("{:?} {:?}", config.backend().read(&[&key]), config.backend()),
        format!("{change:?} {:?}", constance_core::backend::Batch::one(change.clone())),
        format!("{test:?} {guard:?} {live:?} {:?} {:?} {:?}", live.load(), live.reader(), live.status()),
    ];
    shown.iter().for_each(|text| assert_silent("a Debug", text));
    let (sender, events) = std::sync::mpsc::channel();
    let subscription = config.subscribe(move |event| sender.send(format!("{event:?}")).expect("somebody listens"));
    config.set(Vault::PASSWORD, format!("{SECRET}!")).expect("writes");
    assert_silent("a Debug", &format!("{subscription:?} {}", events.recv().expect("an event")));
}
