//! The table: values at the ends of every type, and the types that each of them is read as.

use std::collections::BTreeMap;
use std::time::Duration;

use constance_core::{Codec, ErrorKind, Json, Kind, MessagePack, SettingEnum, SettingType, Value};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::meaning::{DIGITS, Meaning, Means};

#[derive(Debug, Clone, Copy, PartialEq, SettingEnum)]
pub(crate) enum Word {
    Dark,
    #[setting(rename = "2010-12-24")]
    LooksLikeADate,
}

/// Marked `serde`, and of the shape that a duration is stored in.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Fields {
    pub(crate) secs: i64,
    pub(crate) nanos: i64,
}

/// Marked `serde`, and of the shape in which some types write a duration.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Pair(pub(crate) u64, pub(crate) u32);

/// A stored value: its type, what it means, and its bytes.
struct Written {
    name: &'static str,
    meaning: Meaning,
    bytes: Vec<u8>,
}

/// A type to read as: its name, and what bytes mean when they are read so; `None` where they are refused.
type Read<'c> = (&'static str, Box<dyn Fn(&[u8]) -> Option<Meaning> + 'c>);

struct Table<'c, C> {
    codec: &'c C,
    written: Vec<Written>,
    reads: Vec<Read<'c>>,
}

impl<'c, C: Codec> Table<'c, C> {
    /// The type, with values of it; one that the format cannot hold is refused at the write, and is not in the table.
    fn kind<T: Serialize + DeserializeOwned + Means>(&mut self, kind: Kind, values: Vec<T>) {
        let (codec, name) = (self.codec, std::any::type_name::<T>());
        let encoded = values.iter().filter_map(|value| {
            let bytes = codec.encode(&kind, value).ok()?.as_bytes().to_vec();
            Some(Written { name, meaning: value.meaning(), bytes })
        });
        self.written.extend(encoded);
        let read = move |bytes: &[u8]| match codec.decode::<T>(&kind, bytes) {
            Ok(value) => Some(value.meaning()),
            Err(error) => {
                assert_eq!(error.kind(), ErrorKind::Decode);
                None
            }
        };
        self.reads.push((name, Box::new(read)));
    }

    fn of<T: SettingType + Means>(&mut self, values: Vec<T>) {
        let list = vec![vec![], values.clone()];
        let some = values.iter().cloned().map(Some).chain([None]).collect();
        let map = values.iter().map(|value| BTreeMap::from([("secs".to_owned(), value.clone())]));
        let map = map.chain([BTreeMap::new()]).collect();
        self.kind::<T>(T::KIND, values);
        self.kind::<Vec<T>>(Vec::<T>::KIND, list);
        self.kind::<BTreeMap<String, T>>(BTreeMap::<String, T>::KIND, map);
        self.kind::<Option<T>>(Option::<T>::KIND, some);
    }

    /// Of each type as text, as an operator would write it.
    fn texts<T: SettingType + Means>(&mut self, texts: &[&str]) {
        self.of(texts.iter().map(|text| T::parse(text).unwrap_or_else(|e| panic!("{text}: {e}"))).collect());
    }
}

