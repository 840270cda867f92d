//! `Value` holds whatever Django stores, and loses nothing of it.

use std::collections::{BTreeMap, HashMap};
use std::fmt::Debug;
use std::time::Duration;

use constance_core::testing::ReferenceBackend;
use constance_core::{Codec, Config, ErrorKind, Json, Kind, MessagePack, SettingType, Settings, Value};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::golden::lines;
use super::pickles::{pickles, unhex};

fn of(text: &str) -> Value {
    text.parse().unwrap_or_else(|e| panic!("{text}: {e}"))
}

fn read(stored: &str) -> Value {
    Json::new().decode(&Kind::Any, stored.as_bytes()).unwrap_or_else(|e| panic!("{stored}: {e}"))
}

fn written<T: Serialize>(kind: &Kind, value: &T) -> String {
    let encoded = Json::new().encode(kind, value).expect("encodes");
    String::from_utf8(encoded.as_bytes().to_vec()).expect("JSON")
}

/// The value with every codec and as a text.
fn comes_back<T: SettingType + Debug>(value: &T) {
    let text = written(&T::KIND, value);
    assert_eq!(&Json::new().decode::<T>(&T::KIND, text.as_bytes()).expect("reads"), value, "{text}");
    assert_eq!(&T::parse(&value.print()).expect("parses"), value, "{text}");
    packs(&T::KIND, value);
}

fn packs<T: Serialize + DeserializeOwned + PartialEq + Debug>(kind: &Kind, value: &T) {
    let packed = MessagePack.encode(kind, value).expect("encodes");
    assert_eq!(&MessagePack.decode::<T>(kind, packed.as_bytes()).expect("reads"), value);
}

