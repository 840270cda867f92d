//! The text form of a setting that is marked `#[setting(serde)]`.

use std::str::Chars;

use super::{ParseError, SettingValue};
use crate::Kind;
use crate::tree::Tree;

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
    let value = match serde_json::from_str(text) {
        Ok(value) => value,
        Err(_) if nesting(text) > MAX_DEPTH => return Err(ParseError::new("this JSON is nested too deep")),
        Err(_) => json5::from_str(text).map_err(|_| ParseError::new("this is not JSON of the setting's type"))?,
    };
    // Both readers round a number to an infinity where the type is too narrow for it.
    if infinities_in(&value) > text.matches("Infinity").count() {
        return Err(ParseError::new("a number in this is too large"));
    }
    Ok(value)
}

/// How deep brackets are nested, as the reader of JSON5 sees them: neither in texts nor in comments.
fn nesting(text: &str) -> usize {
    let (mut depth, mut deepest) = (0_usize, 0);
    let mut rest = text.chars();
    while let Some(c) = rest.next() {
        match c {
            '[' | '{' => depth += 1,
            ']' | '}' => depth = depth.saturating_sub(1),
            '"' | '\'' => skip_string(&mut rest, c),
            '/' => skip_comment(&mut rest),
            _ => {}
        }
        deepest = deepest.max(depth);
    }
    deepest
}

fn skip_string(rest: &mut Chars<'_>, quote: char) {
    while let Some(c) = rest.next() {
        match c {
            '\\' => {
                rest.next();
            }
            c if c == quote => return,
            _ => {}
        }
    }
}

/// Where it is no comment, the reader stops.
fn skip_comment(rest: &mut Chars<'_>) {
    match rest.next() {
        Some('/') => {
            rest.find(|c| matches!(c, '\n' | '\r' | '\u{2028}' | '\u{2029}'));
        }
        Some('*') => {
            let after = rest.as_str();
            *rest = after.split_once("*/").map_or("", |(_, after)| after).chars();
        }
        _ => {}
    }
}

fn infinities_in<T: SettingValue>(value: &T) -> usize {
    // What cannot be told is refused at the write.
    Tree::of(&Kind::Serde, value).map_or(0, |tree| infinities(&tree))
}

fn infinities(tree: &Tree) -> usize {
    match tree {
        Tree::Float(value) => value.is_infinite().into(),
        Tree::Float32(value) => value.is_infinite().into(),
        Tree::List(elements) => elements.iter().map(infinities).sum(),
        Tree::Map(entries) => entries.iter().map(|(_, value)| infinities(value)).sum(),
        _ => 0,
    }
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
    fn brackets_in_texts_and_comments_do_not_hide_the_depth() {
        // Each is a list that begins in the last one, with something that looks like its end.
        for level in [
            "[\"]\",",
            "[']',",
            "[\"\\\"]\",",
            "['\\']',",
            "['\"', ']\"',",
            "[ /* ] */",
            "[ /* ' ] */",
            "[ // ]\n",
            "[ // ]\r",
            "[ // ]\u{2028}",
            "[ // ' ]\u{2029}",
            "[ /*/ ] */",
            "[ /***/ ",
            "[{},",
            "{a: {}, \"}\": ",
            "{'}': ",
            "{a: [],\nb: ",
        ] {
            let text = format!("{{x: {}", level.repeat(3_000));
            let error = parse::<serde_json::Value>(&text).expect_err(level).to_string();
            assert_eq!(error, "this JSON is nested too deep", "{level}");
        }
        // Many that are beside each other, or are text, are not deep.
        let many = format!("[{}'{}', {{}} /* {} */]", "[[]], ".repeat(1_000), "[{".repeat(1_000), "[".repeat(1_000));
        assert!(parse::<serde_json::Value>(&many).is_ok());
        assert!(parse::<serde_json::Value>(&format!("{}+1{}", "[".repeat(64), "]".repeat(64))).is_ok());
    }

    #[test]
    fn a_number_is_infinite_only_where_that_is_written() {
        #[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
        struct Narrow {
            rate: f32,
        }
        for text in ["{\"rate\": 1e300}", "{rate: 1e300}", "{\"rate\": 1e400}", "{rate: -1e400}"] {
            let error = parse::<Narrow>(text).expect_err(text).to_string();
            assert_eq!(error, "a number in this is too large");
        }
        for text in ["{\"rate\": 1e400, \"big\": 1}", "{rate: 1e400, big: 1, name: 'Infinite'}"] {
            assert!(parse::<Limits>(text).is_err(), "{text}");
        }
        assert_eq!(parse::<Narrow>("{rate: -Infinity}").expect("written"), Narrow { rate: f32::NEG_INFINITY });
    }

    #[test]
    fn deep_and_wrong_texts_are_refused() {
        assert!(parse::<Limits>("{rate: 1.5, big: 2, name: 'x'}").is_ok());
        assert!(parse::<serde_json::Value>(&"[".repeat(100_000)).is_err());
        assert!(parse::<Limits>("{hunter2}").is_err_and(|e| !e.to_string().contains("hunter2")));
    }
}
