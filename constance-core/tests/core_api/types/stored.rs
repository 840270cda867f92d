//! The MessagePack form: `tests/golden/msgpack-1-types.txt` has to be readable for ever. Lines are only ever added.

use std::collections::BTreeMap;
use std::fmt::Debug;

use constance_core::{Codec, ErrorKind, Kind, MessagePack, SettingType};

/// A name, the value's text form, and the bytes.
struct Golden(BTreeMap<&'static str, (&'static str, Vec<u8>)>);

impl Golden {
    fn load() -> Self {
        let lines = include_str!("../../golden/msgpack-1-types.txt").lines().filter(|line| !line.starts_with('#'));
        Self(
            lines
                .map(|line| {
                    let (name, rest) = line.split_once(" | ").expect("a name");
                    let (text, hex) = rest.split_once(" | ").expect("a text and hex");
                    (name, (text, unhex(hex)))
                })
                .collect(),
        )
    }

    fn setting<T: SettingType + Debug>(&self, name: &str) {
        let (text, bytes) = self.0.get(name).unwrap_or_else(|| panic!("no vector {name}"));
        let value = T::parse(text).unwrap_or_else(|e| panic!("{name}: {e}"));
        let written = MessagePack.encode(&T::KIND, &value).unwrap_or_else(|e| panic!("{name}: {e}"));
        assert_eq!(hex(written.as_bytes()), hex(bytes), "{name} is written as it was");
        let read: T = MessagePack.decode(&T::KIND, bytes).unwrap_or_else(|e| panic!("{name}: {e}"));
        assert_eq!(read, value, "{name} reads as it was written");
        for length in 0..bytes.len() {
            let error = MessagePack.decode::<T>(&T::KIND, &bytes[..length]).expect_err(name);
            assert_eq!(error.kind(), ErrorKind::Decode);
        }
        let trailing = MessagePack.decode::<T>(&T::KIND, &[bytes.as_slice(), &[0xc0]].concat());
        assert!(trailing.is_err_and(|e| e.to_string().contains("trailing bytes")), "{name}");
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn unhex(text: &str) -> Vec<u8> {
    let digits = |at| u8::from_str_radix(&text[at..at + 2], 16).expect("hex");
    (0..text.len()).step_by(2).map(digits).collect()
}

fn encoded<T: SettingType>(value: &T) -> Vec<u8> {
    MessagePack.encode(&T::KIND, value).expect("encodes").as_bytes().to_vec()
}

fn of<T: SettingType>(text: &str) -> T {
    T::parse(text).unwrap_or_else(|e| panic!("{text}: {e}"))
}

#[test]
fn every_golden_vector_reads_and_is_written_again_by_every_crate() {
    let golden = Golden::load();
    for name in golden.0.keys() {
        match name.split('-').next().expect("a word") {
            "date" => {
                golden.setting::<chrono::NaiveDate>(name);
                golden.setting::<jiff::civil::Date>(name);
                golden.setting::<time::Date>(name);
            }
            "time" => {
                golden.setting::<chrono::NaiveTime>(name);
                golden.setting::<jiff::civil::Time>(name);
                golden.setting::<time::Time>(name);
            }
            "naive" => {
                golden.setting::<chrono::NaiveDateTime>(name);
                golden.setting::<jiff::civil::DateTime>(name);
                golden.setting::<time::PrimitiveDateTime>(name);
            }
            "utc" => {
                golden.setting::<chrono::DateTime<chrono::Utc>>(name);
                golden.setting::<chrono::DateTime<chrono::FixedOffset>>(name);
                golden.setting::<jiff::Timestamp>(name);
                golden.setting::<time::UtcDateTime>(name);
                golden.setting::<time::OffsetDateTime>(name);
            }
            "offset" => {
                golden.setting::<chrono::DateTime<chrono::FixedOffset>>(name);
                golden.setting::<time::OffsetDateTime>(name);
            }
            "span" => {
                golden.setting::<chrono::TimeDelta>(name);
                golden.setting::<jiff::SignedDuration>(name);
                golden.setting::<time::Duration>(name);
            }
            "decimal" => golden.setting::<rust_decimal::Decimal>(name),
            "uuid" => golden.setting::<uuid::Uuid>(name),
            "url" => golden.setting::<url::Url>(name),
            "dates" => golden.setting::<Vec<Option<jiff::civil::Date>>>(name),
            "decimals" => golden.setting::<BTreeMap<String, rust_decimal::Decimal>>(name),
            _ => panic!("nothing checks {name}"),
        }
    }
    assert_eq!(golden.0.len(), 30);
}

#[test]
fn a_moment_is_read_by_types_without_an_offset() {
    let stored = encoded(&of::<time::OffsetDateTime>("2010-12-24T18:30:00+01:00"));
    let read: jiff::Timestamp = MessagePack.decode(&Kind::Timestamp, &stored).expect("reads");
    assert_eq!(read.to_string(), "2010-12-24T17:30:00Z");
    let read: chrono::DateTime<chrono::Utc> = MessagePack.decode(&Kind::Timestamp, &stored).expect("reads");
    assert_eq!(read.to_rfc3339(), "2010-12-24T17:30:00+00:00");
    let read: time::UtcDateTime = MessagePack.decode(&Kind::Timestamp, &stored).expect("reads");
    assert_eq!(read.print(), "2010-12-24T17:30:00Z");
}

#[test]
fn a_duration_of_the_standard_library_is_a_span_as_well() {
    let stored = encoded(&std::time::Duration::new(90, 5));
    assert_eq!(encoded(&jiff::SignedDuration::new(90, 5)), stored);
    let read: chrono::TimeDelta = MessagePack.decode(&Kind::SignedDuration, &stored).expect("reads");
    assert_eq!(read, chrono::TimeDelta::seconds(90) + chrono::TimeDelta::nanoseconds(5));
    let negative = encoded(&of::<time::Duration>("-1s"));
    assert!(MessagePack.decode::<std::time::Duration>(&Kind::Duration, &negative).is_err());
}

#[test]
fn what_another_type_cannot_hold_is_refused() {
    let far = encoded(&of::<chrono::NaiveDate>("+12345-01-01"));
    let error = MessagePack.decode::<jiff::civil::Date>(&Kind::Date, &far).expect_err("out of range");
    assert!(
        error.to_string().starts_with("wanted a date such as 2010-12-24, found a date that does not fit"),
        "{error}"
    );
    let leap = chrono::NaiveTime::from_hms_nano_opt(23, 59, 59, 1_500_000_000).expect("a leap second");
    let error = MessagePack.encode(&Kind::Time, &leap).expect_err("a leap second");
    assert_eq!(error.kind(), ErrorKind::Encode);
    assert!(error.to_string().contains("cannot be written as a time of day"), "{error}");
    // chrono writes the offset in minutes: the moment would be another.
    let odd: chrono::DateTime<chrono::FixedOffset> = of("1900-01-01T12:00:00+00:19:32");
    let read: chrono::DateTime<chrono::FixedOffset> =
        MessagePack.decode(&Kind::Timestamp, &encoded(&odd)).expect("reads");
    assert_ne!(read, odd, "so that the front, which reads back what it writes, refuses it");
}

#[test]
fn texts_that_are_no_such_value_are_refused_without_showing_them() {
    fn refused<T: SettingType>(text: &str, value: &T) {
        let stored = MessagePack.encode(&Kind::Text, text).expect("encodes");
        let Err(error) = MessagePack.decode::<T>(&T::KIND, stored.as_bytes()) else { panic!("{text} was read") };
        assert!(error.to_string().contains("found a text"), "{error}");
        // The same under the type's own kind, as nobody writes it: the letter is taken from a value of the type.
        let mut forged = encoded(value);
        forged.truncate(3);
        forged.extend(&stored.as_bytes()[3..]);
        let Err(error) = MessagePack.decode::<T>(&T::KIND, &forged) else { panic!("{text} was read") };
        assert!(error.to_string().contains("that does not fit"), "{error}");
        assert!(!format!("{error:?}").contains("hunter2"), "{error:?}");
        let stored = MessagePack.encode(&Kind::Bool, &true).expect("encodes");
        assert!(MessagePack.decode::<T>(&T::KIND, stored.as_bytes()).is_err());
    }
    for text in ["hunter2", "", "2010-12-24T10:00:00"] {
        refused::<chrono::NaiveDate>(text, &of("2010-12-24"));
        refused::<jiff::civil::Time>(text, &of("10:00"));
        refused::<time::OffsetDateTime>(text, &of("2010-12-24 10:00Z"));
        refused::<jiff::Timestamp>(text, &of("2010-12-24 10:00Z"));
        refused::<rust_decimal::Decimal>(text, &of("1.5"));
        refused::<jiff::SignedDuration>(text, &of("1s"));
    }
    let deep = [b"\xc1\x01Ld".to_vec(), vec![0x91; 10_000], vec![0x90]].concat();
    // It is seen at the second level, where no date is.
    let error = MessagePack.decode::<Vec<jiff::civil::Date>>(&Kind::List(&Kind::Date), &deep).expect_err("too deep");
    assert!(error.to_string().contains("found a list in which `[0]` is not of the type wanted there"), "{error}");
}
