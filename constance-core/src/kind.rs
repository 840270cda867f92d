//! What type of value a setting has, in a form that codecs, tools and messages can read.

use std::fmt;

/// The type of a setting as a tree: `Vec<Option<i64>>` is `List(&Option(&Int { .. }))`.
///
/// A codec that maps types to another system's (a date is not a string there) goes by it, since serde alone cannot tell.
/// Its `Display` says what is accepted, in words for people.
///
/// ```
/// use constance_core::{Kind, SettingType};
///
/// assert_eq!(<u8 as SettingType>::KIND.to_string(), "a whole number from 0 to 255");
/// assert_eq!(<Vec<bool> as SettingType>::KIND, Kind::List(&Kind::Bool));
/// ```
#[non_exhaustive]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// `true` or `false`.
    Bool,
    /// A whole number within the bounds of its type.
    Int {
        /// The smallest value of the type.
        min: i128,
        /// The largest value of the type.
        max: i128,
    },
    /// A floating-point number.
    Float,
    /// A text.
    Text,
    /// One character.
    Char,
    /// A span of time.
    Duration,
    /// A value or none.
    Option(&'static Kind),
    /// A list of values.
    List(&'static Kind),
    /// A map from texts to values.
    Map(&'static Kind),
    /// One of these words: a derived enum.
    Choice(&'static [&'static str]),
    /// Any serde type, marked `#[setting(serde)]`.
    Serde,
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Bool => f.write_str("true or false"),
            Self::Int { min, max } => match (*min == i64::MIN.into(), *max) {
                // Nobody is helped by nineteen digits.
                (true, max) if max == i64::MAX.into() => f.write_str("a whole number"),
                (false, max) if *min == 0 && max == u64::MAX.into() => f.write_str("a whole number, 0 or more"),
                _ => write!(f, "a whole number from {min} to {max}"),
            },
            Self::Float => f.write_str("a number"),
            Self::Text => f.write_str("a text"),
            Self::Char => f.write_str("one character"),
            Self::Duration => f.write_str("a duration such as 1h 30m, 45s or 250ms"),
            Self::Option(inner) => write!(f, "{inner}, or none"),
            Self::List(inner) => write!(f, "a JSON list, each element {inner}"),
            Self::Map(inner) => write!(f, "a JSON object, each value {inner}"),
            Self::Choice(words) => write!(f, "one of {}", words.join(", ")),
            Self::Serde => f.write_str("JSON"),
        }
    }
}
