//! Every vector reads as the value that Python stored, and is written again byte for byte.

use std::collections::BTreeMap;
use std::fmt::Debug;
use std::time::Duration;

use constance_core::{Codec, Json, Kind, SettingType};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

/// The lines of a name and its text.
pub(crate) fn lines() -> BTreeMap<&'static str, &'static str> {
    let lines = include_str!("../../golden/django/json-4.txt").lines();
    lines.map(|line| line.split_once(' ').expect("a name and a text")).collect()
}

struct Golden {
    lines: BTreeMap<&'static str, &'static str>,
    left: BTreeMap<&'static str, &'static str>,
}

impl Golden {
    fn load() -> Self {
        Self { lines: lines(), left: lines() }
    }

    fn value<T: Serialize + DeserializeOwned + PartialEq + Debug>(&mut self, name: &str, kind: Kind, value: &T) {
        let stored = self.lines.get(name).unwrap_or_else(|| panic!("no vector {name}"));
        let read: T = Json::new().decode(&kind, stored.as_bytes()).unwrap_or_else(|e| panic!("{name}: {e}"));
        assert_eq!(&read, value, "{name} reads as Python wrote it");
        let written = Json::new().encode(&kind, value).unwrap_or_else(|e| panic!("{name}: {e}"));
        assert_eq!(std::str::from_utf8(written.as_bytes()), Ok(*stored), "{name} is written as Python writes it");
        self.left.remove(name);
    }

    fn setting<T: SettingType + Debug>(&mut self, name: &str, value: T) {
        self.value(name, T::KIND, &value);
    }

    /// A text of it is the same value for each of these types.
    fn texts<A: SettingType + Debug, B: SettingType + Debug, C: SettingType + Debug>(
        &mut self,
        name: &str,
        text: &str,
    ) {
        self.setting(name, A::parse(text).expect(text));
        self.setting(name, B::parse(text).expect(text));
        self.setting(name, C::parse(text).expect(text));
    }

    fn date(&mut self, name: &str, text: &str) {
        self.texts::<chrono::NaiveDate, jiff::civil::Date, time::Date>(name, text);
    }

    fn time(&mut self, name: &str, text: &str) {
        self.texts::<chrono::NaiveTime, jiff::civil::Time, time::Time>(name, text);
    }

    fn naive(&mut self, name: &str, text: &str) {
        self.texts::<chrono::NaiveDateTime, jiff::civil::DateTime, time::PrimitiveDateTime>(name, text);
    }

    fn in_utc(&mut self, name: &str, text: &str) {
        self.texts::<chrono::DateTime<chrono::Utc>, jiff::Timestamp, time::UtcDateTime>(name, text);
        self.aware(name, text);
    }

    fn aware(&mut self, name: &str, text: &str) {
        self.setting(name, <chrono::DateTime<chrono::FixedOffset> as SettingType>::parse(text).expect(text));
        self.setting(name, <time::OffsetDateTime as SettingType>::parse(text).expect(text));
        let stored = self.lines[name].as_bytes();
        // The types without an offset read the same moment.
        let read: jiff::Timestamp = Json::new().decode(&Kind::Timestamp, stored).expect(name);
        assert_eq!(read, <jiff::Timestamp as SettingType>::parse(text).expect(text));
        let read: time::UtcDateTime = Json::new().decode(&Kind::Timestamp, stored).expect(name);
        assert_eq!(read, <time::UtcDateTime as SettingType>::parse(text).expect(text));
    }

    fn span(&mut self, name: &str, text: &str) {
        self.texts::<chrono::TimeDelta, jiff::SignedDuration, time::Duration>(name, text);
        if let Ok(duration) = <Duration as SettingType>::parse(text) {
            self.setting(name, duration);
        }
    }

    /// Bit for bit, as `==` would not tell.
    fn float(&mut self, name: &str, value: f64) {
        let read: f64 = Json::new().decode(&Kind::Float, self.lines[name].as_bytes()).expect(name);
        assert_eq!(read.to_bits(), value.to_bits(), "{name}");
        let written = Json::new().encode(&Kind::Float, &value).expect(name);
        assert_eq!(std::str::from_utf8(written.as_bytes()), Ok(self.lines[name]), "{name}");
        self.left.remove(name);
    }

    /// Nothing in Rust holds it: an error, in these words.
    fn refused<T: SettingType>(&mut self, name: &str, words: &str) {
        let error = Json::new().decode::<T>(&T::KIND, self.lines[name].as_bytes()).map(drop).expect_err(name);
        assert!(error.to_string().contains(words), "{name}: {error}");
        self.left.remove(name);
    }
}

#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct JsonValue {
    key: String,
    key2: i64,
    key3: Vec<u8>,
    key4: BTreeMap<String, String>,
}

/// Nests as deep as the lists do.
#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct Deep(Vec<Deep>);

