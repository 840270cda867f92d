//! Lists and maps, with JSON around the text forms of what they hold.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::fmt;
use std::hash::BuildHasher;

use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;

use super::{ParseError, SettingType};
use crate::Kind;

impl<T: SettingType> SettingType for Vec<T> {
    const KIND: Kind = Kind::List(&T::KIND);

    fn parse(text: &str) -> Result<Self, ParseError> {
        let words = || format!("this is not {}", Self::KIND);
        #[cfg(feature = "json")]
        if T::KIND.holds_any() {
            let elements = crate::django::json::elements(text)
                .map_err(|refused| ParseError::new(format!("{}: {}", words(), refused.in_own_words())))?;
            return elements.into_iter().zip(1..).map(|(text, at)| element(text, "element", at)).collect();
        }
        let elements: Vec<&RawValue> = serde_json::from_str(text).map_err(|_| ParseError::new(words()))?;
        elements.into_iter().zip(1..).map(|(raw, at)| element(raw.get(), "element", at)).collect()
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
                let words = || format!("this is not {}", Self::KIND);
                #[cfg(feature = "json")]
                if T::KIND.holds_any() {
                    let members = crate::django::json::members(text)
                        .map_err(|refused| ParseError::new(format!("{}: {}", words(), refused.in_own_words())))?;
                    let members = members.into_iter().zip(1..);
                    return members.map(|((name, value), at)| Ok((name, element(value, "entry", at)?))).collect();
                }
                let Members(members) = serde_json::from_str(text).map_err(|_| ParseError::new(words()))?;
                refuse_doubles(&members)?;
                let members = members.into_iter().zip(1..);
                members.map(|((name, raw), at)| Ok((name, element(raw.get(), "entry", at)?))).collect()
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

/// Every member of an object: a map would keep the last of two.
struct Members<'t>(Vec<(String, &'t RawValue)>);

impl<'de> Deserialize<'de> for Members<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(MembersVisitor)
    }
}

struct MembersVisitor;

impl<'de> Visitor<'de> for MembersVisitor {
    type Value = Members<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Members<'de>, A::Error> {
        let mut members = Vec::new();
        while let Some(member) = map.next_entry()? {
            members.push(member);
        }
        Ok(Members(members))
    }
}

fn refuse_doubles(members: &[(String, &RawValue)]) -> Result<(), ParseError> {
    let mut seen = HashSet::new();
    match members.iter().zip(1..).find(|((name, _), _)| !seen.insert(name)) {
        Some((_, at)) => Err(ParseError::new(format!("entry {at} has a name that is there already"))),
        None => Ok(()),
    }
}

/// An element from its JSON: a string holds the element's own text form, anything else is that text form.
fn element<T: SettingType>(text: &str, what: &str, at: usize) -> Result<T, ParseError> {
    // An option reads the quotes itself: they tell the text "none" from none. A value of any type is a text by them.
    let reads_quotes = matches!(T::KIND, Kind::Option(_) | Kind::Any);
    let read = if text.starts_with('"') && !reads_quotes {
        let text: Result<String, _> = serde_json::from_str(text);
        text.map_err(|_| ParseError::new("this is not a JSON string")).and_then(|text| T::parse(&text))
    } else {
        T::parse(text)
    };
    read.map_err(|error| ParseError::new(format!("{what} {at}: {error}")))
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

    #[test]
    fn a_name_that_is_there_twice_is_refused() {
        let words = "entry 3 has a name that is there already";
        let text = r#"{"a": 1, "b": 2, "\u0061": 1}"#;
        assert_eq!(BTreeMap::<String, i64>::parse(text).expect_err("twice").to_string(), words);
        assert_eq!(HashMap::<String, i64>::parse(text).expect_err("twice").to_string(), words);
        let inside = Vec::<BTreeMap<String, i64>>::parse(&format!("[{{}}, {text}]")).expect_err("twice").to_string();
        assert_eq!(inside, format!("element 2: {words}"));
    }

    #[test]
    fn what_is_wrong_is_said_of_the_element_and_with_an_example_of_its_type() {
        let words = |error: ParseError| error.to_string();
        assert_eq!(words(Vec::<i64>::parse("[1, \"x\"]").expect_err("x")), "element 2: this is not a whole number");
        let list = words(Vec::<String>::parse("a, b").expect_err("no list"));
        assert_eq!(list, r#"this is not a JSON list such as ["a", "b"], each element a text"#);
        let map = words(BTreeMap::<String, Vec<Duration>>::parse("[]").expect_err("no object"));
        assert!(
            map.starts_with(r#"this is not a JSON object such as {"a": ["1h 30m", "45s"], "b": ["45s"]}, each"#),
            "{map}"
        );
    }

    #[test]
    fn examples_are_values_of_their_kind() {
        fn reads<T: SettingType>() {
            assert!(T::parse(&T::KIND.example()).is_ok(), "{}", T::KIND.example());
        }
        reads::<Vec<bool>>();
        reads::<Vec<u8>>();
        reads::<Vec<f32>>();
        reads::<Vec<String>>();
        reads::<Vec<char>>();
        reads::<Vec<Duration>>();
        reads::<Vec<Vec<Option<i64>>>>();
        reads::<BTreeMap<String, Vec<String>>>();
    }
}
