//! Hostile bytes give an error that says what was found; they never panic, hang, or exhaust memory.

use std::collections::BTreeMap;

use constance_core::{Codec, ErrorKind, Json, Kind, MessagePack, SettingType};
use serde::{Deserialize, Serialize};

use super::golden::lines;

/// Nests as deep as the bytes do.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Tree(Vec<Tree>);

fn refusal<T: SettingType>(bytes: &[u8]) -> String {
    let Err(error) = Json::new().decode::<T>(&T::KIND, bytes) else { panic!("it was taken for a value") };
    assert_eq!(error.kind(), ErrorKind::Decode);
    error.to_string()
}

#[test]
fn formats_of_others_are_named() {
    let packed = MessagePack.encode(&Kind::Int { min: 0, max: 1 }, &1).expect("encodes");
    let tail = "; set or reset the setting to repair it";
    for (bytes, found) in [
        (&b""[..], "an empty value (0 bytes stored)"),
        (packed.as_bytes(), "MessagePack, as the default codec writes it (4 bytes stored)"),
        (b"\x80\x04K\x01.", "a Python pickle of django-constance 1 to 3 (5 bytes stored)"),
        (b"gAJLAS4=", "a Python pickle of django-constance 1 to 3 (8 bytes stored)"),
        (b"\xff", "bytes that are not UTF-8 (1 bytes stored)"),
        (b"yes", "broken JSON (3 bytes stored)"),
    ] {
        assert_eq!(refusal::<i64>(bytes), format!("wanted a whole number, found {found}{tail}"));
    }
}

#[test]
fn every_cut_of_a_value_is_refused() {
    // A minus and half of a word is broken rather than cut short.
    for (name, text) in lines().into_iter().filter(|(name, _)| *name != "float_negative_infinity") {
        for length in 0..text.len() {
            let cut = &text.as_bytes()[..length];
            let error = Json::new().decode::<serde_json::Value>(&Kind::Serde, cut).expect_err(name).to_string();
            let found = ["cut short", "an empty value", "half of a surrogate pair"];
            assert!(found.iter().any(|found| error.contains(found)), "{name} at {length}: {error}");
        }
    }
}

#[test]
fn trailing_and_broken_bytes_are_refused() {
    for text in ["1 1", "{}}", "[],", "null,", "\"a\"b"] {
        assert!(refusal::<i64>(text.as_bytes()).contains("trailing bytes after the JSON"), "{text}");
    }
    for text in [
        "[1,]",
        "[,1]",
        "{,}",
        "{\"a\"}",
        "{\"a\":}",
        "{\"a\":1,}",
        "{1:1}",
        "'a'",
        "\"\x01\"",
        "\"\\x41\"",
        "\"\\u12g4\"",
        "\"\\u+123\"",
        "+1",
        ".5",
        "-",
        "1.",
        "1e",
        "--1",
        "Nan",
        "nan",
        "inf",
        "\u{feff}1",
        "-NaN",
        "None",
        "True",
    ] {
        let refused = refusal::<i64>(text.as_bytes());
        assert!(refused.contains("broken JSON") || refused.contains("cut short"), "{text}: {refused}");
    }
    assert!(refusal::<i64>(b"01").contains("trailing bytes"));
}

#[test]
fn depth_is_limited_in_reading_and_in_writing() {
    let deep = |levels: usize| ["[".repeat(levels), "]".repeat(levels)].concat();
    assert!(Json::new().decode::<Tree>(&Kind::Serde, deep(64).as_bytes()).is_ok());
    for text in [deep(100_000), "[".repeat(1_000_000), "{\"a\":".repeat(1_000_000)] {
        let error = Json::new().decode::<Tree>(&Kind::Serde, text.as_bytes()).expect_err("too deep");
        assert!(error.to_string().contains("nested deeper than 64 levels"), "{error}");
    }
    let tree = |levels: usize| (1..levels).fold(Tree(vec![]), |inner, _| Tree(vec![inner]));
    let encoded = Json::new().encode(&Kind::Serde, &tree(64)).expect("encodes");
    assert_eq!(Json::new().decode::<Tree>(&Kind::Serde, encoded.as_bytes()).expect("reads"), tree(64));
    let error = Json::new().encode(&Kind::Serde, &tree(65)).expect_err("too deep");
    assert_eq!(error.kind(), ErrorKind::Encode);
    assert!(error.to_string().contains("nested deeper than 64 levels"), "{error}");
}

#[test]
fn long_numbers_end() {
    assert!(refusal::<i64>("9".repeat(5_000).as_bytes()).contains("more than 4300 digits"));
    assert!(refusal::<i64>("9".repeat(4_000).as_bytes()).contains("out of the type's range"));
    assert!(refusal::<i64>(format!("1e{}", "9".repeat(100_000)).as_bytes()).contains("found a float"));
}

#[test]
fn many_names_take_no_time() {
    let many: String = (0..100_000).map(|n| format!("\"a{n}\": 1, ")).collect();
    let read =
        |text: String| Json::new().decode::<BTreeMap<String, i64>>(&BTreeMap::<String, i64>::KIND, text.as_bytes());
    assert_eq!(read(format!("{{{many}\"b\": 2}}")).expect("reads").len(), 100_001);
    let error = read(format!("{{{many}\"a7\": 2}}")).expect_err("twice").to_string();
    assert!(error.contains("found an object with a name twice"), "{error}");
}

#[test]
fn changed_bytes_never_panic() {
    let mut read = 0;
    for (_, text) in lines() {
        for at in 0..text.len().min(120) {
            for byte in
                [0x00, b'"', b'\\', b'{', b'}', b'[', b']', b'0', b'-', b'.', b'e', b'u', b':', b',', 0x80, 0xff]
            {
                let mut changed = text.as_bytes().to_vec();
                changed[at] = byte;
                read += usize::from(Json::new().decode::<serde_json::Value>(&Kind::Serde, &changed).is_ok());
            }
        }
    }
    assert!(read > 0, "some changes are only other values");
}

#[test]
fn no_error_shows_a_value() {
    let secret = "hunter2";
    for text in [
        format!("\"{secret}\""),
        format!("[\"{secret}\"]"),
        format!("{{\"{secret}\": \"{secret}\"}}"),
        format!("{{\"__type__\": \"date\", \"__value__\": \"{secret}\"}}"),
        format!("{{\"__type__\": \"default\", \"{secret}\": \"{secret}\"}}"),
        secret.to_owned(),
        "73577357".to_owned(),
    ] {
        for kind in
            [Kind::Bool, Kind::Date, Kind::Timestamp, Kind::Decimal, Kind::Uuid, Kind::Choice(&["a"]), Kind::Serde]
        {
            let Err(error) = Json::new().decode::<bool>(&kind, text.as_bytes()) else { panic!("a bool") };
            let shown = format!("{error} {error:?}");
            assert!(!shown.contains(secret) && !shown.contains("73577357"), "{shown}");
        }
    }
}
