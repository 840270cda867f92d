//! What the types of all date crates have in common: their text forms.

use std::fmt::Display;

use super::ParseError;
use crate::Kind;
use crate::civil::{Date, DateTime, Span, Time};

/// What a text of each kind is parsed to, and what is wrong with one that is none.
pub(super) trait Form: Sized + Display {
    /// A naive text, or one with an offset where that is wanted.
    fn read(text: &str, kind: Kind) -> Option<Self>;
    const WORDS: &'static str;
}

impl Form for Date {
    fn read(text: &str, _: Kind) -> Option<Self> {
        Self::parse(text)
    }

    const WORDS: &'static str = "this is not a date such as 2010-12-24";
}

impl Form for Time {
    fn read(text: &str, _: Kind) -> Option<Self> {
        Self::parse(text)
    }

    const WORDS: &'static str = "this is not a time of day such as 18:30 or 18:30:15";
}

impl Form for DateTime {
    fn read(text: &str, kind: Kind) -> Option<Self> {
        if kind == Kind::Timestamp { Self::parse_aware(text) } else { Self::parse_naive(text) }
    }

    const WORDS: &'static str = "this is not a date and time";
}

impl Form for Span {
    fn read(text: &str, _: Kind) -> Option<Self> {
        Self::parse(text)
    }

    const WORDS: &'static str = "this is not a duration with its unit";
}

/// The value of a text, over the form that all crates share.
pub(super) fn parse<F: Form, T>(text: &str, kind: Kind, make: impl FnOnce(F) -> Option<T>) -> Result<T, ParseError> {
    if let Some(error) = super::length::ambiguous(text).filter(|_| kind == Kind::SignedDuration) {
        return Err(error);
    }
    let form = F::read(text.trim(), kind).ok_or_else(|| match kind {
        Kind::DateTime => ParseError::new(F::WORDS.to_owned() + " without an offset, such as 2010-12-24 18:30"),
        Kind::Timestamp => {
            ParseError::new(F::WORDS.to_owned() + " with an offset from UTC, such as 2010-12-24 18:30+01:00")
        }
        _ => ParseError::new(F::WORDS),
    })?;
    make(form).ok_or(ParseError::new("this is out of the type's range"))
}

/// Implements `SettingType` from a kind, and the two conversions from and to the shared form.
macro_rules! temporal {
    ($type:ty, $kind:ident as $form:ident, $make:expr, $form_of:expr) => {
        // Else the compiler's list of types would depend on the features.
        #[diagnostic::do_not_recommend]
        impl $crate::SettingType for $type {
            const KIND: $crate::Kind = $crate::Kind::$kind;

            fn parse(text: &str) -> Result<Self, $crate::ParseError> {
                $crate::types::temporal::parse::<$crate::civil::$form, Self>(text, Self::KIND, $make)
            }

            fn print(&self) -> String {
                let form: fn(&Self) -> $crate::civil::$form = $form_of;
                form(self).to_string()
            }
        }
    };
}

pub(super) use temporal;
