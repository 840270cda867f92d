//! What people are told, for every kind of setting and every kind of mistake.
//!
//! After a change of words, `MESSAGES=overwrite cargo test -p constance-core --all-features --test core_api messages` writes the
//! tables anew: read them before they are committed.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::path::Path;
use std::time::Duration;

use constance_core::testing::ReferenceBackend;
use constance_core::{
    Codec, Config, Json, Kind, MessagePack, SettingEnum, SettingType, Settings, Value,
    backend::{Encoded, Stored},
};
use serde::{Deserialize, Serialize};

#[derive(Debug, Clone, Copy, PartialEq, Default, SettingEnum)]
enum Theme {
    #[default]
    Light,
    VeryDark,
}

#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
struct Address {
    city: String,
    zip: u32,
    tags: Vec<String>,
    route: Route,
}

#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
enum Route {
    #[default]
    Land,
    Sea {
        miles: f32,
    },
}

#[derive(Debug, Clone, Settings)]
struct All {
    #[setting(default)]
    flag: bool,
    #[setting(default)]
    small: u8,
    #[setting(default)]
    large: u64,
    #[setting(default)]
    signed: i64,
    #[setting(default = 5, min = 2, max = 8)]
    bounded: i64,
    #[setting(default)]
    ratio: f64,
    #[setting(default)]
    narrow: f32,
    #[setting(default)]
    title: String,
    #[setting(default = "en", choices = ["en", "de"])]
    language: String,
    #[setting(default = 'x')]
    letter: char,
    #[setting(default)]
    timeout: Duration,
    #[setting(default)]
    shift: jiff::SignedDuration,
    #[setting(default)]
    date: jiff::civil::Date,
    #[setting(default)]
    time: jiff::civil::Time,
    #[setting(default)]
    naive: jiff::civil::DateTime,
    #[setting(default)]
    moment: jiff::Timestamp,
    #[setting(default)]
    price: rust_decimal::Decimal,
    #[setting(default)]
    id: uuid::Uuid,
    #[setting(default = url::Url::parse("https://example.com/").expect("a URL"))]
    home: url::Url,
    #[setting(default)]
    theme: Theme,
    maybe: Option<i64>,
    name: Option<String>,
    #[setting(default)]
    numbers: Vec<i64>,
    #[setting(default)]
    texts: Vec<String>,
    #[setting(default)]
    themes: Vec<Option<Theme>>,
    #[setting(default)]
    limits: BTreeMap<String, u8>,
    #[setting(default)]
    any: Value,
    #[setting(default, serde)]
    address: Address,
}

#[test]
fn of_texts() {
    const TEXTS: [&str; 21] = [
        "",
        "hunter2",
        "-1",
        "1.5",
        "300",
        "99999999999999999999",
        "1e400",
        "1e39",
        "none",
        "45",
        "1M",
        "2010-02-29",
        "\"hunter2",
        "[1, \"hunter2\"]",
        "[1",
        "{\"a\": 1, \"a\": 2}",
        "{\"a\": 300}",
        "{city: 'x'}",
        "{city: 'x', zip: -1}",
        "{city: 'x', zip: 1, tags: ['a', 2]}",
        "{city: 'x', zip: 1, tags: [], route: {Sea: {miles: 1e39}}}",
    ];
    let config = Config::<All>::new(ReferenceBackend::new());
    let mut table = String::new();
    for info in config.schema().settings() {
        let told = |text: &str| config.change().set_text(info.name, text).and_then(|change| change.apply()).err();
        section(&mut table, info.name, &info.accepted(), TEXTS.iter().map(|text| (format!("{text:?}"), told(text))));
    }
    as_checked_in("texts.txt", &table);
}

#[test]
fn of_what_is_stored() {
    as_checked_in("messagepack.txt", &of_codec(MessagePack));
    as_checked_in("json.txt", &of_codec(Json::new()));
}

