//! Lists and maps, with JSON around the text forms of what they hold.

use std::collections::{BTreeMap, HashMap};
use std::hash::BuildHasher;

use serde::Deserialize;
use serde_json::value::RawValue;

use super::{ParseError, SettingType};
use crate::Kind;

impl<T: SettingType> SettingType for Vec<T> {
    const KIND: Kind = Kind::List(&T::KIND);

    fn parse(text: &str) -> Result<Self, ParseError> {
        let words = "this is not a JSON list such as [1, 2]";
        #[cfg(feature = "json")]
        if T::KIND.holds_any() {
            let elements = crate::codec::json::elements(text).ok_or(ParseError::new(words))?;
            return elements.into_iter().map(element).collect();
        }
        let elements: Vec<&RawValue> = json(text, words)?;
        elements.into_iter().map(|raw| element(raw.get())).collect()
    }

    fn print(&self) -> String {
        let elements: Vec<String> = self.iter().map(printed).collect();
        format!("[{}]", elements.join(","))
    }
}

macro_rules! maps {
    ($(($($hasher:ident)?) $map:ty),+) => {$(
        impl<T: SettingType $(, $hasher: BuildHasher + Default + Clone + Send + Sync + 'static)?> SettingType for $map {
            const KIND: Kind = Kind::Map(&T::KIND);

            fn parse(text: &str) -> Result<Self, ParseError> {
                let words = "this is not a JSON object such as {\"a\": 1}";
                #[cfg(feature = "json")]
                if T::KIND.holds_any() {
                    let members = crate::codec::json::members(text).ok_or(ParseError::new(words))?;
                    return members.into_iter().map(|(name, value)| Ok((name, element(value)?))).collect();
                }
                // Through a list of pairs would keep doubles; a map keeps the last, as JSON readers do.
                let entries: BTreeMap<String, &RawValue> = json(text, words)?;
                entries.into_iter().map(|(name, value)| Ok((name, element(value.get())?))).collect()
            }

            fn print(&self) -> String {
                let sorted: BTreeMap<&String, &T> = self.iter().collect();
                let entries: Vec<String> =
                    sorted.into_iter().map(|(name, value)| format!("{}:{}", quoted(name), printed(value))).collect();
                format!("{{{}}}", entries.join(","))
            }
        }
    )+};
}

maps!(() BTreeMap<String, T>, (H) HashMap<String, T, H>);

fn json<'t, T: Deserialize<'t>>(text: &'t str, otherwise: &'static str) -> Result<T, ParseError> {
    serde_json::from_str(text).map_err(|_| ParseError::new(otherwise))
}

/// An element from its JSON: a string holds the element's own text form, anything else is that text form.
fn element<T: SettingType>(text: &str) -> Result<T, ParseError> {
    // An option reads the quotes itself: they tell the text "none" from none. A value of any type is a text by them.
    let reads_quotes = matches!(T::KIND, Kind::Option(_) | Kind::Any);
    if text.starts_with('"') && !reads_quotes {
        return T::parse(&json::<String>(text, "this is not a JSON string")?);
    }
    T::parse(text)
}

fn printed<T: SettingType>(value: &T) -> String {
    let text = value.print();
    let inner = match T::KIND {
        Kind::Option(_) if text == "none" => return "null".to_owned(),
        Kind::Option(inner) => *inner,
        kind => kind,
    };
    match inner {
        Kind::Bool | Kind::Int { .. } | Kind::List(_) | Kind::Map(_) | Kind::Serde | Kind::Any => text,
        // JSON has no NaN and no infinities.
        Kind::Float if !text.contains(['N', 'i']) => text,
        // An option has quoted it already where it had to.
        _ if text.starts_with('"') && matches!(T::KIND, Kind::Option(_)) => text,
        _ => quoted(&text),
    }
}

pub(super) fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn round_trip<T: SettingType + std::fmt::Debug>(value: T, text: &str) {
        assert_eq!(value.print(), text);
        assert_eq!(T::parse(text), Ok(value));
    }

    #[test]
    fn lists_and_maps_read_back_what_they_print() {
        round_trip(vec![1, -2], "[1,-2]");
        round_trip(Vec::<String>::new(), "[]");
        round_trip(vec!["a\"b".to_owned(), "none".to_owned()], r#"["a\"b","none"]"#);
        round_trip(vec![Some("none".to_owned()), None, Some("x".to_owned())], r#"["none",null,"x"]"#);
        round_trip(vec![Some(1), None], "[1,null]");
        round_trip(vec![Duration::from_secs(90)], r#"["1m 30s"]"#);
        round_trip(vec![vec![true], vec![]], "[[true],[]]");
        round_trip(vec![1.5, f64::INFINITY], r#"[1.5,"inf"]"#);
        round_trip(BTreeMap::from([("b".to_owned(), 2), ("a".to_owned(), 1)]), r#"{"a":1,"b":2}"#);
        round_trip(HashMap::<String, i64>::from([("b".to_owned(), 2), ("a".to_owned(), 1)]), r#"{"a":1,"b":2}"#);
    }

    #[test]
    fn white_space_is_fine_and_rubbish_is_not() {
        assert_eq!(Vec::<i64>::parse(" [ 1 , 2 ] "), Ok(vec![1, 2]));
        assert!(Vec::<i64>::parse("1, 2").is_err());
        assert!(Vec::<i64>::parse("[1, \"x\"]").is_err());
        assert!(Vec::<i64>::parse(&"[".repeat(100_000)).is_err());
    }
}