#[test]
fn every_type_of_the_settings_of_django_constance() {
    let mut golden = Golden::load();
    golden.setting("INT_VALUE", 1_i64);
    golden.setting("INT_VALUE", 1_u8);
    golden.setting("BOOL_VALUE", true);
    golden.setting("STRING_VALUE", "Hello world".to_owned());
    golden.setting("DECIMAL_VALUE", rust_decimal::Decimal::new(1, 1));
    golden.naive("DATETIME_VALUE", "2010-08-23 11:29:24");
    golden.setting("FLOAT_VALUE", "3.1415926536".parse::<f64>().expect("a float"));
    golden.date("DATE_VALUE", "2010-12-24");
    golden.time("TIME_VALUE", "23:59:59");
    golden.span("TIMEDELTA_VALUE", "1day 2h 3m");
    golden.setting("CHOICE_VALUE", "yes".to_owned());
    golden.setting("LINEBREAK_VALUE", "Spam spam".to_owned());
    golden.setting("EMAIL_VALUE", "test@example.com".to_owned());
    assert_eq!(
        golden.left.keys().copied().filter(|name| name.ends_with("_VALUE")).collect::<Vec<_>>(),
        ["JSON_VALUE", "LIST_VALUE"]
    );
}

#[test]
fn types_of_one_list_are_read_as_serde_has_them() {
    let list: Vec<serde_json::Value> =
        Json::new().decode(&Kind::Serde, lines()["LIST_VALUE"].as_bytes()).expect("reads");
    assert_eq!(list, [serde_json::json!(1), serde_json::json!("1"), serde_json::json!("2019-01-01")]);
    let json: JsonValue = Json::new().decode(&Kind::Serde, lines()["JSON_VALUE"].as_bytes()).expect("reads");
    let key4 = BTreeMap::from([("key".to_owned(), "value".to_owned())]);
    assert_eq!(json, JsonValue { key: "value".to_owned(), key2: 2, key3: vec![1, 2, 3], key4 });
}