fn of_codec<C: Codec>(codec: C) -> String {
    fn stored<C: Codec, T: SettingType>(codec: &C, value: T) -> Encoded {
        codec.encode(&T::KIND, &value).expect("encodes")
    }
    let serde = |json: &str| {
        let value: serde_json::Value = serde_json::from_str(json).expect("JSON");
        codec.encode(&Kind::Serde, &value).expect("encodes")
    };
    let values = [
        ("true", stored(&codec, true)),
        ("300", stored(&codec, 300)),
        ("-1", stored(&codec, -1)),
        ("1.5", stored(&codec, 1.5)),
        ("a text", stored(&codec, "hunter2".to_owned())),
        ("none", stored(&codec, None::<i64>)),
        ("a duration", stored(&codec, Duration::from_secs(1))),
        ("a duration below zero", stored(&codec, jiff::SignedDuration::from_secs(-1))),
        ("a date", stored(&codec, jiff::civil::date(2010, 12, 24))),
        ("a decimal", stored(&codec, rust_decimal::Decimal::new(150, 2))),
        ("a list of numbers", stored(&codec, vec![1, 300])),
        ("a list of texts", stored(&codec, vec!["hunter2".to_owned()])),
        ("a map of numbers", stored(&codec, BTreeMap::from([("a".to_owned(), 300)]))),
        ("serde: a number", serde("1")),
        ("serde: without a member", serde(r#"{"city": "x", "zip": 1, "tags": []}"#)),
        ("serde: a wrong member", serde(r#"{"city": "x", "zip": -1}"#)),
        ("serde: a wrong element", serde(r#"{"city": "x", "zip": 1, "tags": ["a", 2]}"#)),
        ("serde: a wrong word", serde(r#"{"city": "x", "zip": 1, "tags": [], "route": "hunter2"}"#)),
        ("serde: a wrong variant", serde(r#"{"city": "x", "zip": 1, "tags": [], "route": {"Sea": {"miles": "x"}}}"#)),
        ("nothing", Encoded::from(Vec::new())),
        ("rubbish", Encoded::from(b"hunter2".to_vec())),
    ];
    let backend = std::sync::Arc::new(ReferenceBackend::new());
    let config =
        Config::<All>::builder(std::sync::Arc::clone(&backend)).codec(codec.clone()).build().expect("a config");
    let mut table = String::new();
    for info in config.schema().settings() {
        let told = |bytes: &Encoded| {
            backend.put(&config.prefix().key(info.name).expect("a key"), Stored::Value(bytes.clone()));
            config.get_text(info.name).err()
        };
        section(
            &mut table,
            info.name,
            &info.accepted(),
            values.iter().map(|(what, bytes)| ((*what).to_owned(), told(bytes))),
        );
    }
    table
}

/// What is said about a setting, each time with everything that it is said about.
fn section(
    table: &mut String,
    name: &str,
    accepted: &str,
    told: impl Iterator<Item = (String, Option<constance_core::Error>)>,
) {
    let mut messages: Vec<(String, Vec<String>)> = Vec::new();
    for (what, error) in told {
        let Some(error) = error else { continue };
        assert!(!format!("{error} {error:?}").contains("hunter2"), "{error:?}");
        // The same for every setting and length: what was being done, and how to repair it.
        let message = error.to_string();
        let message = message.split_once("from reference: ").map_or(&*message, |(_, message)| message);
        let message = message
            .rsplit_once(" (")
            .filter(|(_, rest)| rest.contains("bytes stored)"))
            .map_or(message, |(message, _)| message)
            .to_owned();
        match messages.iter_mut().find(|(known, _)| *known == message) {
            Some((_, about)) => about.push(what),
            None => messages.push((message, vec![what])),
        }
    }
    writeln!(table, "{name}: {accepted}").expect("a line");
    for (message, about) in messages {
        writeln!(table, "    {}\n        {message}", about.join("  ")).expect("a line");
    }
}

fn as_checked_in(file: &str, table: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/core_api/messages").join(file);
    if std::env::var_os("MESSAGES").is_some_and(|what| what == "overwrite") {
        std::fs::write(&path, table).expect("a written file");
    }
    let known = std::fs::read_to_string(&path).unwrap_or_default();
    for (number, (said, known)) in table.lines().zip(known.lines()).enumerate() {
        assert_eq!(said, known, "{file}:{}", number + 1);
    }
    assert_eq!(table.lines().count(), known.lines().count(), "{file}");
}
