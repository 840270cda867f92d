//! A tree to any serde value.

use std::collections::HashSet;

#[cfg(feature = "json")]
use serde::de::value::MapDeserializer;
use serde::de::{Deserializer, IntoDeserializer, Visitor};

use super::access::{Elements, Members, Variant};
use super::{ConvertError, Tree, number, typed};
use crate::civil::{DateTime, IsoSpan, Span, Time};

type Result<T> = std::result::Result<T, ConvertError>;

pub(crate) struct TreeDeserializer {
    tree: Tree,
    manner: Manner,
}

/// How types read themselves from a tree.
#[derive(Clone, Copy)]
pub(super) struct Manner {
    for_people: bool,
    /// What a person wrote: numbers are rounded, and a value of any type is in its own form.
    is_written: bool,
}

impl TreeDeserializer {
    pub(crate) fn new(tree: Tree, for_people: bool) -> Self {
        Self { tree, manner: Manner { for_people, is_written: false } }
    }

    /// Of what a person wrote.
    pub(crate) fn written(tree: Tree) -> Self {
        Self { tree, manner: Manner { for_people: true, is_written: true } }
    }

    pub(super) fn inside(manner: Manner, tree: Tree) -> Self {
        Self { tree, manner }
    }

    fn list<'de, V: Visitor<'de>>(manner: Manner, elements: Vec<Tree>, visitor: V) -> Result<V::Value> {
        let mut elements = Elements::new(elements, manner);
        let value = visitor.visit_seq(&mut elements)?;
        elements.end()?;
        Ok(value)
    }

    /// The names are those that the type knows.
    fn map<'de, V: Visitor<'de>>(
        manner: Manner,
        entries: Vec<(String, Tree)>,
        names: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value> {
        if manner.is_written && has_a_double(&entries) {
            return Err(ConvertError::twice());
        }
        let mut members = Members::new(entries, names, manner);
        let value = visitor.visit_map(&mut members)?;
        members.end()?;
        Ok(value)
    }
}

impl<'de> Deserializer<'de> for TreeDeserializer {
    type Error = ConvertError;

    fn deserialize_any<V: Visitor<'de>>(mut self, visitor: V) -> Result<V::Value> {
        match std::mem::replace(&mut self.tree, Tree::None) {
            Tree::None => visitor.visit_unit(),
            Tree::Bool(value) => visitor.visit_bool(value),
            Tree::Int(value) => match (i64::try_from(value), u64::try_from(value)) {
                (_, Ok(value)) => visitor.visit_u64(value),
                (Ok(value), _) => visitor.visit_i64(value),
                _ => visitor.visit_i128(value),
            },
            Tree::BigInt(digits) => match digits.parse::<u128>() {
                Ok(value) => visitor.visit_u128(value),
                Err(_) => Err(ConvertError::RANGE),
            },
            Tree::Float(value) => visitor.visit_f64(value),
            Tree::Float32(value) => visitor.visit_f32(value),
            Tree::Text(text) | Tree::Decimal(text) => visitor.visit_string(text),
            Tree::Bytes(bytes) => visitor.visit_byte_buf(bytes),
            Tree::List(elements) => Self::list(self.manner, elements, visitor),
            Tree::Map(entries) => Self::map(self.manner, entries, &[], visitor),
            Tree::Date(date) => visitor.visit_string(date.to_string()),
            Tree::Time(time, None) => visitor.visit_string(time.to_string()),
            Tree::Time(_, Some(_)) => Err(ConvertError::Words("with an offset from UTC")),
            // RFC 3339, which these types read, has no seconds in an offset: the moment stays, and is shown in UTC.
            Tree::DateTime(at @ DateTime { offset: Some(offset), .. }) if offset % 60 != 0 => {
                visitor.visit_string(at.in_utc().ok_or(ConvertError::RANGE)?.to_string())
            }
            Tree::DateTime(at) => visitor.visit_string(at.to_string()),
            Tree::Span(span) if self.manner.for_people => visitor.visit_string(IsoSpan(span).to_string()),
            Tree::Span(span) => Self::map(self.manner, typed::span_entries(span), &[], visitor),
            Tree::Uuid(bytes) if self.manner.for_people => visitor.visit_string(hyphenated(&bytes)),
            Tree::Uuid(bytes) => visitor.visit_bytes(&bytes),
        }
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
        if self.tree == Tree::None { visitor.visit_none() } else { visitor.visit_some(self) }
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(self, name: &'static str, visitor: V) -> Result<V::Value> {
        #[cfg(feature = "json")]
        if name == super::any::NAME && !self.manner.is_written {
            let wrapped = std::iter::once(super::any::wrapped(&self.tree)?);
            return visitor.visit_newtype_struct(MapDeserializer::new(wrapped));
        }
        #[cfg(not(feature = "json"))]
        let _ = name;
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value> {
        visitor.visit_enum(Variant::of(self.tree, variants, self.manner)?)
    }

    fn deserialize_f32<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
        let float = match self.tree {
            Tree::Int(value) if self.manner.is_written => Some(value as f32),
            Tree::Float(value) if self.manner.is_written => return visitor.visit_f32(number::rounded(value)?),
            Tree::Int(value) => number::float_of_int(value).and_then(number::narrow),
            Tree::Float(value) => number::narrow_of_digits(value),
            _ => return self.deserialize_any(visitor),
        };
        visitor.visit_f32(float.ok_or(ConvertError::ANOTHER_NUMBER)?)
    }

