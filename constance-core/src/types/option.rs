//! Optional values.

use super::{ParseError, SettingType};
use crate::Kind;

/// `none`, `None` or `null` without quotes is no value. What begins with a quote is a JSON string, and its content is the
/// text: `"none"` is the text none. Everything else is a text as it is. So a text that would be taken for none, or that begins
/// with a quote, is printed in quotes. A value of any type has quotes already where it is a text.
impl<T: SettingType> SettingType for Option<T> {
    const KIND: Kind = {
        assert!(!matches!(T::KIND, Kind::Option(_)), "an Option in an Option cannot be told apart once stored");
        Kind::Option(&T::KIND)
    };

    fn parse(text: &str) -> Result<Self, ParseError> {
        if is_none(text) {
            return Ok(None);
        }
        if text.starts_with('"') && T::KIND != Kind::Any {
            let inner: String = serde_json::from_str(text)
                .map_err(|_| ParseError::new(r#"what begins with a quote has to be a JSON string, such as "none""#))?;
            return T::parse(&inner).map(Some);
        }
        T::parse(text).map(Some)
    }

    fn print(&self) -> String {
        match self {
            None => "none".to_owned(),
            Some(value) => {
                let text = value.print();
                if T::KIND == Kind::Any {
                    return if is_none(&text) { NULL.to_owned() } else { text };
                }
                if is_none(&text) || text.starts_with('"') { super::collections::quoted(&text) } else { text }
            }
        }
    }
}

/// A null that is not none.
const NULL: &str = r#"{"__type__": "default", "__value__": null}"#;

fn is_none(text: &str) -> bool {
    matches!(text.trim(), "none" | "None" | "null")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn none_is_not_the_word_none() {
        for value in
            [None, Some(String::new()), Some("none".to_owned()), Some(" null".to_owned()), Some("\"q".to_owned())]
        {
            assert_eq!(Option::<String>::parse(&value.print()), Ok(value));
        }
        assert_eq!(Option::<String>::parse(r#""none""#), Ok(Some("none".to_owned())));
        assert_eq!(Option::<String>::parse("nothing"), Ok(Some("nothing".to_owned())));
        assert_eq!(Option::<i64>::parse("none"), Ok(None));
        assert_eq!(Option::<i64>::parse("7"), Ok(Some(7)));
        assert!(Option::<i64>::parse("\"7").is_err());
    }

    #[test]
    fn every_text_reads_back() {
        // All texts of up to four of these: the words for none, quotes, escapes and white space, in every mixture.
        let pieces = ["", "none", "None", "null", "\"", "\\", " ", "\n", "\u{feff}", "x"];
        let texts =
            (0..10_000).map(|n: usize| [n / 1000, n / 100 % 10, n / 10 % 10, n % 10].map(|at| pieces[at]).concat());
        for text in texts {
            let value = Some(text);
            assert_eq!(Option::<String>::parse(&value.print()).as_ref(), Ok(&value));
            let list = vec![value, None];
            assert_eq!(Vec::<Option<String>>::parse(&list.print()), Ok(list));
        }
    }
}
