//! The table of the page "changing your struct", row by row as it is printed.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use constance_core::testing::ReferenceBackend;
use constance_core::{Codec, Config, ErrorKind, Json, MessagePack, SettingEnum, Settings};

const PAGE: &str = include_str!("../../docs/changing.md");

#[derive(Debug, Clone, PartialEq, SettingEnum)]
enum Two {
    Light,
    Dark,
}

#[derive(Debug, Clone, PartialEq, SettingEnum)]
enum Three {
    Light,
    Dark,
    Red,
}

#[derive(Debug, Clone, PartialEq, SettingEnum)]
enum Renamed {
    Light,
    #[setting(alias = "dark")]
    Night,
}

/// A program of one setting: stores a text, and says what it reads.
struct Version {
    write: fn(&Arc<ReferenceBackend>, bool, &str),
    read: fn(&Arc<ReferenceBackend>, bool) -> String,
}

fn write<S: Settings, C: Codec>(backend: &Arc<ReferenceBackend>, codec: C, text: &str) {
    let config = Config::<S>::builder(Arc::clone(backend)).codec(codec).build().expect("a config");
    let name = config.schema().settings().next().expect("a setting").name;
    config.set_text(name, text).expect("a write");
}

fn read<S: Settings, C: Codec>(backend: &Arc<ReferenceBackend>, codec: C) -> String {
    let config = Config::<S>::builder(Arc::clone(backend)).codec(codec).build().expect("a config");
    let entry = config.list().expect("a list").remove(0);
    match entry.text {
        Ok(_) if !entry.is_set => "the default".to_owned(),
        Ok(text) => format!("`{text}`"),
        Err(error) if error.kind() == ErrorKind::Decode => "unreadable".to_owned(),
        Err(error) if error.kind() == ErrorKind::Invalid => "refused".to_owned(),
        Err(error) => panic!("{error}"),
    }
}

macro_rules! versions {
    ($($name:literal => $field:ident: $type:ty, ($($attribute:tt)*);)+) => {
        BTreeMap::from([$({
            #[derive(Debug, Clone, Settings)]
            struct Program {
                #[setting($($attribute)*)]
                $field: $type,
            }
            let version = Version {
                write: |backend, json, text| match json {
                    true => write::<Program, _>(backend, Json::new(), text),
                    false => write::<Program, _>(backend, MessagePack, text),
                },
                read: |backend, json| match json {
                    true => read::<Program, _>(backend, Json::new()),
                    false => read::<Program, _>(backend, MessagePack),
                },
            };
            ($name, version)
        }),+])
    };
}

fn versions() -> BTreeMap<&'static str, Version> {
    versions! {
        "`i64`" => value: i64, (default);
        "`u8`" => value: u8, (default);
        "`u64`" => value: u64, (default);
        "`f64`" => value: f64, (default);
        "`f32`" => value: f32, (default);
        "`String`" => value: String, (default);
        "`Duration`" => value: Duration, (default);
        "`Option<i64>`" => value: Option<i64>, (default = None);
        "`Option<f64>`" => value: Option<f64>, (default = None);
        "`Vec<i64>`" => value: Vec<i64>, (default);
        "`Vec<f64>`" => value: Vec<f64>, (default);
        "`Vec<Option<i64>>`" => value: Vec<Option<i64>>, (default);
        "an enum of `light`, `dark`" => value: Two, (default = "light");
        "an enum of `light`, `dark`, `red`" => value: Three, (default = "light");
        "an enum of `light`, `night` with `alias = \"dark\"`" => value: Renamed, (default = "light");
        "`i64` with `max = 50`" => value: i64, (default, max = 50);
        "`i64` with `choices = [1, 2]`" => value: i64, (default = 1, choices = [1, 2]);
        "`i64` under another name" => other: i64, (default);
        "`i64` under another name, with `alias` of the old one" => other: i64, (default, alias = "value");
    }
}

#[test]
fn what_survives_is_what_the_page_says() {
    let versions = versions();
    let version = |name: &str| versions.get(name).unwrap_or_else(|| panic!("no type for {name}"));
    let mut rows = 0;
    for row in PAGE.lines().filter(|line| line.starts_with("| `") || line.starts_with("| an ")) {
        let cells: Vec<&str> = row.trim_matches('|').split(" | ").map(str::trim).collect();
        let [before, after, stored, in_messagepack, in_json] = cells[..] else { panic!("a row of five: {row}") };
        for (json, expected) in [(false, in_messagepack), (true, in_json)] {
            let backend = Arc::new(ReferenceBackend::new());
            (version(before).write)(&backend, json, stored.trim_matches('`'));
            assert_eq!((version(after).read)(&backend, json), expected, "json: {json}, {row}");
        }
        rows += 1;
    }
    assert!(rows > 30, "{rows} rows");
}
