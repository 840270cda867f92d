//! Promise 12: hostile bytes give an error that says what was found; they never panic, hang, or exhaust memory.

use std::collections::BTreeMap;

use constance_core::{Codec, ErrorKind, Kind, MessagePack, Result, SettingType};
use serde::{Deserialize, Serialize};

/// Nests as deep as the bytes do.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Tree(Vec<Tree>);

fn decode<T: SettingType>(bytes: &[u8]) -> Result<T> {
    MessagePack.decode(&T::KIND, bytes)
}

fn refusal<T: SettingType + std::fmt::Debug>(bytes: &[u8]) -> String {
    let Err(error) = decode::<T>(bytes) else { panic!("it was taken for a value") };
    assert_eq!(error.kind(), ErrorKind::Decode);
    error.to_string()
}

#[test]
fn formats_of_others_are_named() {
    let tail = "; set or reset the setting to repair it";
    for (bytes, found) in [
        (&b""[..], "an empty value (0 bytes stored)"),
        (b"\xc1", "an envelope that is cut short (1 bytes stored)"),
        (b"\xc1\x02\x01", "wire version 2, written by a newer release (this one knows up to 1) (3 bytes stored)"),
        (b"\xc1\x00\x01", "the unknown wire version 0 (3 bytes stored)"),
        (b"\xc1\x01", "an envelope that is cut short (2 bytes stored)"),
        (b"\xc1\x01i", "a whole number that is cut short (3 bytes stored)"),
        (b"\xc1\x01?\x01", "a value of an unknown kind (4 bytes stored)"),
        (br#"{"__type__": "default", "__value__": 1}"#, "JSON (39 bytes stored)"),
        (b"\x80\x04K\x01.", "a Python pickle (5 bytes stored)"),
        (b"\x2a", "bytes in another format, the first of them 0x2a (1 bytes stored)"),
    ] {
        assert_eq!(refusal::<i64>(bytes), format!("wanted a whole number, found {found}{tail}"));
    }
}

#[test]
fn another_type_is_named_and_its_value_is_not() {
    let text = MessagePack.encode(&Kind::Text, "hunter2").expect("encodes");
    assert!(refusal::<i64>(text.as_bytes()).starts_with("wanted a whole number, found a text ("));
    let big = MessagePack.encode(&i64::KIND, &300_i64).expect("encodes");
    let refused = refusal::<u8>(big.as_bytes());
    assert!(refused.starts_with("wanted a whole number from 0 to 255, found a whole number out of"), "{refused}");
    assert!(!refused.contains("300"));
}

#[test]
fn every_cut_of_a_value_is_refused() {
    let value = BTreeMap::from([("key".to_owned(), vec![Some("text".to_owned()), None])]);
    let whole = MessagePack.encode(&Kind::Serde, &value).expect("encodes");
    for length in 0..whole.len() {
        refusal::<BTreeMap<String, Vec<Option<String>>>>(&whole.as_bytes()[..length]);
    }
}

#[test]
fn trailing_bytes_are_refused() {
    let mut bytes = MessagePack.encode(&Kind::Bool, &true).expect("encodes").as_bytes().to_vec();
    bytes.push(0xc3);
    assert!(refusal::<bool>(&bytes).contains("trailing bytes"));
    // A byte that no value begins with is no end either.
    *bytes.last_mut().expect("a byte") = 0xc1;
    assert!(refusal::<bool>(&bytes).contains("trailing bytes"));
}

#[test]
fn depth_is_limited_in_reading_and_in_writing() {
    let deep = |levels: usize| [b"\xc1\x01v".to_vec(), vec![0x91; levels - 1], vec![0x90]].concat();
    assert!(MessagePack.decode::<Tree>(&Kind::Serde, &deep(64)).is_ok());
    for levels in [65, 10_000] {
        let error = MessagePack.decode::<Tree>(&Kind::Serde, &deep(levels)).expect_err("too deep");
        assert!(error.to_string().contains("nested deeper than 64 levels"), "{error}");
    }
    let tree = (0..100).fold(Tree(vec![]), |inner, _| Tree(vec![inner]));
    let error = MessagePack.encode(&Kind::Serde, &tree).expect_err("too deep");
    assert_eq!(error.kind(), ErrorKind::Encode);
}

#[test]
fn a_length_that_is_a_lie_takes_no_memory() {
    for marker in [0xdd, 0xdf, 0xdb, 0xc6, 0xc9] {
        let bytes = |kind: &[u8]| [&[0xc1, 1], kind, &[marker, 0xff, 0xff, 0xff, 0xff]].concat();
        refusal::<Vec<i64>>(&bytes(b"Li"));
        refusal::<String>(&bytes(b"t"));
        refusal::<BTreeMap<String, String>>(&bytes(b"Mt"));
    }
}

#[test]
fn no_byte_string_up_to_three_bytes_panics() {
    let mut read = 0;
    for a in 0..=255_u8 {
        for b in 0..=255_u8 {
            let bytes = [0xc1, 1, b'L', b't', a, b];
            read += usize::from(decode::<Vec<Option<String>>>(&bytes).is_ok());
            read += usize::from(decode::<Vec<Option<String>>>(&bytes[..5]).is_ok());
            read += usize::from(decode::<f64>(&[0xc1, 1, b'f', a, b]).is_ok());
            read += usize::from(decode::<f64>(&[0xc1, 1, a, b]).is_ok());
        }
    }
    // Fixed-length lists of one `none` or one empty text, and the empty list, in each of its 256 repetitions.
    assert!(read > 0);
}

/// A stored map in which one name became another.
fn renamed(map: &[u8], from: &[u8], to: &[u8]) -> Vec<u8> {
    let at = map.windows(from.len()).position(|window| window == from).expect("it is there");
    [&map[..at], to, &map[at + from.len()..]].concat()
}

#[test]
fn a_name_that_is_there_twice_is_refused() {
    #[derive(Debug, Serialize, Deserialize)]
    struct Rest {
        known: i64,
        #[serde(flatten)]
        rest: BTreeMap<String, i64>,
    }

    let map = BTreeMap::from([("ab".to_owned(), 1_i64), ("cd".to_owned(), 2)]);
    let stored = MessagePack.encode(&<BTreeMap<String, i64>>::KIND, &map).expect("encodes");
    // A text of two bytes, and the same in the form of longer ones.
    for twice in [&b"\xa2ab"[..], b"\xd9\x02ab", b"\xda\x00\x02ab"] {
        let refused = refusal::<BTreeMap<String, i64>>(&renamed(stored.as_bytes(), b"\xa2cd", twice));
        assert!(refused.contains("a map that has a name twice") && !refused.contains("ab"), "{refused}");
    }

    let in_serde = |bytes: &[u8]| MessagePack.decode::<BTreeMap<i64, bool>>(&Kind::Serde, bytes);
    let numbers = MessagePack.encode(&Kind::Serde, &BTreeMap::from([(5_i64, true), (6, false)])).expect("encodes");
    assert!(in_serde(&renamed(numbers.as_bytes(), b"\x06", b"\xd0\x06")).is_ok(), "it may be written longer");
    assert!(in_serde(&renamed(numbers.as_bytes(), b"\x06", b"\xd0\x05")).is_err(), "five is five");

    let flat = MessagePack.encode(&Kind::Serde, &Rest { known: 1, rest: map.clone() }).expect("encodes");
    assert!(MessagePack.decode::<Rest>(&Kind::Serde, flat.as_bytes()).is_ok());
    for twice in [&b"\xa2ab"[..], b"\xa5known"] {
        let doubled = renamed(flat.as_bytes(), b"\xa2cd", twice);
        assert!(MessagePack.decode::<Rest>(&Kind::Serde, &doubled).is_err());
    }
}

#[test]
fn what_a_type_does_not_know_may_say_anything() {
    #[derive(Debug, PartialEq, Deserialize)]
    struct Known {
        known: i64,
    }

    #[derive(Serialize)]
    struct Stored {
        known: i64,
        other: BTreeMap<String, Vec<i64>>,
    }

    let other = BTreeMap::from([("ab".to_owned(), vec![1, 2]), ("cd".to_owned(), vec![])]);
    let stored = MessagePack.encode(&Kind::Serde, &Stored { known: 7, other }).expect("encodes");
    let doubled = renamed(stored.as_bytes(), b"\xa2cd", b"\xa2ab");
    assert_eq!(MessagePack.decode::<Known>(&Kind::Serde, &doubled).expect("reads"), Known { known: 7 });
    // But it has to be whole, and not deeper than anything else.
    for cut in 3..doubled.len() {
        assert!(MessagePack.decode::<Known>(&Kind::Serde, &doubled[..cut]).is_err());
    }
    let lists =
        |count: usize| [&stored.as_bytes()[..3], b"\x82\xa5known\x07\xa5other", &vec![0x91; count], b"\xc0"].concat();
    assert!(MessagePack.decode::<Known>(&Kind::Serde, &lists(MessagePack::MAX_DEPTH - 1)).is_ok());
    assert!(MessagePack.decode::<Known>(&Kind::Serde, &lists(MessagePack::MAX_DEPTH)).is_err());
    assert!(MessagePack.decode::<Known>(&Kind::Serde, &lists(100_000)).is_err());
}
