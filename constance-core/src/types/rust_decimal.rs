//! The type of `rust_decimal`.

use rust_decimal::Decimal;

use super::{ParseError, SettingType};
use crate::Kind;

/// Digits that the type cannot hold are an error and are not rounded away.
// Else the compiler's list of types would depend on the features.
#[diagnostic::do_not_recommend]
impl SettingType for Decimal {
    const KIND: Kind = Kind::Decimal;

    fn parse(text: &str) -> Result<Self, ParseError> {
        let text = text.trim();
        // Otherwise underlines would be skipped.
        if text.contains('_') {
            return Err(ParseError::new("this is not a decimal number"));
        }
        Self::from_str_exact(text).map_err(|e| match e {
            rust_decimal::Error::ExceedsMaximumPossibleValue | rust_decimal::Error::LessThanMinimumPossibleValue => {
                ParseError::new("this is out of the type's range")
            }
            rust_decimal::Error::Underflow | rust_decimal::Error::ScaleExceedsMaximumPrecision(_) => {
                ParseError::new("this has more digits after the point than the type holds")
            }
            _ => ParseError::new("this is not a decimal number"),
        })
    }

    fn print(&self) -> String {
        self.to_string()
    }
}
