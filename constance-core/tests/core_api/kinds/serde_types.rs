//! Inside a type that is marked `serde` it is the same: what a field holds is read as the same value or not at all.

use std::fmt::Debug;
use std::time::Duration;

use constance_core::{Codec, ErrorKind, Json, Kind, MessagePack};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Held<T> {
    field: T,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Limits {
    rate: u32,
    burst: u32,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
enum Shape {
    Unit,
    Newtype(u32),
}

fn read<C: Codec, A: Serialize, B: DeserializeOwned>(codec: &C, stored: A) -> Option<B> {
    let bytes = codec.encode(&Kind::Serde, &Held { field: stored }).expect("encodes");
    match codec.decode::<Held<B>>(&Kind::Serde, bytes.as_bytes()) {
        Ok(held) => Some(held.field),
        Err(error) => {
            assert_eq!(error.kind(), ErrorKind::Decode);
            None
        }
    }
}

#[track_caller]
fn refused<A: Serialize + Copy, B: DeserializeOwned + Debug + PartialEq>(stored: A) {
    assert_eq!(read::<_, _, B>(&MessagePack, stored), None, "MessagePack");
    assert_eq!(read::<_, _, B>(&Json::new(), stored), None, "JSON");
}

#[track_caller]
fn same<A: Serialize + Copy, B: DeserializeOwned + Debug + PartialEq>(stored: A, value: B) {
    assert_eq!(read::<_, _, B>(&MessagePack, stored).as_ref(), Some(&value), "MessagePack");
    assert_eq!(read::<_, _, B>(&Json::new(), stored).as_ref(), Some(&value), "JSON");
}

#[test]
fn numbers_are_the_same_or_refused() {
    refused::<_, f64>((1_i64 << 53) + 1);
    refused::<_, f64>(u64::MAX);
    refused::<_, f32>(16_777_217_i64);
    refused::<_, f32>(1e300_f64);
    refused::<_, f32>(1e-300_f64);
    refused::<_, u8>(256_i64);
    refused::<_, i64>(1.0_f64);
    same(1_i64 << 53, 9_007_199_254_740_992.0_f64);
    same(1.5_f64, 1.5_f32);
    same(f64::INFINITY, f32::INFINITY);
    same(7_u8, Some(7_i64));
}

#[test]
fn a_list_is_no_struct_and_no_duration() {
    refused::<_, Limits>([1, 2]);
    refused::<_, Duration>([1, 2]);
    same([1, 2], (1_u8, 2_u8));
    same(Duration::new(1, 2), Duration::new(1, 2));
}

#[test]
fn a_number_is_no_variant_of_an_enum() {
    refused::<_, Shape>(0);
    refused::<_, Shape>(1);
    same("Unit", Shape::Unit);
}

/// Reads bytes where there are some.
#[derive(Debug, PartialEq)]
struct Bytes(Vec<u8>);

impl Serialize for Bytes {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_bytes(&self.0)
    }
}

impl<'de> Deserialize<'de> for Bytes {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor;
        impl<'de> serde::de::Visitor<'de> for Visitor {
            type Value = Bytes;
            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("bytes")
            }
            fn visit_bytes<E>(self, bytes: &[u8]) -> Result<Bytes, E> {
                Ok(Bytes(bytes.to_vec()))
            }
            fn visit_str<E>(self, text: &str) -> Result<Bytes, E> {
                Ok(Bytes(text.as_bytes().to_vec()))
            }
            fn visit_seq<A: serde::de::SeqAccess<'de>>(self, mut seq: A) -> Result<Bytes, A::Error> {
                let mut bytes = Vec::new();
                while let Some(byte) = seq.next_element()? {
                    bytes.push(byte);
                }
                Ok(Bytes(bytes))
            }
        }
        deserializer.deserialize_byte_buf(Visitor)
    }
}

#[test]
fn bytes_are_no_text_and_a_text_is_no_bytes() {
    assert_eq!(read::<_, _, String>(&MessagePack, Bytes(b"text".to_vec())), None);
    assert_eq!(read::<_, _, String>(&Json::new(), Bytes(b"text".to_vec())), None);
    refused::<_, Bytes>("text");
    assert_eq!(read::<_, _, Bytes>(&MessagePack, Bytes(vec![0, 255])), Some(Bytes(vec![0, 255])));
    assert_eq!(read::<_, _, Bytes>(&Json::new(), Bytes(vec![0, 255])), Some(Bytes(vec![0, 255])));
}

#[test]
fn a_timedelta_of_python_is_no_struct() {
    let stored = br#"{"field": {"__type__": "timedelta", "__value__": 1.000002}}"#;
    let json = Json::new();
    #[derive(Debug, PartialEq, Deserialize)]
    struct Parts {
        #[serde(rename = "secs")]
        _secs: i64,
        #[serde(rename = "nanos")]
        _nanos: i64,
    }
    assert!(json.decode::<Held<Parts>>(&Kind::Serde, stored).is_err());
    let held: Held<Duration> = json.decode(&Kind::Serde, stored).expect("an interval");
    assert_eq!(held.field, Duration::new(1, 2_000));
    // Any other type is given its text, as it is of a date.
    let held: Held<serde_json::Value> = json.decode(&Kind::Serde, stored).expect("a text");
    assert!(held.field.is_string(), "{held:?}");
}
