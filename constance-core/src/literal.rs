//! Texts in attributes, as values of their field's type: what `#[derive(Settings)]` writes calls these.

use crate::{Error, ErrorKind, Result, SettingType};

/// The value that a text in the attributes of this setting stands for.
///
/// # Errors
///
/// `Configuration` where it is none.
pub fn parse_literal<T: SettingType>(setting: &str, text: &str) -> Result<T> {
    T::parse(text).map_err(|error| {
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
#[must_use]
#[expect(clippy::panic, reason = "documented; the schema of the same struct is an error")]
pub fn expect_literal<T: SettingType>(setting: &str, text: &str) -> T {
    match parse_literal(setting, text) {
        Ok(value) => value,
        Err(error) => panic!("{error}"),
    }
}