    fn deserialize_f64<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
        match self.tree {
            Tree::Int(value) if self.manner.is_written => visitor.visit_f64(value as f64),
            Tree::Int(value) => visitor.visit_f64(number::float_of_int(value).ok_or(ConvertError::ANOTHER_NUMBER)?),
            _ => self.deserialize_any(visitor),
        }
    }

    /// Bytes are a list of numbers where there are none: a text is something else.
    fn deserialize_bytes<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
        match self.tree {
            Tree::Text(_) => Err(ConvertError::SHAPE),
            _ => self.deserialize_any(visitor),
        }
    }

    fn deserialize_byte_buf<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
        self.deserialize_bytes(visitor)
    }

    /// A struct is a map. A list has no names, and an interval is no struct but the standard library's own.
    fn deserialize_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        names: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value> {
        match self.tree {
            Tree::List(_) => Err(ConvertError::another("a list", "an object")),
            Tree::Map(entries) => Self::map(self.manner, entries, names, visitor),
            Tree::Span(span) if name == "Duration" => Self::map(self.manner, typed::span_entries(span), &[], visitor),
            _ => self.deserialize_any(visitor),
        }
    }

    /// The form of the types that ask for a text: jiff's span is ISO 8601.
    fn deserialize_str<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
        match self.tree {
            Tree::Span(span) => visitor.visit_string(IsoSpan(span).to_string()),
            _ => self.deserialize_any(visitor),
        }
    }

    fn deserialize_string<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
        self.deserialize_str(visitor)
    }

    /// The form of the types that ask for a tuple: those of `time`, and chrono's span. Where the kind does not say that it is
    /// one of them, it may be any tuple.
    fn deserialize_tuple<V: Visitor<'de>>(self, len: usize, visitor: V) -> Result<V::Value> {
        if self.manner.for_people {
            return self.deserialize_any(visitor);
        }
        let parts = match (&self.tree, len) {
            (Tree::Date(date), 2) => vec![i64::from(date.year), i64::from(date.ordinal())],
            (Tree::Time(time, None), 4) => time_parts(*time),
            (Tree::DateTime(at), 6) => date_time_parts(at.in_utc().filter(|_| at.offset.is_some()).unwrap_or(*at)),
            (Tree::DateTime(at @ DateTime { offset: Some(offset), .. }), 9) => {
                let (hours, minutes, seconds) = (offset / 3_600, offset / 60 % 60, offset % 60);
                [date_time_parts(*at), vec![hours.into(), minutes.into(), seconds.into()]].concat()
            }
            // Both take nanoseconds that are not negative, and chrono takes no others.
            (Tree::Span(Span { secs, nanos: nanos @ 0.. }), 2) => vec![*secs, i64::from(*nanos)],
            (Tree::Span(Span { secs, nanos }), 2) => {
                vec![secs.checked_sub(1).ok_or(ConvertError::RANGE)?, i64::from(*nanos) + 1_000_000_000]
            }
            _ => return self.deserialize_any(visitor),
        };
        Self::list(self.manner, parts.into_iter().map(|part| Tree::Int(part.into())).collect(), visitor)
    }

    fn deserialize_tuple_struct<V: Visitor<'de>>(self, _: &'static str, len: usize, visitor: V) -> Result<V::Value> {
        self.deserialize_tuple(len, visitor)
    }

    fn is_human_readable(&self) -> bool {
        self.manner.for_people
    }

    serde::forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 char unit unit_struct seq map identifier ignored_any
    }
}

impl IntoDeserializer<'_, ConvertError> for TreeDeserializer {
    type Deserializer = Self;

    fn into_deserializer(self) -> Self {
        self
    }
}

fn has_a_double(entries: &[(String, Tree)]) -> bool {
    let mut seen = HashSet::new();
    !entries.iter().all(|(name, _)| seen.insert(name))
}

fn time_parts(Time { hour, minute, second, nanos }: Time) -> Vec<i64> {
    vec![hour.into(), minute.into(), second.into(), nanos.into()]
}

fn date_time_parts(at: DateTime) -> Vec<i64> {
    [vec![i64::from(at.date.year), i64::from(at.date.ordinal())], time_parts(at.time)].concat()
}

fn hyphenated(bytes: &[u8; 16]) -> String {
    let mut text = String::with_capacity(36);
    for (at, byte) in bytes.iter().enumerate() {
        if matches!(at, 4 | 6 | 8 | 10) {
            text.push('-');
        }
        text += &format!("{byte:02x}");
    }
    text
}
