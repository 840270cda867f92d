//! The text form of a setting that is marked `#[setting(serde)]`.

use super::{ParseError, SettingValue};

/// How deep brackets may be nested in a text that is read as JSON5, whose reader sets no limit itself.
const MAX_DEPTH: usize = 64;

/// JSON; where the value holds a NaN or an infinity, which JSON writes as `null`, JSON5, which has both.
pub(crate) fn print<T: SettingValue>(value: &T) -> String {
    let json = serde_json::to_string(value).ok();
    let exact = json.filter(|text| serde_json::from_str::<T>(text).is_ok_and(|read| read == *value));
    exact.or_else(|| json5::to_string(value).ok()).unwrap_or_else(|| "(has no JSON form)".to_owned())
}

/// JSON or JSON5, so that a person may leave out quotes, and write NaN.
pub(crate) fn parse<T: SettingValue>(text: &str) -> Result<T, ParseError> {
    if let Ok(value) = serde_json::from_str(text) {
        return Ok(value);
    }
    if nesting(text) > MAX_DEPTH {
        return Err(ParseError::new("this JSON is nested too deep"));
    }
    json5::from_str(text).map_err(|_| ParseError::new("this is not JSON of the setting's type"))
}

/// An upper bound of the nesting: brackets inside strings count too, which only a strange text will notice.
fn nesting(text: &str) -> usize {
    let (mut depth, mut deepest) = (0_usize, 0);
    for byte in text.bytes() {
        match byte {
            b'[' | b'{' => depth += 1,
            b']' | b'}' => depth = depth.saturating_sub(1),
            _ => {}
        }
        deepest = deepest.max(depth);
    }
    deepest
}

#[cfg(test)]
mod tests {
    use serde::{Deserialize, Serialize};

    use super::*;

    #[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
    struct Limits {
        rate: f64,
        big: u64,
        name: Option<String>,
    }

    #[test]
    fn a_struct_reads_back_what_it_prints() {
        let limits = Limits { rate: 0.1, big: u64::MAX, name: None };
        assert_eq!(print(&limits), r#"{"rate":0.1,"big":18446744073709551615,"name":null}"#);
        assert_eq!(parse::<Limits>(&print(&limits)), Ok(limits));
    }

    #[test]
    fn floats_keep_nan_and_the_infinities() {
        let limits = Limits { rate: f64::NEG_INFINITY, big: u64::MAX, name: Some("NaN \u{e9}\"\n".to_owned()) };
        assert_eq!(parse::<Limits>(&print(&limits)), Ok(limits.clone()));
        let nan = parse::<Limits>(&print(&Limits { rate: f64::NAN, ..limits })).expect("readable");
        assert!(nan.rate.is_nan());
    }

    #[test]
    fn deep_and_wrong_texts_are_refused() {
        assert!(parse::<Limits>("{rate: 1.5, big: 2, name: 'x'}").is_ok());
        assert!(parse::<serde_json::Value>(&"[".repeat(100_000)).is_err());
        assert!(parse::<Limits>("{hunter2}").is_err_and(|e| !e.to_string().contains("hunter2")));
    }
}