fn table<C: Codec>(codec: &C) -> Table<'_, C> {
    let mut table = Table { codec, written: Vec::new(), reads: Vec::new() };
    table.of(vec![false, true]);
    table.of(vec![0_u8, 1, 2, u8::MAX]);
    table.of(vec![i32::MIN, -1, 0, i32::MAX]);
    table.of(vec![i64::MIN, -(1 << 53) - 1, -1, 0, 1, 16_777_217, 1 << 53, (1 << 53) + 1, i64::MAX]);
    table.of(vec![0, 1, (1 << 53) + 1, i64::MAX as u64, 1 << 63, u64::MAX]);
    table.of(vec![0.0_f32, -0.0, 0.1, 1.0, f32::MIN_POSITIVE, f32::MAX, f32::NEG_INFINITY, f32::NAN]);
    table.of(vec![0.0, -0.0, 0.1, 1.0, -2.0, 1e16, 1e300, 5e-324, f64::MAX, f64::INFINITY, f64::NAN]);
    let texts = ["", "x", "1", "true", "none", "dark", "2010-12-24", "18:30:00", "1.5", "PT1S", "https://example.com/"];
    table.texts::<String>(&texts);
    // Sixteen bytes, as a UUID has.
    table.texts::<String>(&["0123456789abcdef", "00000000-0000-0000-0000-000000000005"]);
    table.texts::<char>(&["x", "1", "\u{1f600}"]);
    table.texts::<Word>(&["dark", "2010-12-24"]);
    table.texts::<url::Url>(&["https://example.com/", "dark:x"]);
    table.of(vec![Duration::ZERO, Duration::new(1, 2), Duration::from_micros(1), Duration::from_secs(u64::MAX)]);
    table.texts::<jiff::SignedDuration>(&["0s", "1s 2us", "-1s", "-1s 2us", "106751days"]);
    table.texts::<time::Duration>(&["0s", "-1ns", "1s 2ns"]);
    table.texts::<chrono::TimeDelta>(&["0s", "-1us", "1s 2us"]);
    let dates = ["2010-12-24", "0001-01-01", "9999-12-31"];
    table.texts::<chrono::NaiveDate>(&dates);
    table.texts::<jiff::civil::Date>(&dates);
    table.texts::<time::Date>(&dates);
    table.texts::<chrono::NaiveDate>(&["+012345-01-01", "-000044-03-15"]);
    let times = ["00:00:00", "18:30:00", "23:59:59.999999", "23:59:59.999999999"];
    table.texts::<chrono::NaiveTime>(&times);
    table.texts::<jiff::civil::Time>(&times);
    let naive = ["2010-12-24 00:00", "2010-12-24 18:30", "0001-01-01 00:00:00.000001"];
    table.texts::<chrono::NaiveDateTime>(&naive);
    table.texts::<time::PrimitiveDateTime>(&naive);
    let moments = ["2010-12-24 18:30Z", "1969-12-31 23:59:59.75Z", "0001-01-01 00:00Z"];
    table.texts::<jiff::Timestamp>(&moments);
    table.texts::<chrono::DateTime<chrono::Utc>>(&moments);
    table.texts::<time::OffsetDateTime>(&["2010-12-24 18:30+01:00", "2010-12-24 18:30Z", "0001-01-01 00:00+00:00:01"]);
    table.texts::<rust_decimal::Decimal>(&["0", "1", "1.50", "-0.05", "79228162514264337593543950335"]);
    table.texts::<uuid::Uuid>(&["00000000-0000-0000-0000-000000000005", "30313233-3435-3637-3839-616263646566"]);
    table.texts::<Value>(&[
        "null",
        "true",
        "1",
        "1.5",
        "\"x\"",
        "\"2010-12-24\"",
        "[1, 2]",
        "{\"secs\": 1, \"nanos\": 2}",
    ]);
    for (name, text) in [("date", "2010-12-24"), ("time", "18:30:00"), ("datetime", "2010-12-24T18:30:00")] {
        table.texts::<Value>(&[&format!("{{\"__type__\": \"{name}\", \"__value__\": \"{text}\"}}")]);
    }
    table.texts::<Value>(&[r#"{"__type__": "timedelta", "__value__": 1.000002}"#]);
    // Lists and maps that look like something else.
    table.kind::<Vec<u64>>(
        Vec::<u64>::KIND,
        vec![vec![1, 2], vec![2010, 358], vec![18, 30, 0, 0], vec![1; 16], vec![48; 16]],
    );
    table.kind::<Vec<i64>>(
        Vec::<i64>::KIND,
        vec![vec![2010, 358, 18, 30, 0, 0], vec![2010, 358, 18, 30, 0, 0, 1, 0, 0]],
    );
    let looks_like_a_span = BTreeMap::from([("nanos".to_owned(), 2_i64), ("secs".to_owned(), 1)]);
    table.kind::<BTreeMap<String, i64>>(BTreeMap::<String, i64>::KIND, vec![looks_like_a_span]);
    let looks_like_any = BTreeMap::from([("$constance::json".to_owned(), "1".to_owned())]);
    table.kind::<BTreeMap<String, String>>(BTreeMap::<String, String>::KIND, vec![looks_like_any]);
    table.kind::<Fields>(Kind::Serde, vec![Fields { secs: 1, nanos: 2 }]);
    table.kind::<Pair>(Kind::Serde, vec![Pair(1, 2)]);
    table
}

fn every_pair<C: Codec>(codec: &C) -> usize {
    let Table { codec: _, written, reads } = table(codec);
    let (mut wrong, mut same) = (Vec::new(), 0);
    for Written { name: from, meaning, bytes } in &written {
        let mut reads_itself = false;
        for (to, read) in &reads {
            match read(bytes) {
                Some(read) if read == *meaning => {
                    same += 1;
                    reads_itself |= from == to;
                }
                Some(read) => wrong.push(format!("{from} as {to}: {meaning:?} became {read:?}")),
                None => {}
            }
        }
        if !reads_itself {
            wrong.push(format!("{from} does not read {meaning:?} back"));
        }
    }
    assert!(wrong.is_empty(), "{} of {}:\n{}", wrong.len(), written.len() * reads.len(), wrong.join("\n"));
    same
}

#[test]
fn no_kind_is_read_as_another_value_from_msgpack() {
    assert!(every_pair(&MessagePack) > 1_000);
}

#[test]
fn no_kind_is_read_as_another_value_from_json() {
    DIGITS.set(true);
    assert!(every_pair(&Json::new()) > 1_000);
}

fn survives<A: SettingType, B: SettingType + std::fmt::Debug>(stored: A, read: B) {
    let bytes = MessagePack.encode(&A::KIND, &stored).expect("encodes");
    assert_eq!(MessagePack.decode::<B>(&B::KIND, bytes.as_bytes()).expect("reads"), read);
    let bytes = Json::new().encode(&A::KIND, &stored).expect("encodes");
    assert_eq!(Json::new().decode::<B>(&B::KIND, bytes.as_bytes()).expect("reads"), read);
}

#[test]
fn a_change_of_type_that_loses_nothing_stays_readable() {
    survives(7_i64, 7.0_f64);
    survives(7_i64, 7.0_f32);
    survives(7_i64, 7_u8);
    survives(7_u8, 7_i64);
    survives(7_i64, Some(7_i64));
    survives(Some(7_i64), 7_i64);
    survives(vec![1_u8, 2], vec![Some(1.0), Some(2.0)]);
    survives("dark".to_owned(), Word::Dark);
    survives(Word::Dark, "dark".to_owned());
    survives("x".to_owned(), 'x');
    survives(1.5_f32, 1.5_f64);
    survives(1.5_f64, 1.5_f32);
    survives(Duration::from_secs(90), jiff::SignedDuration::from_secs(90));
    survives(jiff::civil::date(2010, 12, 24), chrono::NaiveDate::from_ymd_opt(2010, 12, 24).expect("a day"));
}
