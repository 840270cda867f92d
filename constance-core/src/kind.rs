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
    /// A span of time that may be below zero.
    SignedDuration,
    /// A day of the calendar.
    Date,
    /// A time of day, without a place.
    Time,
    /// A date and a time of day, without a place: naive.
    DateTime,
    /// A moment, with its distance from UTC: aware.
    Timestamp,
    /// A decimal number of fixed precision.
    Decimal,
    /// A universally unique identifier.
    Uuid,
    /// An address.
    Url,
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
    /// A value of any type that Django's JSON has: `Value`, with the feature `json`. Its text form is JSON.
    Any,
}

impl Kind {
    /// Whether serde alone does not say what a value of this kind is stored as: each date crate has its own form.
    #[inline]
    pub(crate) fn has_own_form(&self) -> bool {
        match self {
            Self::SignedDuration | Self::Date | Self::Time | Self::DateTime | Self::Timestamp | Self::Decimal => true,
            Self::Option(inner) | Self::List(inner) | Self::Map(inner) => inner.has_own_form(),
            _ => false,
        }
    }

    /// A value of this kind as it is written inside JSON.
    pub(crate) fn example(&self) -> String {
        self.examples().0
    }

    /// Two of them, so that a list shows its commas.
    fn examples(&self) -> (String, String) {
        let both = |one: &str, other: &str| (one.to_owned(), other.to_owned());
        let quoted = |one: &str, other: &str| (format!("{one:?}"), format!("{other:?}"));
        match self {
            Self::Bool => both("true", "false"),
            Self::Int { .. } => both("1", "2"),
            Self::Float => both("0.5", "2.0"),
            Self::Text | Self::Char => quoted("a", "b"),
            Self::Duration => quoted("1h 30m", "45s"),
            Self::SignedDuration => quoted("1h 30m", "-45s"),
            Self::Date => quoted("2010-12-24", "2010-12-31"),
            Self::Time => quoted("18:30", "18:30:15"),
            Self::DateTime => quoted("2010-12-24 18:30", "2010-12-31 23:59"),
            Self::Timestamp => quoted("2010-12-24 18:30+01:00", "2010-12-31 23:59Z"),
            Self::Decimal => quoted("1.50", "2.25"),
            Self::Uuid => quoted("6f1b0c1e-9a3d-4c58-8d8e-0b7f4a3f2c11", "0d9c2f5a-3b7e-4f6a-9c1d-5e8b7a6f4d22"),
            Self::Url => quoted("https://example.com/", "https://example.org/"),
            Self::Choice(words) => {
                let one = words.first().copied().unwrap_or_default();
                quoted(one, words.get(1).copied().unwrap_or(one))
            }
            Self::Option(inner) => (inner.example(), "null".to_owned()),
            Self::List(inner) => {
                let (one, other) = inner.examples();
                (format!("[{one}, {other}]"), format!("[{other}]"))
            }
            Self::Map(inner) => {
                let (one, other) = inner.examples();
                (format!("{{\"a\": {one}, \"b\": {other}}}"), format!("{{\"a\": {other}}}"))
            }
            Self::Serde | Self::Any => both("1", "\"text\""),
        }
    }

    /// Whether texts of this kind may hold what only Python's JSON has: a NaN, a longer number.
    #[cfg(feature = "json")]
    pub(crate) fn holds_any(&self) -> bool {
        match self {
            Self::Option(inner) | Self::List(inner) | Self::Map(inner) => inner.holds_any(),
            kind => matches!(kind, Self::Any),
        }
    }
}

/// A kind without the words of an enum, for a setting whose value is a secret: one of them is the value.
pub(crate) struct WithoutWords<'k>(pub(crate) &'k Kind);

impl fmt::Display for WithoutWords<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Kind::Choice(_) => f.write_str("one of its choices, which are secret"),
            Kind::Option(inner) => write!(f, "{}, or none", WithoutWords(inner)),
            Kind::List(inner) => write!(f, "a JSON list, each element {}", WithoutWords(inner)),
            Kind::Map(inner) => write!(f, "a JSON object, each value {}", WithoutWords(inner)),
            kind => kind.fmt(f),
        }
    }
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
            Self::SignedDuration => f.write_str("a duration such as 1h 30m or -45s"),
            Self::Date => f.write_str("a date such as 2010-12-24"),
            Self::Time => f.write_str("a time of day such as 18:30 or 18:30:15"),
            Self::DateTime => f.write_str("a date and time without an offset, such as 2010-12-24 18:30"),
            Self::Timestamp => f.write_str("a date and time with an offset from UTC, such as 2010-12-24 18:30+01:00"),
            Self::Decimal => f.write_str("a decimal number"),
            Self::Uuid => f.write_str("a UUID"),
            Self::Url => f.write_str("a URL with its scheme, such as https://example.com/"),
            Self::Option(inner) => write!(f, "{inner}, or none"),
            Self::List(inner) => write!(f, "a JSON list such as {}, each element {inner}", self.example()),
            Self::Map(inner) => write!(f, "a JSON object such as {}, each value {inner}", self.example()),
            Self::Choice(words) => write!(f, "one of {}", words.join(", ")),
            Self::Serde => f.write_str("JSON"),
            Self::Any => f.write_str("any value in Django's JSON, such as 1, \"text\" or [true, null]"),
        }
    }
}