#[test]
fn the_edges_of_every_type() {
    let mut golden = Golden::load();
    golden.setting("none", None::<i64>);
    golden.setting("none", None::<chrono::NaiveDate>);
    golden.setting("bool_false", false);
    golden.setting("int_zero", 0_u32);
    golden.setting("int_min", i64::MIN);
    golden.setting("int_max", i64::MAX);
    golden.setting("uint_first", 1_u64 << 63);
    golden.setting("uint_max", u64::MAX);
    golden.refused::<u64>("int_256_bits", "found a whole number out of the type's range");
    golden.refused::<i64>("int_256_bits_negative", "found a whole number out of the type's range");
    golden.float("float_negative_zero", -0.0);
    golden.float("float_one", 1.0);
    golden.float("float_large", 1e308);
    golden.float("float_largest", f64::MAX);
    golden.float("float_smallest", 5e-324);
    golden.float("float_1e15", 1e15);
    golden.float("float_1e16", 1e16);
    golden.float("float_below_1e16", 9_007_199_254_740_992.0);
    golden.float("float_0001", 0.0001);
    golden.float("float_00001", 0.000_01);
    golden.float("float_negative", -123_456.789);
    golden.float("float_nan", f64::NAN);
    golden.float("float_infinity", f64::INFINITY);
    golden.float("float_negative_infinity", f64::NEG_INFINITY);
    golden.setting("text_empty", String::new());
    golden.setting("text_unicode", "Gr\u{fc}\u{df}e, \u{4e16}\u{754c} \u{1f600}".to_owned());
    golden.setting("text_escapes", "\"\\/\u{8}\u{c}\n\r\t\0\u{1f}\u{7f}\u{80}\u{2028}".to_owned());
    golden.setting("text_like_an_envelope", r#"{"__type__": "default", "__value__": 1}"#.to_owned());
    golden.setting("list_empty", Vec::<jiff::Timestamp>::new());
    golden.value("list_nested", Kind::Serde, &serde_json::json!([[], [[1], [null]], {}]));
    golden.setting("dict_empty", BTreeMap::<String, String>::new());
    golden.date("date_first", "0001-01-01");
    golden.date("date_last", "9999-12-31");
    golden.date("date_leap", "2000-02-29");
    golden.time("time_midnight", "0:00");
    golden.time("time_micros", "09:30:00.000001");
    golden.time("time_last", "23:59:59.999999");
    golden.naive("datetime_micros", "2010-12-24T18:30:15.123456");
    golden.naive("datetime_first", "0001-01-01T00:00");
    golden.naive("datetime_last", "9999-12-31T23:59:59.999999");
    golden.in_utc("datetime_utc", "2010-12-24T18:30:15Z");
    golden.aware("datetime_east", "2010-12-24T18:30:15.000005+05:45");
    golden.aware("datetime_west", "2010-12-24T18:30-09:30");
    golden.span("timedelta_zero", "0s");
    golden.span("timedelta_micro", "1us");
    golden.span("timedelta_micros", "3days 123457us");
    golden.span("timedelta_negative", "-1m 30s 250ms");
    golden.span("timedelta_negative_micro", "-1us");
    golden.span("timedelta_200_years", "73000days 999999us");
    golden.span("timedelta_huge", "999999999days");
    golden.span("timedelta_min", "-999999999days");
    for (name, text) in [
        ("decimal_zeros", "10.500"),
        ("decimal_negative", "-0.05"),
        ("decimal_tiny", "0.0000001"),
        ("decimal_long", "79228162514264337593543950335"),
    ] {
        golden.setting(name, <rust_decimal::Decimal as SettingType>::parse(text).expect(text));
    }
    golden.refused::<rust_decimal::Decimal>("decimal_nan", "found a decimal that the type cannot hold");
    golden.setting("uuid_nil", uuid::Uuid::nil());
    golden.setting("uuid", uuid::Uuid::from_u128(0x0123_4567_89ab_cdef_0123_4567_89ab_cdef));
    golden.setting("uuid_max", uuid::Uuid::max());
    let deep = (1..60).fold(Deep(vec![]), |inner, _| Deep(vec![inner]));
    golden.value("deep", Kind::Serde, &deep);
    let left: Vec<_> = golden.left.keys().copied().filter(|name| !name.ends_with("_VALUE")).collect();
    assert_eq!(left, ["datetime_odd_offset", "decimal_exponent", "dict_of_everything", "dict_order"]);
}

#[test]
fn a_decimal_with_an_exponent_is_read_as_its_number() {
    let read: rust_decimal::Decimal =
        Json::new().decode(&Kind::Decimal, lines()["decimal_exponent"].as_bytes()).expect("reads");
    assert_eq!(read, rust_decimal::Decimal::from(100_000));
}

#[test]
fn an_offset_with_seconds_is_kept_by_the_types_that_can() {
    let stored = lines()["datetime_odd_offset"].as_bytes();
    let read: time::OffsetDateTime = Json::new().decode(&Kind::Timestamp, stored).expect("reads");
    assert_eq!(read.offset().whole_seconds(), 19 * 60 + 32);
    assert_eq!(Json::new().encode(&Kind::Timestamp, &read).expect("encodes").as_bytes(), stored);
    let read: jiff::Timestamp = Json::new().decode(&Kind::Timestamp, stored).expect("reads");
    assert_eq!(read.to_string(), "1900-01-01T11:40:28Z");
    // The texts that chrono reads have no seconds in an offset.
    let read: chrono::DateTime<chrono::Utc> = Json::new().decode(&Kind::Timestamp, stored).expect("reads");
    assert_eq!(read.to_rfc3339(), "1900-01-01T11:40:28+00:00");
}

#[test]
fn the_order_of_a_dict_is_that_of_the_rust_type() {
    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    struct Order {
        b: i64,
        a: i64,
        #[serde(rename = "")]
        empty: i64,
        #[serde(rename = "\u{fc}")]
        umlaut: i64,
    }
    let mut golden = Golden::load();
    golden.value("dict_order", Kind::Serde, &Order { b: 1, a: 2, empty: 3, umlaut: 4 });
}

#[test]
fn typed_values_anywhere_are_read() {
    let stored = lines()["dict_of_everything"].as_bytes();
    let read: serde_json::Value = Json::new().decode(&Kind::Serde, stored).expect("reads");
    let expected = serde_json::json!({
        "datetime": "2010-12-24T18:30:15.25Z",
        "list": ["PT1.500000000S", ["1.50", {"uuid": "00000000-0000-0000-0000-000000000005"}]],
        "time": "01:02:03.000004",
    });
    assert_eq!(read, expected);
}

#[test]
fn typed_values_in_lists_and_maps_are_written() {
    let days = vec![<jiff::civil::Date as SettingType>::parse("2019-01-01").expect("a date")];
    let written = Json::new().encode(&Kind::List(&Kind::Date), &days).expect("encodes");
    assert_eq!(
        std::str::from_utf8(written.as_bytes()),
        Ok(r#"{"__type__": "default", "__value__": [{"__type__": "date", "__value__": "2019-01-01"}]}"#)
    );
    let limits = BTreeMap::from([("a".to_owned(), Some(Duration::from_millis(1500))), ("b".to_owned(), None)]);
    let kind = BTreeMap::<String, Option<Duration>>::KIND;
    let written = Json::new().encode(&kind, &limits).expect("encodes");
    assert_eq!(
        std::str::from_utf8(written.as_bytes()),
        Ok(r#"{"__type__": "default", "__value__": {"a": {"__type__": "timedelta", "__value__": 1.5}, "b": null}}"#)
    );
    assert_eq!(
        Json::new().decode::<BTreeMap<String, Option<Duration>>>(&kind, written.as_bytes()).expect("reads"),
        limits
    );
}
