//! Numbers and intervals as Python stores and prints them.

use std::borrow::Cow;

use crate::civil::Span;
use crate::tree::ConvertError;

/// The error of a value that no date, time or interval of Python can hold.
pub(super) const FINER: ConvertError = ConvertError::Words("that is finer than a microsecond");

/// `timedelta.max` in days, and the microseconds of one.
const MAX_DAYS: i128 = 999_999_999;
const MICROS_PER_DAY: i128 = 86_400_000_000;

/// Whether the value is between `timedelta.min` and `timedelta.max`.
pub(super) fn is_timedelta(span: Span) -> bool {
    (-MAX_DAYS..=MAX_DAYS).contains(&(span.as_nanos() / 1_000).div_euclid(MICROS_PER_DAY))
}

/// `repr` of a float, from its shortest digits as Rust's `{:e}` has them: `1.5e-7`.
pub(super) fn float(shortest: &str) -> String {
    let Some((mantissa, exponent)) = shortest.split_once('e') else {
        return match shortest {
            "inf" => "Infinity".to_owned(),
            "-inf" => "-Infinity".to_owned(),
            _ => "NaN".to_owned(),
        };
    };
    let (sign, mantissa) = mantissa.strip_prefix('-').map_or(("", mantissa), |mantissa| ("-", mantissa));
    let digits: String = mantissa.chars().filter(char::is_ascii_digit).collect();
    let exponent: i32 = exponent.parse().unwrap_or(0);
    match exponent {
        // As many as fit in sixteen digits before the point.
        0..16 => {
            let whole = exponent.unsigned_abs() as usize + 1;
            let padded = format!("{digits:0<whole$}");
            let (whole, fraction) = padded.split_at(whole);
            format!("{sign}{whole}.{}", if fraction.is_empty() { "0" } else { fraction })
        }
        -4..0 => format!("{sign}0.{}{digits}", "0".repeat(exponent.unsigned_abs() as usize - 1)),
        _ => {
            let (first, rest) = digits.split_at(1);
            let point = if rest.is_empty() { "" } else { "." };
            let direction = if exponent < 0 { '-' } else { '+' };
            format!("{sign}{first}{point}{rest}e{direction}{:02}", exponent.unsigned_abs())
        }
    }
}

/// `timedelta.total_seconds()` as Python prints it, if it reads back as the same span.
pub(super) fn total_seconds(span: Span) -> Result<String, ConvertError> {
    if span.nanos % 1_000 != 0 {
        return Err(FINER);
    }
    if !is_timedelta(span) {
        return Err(ConvertError::Words("that is longer than Python's timedelta"));
    }
    // Reading the digits rounds correctly, as Python's division of integers does.
    let sign = if span.as_nanos() < 0 { "-" } else { "" };
    let digits = format!("{sign}{}.{:09}", span.secs.unsigned_abs(), span.nanos.unsigned_abs());
    let secs: f64 = digits.parse().map_err(|_| ConvertError::RANGE)?;
    if timedelta(secs) != Some(span) {
        return Err(ConvertError::Words(
            "whose microseconds Python loses, as in every interval of more than about 270 years,",
        ));
    }
    Ok(float(&format!("{secs:e}")))
}

/// `timedelta(seconds=secs)`: the parts before and after the point are taken apart first, and the microseconds are rounded to
/// even.
pub(super) fn timedelta(secs: f64) -> Option<Span> {
    // Far more than a timedelta holds, and exact as an integer.
    if secs.is_nan() || secs.abs() > 1e15 {
        return None;
    }
    let micros = secs.fract() * 1e6;
    // Both are within an i64: the first because of the limit, the second because it is below a million.
    let (whole, micros) = (secs.trunc() as i64, micros.round_ties_even() as i64);
    Span::new(whole, micros * 1_000).filter(|span| is_timedelta(*span))
}

/// Whether Python's `Decimal` would print this.
pub(super) fn is_decimal(text: &str) -> bool {
    let number = text.strip_prefix('-').unwrap_or(text);
    if let Some(payload) = number.strip_prefix("sNaN").or_else(|| number.strip_prefix("NaN")) {
        return payload.bytes().all(|byte| byte.is_ascii_digit());
    }
    if number == "Infinity" {
        return true;
    }
    let (number, exponent) = number.split_once(['E', 'e']).unwrap_or((number, "0"));
    let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
    let are_digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    let exponent = exponent.strip_prefix(['+', '-']).unwrap_or(exponent);
    let has_digits = !whole.is_empty() || !fraction.is_empty();
    has_digits && !exponent.is_empty() && are_digits(whole) && are_digits(fraction) && are_digits(exponent)
}

/// `str` of a `Decimal`: as its digits are, or scientific where a person would have to count zeros.
pub(super) fn decimal(text: &str) -> Cow<'_, str> {
    let (sign, number) = text.strip_prefix('-').map_or(("", text), |number| ("-", number));
    let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
    let digits = fraction.trim_start_matches('0');
    // The exponent of the last digit is how many there are after the point, and that of the first counts.
    let is_tiny = whole == "0" && fraction.len() - digits.len() >= 6 && fraction.len() > 6;
    if !is_tiny || !fraction.bytes().all(|byte| byte.is_ascii_digit()) {
        return Cow::Borrowed(text);
    }
    // Zero has one digit, the last.
    let digits = if digits.is_empty() { "0" } else { digits };
    let exponent = fraction.len() + 1 - digits.len();
    let (first, rest) = digits.split_at(1);
    let point = if rest.is_empty() { "" } else { "." };
    Cow::Owned(format!("{sign}{first}{point}{rest}E-{exponent}"))
}

#[cfg(test)]
mod tests {
    use super::decimal;

    #[test]
    fn decimals_are_printed_as_python_does() {
        for (text, python) in [
            ("0", "0"),
            ("0.0", "0.0"),
            ("1.50", "1.50"),
            ("-0.1", "-0.1"),
            ("0.000001", "0.000001"),
            ("0.0000001", "1E-7"),
            ("-0.00000012", "-1.2E-7"),
            ("0.0000000", "0E-7"),
            ("79228162514264337593543950335", "79228162514264337593543950335"),
            ("0.00000010", "1.0E-7"),
            ("1.0000000", "1.0000000"),
            // As Python wrote them.
            ("1E+5", "1E+5"),
            ("-1E-7", "-1E-7"),
            ("NaN", "NaN"),
        ] {
            assert_eq!(decimal(text), python);
        }
    }
}
