//! Texts in attributes, as values of their field's type: what `#[derive(Settings)]` writes calls these.

use std::marker::PhantomData;

use crate::{Error, ErrorKind, ParseError, Result, SettingType};

/// A string literal that stands for a `T`.
///
/// Its own method is there where a text converts into the type; else the method of [`ParsedLiteral`] is found.
#[derive(Debug)]
pub struct Literal<T>(&'static str, PhantomData<T>);

impl<T> Literal<T> {
    /// The text as it is written.
    #[must_use]
    pub const fn new(text: &'static str) -> Self {
        Self(text, PhantomData)
    }
}

impl<T: From<&'static str>> Literal<T> {
    /// The text converted.
    ///
    /// # Errors
    ///
    /// None.
    pub fn value(self) -> Result<T, ParseError> {
        Ok(self.0.into())
    }
}

/// For types into which no text converts: it is read as an operator's would be.
pub trait ParsedLiteral<T> {
    /// The text as the type reads it.
    ///
    /// # Errors
    ///
    /// Those of [`SettingType::parse`].
    fn value(self) -> Result<T, ParseError>;
}

impl<T: SettingType> ParsedLiteral<T> for Literal<T> {
    fn value(self) -> Result<T, ParseError> {
        T::parse(self.0)
    }
}

/// The value of a literal in the attributes of this setting.
///
/// # Errors
///
/// `Configuration` where it is none.
pub fn check_literal<T>(setting: &str, value: Result<T, ParseError>) -> Result<T> {
    value.map_err(|error| {
        Error::new(ErrorKind::Configuration)
            .with_setting(setting)
            .with_detail(format!("a text in its attributes is no value of its type: {error}"))
    })
}

/// The same where nothing can be returned.
///
/// # Panics
///
/// Where it is none.
#[track_caller]
pub fn expect_literal<T>(setting: &str, value: Result<T, ParseError>) -> T {
    match check_literal(setting, value) {
        Ok(value) => value,
        // A mistake in the program, which its schema reports as an error.
        Err(error) => panic!("{error}"),
    }
}
