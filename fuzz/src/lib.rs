//! What the targets share: the types that they read and what has to hold of them.

mod types;

pub use self::types::{Shape, Tree, Word};

use constance_core::{Codec, Kind, SettingType};
use serde::Serialize;
use serde::de::DeserializeOwned;

/// Does this for the type that the first byte names, with the rest of the bytes.
///
/// The list is only ever added to: seeds name a type by its place.
#[macro_export]
macro_rules! for_each_type {
    ($data:expr, $run:ident) => {{
        let (first, rest) = $data.split_first().unwrap_or((&0, &[]));
        let runs: &[fn(&[u8])] = &[
            $run::<bool>,
            $run::<i64>,
            $run::<u64>,
            $run::<u8>,
            $run::<f64>,
            $run::<f32>,
            $run::<String>,
            $run::<char>,
            $run::<std::time::Duration>,
            $run::<jiff::SignedDuration>,
            $run::<chrono::TimeDelta>,
            $run::<time::Duration>,
            $run::<jiff::civil::Date>,
            $run::<chrono::NaiveDate>,
            $run::<time::Date>,
            $run::<jiff::civil::Time>,
            $run::<chrono::NaiveTime>,
            $run::<time::Time>,
            $run::<jiff::civil::DateTime>,
            $run::<chrono::NaiveDateTime>,
            $run::<time::PrimitiveDateTime>,
            $run::<jiff::Timestamp>,
            $run::<chrono::DateTime<chrono::Utc>>,
            $run::<chrono::DateTime<chrono::FixedOffset>>,
            $run::<time::OffsetDateTime>,
            $run::<time::UtcDateTime>,
            $run::<rust_decimal::Decimal>,
            $run::<uuid::Uuid>,
            $run::<url::Url>,
            $run::<constance_core::Value>,
            $run::<$crate::Word>,
            $run::<Option<String>>,
            $run::<Option<i64>>,
            $run::<Option<jiff::civil::Date>>,
            $run::<Option<constance_core::Value>>,
            $run::<Vec<Option<String>>>,
            $run::<Vec<f64>>,
            $run::<Vec<Vec<i64>>>,
            $run::<Vec<jiff::Timestamp>>,
            $run::<Vec<constance_core::Value>>,
            $run::<std::collections::BTreeMap<String, i64>>,
            $run::<std::collections::BTreeMap<String, Option<rust_decimal::Decimal>>>,
            $run::<std::collections::HashMap<String, std::time::Duration>>,
        ];
        runs[usize::from(*first) % runs.len()](rest);
    }};
}

/// What can be read can be written, and is the same value again; where it cannot be written, the error says so.
pub fn reads_back<C: Codec, T: Serialize + DeserializeOwned + Clone + PartialEq>(codec: &C, kind: &Kind, bytes: &[u8]) {
    let Ok(value) = codec.decode::<T>(kind, bytes) else { return };
    let Ok(encoded) = codec.encode(kind, &value) else { return };
    match codec.decode::<T>(kind, encoded.as_bytes()) {
        Ok(again) => assert!(again == value || value.clone() != value, "another value is read back"),
        Err(error) => panic!("what was written is unreadable: {error}"),
    }
}

/// What a text is read as is printed as a text of the same value.
pub fn prints_back<T: SettingType>(text: &str) {
    let Ok(value) = T::parse(text) else { return };
    match T::parse(&value.print()) {
        Ok(again) => assert!(again == value || value.clone() != value, "another value is read back"),
        Err(error) => panic!("what was printed is unreadable: {error}"),
    }
}
