//! Numbers, texts, and spans of time.

use std::num::IntErrorKind;
use std::time::Duration;

use super::{ParseError, SettingType, length};
use crate::Kind;

impl SettingType for bool {
    const KIND: Kind = Kind::Bool;

    fn parse(text: &str) -> Result<Self, ParseError> {
        match text.trim().to_ascii_lowercase().as_str() {
            "true" | "yes" | "on" | "1" => Ok(true),
            "false" | "no" | "off" | "0" => Ok(false),
            _ => Err(ParseError::new("this is neither true nor false")),
        }
    }

    fn print(&self) -> String {
        self.to_string()
    }
}

macro_rules! integers {
    ($($int:ty),+) => {$(
        impl SettingType for $int {
            const KIND: Kind = Kind::Int { min: <$int>::MIN as i128, max: <$int>::MAX as i128 };

            fn parse(text: &str) -> Result<Self, ParseError> {
                text.trim().parse().map_err(|e: std::num::ParseIntError| match e.kind() {
                    IntErrorKind::PosOverflow => ParseError::new(format!("must be at most {}", <$int>::MAX)),
                    IntErrorKind::NegOverflow => ParseError::new(format!("must be at least {}", <$int>::MIN)),
                    _ if <$int>::MIN == 0 && is_below_zero(text) => ParseError::new("must be 0 or more"),
                    _ => ParseError::new("this is not a whole number"),
                })
            }

            fn print(&self) -> String {
                self.to_string()
            }
        }
    )+};
}

integers!(i8, i16, i32, i64, isize, u8, u16, u32, u64, usize);

/// For Rust, `-1` has a character that no number without a sign has.
fn is_below_zero(text: &str) -> bool {
    let digits = text.trim().strip_prefix('-').unwrap_or_default();
    !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit())
}

macro_rules! floats {
    ($($float:ty),+) => {$(
        impl SettingType for $float {
            const KIND: Kind = Kind::Float;

            fn parse(text: &str) -> Result<Self, ParseError> {
                let text = text.trim();
                let value: Self = text.parse().map_err(|_| ParseError::new("this is not a number"))?;
                // Rust rounds digits to an infinity and to zero. An infinity is written as a word.
                let digits = || text.split(['e', 'E']).next().unwrap_or_default();
                if value.is_infinite() && text.contains(|c: char| c.is_ascii_digit()) {
                    return Err(ParseError::new("this is too large"));
                }
                if value == 0.0 && digits().contains(|c: char| matches!(c, '1'..='9')) {
                    return Err(ParseError::new("this is too near to zero"));
                }
                Ok(value)
            }

            fn print(&self) -> String {
                // The shortest text that reads back as the same number, with an exponent where it is huge.
                format!("{self:?}")
            }
        }
    )+};
}

floats!(f32, f64);

impl SettingType for String {
    const KIND: Kind = Kind::Text;

    fn parse(text: &str) -> Result<Self, ParseError> {
        Ok(text.to_owned())
    }

    fn print(&self) -> String {
        self.clone()
    }
}

impl SettingType for char {
    const KIND: Kind = Kind::Char;

    fn parse(text: &str) -> Result<Self, ParseError> {
        let mut chars = text.chars();
        match (chars.next(), chars.next()) {
            (Some(one), None) => Ok(one),
            _ => Err(ParseError::new("this is not exactly one character")),
        }
    }

    fn print(&self) -> String {
        self.to_string()
    }
}

impl SettingType for Duration {
    const KIND: Kind = Kind::Duration;

    fn parse(text: &str) -> Result<Self, ParseError> {
        length::parse(text.trim())
    }

    fn print(&self) -> String {
        humantime::format_duration(*self).to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn round_trip<T: SettingType + std::fmt::Debug>(values: &[T]) {
        for value in values {
            assert_eq!(T::parse(&value.print()).as_ref(), Ok(value));
        }
    }

    #[test]
    fn every_scalar_reads_back_what_it_prints() {
        round_trip(&[true, false]);
        round_trip(&[i64::MIN, -1, 0, i64::MAX]);
        round_trip(&[0, u64::MAX]);
        round_trip(&[0.0, -0.0, 1e308, 5e-324, f64::INFINITY, f64::NEG_INFINITY, 0.1]);
        round_trip(&[1.5_f32, f32::MAX]);
        round_trip(&[String::new(), " padded ".to_owned(), "none".to_owned()]);
        round_trip(&['x', ' ', '\u{1F600}']);
        round_trip(&[Duration::ZERO, Duration::from_nanos(1), Duration::new(86_400 * 400, 7), Duration::MAX]);
        assert!(f64::parse(&f64::NAN.print()).is_ok_and(f64::is_nan));
        assert!((-0.0_f64).print().starts_with('-'));
    }

    #[test]
    fn texts_are_read_as_people_write_them() {
        assert_eq!(bool::parse(" Yes "), Ok(true));
        assert_eq!(bool::parse("off"), Ok(false));
        assert_eq!(i64::parse(" +43\n"), Ok(43));
        assert_eq!(Duration::parse("1h 30m"), Ok(Duration::from_secs(5400)));
    }

    #[test]
    fn a_float_is_infinite_only_where_that_is_written() {
        for text in ["1e400", "-1e400", "1e309", &"9".repeat(400)] {
            assert_eq!(f64::parse(text).expect_err(text).to_string(), "this is too large");
        }
        assert_eq!(f32::parse("1e39").expect_err("large").to_string(), "this is too large");
        assert_eq!(f32::parse("1e-60").expect_err("small").to_string(), "this is too near to zero");
        assert_eq!(f64::parse("-0.1e-400").expect_err("small").to_string(), "this is too near to zero");
        for text in ["inf", "Infinity", "+INF", "-infinity"] {
            assert!(f64::parse(text).is_ok_and(f64::is_infinite), "{text}");
        }
        assert_eq!(f64::parse("0e-999"), Ok(0.0));
        assert_eq!(Vec::<f64>::parse("[1, 1e400]").expect_err("large").to_string(), "element 2: this is too large");
        assert_eq!(Option::<f64>::parse("1e400").expect_err("large").to_string(), "this is too large");
    }

    #[test]
    fn what_is_wrong_is_said_without_the_text() {
        assert_eq!(u8::parse("300").expect_err("large").to_string(), "must be at most 255");
        assert_eq!(i8::parse("-300").expect_err("small").to_string(), "must be at least -128");
        assert_eq!(u64::parse(" -1").expect_err("small").to_string(), "must be 0 or more");
        assert_eq!(u8::parse("-x").expect_err("text").to_string(), "this is not a whole number");
        assert_eq!(u8::parse("hunter2").expect_err("text").to_string(), "this is not a whole number");
        assert_eq!(Duration::parse("45").expect_err("unit").to_string(), "this is not a duration with its unit");
        assert_eq!(char::parse("").expect_err("empty").to_string(), "this is not exactly one character");
    }
}
