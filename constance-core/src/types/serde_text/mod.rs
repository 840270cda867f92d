//! The text form of a setting that is marked `#[setting(serde)]`.

mod scan;

use self::scan::{lost_number, nesting};
use super::{ParseError, SettingValue};
use crate::Kind;
use crate::tree::{Tree, TreeDeserializer, UserJson};

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
    if nesting(text) > MAX_DEPTH {
        return Err(ParseError::new("this JSON is nested too deep"));
    }
    if let Some(words) = lost_number(text) {
        return Err(ParseError::new(words));
    }
    let UserJson(tree) = json5::from_str(text).map_err(|error| broken(&error))?;
    let written = count(&tree, |leaf| matches!(leaf, Tree::Float(value) if value.is_infinite()));
    // Read twice: the tree knows what is wrong and where, and the readers keep whole numbers of more than 64 bits.
    let read = T::deserialize(TreeDeserializer::written(tree));
    if let Err(error) = &read
        && error.is_loss()
    {
        return Err(ParseError::new(error.sentence()));
    }
    match serde_json::from_str(text).ok().or_else(|| json5::from_str(text).ok()) {
        // Where serde puts a part of a value aside (`flatten`, `untagged`), it rounds a number to an infinity by itself.
        Some(exact) if narrow_infinities(&exact) > written => Err(ParseError::new("a number in this is too large")),
        Some(exact) => Ok(exact),
        None => read.map_err(|error| ParseError::new(error.sentence())),
    }
}

fn broken(error: &json5::Error) -> ParseError {
    let is_cut = error.code().is_some_and(|code| code.to_string().starts_with("EOF"));
    match error.position() {
        _ if is_cut => ParseError::new("this JSON is cut short"),
        Some(at) => ParseError::new(format!("this is not JSON: see line {}, column {}", at.line + 1, at.column + 1)),
        None => ParseError::new("this is not JSON"),
    }
}

/// How many floats of a tree are such.
fn count(tree: &Tree, is_such: fn(&Tree) -> bool) -> usize {
    match tree {
        Tree::List(elements) => elements.iter().map(|element| count(element, is_such)).sum(),
        Tree::Map(entries) => entries.iter().map(|(_, value)| count(value, is_such)).sum(),
        leaf => usize::from(is_such(leaf)),
    }
}

/// The narrow floats of a value that are infinite. What cannot be told is refused at the write.
fn narrow_infinities<T: SettingValue>(value: &T) -> usize {
    Tree::of(&Kind::Serde, value)
        .map_or(0, |tree| count(&tree, |leaf| matches!(leaf, Tree::Float32(value) if value.is_infinite())))
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

    #[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
    struct Narrow {
        rate: f32,
        #[serde(default)]
        note: String,
    }

    #[test]
    fn a_number_is_infinite_only_where_that_is_written() {
        let refused = |text: &str, words: &str| {
            let error = parse::<Narrow>(text).expect_err(text).to_string();
            assert_eq!(error, words, "{text}");
        };
        for text in [
            "{\"rate\": 1e39}",
            "{rate: 1e300}",
            "{rate: -1e39, note: 'Infinity'}",
            "{rate: 1e39, unknown: Infinity}",
            "{rate: 1e39, Infinity: 1} // Infinity",
        ] {
            refused(text, "`rate` is too large");
        }
        refused("{rate: 1e-60}", "`rate` is too near to zero");
        for text in ["{\"rate\": 1e400}", "{rate: -1e400, note: \"Infinity\"}", "{rate: 1, unknown: [1e400, Infinity]}"]
        {
            refused(text, "a number in this is too large");
        }
        for text in ["{\"rate\": 1e400, \"big\": 1}", "{rate: 1e400, big: 1, name: 'Infinity'}"] {
            assert!(parse::<Limits>(text).is_err(), "{text}");
        }
        let narrow = |rate| Narrow { rate, note: String::new() };
        assert_eq!(parse::<Narrow>("{rate: -Infinity}"), Ok(narrow(f32::NEG_INFINITY)));
        assert_eq!(parse::<Narrow>("{rate: 0.123456789012}"), Ok(narrow(0.123_456_79)));
        assert_eq!(parse::<Narrow>("{rate: 16777217}"), Ok(narrow(16_777_216.0)));
    }

    #[test]
    fn a_number_that_serde_puts_aside_is_not_rounded_to_an_infinity() {
        #[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
        struct Flat {
            #[serde(flatten)]
            narrow: Narrow,
        }
        assert!(parse::<Flat>("{rate: 1.5}").is_ok());
        assert!(parse::<Flat>("{rate: 1e39, note: 'Infinity'}").is_err_and(|e| e.to_string().contains("too large")));
    }

    #[test]
    fn whole_numbers_of_any_type_are_kept() {
        #[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
        struct Huge {
            up: u128,
            down: i128,
        }
        let huge = Huge { up: u128::MAX, down: i128::MIN };
        assert_eq!(parse::<Huge>(&print(&huge)), Ok(huge));
    }

    #[test]
    fn a_name_that_is_there_twice_is_refused_wherever_it_is() {
        type Map = std::collections::BTreeMap<String, i64>;
        for text in ["{\"a\": 1, \"a\": 2}", "{a: 1, 'a': 1}", "{\"a\": 1, \"\\u0061\": 2}"] {
            let error = parse::<Map>(text).expect_err(text).to_string();
            assert_eq!(error, "this has a name twice", "{text}");
        }
        assert_eq!(parse::<Vec<Map>>("[{}, {a: 1, a: 1}]").expect_err("twice").to_string(), "`[1]` has a name twice");
        assert!(parse::<Narrow>("{rate: 1, unknown: {a: 1, a: 2}}").is_err());
        assert!(parse::<serde_json::Value>("{\"a\": {\"b\": 1, \"b\": 2}}").is_err());
        assert!(parse::<Map>("{\"a\": 1, \"A\": 2}").is_ok());
    }

    #[test]
    fn what_is_wrong_is_said_with_its_place() {
        for (text, words) in [
            ("{rate: 1.5, big: -1}", "`big` is not a whole number, 0 or more"),
            ("{rate: 1.5}", "`big` is missing"),
            ("{rate: 'hunter2', big: 1}", "`rate` is a text, not a number"),
            ("{rate: 1.5, big: 1, name: ['hunter2']}", "`name` is a list, not a text"),
            ("[1.5, 'hunter2']", "this is a list, not an object"),
            ("hunter2", "this is not JSON: see line 1, column 1"),
            ("{rate: 1.5,\n big 1}", "this is not JSON: see line 2, column 6"),
            ("{rate: 1.5", "this JSON is cut short"),
        ] {
            assert_eq!(parse::<Limits>(text).expect_err(text).to_string(), words);
        }
    }

    #[test]
    fn deep_and_wrong_texts_are_refused() {
        assert!(parse::<Limits>("{rate: 1.5, big: 2, name: 'x'}").is_ok());
        assert!(parse::<serde_json::Value>(&"[".repeat(100_000)).is_err());
        assert!(parse::<Limits>("{hunter2}").is_err_and(|e| !e.to_string().contains("hunter2")));
    }
}
