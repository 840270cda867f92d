//! Where Rust and Python differ: the rules that the documentation of `Json` states.

use std::collections::BTreeMap;
use std::time::Duration;

use constance_core::{Codec, ErrorKind, Json, Kind, Result, SettingType, Value, backend::Encoded};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

fn stored(discriminator: &str, value: &str) -> String {
    format!(r#"{{"__type__": "{discriminator}", "__value__": {value}}}"#)
}

fn read<T: SettingType>(text: &str) -> Result<T> {
    Json::new().decode(&T::KIND, text.as_bytes())
}

fn written<T: Serialize + ?Sized>(kind: &Kind, value: &T) -> Result<Encoded> {
    Json::new().encode(kind, value)
}

fn text<T: Serialize + ?Sized>(kind: &Kind, value: &T) -> String {
    let bytes = written(kind, value).expect("encodes").into_bytes();
    String::from_utf8(bytes.to_vec()).expect("JSON")
}

fn refused_reading<T: SettingType>(text: &str, words: &str) {
    let error = read::<T>(text).map(drop).expect_err("refused");
    assert_eq!(error.kind(), ErrorKind::Decode);
    assert!(error.to_string().contains(words), "{error}");
}

fn refused_writing<T: Serialize + ?Sized>(kind: &Kind, value: &T, words: &str) {
    let error = written(kind, value).expect_err("refused");
    assert_eq!(error.kind(), ErrorKind::Encode);
    assert!(error.to_string().contains(words), "{error}");
}

fn of<T: SettingType>(text: &str) -> T {
    T::parse(text).unwrap_or_else(|e| panic!("{text}: {e}"))
}

#[test]
fn numbers_are_converted_where_nothing_is_lost() {
    assert_eq!(read::<f64>(&stored("default", "3")).expect("exact"), 3.0);
    assert_eq!(read::<f64>(&stored("default", "9007199254740992")).expect("exact"), 9_007_199_254_740_992.0);
    refused_reading::<f64>(&stored("default", "9007199254740993"), "found a whole number that no float is equal to");
    refused_reading::<f64>(&stored("default", &"9".repeat(400)), "found a whole number");
    refused_reading::<i64>(&stored("default", "3.0"), "wanted a whole number, found a float");
    refused_reading::<i64>(&stored("default", "true"), "found true or false");
    refused_reading::<bool>(&stored("default", "1"), "wanted true or false, found a whole number");
    refused_reading::<u8>(&stored("default", "256"), "found a whole number out of the type's range");
    refused_reading::<String>(&stored("default", "1"), "wanted a text, found a whole number");
    refused_reading::<i64>(&stored("default", "\"1\""), "found a text");
    // Python writes an infinity as a word.
    refused_reading::<f64>(&stored("default", "1e400"), "found a float that is too large");
}

#[test]
fn integers_of_serde_types_may_be_longer() {
    let kind = Kind::Serde;
    assert_eq!(text(&kind, &u128::MAX), stored("default", "340282366920938463463374607431768211455"));
    let read: u128 = Json::new().decode(&kind, text(&kind, &u128::MAX).as_bytes()).expect("reads");
    assert_eq!(read, u128::MAX);
    let read: i128 = Json::new().decode(&kind, text(&kind, &i128::MIN).as_bytes()).expect("reads");
    assert_eq!(read, i128::MIN);
}

#[test]
fn a_narrow_float_is_written_with_its_own_digits() {
    assert_eq!(text(&Kind::Float, &0.1_f32), stored("default", "0.1"));
    assert_eq!(read::<f32>(&stored("default", "0.1")).expect("reads"), 0.1);
    assert_eq!(text(&Kind::Float, &f32::MAX), stored("default", "3.4028235e+38"));
    assert_eq!(text(&Kind::Float, &f32::INFINITY), stored("default", "Infinity"));
}

#[test]
fn no_zone_is_guessed() {
    let (naive, aware) =
        (stored("datetime", "\"2010-12-24T18:30:00\""), stored("datetime", "\"2010-12-24T18:30:00+01:00\""));
    refused_reading::<chrono::DateTime<chrono::Utc>>(&naive, "found a datetime without an offset");
    refused_reading::<jiff::Timestamp>(&naive, "found a datetime without an offset");
    refused_reading::<time::OffsetDateTime>(&naive, "found a datetime without an offset");
    refused_reading::<chrono::NaiveDateTime>(&aware, "found a datetime with an offset");
    refused_reading::<jiff::civil::DateTime>(&aware, "found a datetime with an offset");
    refused_reading::<time::PrimitiveDateTime>(&aware, "found a datetime with an offset");
    refused_reading::<jiff::civil::Time>(&stored("time", "\"18:30:00+01:00\""), "found a time with an offset");
    let moment: jiff::Timestamp = read(&aware).expect("reads");
    assert_eq!(text(&Kind::Timestamp, &moment), stored("datetime", "\"2010-12-24T17:30:00+00:00\""));
}

#[test]
fn what_python_cannot_hold_is_not_written() {
    let finer = "finer than a microsecond";
    refused_writing(&Kind::Duration, &Duration::from_nanos(1), finer);
    refused_writing(&Kind::SignedDuration, &jiff::SignedDuration::from_nanos(-1), finer);
    refused_writing(&Kind::Time, &of::<chrono::NaiveTime>("18:30:00.0000001"), finer);
    refused_writing(&Kind::DateTime, &of::<time::PrimitiveDateTime>("2010-12-24 18:30:00.0000001"), finer);
    refused_writing(&Kind::Timestamp, &of::<jiff::Timestamp>("2010-12-24 18:30:00.0000001Z"), finer);
    let years = "outside the years 1 to 9999";
    refused_writing(&Kind::Date, &of::<chrono::NaiveDate>("+010000-01-01"), years);
    refused_writing(&Kind::Date, &of::<jiff::civil::Date>("0000-12-31"), years);
    refused_writing(&Kind::DateTime, &of::<time::PrimitiveDateTime>("-000001-12-31 00:00"), years);
    refused_writing(&Kind::Duration, &Duration::MAX, "");
    refused_writing(&Kind::Duration, &Duration::from_secs(1_000_000_000 * 86_400), "longer than Python's timedelta");
    // 300 years and a microsecond.
    let long = Duration::new(300 * 365 * 86_400, 1_000);
    refused_writing(&Kind::Duration, &long, "whose microseconds Python loses");
    assert_eq!(text(&Kind::Duration, &Duration::from_secs(300 * 365 * 86_400)), stored("timedelta", "9460800000.0"));
    // chrono's way to hold a leap second.
    let leap = chrono::NaiveTime::from_hms_nano_opt(23, 59, 59, 1_500_000_000).expect("a leap second");
    refused_writing(&Kind::Time, &leap, "does not fit");
}

#[test]
fn a_span_below_zero_is_no_duration() {
    let negative = stored("timedelta", "-90.25");
    refused_reading::<Duration>(&negative, "found a duration below zero");
    assert_eq!(read::<jiff::SignedDuration>(&negative).expect("reads"), jiff::SignedDuration::from_millis(-90_250));
    assert_eq!(read::<Duration>(&stored("timedelta", "-0.0")).expect("zero"), Duration::ZERO);
    assert_eq!(read::<Duration>(&stored("timedelta", "90")).expect("a whole number"), Duration::from_secs(90));
    refused_reading::<Duration>(&stored("timedelta", "NaN"), "found a timedelta whose \"__value__\" is not one");
    refused_reading::<Duration>(&stored("timedelta", "1e300"), "found a timedelta whose \"__value__\" is not one");
    refused_reading::<Duration>(
        &stored("timedelta", "86400000000000.0"),
        "found a timedelta whose \"__value__\" is not one",
    );
    // Rounded to even, as Python does.
    assert_eq!(read::<Duration>(&stored("timedelta", "0.0000005")).expect("reads"), Duration::ZERO);
    assert_eq!(read::<Duration>(&stored("timedelta", "0.0000015")).expect("reads"), Duration::from_micros(2));
}

#[test]
fn a_map_that_would_be_taken_for_an_envelope_is_not_written() {
    for key in ["__type__", "__value__"] {
        let map = BTreeMap::from([(key.to_owned(), 1_i64)]);
        refused_writing(&BTreeMap::<String, i64>::KIND, &map, "would be taken for an envelope");
        refused_writing(&Kind::Serde, &vec![map], "would be taken for an envelope");
        // Python refuses to read these as well.
        refused_reading::<BTreeMap<String, i64>>(&format!("{{\"{key}\": 1}}"), "that is no envelope");
        refused_reading::<BTreeMap<String, i64>>(
            &stored("default", &format!("{{\"{key}\": 1, \"b\": 2}}")),
            "no envelope",
        );
    }
    assert_eq!(text(&Kind::Text, "__type__"), stored("default", "\"__type__\""));
}

#[test]
fn an_unknown_type_is_named_if_it_has_a_name() {
    refused_reading::<i64>(&stored("point.Point3", "[1, 2]"), "found the unknown type \"point.Point3\"");
    refused_reading::<i64>(&stored("default", &format!("[{}]", stored("set", "[]"))), "found the unknown type \"set\"");
    let error = read::<i64>(&stored("my password is hunter2", "1")).expect_err("refused").to_string();
    assert!(error.contains("an unknown type whose name is no word") && !error.contains("hunter2"), "{error}");
    refused_reading::<i64>(r#"{"__type__": 1, "__value__": 1}"#, "whose \"__type__\" is not a text");
}

#[test]
fn a_half_of_a_surrogate_pair_is_no_text() {
    for escape in ["\\ud83d", "\\ude00", "\\ud83d\\u0041", "\\ud83dx", "\\ud83d\\n"] {
        refused_reading::<String>(&stored("default", &format!("\"{escape}\"")), "half of a surrogate pair");
    }
    assert_eq!(read::<String>(&stored("default", "\"\\ud83d\\ude00\"")).expect("a pair"), "\u{1f600}");
}

#[test]
fn what_django_reads_is_read() {
    assert_eq!(read::<i64>("1").expect("bare"), 1);
    assert_eq!(read::<String>("\"Gr\u{fc}\u{df}e\"").expect("bare, not escaped"), "Gr\u{fc}\u{df}e");
    assert_eq!(read::<Option<i64>>(" null ").expect("bare"), None);
    assert_eq!(read::<i64>("\n{\"__value__\" : 1 ,\t\"__type__\":\"default\"}\r\n").expect("another order"), 1);
    assert_eq!(
        read::<jiff::civil::Date>(&stored("date", "\"2010-12-24T18:30:00\"")).expect("its date").to_string(),
        "2010-12-24"
    );
    assert_eq!(read::<i64>(&stored("default", &stored("default", "1"))).expect("twice"), 1);
    assert_eq!(
        read::<uuid::Uuid>(&stored("uuid", "\"00000000-0000-0000-0000-000000000005\"")).expect("hyphens").as_u128(),
        5
    );
}

#[test]
fn words_and_urls_are_texts() {
    #[derive(Debug, Clone, PartialEq, constance_core::SettingEnum)]
    enum Theme {
        VeryDark,
    }
    assert_eq!(text(&Theme::KIND, &Theme::VeryDark), stored("default", "\"very_dark\""));
    assert_eq!(read::<Theme>(&stored("default", "\"very_dark\"")).expect("reads"), Theme::VeryDark);
    refused_reading::<Theme>(&stored("default", "\"hunter2\""), "found a text that does not fit");
    let url: url::Url = of("https://example.com/\u{fc}?q=1");
    assert_eq!(read::<url::Url>(&text(&Kind::Url, &url)).expect("reads"), url);
    assert_eq!(text(&Kind::Char, &'\u{1f600}'), stored("default", "\"\\ud83d\\ude00\""));
    assert_eq!(read::<char>(&stored("default", "\"x\"")).expect("reads"), 'x');
    refused_reading::<char>(&stored("default", "\"xy\""), "found a text that does not fit");
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
enum Shape {
    Unit,
    Newtype(f64),
    Tuple(i64, bool),
    Named { side: Option<char>, sides: BTreeMap<u16, u8> },
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Everything {
    shapes: Vec<Shape>,
    unit: (),
    #[serde(default, skip_serializing_if = "Option::is_none")]
    skipped: Option<String>,
    day: chrono::NaiveDate,
    id: uuid::Uuid,
    bytes: Bytes,
}

/// Writes itself as bytes, which JSON has not.
#[derive(Debug, Clone, PartialEq, Deserialize)]
struct Bytes(Vec<u8>);

impl Serialize for Bytes {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error> {
        serializer.serialize_bytes(&self.0)
    }
}

#[test]
fn a_serde_type_has_the_form_that_serde_gives_it_in_json() {
    let everything = Everything {
        shapes: vec![
            Shape::Unit,
            Shape::Newtype(1e16),
            Shape::Tuple(-1, true),
            Shape::Named { side: Some('\u{e9}'), sides: BTreeMap::from([(4, 1)]) },
        ],
        unit: (),
        skipped: None,
        day: of("2010-12-24"),
        id: uuid::Uuid::from_u128(5),
        bytes: Bytes(vec![0, 255]),
    };
    let value = concat!(
        r#"{"shapes": ["Unit", {"Newtype": 1e+16}, {"Tuple": [-1, true]}, "#,
        r#"{"Named": {"side": "\u00e9", "sides": {"4": 1}}}], "unit": null, "day": "2010-12-24", "#,
        r#""id": "00000000-0000-0000-0000-000000000005", "bytes": [0, 255]}"#
    );
    assert_eq!(text(&Kind::Serde, &everything), stored("default", value));
    let read: Everything = Json::new().decode(&Kind::Serde, stored("default", value).as_bytes()).expect("reads");
    assert_eq!(read, everything);
    // The same content as serde_json has it.
    let theirs: serde_json::Value = serde_json::from_str(value).expect("JSON");
    assert_eq!(theirs, serde_json::to_value(&everything).expect("JSON"));
    // A typed value that Python put there arrives as its text.
    let typed = value.replace("\"2010-12-24\"", &stored("date", "\"2010-12-24\""));
    let read: Everything = Json::new().decode(&Kind::Serde, stored("default", &typed).as_bytes()).expect("reads");
    assert_eq!(read, everything);
}

#[test]
fn tuples_and_structs_of_another_length_are_refused() {
    fn fails<T: DeserializeOwned>(value: &str) {
        let error = Json::new().decode::<T>(&Kind::Serde, stored("default", value).as_bytes()).map(drop);
        let words = error.expect_err(value).to_string();
        assert!(
            [
                "that does not fit",
                "too few or too many",
                "is missing",
                "is none of",
                "is a list, not an object",
                "a list, not"
            ]
            .iter()
            .any(|known| words.contains(known)),
            "{words}"
        );
    }
    fails::<(i64, i64)>("[1, 2, 3]");
    fails::<(i64, i64)>("[1]");
    fails::<Shape>("{}");
    fails::<Shape>(r#"{"Unit": null, "Newtype": 1.0}"#);
    fails::<Shape>(r#"{"Other": 1}"#);
    fails::<Shape>("1");
    fails::<BTreeMap<u8, i64>>(r#"{"256": 1}"#);
    fails::<Everything>("{}");
}

#[test]
fn a_decimal_is_never_rounded() {
    use rust_decimal::Decimal;
    for digits in ["0.12345678901234567890123456789", "79228162514264337593543950336", "1E-29", "1E+40", "-Infinity"] {
        refused_reading::<Decimal>(
            &stored("decimal", &format!("\"{digits}\"")),
            "found a decimal that the type cannot hold",
        );
    }
    for (digits, number) in [("1E-28", Decimal::new(1, 28)), ("-1.5E+3", Decimal::from(-1500)), ("0E-7", Decimal::ZERO)]
    {
        assert_eq!(read::<Decimal>(&stored("decimal", &format!("\"{digits}\""))).expect(digits), number);
    }
    let long = format!("1.5{}", "0".repeat(60));
    assert_eq!(read::<Decimal>(&stored("decimal", &format!("\"{long}\""))).expect("zeros"), Decimal::new(15, 1));
    refused_reading::<Decimal>(&stored("decimal", "\"hunter2\""), "found a decimal whose \"__value__\" is not one");
}

#[test]
fn a_name_that_is_there_twice_is_refused_wherever_it_is() {
    refused_reading::<BTreeMap<String, i64>>(r#"{"a": 1, "b": 2, "a": 3}"#, "found an object with a name twice");
    refused_reading::<Vec<Value>>(r#"[{"a": {"b": 1, "\u0062": 1}}]"#, "found an object with a name twice");
    refused_reading::<i64>(
        r#"{"__type__": "default", "__value__": 1, "__value__": 2}"#,
        "found an object with a name twice",
    );
}
