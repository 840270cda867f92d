//! Values between serde and a stored format that serde alone cannot produce: a date is a date here, and not a string.
//!
//! A value becomes a tree (`ser`), the setting's [`Kind`](crate::Kind) says what its strings and tuples mean (`typed`), and
//! the tree becomes a value again (`de`). Every type of a date crate emits and takes its own form; only this folder knows them.

mod access;
#[cfg(feature = "json")]
pub(crate) mod any;
mod convert_error;
mod de;
pub(crate) mod decimal;
mod key;
pub(crate) mod number;
mod ser;
mod typed;
mod user_json;
mod wire;

use serde::Serialize;

pub(crate) use self::convert_error::{ConvertError, Step};
pub(crate) use self::de::TreeDeserializer;
pub(crate) use self::user_json::UserJson;
use crate::Kind;
use crate::civil::{Date, DateTime, Span, Time};

/// A value of any type.
#[derive(Clone, PartialEq)]
#[cfg_attr(test, derive(Debug))]
pub(crate) enum Tree {
    None,
    Bool(bool),
    Int(i128),
    /// A whole number that is longer, in decimal digits.
    BigInt(String),
    Float(f64),
    Float32(f32),
    Text(String),
    Bytes(Vec<u8>),
    List(Vec<Tree>),
    /// In the order of insertion.
    Map(Vec<(String, Tree)>),
    Date(Date),
    /// With a distance from UTC, which only Python's times have.
    Time(Time, Option<i32>),
    DateTime(DateTime),
    Span(Span),
    /// In decimal digits. One that Python wrote may have an exponent, and be no number.
    Decimal(String),
    Uuid([u8; 16]),
}

/// The deepest nesting of lists and maps in any format of this crate.
pub(crate) const MAX_DEPTH: usize = 64;

impl Tree {
    /// What a value of this kind is. The types of the date crates are asked for the form that no feature of theirs changes.
    pub(crate) fn of<T: Serialize + ?Sized>(kind: &Kind, value: &T) -> Result<Self, ConvertError> {
        let raw = value.serialize(ser::TreeSerializer::new(is_for_people(kind)))?;
        typed::typed(kind, raw)
    }

    /// The value of a tree that fits the kind.
    #[cfg(feature = "json")]
    pub(crate) fn into_value<T: serde::de::DeserializeOwned>(self, kind: &Kind) -> Result<T, ConvertError> {
        T::deserialize(de::TreeDeserializer::new(self, is_for_people(kind)))
    }
}

/// Whether serde types write themselves for people, as in JSON. The date types write tuples otherwise, whichever features are
/// on: only the types of one kind are in the tree then.
fn is_for_people(kind: &Kind) -> bool {
    match kind {
        Kind::Option(inner) | Kind::List(inner) | Kind::Map(inner) => is_for_people(inner),
        kind => matches!(kind, Kind::Serde | Kind::Any),
    }
}