#[test]
fn the_form_in_messagepack_is_readable_for_ever() {
    for line in include_str!("../../golden/msgpack-1-value.txt").lines().filter(|line| !line.starts_with('#')) {
        let (text, hex) = line.split_once(" | ").expect("a text and hex");
        let bytes = unhex(hex);
        assert_eq!(MessagePack.decode::<Value>(&Kind::Any, &bytes).expect(text), of(text));
        assert_eq!(MessagePack.encode(&Kind::Any, &of(text)).expect(text).as_bytes(), bytes, "{text}");
        for length in 0..bytes.len() {
            MessagePack.decode::<Value>(&Kind::Any, &bytes[..length]).expect_err(text);
        }
    }
    // What another type stored, or a broken text, is no value of any type.
    for (kind, stored) in [(Kind::Text, "5"), (Kind::Text, "\"a\"")] {
        let bytes = MessagePack.encode(&kind, stored).expect("encodes");
        MessagePack.decode::<Value>(&Kind::Any, bytes.as_bytes()).expect_err("a text");
    }
    let name = "$constance::json".to_owned();
    for map in [
        BTreeMap::from([(name.clone(), "hunter2".to_owned())]),
        BTreeMap::from([(name.clone(), "1".to_owned()), ("a".to_owned(), "1".to_owned())]),
        BTreeMap::from([(name, "1".to_owned()), ("~".to_owned(), "1".to_owned())]),
        BTreeMap::from([("a".to_owned(), "1".to_owned())]),
        BTreeMap::new(),
    ] {
        let bytes = MessagePack.encode(&Kind::Map(&Kind::Text), &map).expect("encodes");
        let error = MessagePack.decode::<Value>(&Kind::Any, bytes.as_bytes()).expect_err("another map");
        assert!(!format!("{error} {error:?}").contains("hunter2"), "{error}");
    }
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Holder {
    before: i64,
    any: Value,
    more: Vec<Option<Value>>,
}

#[test]
fn every_vector_is_read_and_written_in_the_same_bytes() {
    for (name, stored) in lines() {
        let value = read(stored);
        assert_eq!(written(&Kind::Any, &value), stored, "{name}");
        let text = value.to_string();
        let bare =
            stored.strip_prefix(r#"{"__type__": "default", "__value__": "#).and_then(|rest| rest.strip_suffix('}'));
        assert_eq!(text, bare.unwrap_or(stored), "{name}");
        assert_eq!(
            [of(&text), of(stored), of(&format!("\n {text}\t"))],
            [value.clone(), value.clone(), value],
            "{name}"
        );
    }
}

#[test]
fn every_pickle_becomes_the_same_value() {
    let (json, reading) = (lines(), Json::new().reading_pickles(true));
    for (name, place, bytes) in pickles() {
        let value: Value = reading.decode(&Kind::Any, &bytes).unwrap_or_else(|e| panic!("{name} {place}: {e}"));
        assert_eq!(value, read(json[name]), "{name} {place}");
    }
    // A dict that django-constance 4 could not store: {"__type__": 1}.
    let error = reading.decode::<Value>(&Kind::Any, b"(dV__type__\nI1\ns.").expect_err("no envelope");
    assert!(error.to_string().contains("found a dict with a key \"__type__\""), "{error}");
}

#[test]
fn every_vector_comes_back_wherever_it_is() {
    for (name, stored) in lines() {
        let value = read(stored);
        comes_back(&value);
        comes_back(&vec![value.clone(), Value::default(), value.clone()]);
        comes_back(&BTreeMap::from([("b".to_owned(), value.clone()), ("a".to_owned(), value.clone())]));
        comes_back(&HashMap::<String, _>::from([("a".to_owned(), vec![value.clone()])]));
        comes_back(&vec![None, Some(of("[1]"))]);
        if value != Value::default() {
            comes_back(&Some(value.clone()));
            comes_back(&vec![None, Some(value.clone())]);
        }
        // It stands in a list as it stands alone.
        let list = written(&Vec::<Value>::KIND, &vec![value.clone()]);
        assert_eq!(list, format!(r#"{{"__type__": "default", "__value__": [{value}]}}"#), "{name}");
        assert_eq!(Value::of(&vec![value.clone()]).expect(name), read(&list));
        assert_eq!(read(&list).to::<Vec<Value>>().expect(name), vec![value]);
    }
}

#[test]
fn a_serde_type_may_hold_one() {
    for (name, stored) in lines() {
        let value = read(stored);
        let more = vec![None, Some(of(r#"{"__type__": "uuid", "__value__": "00000000000000000000000000000005"}"#))];
        let holder = Holder { before: 1, any: value.clone(), more };
        let text = written(&Kind::Serde, &holder);
        let expected = format!(
            r#"{{"__type__": "default", "__value__": {{"before": 1, "any": {value}, "more": [null, {}]}}}}"#,
            r#"{"__type__": "uuid", "__value__": "00000000000000000000000000000005"}"#
        );
        assert_eq!(text, expected, "{name}");
        assert_eq!(Json::new().decode::<Holder>(&Kind::Serde, text.as_bytes()).expect(name), holder);
        packs(&Kind::Serde, &holder);
        let config = Config::<Holding>::builder(ReferenceBackend::new()).codec(Json::new()).build().expect("builds");
        config.set(Holding::HOLDER, Some(holder.clone())).expect(name);
        let typed = config.get_text("holder").expect(name);
        config.set_text("holder", &typed).expect(name);
        assert_eq!(config.get(Holding::HOLDER).expect(name), Some(holder), "{name}");
    }
}

#[derive(Clone, Settings)]
struct Holding {
    #[setting(default, serde)]
    holder: Option<Holder>,
}

#[derive(Clone, Settings)]
struct Twice {
    #[setting(default, serde)]
    flat: Flat,
    #[setting(default, serde)]
    untagged: Option<Untagged>,
}

#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
struct Flat {
    #[serde(flatten)]
    rest: BTreeMap<String, Value>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
enum Untagged {
    One(Value),
}

#[test]
fn what_serde_reads_twice_cannot_hold_one_and_says_so() {
    for value in ["5", "\"5\"", "[]", "{\"a\": 1}", r#"{"__type__": "date", "__value__": "2019-01-01"}"#] {
        let stored = format!("{{\"any\": {value}}}");
        let error = Json::new().decode::<Flat>(&Kind::Serde, stored.as_bytes()).expect_err(value);
        assert!(error.to_string().contains("wanted JSON, found "), "{error}");
        Json::new().decode::<Untagged>(&Kind::Serde, value.as_bytes()).expect_err(value);
        let flat = Flat { rest: BTreeMap::from([("any".to_owned(), of(value))]) };
        let untagged = Untagged::One(of(value));
        packs(&Kind::Serde, &flat);
        packs(&Kind::Serde, &untagged);
        let config = Config::<Twice>::builder(ReferenceBackend::new()).codec(Json::new()).build().expect("builds");
        for error in [config.set(Twice::FLAT, flat), config.set(Twice::UNTAGGED, Some(untagged))] {
            assert!(error.is_err_and(|e| e.to_string().contains("does not read back as itself")), "{value}");
        }
    }
}

#[test]
fn a_value_is_taken_apart_and_made() {
    let value =
        of(r#"{"day": {"__type__": "date", "__value__": "2019-01-01"}, "limits": [1, 2.5, null], "name": "a"}"#);
    let parts: BTreeMap<String, Value> = value.to().expect("a dict");
    assert_eq!(parts["day"].to::<jiff::civil::Date>().expect("a date"), jiff::civil::date(2019, 1, 1));
    assert_eq!(parts["day"].to::<chrono::NaiveDate>().expect("a date").to_string(), "2019-01-01");
    let limits: Vec<Option<f64>> = parts["limits"].to().expect("a list");
    assert_eq!(limits, [Some(1.0), Some(2.5), None]);
    assert_eq!(parts["name"].to::<String>().expect("a text"), "a");
    assert_eq!(value.to::<Value>().expect("itself"), value);
    assert_eq!(value.to::<Option<Value>>().expect("some"), Some(value.clone()));
    assert_eq!(Value::default().to::<Option<Value>>().expect("none"), None);

    for (value, text) in [
        (Value::of(&Duration::from_millis(1500)), r#"{"__type__": "timedelta", "__value__": 1.5}"#),
        (Value::of(&rust_decimal::Decimal::new(150, 2)), r#"{"__type__": "decimal", "__value__": "1.50"}"#),
        (Value::of(&None::<i64>), "null"),
        (Value::of(&vec![Some(f64::NAN)]), "[NaN]"),
        (Value::of(&0.1_f32), "0.1"),
        (Value::of(&u64::MAX), "18446744073709551615"),
        (Value::of(&of("[1]")), "[1]"),
    ] {
        assert_eq!(value.expect(text).to_string(), text);
    }

    for (error, words) in [
        (value.to::<i64>().map(drop), "wanted a whole number, found a dict"),
        (parts["day"].to::<String>().map(drop), "wanted a text, found a date"),
        (of("256").to::<u8>().map(drop), "found a whole number out of the type's range"),
        (of("\"1\"").to::<i64>().map(drop), "found a text"),
    ] {
        let error = error.expect_err(words);
        assert_eq!(error.kind(), ErrorKind::Decode);
        assert!(error.to_string().contains(words), "{error}");
    }
}

fn nested(levels: usize) -> String {
    "[".repeat(levels) + &"]".repeat(levels)
}

#[test]
fn what_cannot_be_kept_is_an_error() {
    for (text, words) in [
        (r#"{"__type__": 1}"#.to_owned(), "that is no envelope"),
        (r#"[{"__value__": 1}]"#.to_owned(), "that is no envelope"),
        (r#"{"__type__": "set", "__value__": []}"#.to_owned(), "an unknown type"),
        (nested(65), "nested deeper than 64 levels"),
        (nested(1_000_000), "nested deeper than 64 levels"),
        ("1".repeat(4_301), "more than 4300 digits"),
        (r#"{"__type__": "time", "__value__": "01:02:03.0000001"}"#.to_owned(), "finer than a microsecond"),
        (r#"{"__type__": "date", "__value__": "0000-12-31"}"#.to_owned(), "outside the years 1 to 9999"),
        (r#"{"__type__": "decimal", "__value__": "many"}"#.to_owned(), "a decimal whose"),
        ("[1, 2] 3".to_owned(), "trailing bytes"),
        ("[1,".to_owned(), "cut short"),
        (String::new(), "cut short"),
        ("a text".to_owned(), "broken JSON"),
    ] {
        let error = Value::parse(&text).expect_err(words).to_string();
        assert!(error.contains(words), "{error}");
        let error = Json::new().decode::<Value>(&Kind::Any, text.as_bytes()).expect_err(words);
        assert_eq!(error.kind(), ErrorKind::Decode, "{error}");
    }
    for text in [nested(64), "1".repeat(4_300), format!("-{}", "9".repeat(4_300))] {
        comes_back(&of(&text));
    }

    let refused = |made: constance_core::Result<Value>, words: &str| {
        let error = made.expect_err(words);
        assert_eq!(error.kind(), ErrorKind::Encode);
        assert!(error.to_string().contains(words), "{error}");
    };
    refused(Value::of(&vec![of(&nested(64))]), "nested deeper than 64 levels");
    refused(Value::of(&BTreeMap::from([("__type__".to_owned(), of("1"))])), "would be taken for an envelope");
    refused(Value::of(&Duration::from_nanos(1)), "finer than a microsecond");
    refused(Value::of(&Some(Value::default())), "would be read as none");
    refused(Value::of(&vec![Some(Value::default())]), "would be read as none");
    let error = Json::new().encode(&Option::<Value>::KIND, &Some(Value::default())).expect_err("as none");
    assert!(error.to_string().contains("would be read as none"), "{error}");
    // Neither a text nor MessagePack has to give up the difference.
    assert_eq!(Option::<Value>::parse(&Some(Value::default()).print()), Ok(Some(Value::default())));
    packs(&Option::<Value>::KIND, &Some(Value::default()));
    assert_eq!(Option::<Value>::parse("null"), Ok(None));
    assert_eq!(Option::<Value>::parse("\"none\""), Ok(Some(of("\"none\""))));
}

#[test]
fn equal_is_what_has_the_same_text() {
    let texts = ["1", "1.0", "true", "\"1\"", "NaN", "0.0", "-0.0", r#"{"a": 1, "b": 2}"#, r#"{"b": 2, "a": 1}"#];
    for (at, one) in texts.iter().enumerate() {
        for (to, other) in texts.iter().enumerate() {
            assert_eq!(of(one) == of(other), at == to, "{one} and {other}");
        }
    }
    assert_eq!(of(r#"{"a":1 , "b":[ 1.50,1e2 ]}"#).to_string(), r#"{"a": 1, "b": [1.5, 100.0]}"#);
    let twice = r#"{"a": 1, "b": 2, "a": 3}"#.parse::<Value>().expect_err("twice").to_string();
    assert_eq!(twice, "this cannot be read as JSON: an object with a name twice");
    assert_eq!(format!("{:>5}", of("1")), "    1");
}

#[test]
fn neither_debug_nor_an_error_shows_it() {
    for text in [
        "hunter2",
        "\"hunter2",
        r#"{"__type__": "hunter2", "__value__": 1}"#,
        r#"{"__type__": "date", "__value__": "hunter2"}"#,
        r#"{"hunter2": 1,"#,
    ] {
        let error = Value::parse(text).expect_err(text);
        assert!(!format!("{error} {error:?}").contains("hunter2"), "{error}");
        let error = Vec::<Value>::parse(&format!("[{text}]")).expect_err(text);
        assert!(!format!("{error} {error:?}").contains("hunter2"), "{error}");
    }
    let error = of(r#"["hunter2"]"#).to::<Vec<i64>>().expect_err("a text");
    assert!(!format!("{error} {error:?}").contains("hunter2"), "{error}");
    let shown: Vec<String> =
        ["\"hunter2\"", "[\"hunter2\"]", "73577357"].iter().map(|text| format!("{:?}", of(text))).collect();
    assert_eq!(shown, ["Value(a text)", "Value(a list)", "Value(a whole number)"]);
}

#[derive(Clone, Settings)]
struct Shop {
    #[setting(default)]
    any: Value,
    #[setting(default)]
    optional: Option<Value>,
    #[setting(default)]
    list: Vec<Value>,
}

#[test]
fn a_setting_of_any_type_is_set_and_followed_like_others() {
    let config = Config::<Shop>::builder(ReferenceBackend::new()).codec(Json::new()).build().expect("builds");
    let live = config.live().expect("loads");
    assert_eq!(config.get_text("any").expect("the default"), "null");
    for (name, text) in [
        ("any", "[1, {\"__type__\": \"date\", \"__value__\": \"2019-01-01\"}]"),
        ("optional", "\"a text\""),
        ("list", "[1.0,NaN,\"a\"]"),
    ] {
        config.set_text(name, text).expect(name);
        assert_eq!(config.get_text(name).expect(name), text);
    }
    let now = config.get(Shop::ANY).expect("reads");
    assert_eq!(live.load().any, now);
    config.compare_and_set(Shop::ANY, now.clone(), of("NaN")).expect("nobody else wrote");
    config.compare_and_set(Shop::ANY, now, of("1")).expect_err("somebody wrote");
    config.compare_and_set(Shop::ANY, of("NaN"), of("1")).expect("equal to itself");
    let error = config.set(Shop::OPTIONAL, Some(Value::default())).expect_err("none");
    assert!(error.to_string().contains("would be read as none"), "{error}");
    let error = config.set_text("any", "a text").expect_err("no quotes").to_string();
    assert!(error.contains("this cannot be read as JSON: broken JSON"), "{error}");
}
