//! The types that a setting may have.

#[cfg(feature = "chrono")]
mod chrono;
mod collections;
#[cfg(feature = "jiff")]
mod jiff;
mod length;
mod option;
#[cfg(feature = "rust_decimal")]
mod rust_decimal;
mod scalars;
pub(crate) mod serde_text;
#[cfg(any(feature = "chrono", feature = "jiff", feature = "time"))]
mod temporal;
#[cfg(feature = "time")]
mod time;
#[cfg(feature = "url")]
mod url;
#[cfg(feature = "uuid")]
mod uuid;

use std::borrow::Cow;
use std::fmt;

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::Kind;

/// The traits that the value of a setting needs. Implemented for every type that has them.
///
/// Values are compared when an event or a compare-and-set has to know whether something changed.
pub trait SettingValue: Serialize + DeserializeOwned + Clone + PartialEq + Send + Sync + 'static {}

impl<T: Serialize + DeserializeOwned + Clone + PartialEq + Send + Sync + 'static> SettingValue for T {}

/// A type that a setting may have as it is: it knows its [`Kind`] and its text form.
///
/// Implemented for `bool`, the integers up to 64 bits, `f32`, `f64`, `String`, `char`, [`Duration`](std::time::Duration),
/// `Option`, `Vec`, maps from `String`, and enums with `#[derive(SettingEnum)]`; by feature, for the dates, times and
/// durations of `chrono`, `jiff` and `time`, for `rust_decimal::Decimal`, `uuid::Uuid` and `url::Url`, and for `Value`, which
/// holds a value of any type. The [crate's documentation](crate#types) has a table of them. Any other serde type is marked
/// `#[setting(serde)]` and has JSON as its text form.
///
/// Printing and parsing again gives an equal value.
///
/// One with a [`KIND`](Self::KIND) of a date, time, datetime or decimal has a serde form that the codecs know: a text in ISO 8601
/// or plain digits, or the tuples of the crate `time`.
///
/// ```
/// use std::time::Duration;
/// use constance_core::SettingType;
///
/// assert_eq!(Duration::parse("1h 30m")?, Duration::from_secs(5400));
/// assert_eq!(Vec::<i64>::parse("[1, 2]")?.print(), "[1,2]");
/// assert_eq!(i64::parse("many").unwrap_err().to_string(), "this is not a whole number");
/// # Ok::<(), constance_core::ParseError>(())
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a setting type",
    label = "not a setting type",
    note = "mark the field `#[setting(serde)]` to store any type that implements serde's traits, with JSON as its text form",
    note = "or derive `SettingEnum` on an enum of plain words"
)]
pub trait SettingType: SettingValue {
    /// The type as codecs and tools see it.
    const KIND: Kind;

    /// Parses a value that an operator wrote.
    ///
    /// # Errors
    ///
    /// A [`ParseError`] that says what is wrong, without the text itself.
    fn parse(text: &str) -> Result<Self, ParseError>;

    /// The value as an operator would write it.
    fn print(&self) -> String;
}

/// Why a text is not a value of the type; it never holds the text, which may be a secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ParseError(Cow<'static, str>);

impl ParseError {
    /// With a reason that reads well after the name of the setting: `this is not a whole number`.
    #[must_use]
    pub fn new(reason: impl Into<Cow<'static, str>>) -> Self {
        Self(reason.into())
    }
}

impl fmt::Display for ParseError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for ParseError {}
