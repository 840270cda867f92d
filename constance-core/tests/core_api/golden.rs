//! Stored bytes that have to be readable for ever: `tests/golden/msgpack-1.txt`.
//!
//! A line is the name of a value and its bytes in hex. Lines are only ever added.

use std::collections::BTreeMap;
use std::time::Duration;

use constance_core::{Codec, Kind, MessagePack, SettingEnum, SettingType};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Limits {
    rate: f64,
    burst: u32,
    name: Option<String>,
}

/// The struct of a later release: a field in front, which the stored bytes do not have.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct LaterLimits {
    #[serde(default)]
    added: Vec<u8>,
    rate: f64,
    burst: u32,
    name: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, SettingEnum)]
enum Theme {
    Dark,
    HighContrast,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
enum Shape {
    Unit,
    Tuple(i64, bool),
    Named { side: f64 },
}

fn limits() -> Limits {
    Limits { rate: 0.1, burst: 10, name: Some("a".to_owned()) }
}

struct Golden(BTreeMap<String, Vec<u8>>);

impl Golden {
    fn load() -> Self {
        let lines = include_str!("../golden/msgpack-1.txt").lines().filter(|line| !line.starts_with('#'));
        Self(
            lines
                .map(|line| line.split_once(' ').expect("a name and hex"))
                .map(|(n, h)| (n.to_owned(), unhex(h)))
                .collect(),
        )
    }

    fn bytes(&self, name: &str) -> &[u8] {
        self.0.get(name).unwrap_or_else(|| panic!("no vector {name}"))
    }

    fn value<T: Serialize + DeserializeOwned + PartialEq + std::fmt::Debug>(
        &mut self,
        name: &str,
        kind: Kind,
        value: &T,
    ) {
        let bytes = self.bytes(name);
        let read: T = MessagePack.decode(&kind, bytes).unwrap_or_else(|e| panic!("{name}: {e}"));
        assert_eq!(&read, value, "{name} reads as it was written");
        let written = MessagePack.encode(&kind, value).expect("encodes");
        assert_eq!(hex(written.as_bytes()), hex(bytes), "{name} is written as it was: the wire version is pinned");
        self.0.remove(name);
    }

    fn setting<T: SettingType + std::fmt::Debug>(&mut self, name: &str, value: T) {
        self.value(name, T::KIND, &value);
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn unhex(text: &str) -> Vec<u8> {
    let digits = |at| u8::from_str_radix(&text[at..at + 2], 16).expect("hex");
    (0..text.len()).step_by(2).map(digits).collect()
}

#[test]
fn every_golden_vector_reads_and_is_written_again() {
    let mut golden = Golden::load();
    golden.setting("bool-true", true);
    golden.setting("bool-false", false);
    golden.setting("int-zero", 0_i64);
    golden.setting("int-min", i64::MIN);
    golden.setting("int-max", i64::MAX);
    golden.setting("uint-max", u64::MAX);
    golden.setting("float", 0.1_f64);
    golden.setting("float-negative-zero", -0.0_f64);
    golden.setting("float-infinity", f64::INFINITY);
    golden.setting("float32", 1.5_f32);
    golden.setting("text-empty", String::new());
    golden.setting("text", "My Title \u{e9}\u{1F600}".to_owned());
    golden.setting("char", '\u{1F600}');
    golden.setting("duration", Duration::new(1800, 5));
    golden.setting("option-none", None::<i64>);
    golden.setting("option-some", Some(7_i64));
    golden.setting("list", vec![1_i64, -1, 300]);
    golden.setting("list-empty", Vec::<i64>::new());
    golden.setting("map", BTreeMap::from([("a".to_owned(), 1_i64), ("b".to_owned(), 2)]));
    golden.setting("choice", Theme::HighContrast);
    golden.setting("choice-dark", Theme::Dark);
    golden.value("struct", Kind::Serde, &limits());
    golden.value("enum-unit", Kind::Serde, &Shape::Unit);
    golden.value("enum-tuple", Kind::Serde, &Shape::Tuple(1, true));
    golden.value("enum-struct", Kind::Serde, &Shape::Named { side: 2.0 });
    let nan: f64 = MessagePack.decode(&Kind::Float, golden.bytes("float-nan")).expect("NaN");
    assert!(nan.is_nan());
    golden.0.remove("float-nan");
    assert!(golden.0.is_empty(), "vectors that nothing checks: {:?}", golden.0.keys());
}

#[test]
fn a_field_added_in_front_does_not_break_what_is_stored() {
    let later: LaterLimits = MessagePack.decode(&Kind::Serde, Golden::load().bytes("struct")).expect("readable");
    assert_eq!(later, LaterLimits { added: vec![], rate: 0.1, burst: 10, name: Some("a".to_owned()) });
}
