//! Nothing of a secret setting's value is shown, stored or declared: not its choices and bounds, not its length or first byte.

use std::sync::Arc;

use constance_core::testing::ReferenceBackend;
use constance_core::{
    Codec, Config, Error, ErrorKind, Json, MessagePack, SettingEnum, Settings,
    backend::{Encoded, Stored},
};
use serde::{Deserialize, Serialize};

#[derive(Debug, Clone, Copy, PartialEq, SettingEnum)]
enum Door {
    Hunter2,
    Hunter3,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
enum Mode {
    Hunter2,
    Hunter3,
}

#[derive(Debug, Clone, PartialEq, Settings)]
struct Vault {
    #[setting(default = "hunter2", choices = ["hunter2", "hunter3"], secret)]
    password: String,
    #[setting(default = 735_772, min = 735_770, max = 735_779, secret)]
    pin: i64,
    #[setting(default = Door::Hunter2, secret)]
    door: Door,
    #[setting(default = Some(vec![Door::Hunter3]), secret, alias = "old_doors")]
    doors: Option<Vec<Door>>,
    #[setting(default = Mode::Hunter2, serde, secret)]
    mode: Mode,
}

const NAMES: [&str; 5] = ["password", "pin", "door", "doors", "mode"];

#[track_caller]
fn silent(text: &str) {
    let text = text.to_lowercase();
    for part in
        ["hunter", "73577", "bytes stored", "0x", "map", "a text", "a list", "whole number of", "pickle", "json,"]
    {
        assert!(!text.contains(part), "{part}: {text}");
    }
}

#[track_caller]
fn silent_error(error: &Error) {
    for part in error.each() {
        silent(&format!("{part} {part:?}"));
    }
}

fn every_error<C: Codec>(
    config: &Config<Vault, C>,
    backend: &ReferenceBackend,
    name: &str,
    bytes: &[u8],
) -> Vec<Error> {
    backend.put(&config.prefix().key(name).expect("a key"), Stored::Value(Encoded::from(bytes)));
    let errors = [
        config.get_text(name).err(),
        config.snapshot().err(),
        config.verify().err(),
        config.live().err(),
        config.entry(name).expect("asks").text.err(),
    ];
    config.reset_name(name).expect("resets");
    errors.into_iter().flatten().collect()
}

#[test]
fn what_is_stored_for_a_secret_is_not_described() {
    let foreign: [&[u8]; 12] = [
        b"hunter2",
        b"",
        b"\x2a",
        b"\xc1\x01",
        b"\xc1\x01t\xa7hunter2",
        b"\xc1\x01Lt\x91\xa7hunter2",
        b"\xc1\x01i\xcd\xff\xff",
        b"\xc1\x02i\x01",
        br#"{"__type__": "hunter2", "__value__": 1}"#,
        br#"{"__type__": "hunter2 is it", "__value__": 1}"#,
        br#"{"hunter2": "hunter2"}"#,
        b"\x80\x04\x8c\x07hunter2.",
    ];
    let mut seen = 0;
    for bytes in foreign {
        for name in NAMES {
            let backend = Arc::new(ReferenceBackend::new());
            let config = Config::<Vault>::new(Arc::clone(&backend));
            let mut errors = every_error(&config, &backend, name, bytes);
            let json = Config::<Vault>::builder(Arc::clone(&backend)).codec(Json::new().reading_pickles(true));
            errors.extend(every_error(&json.build().expect("declared rightly"), &backend, name, bytes));
            // A listed secret value that would be too long is not measured either.
            let short =
                Config::<Vault>::builder(Arc::clone(&backend)).max_value_len(0).build().expect("declared rightly");
            errors.extend(every_error(&short, &backend, name, bytes));
            errors.iter().for_each(silent_error);
            assert!(errors.iter().all(|error| error.setting() == Some(name)));
            seen += errors.len();
        }
    }
    assert!(seen > 500, "{seen}");
}

#[test]
fn what_is_declared_of_a_secret_is_not_shown() {
    let config = Config::<Vault>::new(ReferenceBackend::new());
    for info in config.schema().settings() {
        let shown = format!("{info:?} {info:#?} {}", info.accepted()).to_lowercase();
        assert!(!shown.contains("hunter") && !shown.contains("7357"), "{shown}");
    }
    silent(&format!("{:?}", config.list().expect("lists")));
    let accepted: Vec<String> = config.schema().settings().map(constance_core::SettingInfo::accepted).collect();
    assert_eq!(accepted[0], "one of its choices, which are secret");
    assert_eq!(accepted[1], "a whole number");
    assert_eq!(accepted[3], "a JSON list, each element one of its choices, which are secret, or none");
}

#[test]
fn what_is_refused_for_a_secret_is_not_repeated_and_not_compared_with_its_choices() {
    let config = Config::<Vault>::new(ReferenceBackend::new());
    for (name, text) in [
        ("password", "hunter4"),
        ("pin", "735780"),
        ("pin", "hunter2"),
        ("pin", "99999999999999999999"),
        ("door", "hunter4"),
        ("doors", "[\"hunter4\"]"),
        ("mode", "\"hunter4\""),
    ] {
        let error = config.set_text(name, text).expect_err("refused");
        assert_eq!((error.kind(), error.setting()), (ErrorKind::Invalid, Some(name)));
        silent_error(&error);
    }
    silent_error(&config.set(Vault::PIN, 735_780).expect_err("refused"));
}

#[test]
fn a_secret_pickle_that_cannot_be_converted_is_not_described() {
    let backend = Arc::new(ReferenceBackend::new());
    let config = Config::<Vault>::builder(Arc::clone(&backend)).codec(Json::new()).build().expect("declared rightly");
    for name in ["password", "old_doors"] {
        let key = config.prefix().key(name).expect("a key");
        backend.put(&key, Stored::Value(Encoded::from(&b"\x80\x04chunter2\nhunter3\n."[..])));
    }
    let found = config.legacy_values().expect("lists");
    assert_eq!(found.refused().len(), 2);
    found.refused().iter().for_each(silent_error);
}

#[test]
fn a_setting_that_is_no_secret_says_what_was_found() {
    #[derive(Debug, Clone, PartialEq, Settings)]
    struct Open {
        #[setting(default = 1)]
        pin: i64,
    }
    let backend = Arc::new(ReferenceBackend::new());
    let config = Config::<Open>::new(Arc::clone(&backend));
    let text = MessagePack.encode(&constance_core::Kind::Text, "x").expect("encodes");
    backend.put(&config.prefix().key("pin").expect("a key"), Stored::Value(text));
    assert!(config.get(Open::PIN).expect_err("refused").to_string().contains("found a text (5 bytes stored)"));
}
