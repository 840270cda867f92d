//! A tree as MessagePack holds it: dates, times and decimals are texts there, a span is a map.

use serde::ser::{Serialize, SerializeMap, Serializer};

use super::{Tree, typed};

impl Serialize for Tree {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::None => serializer.serialize_none(),
            Self::Bool(value) => serializer.serialize_bool(*value),
            Self::Int(value) => match (i64::try_from(*value), u64::try_from(*value)) {
                (Ok(value), _) => serializer.serialize_i64(value),
                (_, Ok(value)) => serializer.serialize_u64(value),
                _ => serializer.serialize_i128(*value),
            },
            Self::BigInt(text) | Self::Text(text) | Self::Decimal(text) => serializer.serialize_str(text),
            Self::Float(value) => serializer.serialize_f64(*value),
            Self::Float32(value) => serializer.serialize_f32(*value),
            Self::Bytes(bytes) => serializer.serialize_bytes(bytes),
            Self::List(elements) => serializer.collect_seq(elements),
            Self::Map(entries) => map(entries, serializer),
            Self::Date(date) => serializer.collect_str(date),
            Self::Time(time, _) => serializer.collect_str(time),
            Self::DateTime(at) => serializer.collect_str(at),
            Self::Span(span) => map(&typed::span_entries(*span), serializer),
            Self::Uuid(bytes) => serializer.serialize_bytes(bytes),
        }
    }
}

fn map<S: Serializer>(entries: &[(String, Tree)], serializer: S) -> Result<S::Ok, S::Error> {
    let mut map = serializer.serialize_map(Some(entries.len()))?;
    for (name, value) in entries {
        map.serialize_entry(name, value)?;
    }
    map.end()
}
