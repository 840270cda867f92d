//! The type of `rust_decimal`.

use rust_decimal::Decimal;

use super::{ParseError, SettingType};
use crate::Kind;
use crate::tree::decimal::MAX_MANTISSA;

/// Digits that the type cannot hold are an error and are not rounded away.
// Else the compiler's list of types would depend on the features.
#[diagnostic::do_not_recommend]
impl SettingType for Decimal {
    const KIND: Kind = Kind::Decimal;

    fn parse(text: &str) -> Result<Self, ParseError> {
        let text = text.trim();
        // Otherwise underlines would be skipped.
        let number = text.strip_prefix(['-', '+']).unwrap_or(text);
        let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
        let are_digits = |digits: &str| digits.bytes().all(|byte| byte.is_ascii_digit());
        if (whole.is_empty() && fraction.is_empty()) || !are_digits(whole) || !are_digits(fraction) {
            return Err(ParseError::new("this is not a decimal number"));
        }
        // Zeros in front of it are no digits of the number.
        let holds_whole = || whole.trim_start_matches('0').parse().is_ok_and(|whole: u128| whole <= MAX_MANTISSA);
        Self::from_str_exact(text).map_err(|_| match () {
            () if whole.trim_start_matches('0').is_empty() || holds_whole() => {
                ParseError::new("this has more digits after the point than the type holds")
            }
            () if text.starts_with('-') => ParseError::new("this is too small"),
            () => ParseError::new("this is too large"),
        })
    }

    fn print(&self) -> String {
        self.to_string()
    }
}
