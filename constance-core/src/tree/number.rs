//! Converting numbers between types without changing them.

use super::ConvertError;

/// The float that is equal to a whole number.
pub(crate) fn float_of_int(value: i128) -> Option<f64> {
    let float = value as f64;
    // The cast back saturates, so that the largest would pass for equal.
    (float as i128 == value && value != i128::MAX).then_some(float)
}

/// The narrow float that is equal to a wide one.
pub(crate) fn narrow(value: f64) -> Option<f32> {
    let float = value as f32;
    (f64::from(float) == value || value.is_nan()).then_some(float)
}

/// The narrow float that is printed with the same digits, as where `0.1` is written: the nearest wide one is another number.
pub(crate) fn narrow_of_digits(value: f64) -> Option<f32> {
    narrow(value).or_else(|| {
        let float = value as f32;
        let digits: Option<f64> = format!("{float:e}").parse().ok();
        (float.is_finite() && digits == Some(value)).then_some(float)
    })
}

/// The narrow float that is nearest to what a person wrote, unless that is no number any more.
pub(crate) fn rounded(value: f64) -> Result<f32, ConvertError> {
    let float = value as f32;
    if float.is_infinite() && value.is_finite() {
        return Err(ConvertError::told(ConvertError::TOO_LARGE));
    }
    if float == 0.0 && value != 0.0 {
        return Err(ConvertError::told(ConvertError::TOO_NEAR));
    }
    Ok(float)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whole_numbers_are_equal_or_refused() {
        assert_eq!(float_of_int(1 << 53), Some(9_007_199_254_740_992.0));
        assert_eq!(float_of_int((1 << 53) + 1), None);
        assert_eq!(float_of_int(i64::MIN.into()), Some(-9_223_372_036_854_775_808.0));
        assert_eq!(float_of_int(i64::MAX.into()), None);
        assert_eq!(float_of_int(i128::MAX), None);
    }

    #[test]
    fn narrow_floats_are_equal_or_refused() {
        assert_eq!(narrow(1.5), Some(1.5));
        assert_eq!(narrow(f64::INFINITY), Some(f32::INFINITY));
        assert!(narrow(f64::NAN).is_some_and(f32::is_nan));
        for other in [0.1, 1e300, 1e-300, 16_777_217.0] {
            assert_eq!(narrow(other), None);
        }
        assert_eq!(narrow_of_digits(0.1), Some(0.1));
        assert_eq!(narrow_of_digits(3.402_823_5e38), Some(f32::MAX));
        for other in [0.123_456_789_012, 1e300, 1e-300, 16_777_217.0] {
            assert_eq!(narrow_of_digits(other), None);
        }
    }
}
