//! The text form of a length of time, for all types of durations.

use std::time::Duration;

use super::ParseError;

/// As people write it: `1h 30m`, `45s`, `250ms`.
pub(super) fn parse(text: &str) -> Result<Duration, ParseError> {
    if let Some(error) = ambiguous(text) {
        return Err(error);
    }
    humantime::parse_duration(text).map_err(|e| match e {
        humantime::DurationError::NumberOverflow => ParseError::new("this is too long, or finer than a nanosecond"),
        _ => ParseError::new("this is not a duration with its unit"),
    })
}

/// `M` is a month for the parser, and a minute for most who write it.
pub(super) fn ambiguous(text: &str) -> Option<ParseError> {
    let mut units = text.split(|c: char| !c.is_alphabetic());
    let words = "the unit M may be minutes or months: write m or min for minutes, month or months for months";
    units.any(|unit| unit == "M").then(|| ParseError::new(words))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_unit_that_may_be_two_things_is_refused_with_the_spelling_of_both() {
        for text in ["5M", "1M", "1h 5 M", "1M30s"] {
            let error = parse(text).expect_err(text).to_string();
            assert!(error.contains("m or min for minutes, month or months for months"), "{error}");
        }
        assert_eq!(parse("5m"), parse("5min"));
        assert_eq!(parse("1month"), Ok(Duration::from_secs(2_630_016)));
        assert!(parse("5Months").is_err_and(|e| e.to_string().contains("not a duration")));
    }

    #[test]
    fn what_no_duration_holds_is_said() {
        let error = parse("99999999999999999999s").expect_err("long").to_string();
        assert_eq!(error, "this is too long, or finer than a nanosecond");
    }
}
