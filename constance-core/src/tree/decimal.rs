//! Decimal numbers as texts: digits, and from Python an exponent.

/// The longest mantissa of `rust_decimal`, and how many digits it may have after the point.
pub(crate) const MAX_MANTISSA: u128 = (1 << 96) - 1;
const MAX_SCALE: i64 = 28;

/// Whether `rust_decimal` holds this number as it is. Its own reading rounds what has too many digits.
pub(crate) fn is_held(text: &str) -> bool {
    mantissa(text).is_some_and(|mantissa| mantissa <= MAX_MANTISSA)
}

/// Whether it is written in digits alone, and `rust_decimal` holds it.
pub(crate) fn is_plain(text: &str) -> bool {
    let number = text.strip_prefix('-').unwrap_or(text);
    let (whole, fraction) = number.split_once('.').unwrap_or((number, "0"));
    let are_digits = |digits: &str| !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
    are_digits(whole) && are_digits(fraction) && is_held(text)
}

/// The whole number that is left without the point, and without zeros behind it.
fn mantissa(text: &str) -> Option<u128> {
    let (number, exponent) = text.split_once(['E', 'e']).unwrap_or((text, "0"));
    let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
    let digits = format!("{}{fraction}", whole.strip_prefix('-').unwrap_or(whole));
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let significant = digits.trim_matches('0');
    if significant.is_empty() {
        return Some(0);
    }
    let behind = i64::try_from(digits.len() - digits.trim_end_matches('0').len()).ok()?;
    // How many digits of the number come after the point; below zero there are zeros before it.
    let scale = i64::try_from(fraction.len()).ok()?.checked_sub(exponent.parse().ok()?)?.checked_sub(behind)?;
    if scale > MAX_SCALE {
        return None;
    }
    let zeros = u32::try_from(scale.checked_neg()?.max(0)).ok()?;
    10_u128.checked_pow(zeros)?.checked_mul(significant.parse().ok()?)
}

#[cfg(test)]
mod tests {
    use super::is_held;

    #[test]
    fn what_the_type_holds_is_counted_without_zeros_around_it() {
        let zeros = "0".repeat(100);
        for text in [
            "0",
            "-0.00",
            "79228162514264337593543950335",
            "-7.9228162514264337593543950335",
            "0.0000000000000000000000000001",
            "1E-28",
            "1E+28",
            "10E-29",
            &format!("{zeros}1.50{zeros}"),
            &format!("1.{zeros}"),
            "0E+999999999",
        ] {
            assert!(is_held(text), "{text}");
        }
        for text in [
            "79228162514264337593543950336",
            "0.00000000000000000000000000001",
            "0.12345678901234567890123456789",
            "1E-29",
            "1E+29",
            "1E+999999999999",
            "1E-9223372036854775808",
            "10E9223372036854775807",
            "NaN",
            "Infinity",
            "",
            "-",
            "1e",
        ] {
            assert!(!is_held(text), "{text}");
        }
    }
}
