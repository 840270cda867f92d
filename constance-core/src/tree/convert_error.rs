//! Why a value cannot be converted from one form to another.

use std::fmt;

use serde::de::{Expected, Unexpected};

use crate::Kind;

/// Why a value cannot be converted from one form to another. It never holds a message of serde, which may show the value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum ConvertError {
    /// What follows the name of the value: `that is cut short`.
    Words(&'static str),
    /// What is wrong in it, and where.
    Inside(Box<Inside>),
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Inside {
    /// From the outermost to the innermost.
    path: Vec<Step>,
    /// What follows the path: `is missing`.
    what: String,
    /// What is there, where it is something of another type.
    found: Option<&'static str>,
}

/// A step into a value. The names of an object's members are data unless the type knows them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Step {
    Field(&'static str),
    /// From 0, as programmers count.
    Element(usize),
    /// A member of a map, from 1.
    Entry(usize),
}

impl Step {
    /// Into the member of this name and place, from 0.
    pub(crate) fn member(name: &str, fields: &'static [&'static str], at: usize) -> Self {
        fields.iter().find(|field| **field == name).map_or(Self::Entry(at + 1), |field| Self::Field(field))
    }
}

impl ConvertError {
    pub(crate) const ANOTHER_NUMBER: Self = Self::Words("that the type cannot hold exactly");
    pub(crate) const CUT: Self = Self::Words("that is cut short");
    pub(crate) const DEEP: Self = Self::Words("nested deeper than 64 levels");
    pub(crate) const NOT_UTF8: Self = Self::Words("that is not UTF-8");
    pub(crate) const RANGE: Self = Self::Words("out of the type's range");
    pub(crate) const SHAPE: Self = Self::Words("that does not fit");

    const TWICE: &'static str = "has a name twice";
    pub(crate) const TOO_LARGE: &'static str = "is too large";
    pub(crate) const TOO_NEAR: &'static str = "is too near to zero";

    /// Something about the value itself, that follows its name: `is too large`.
    pub(crate) fn told(what: impl Into<String>) -> Self {
        Self::Inside(Box::new(Inside { path: Vec::new(), what: what.into(), found: None }))
    }

    /// Something of another type than the wanted one.
    pub(crate) fn another(found: &'static str, wanted: &str) -> Self {
        let what = format!("is {found}, not {wanted}");
        Self::Inside(Box::new(Inside { path: Vec::new(), what, found: Some(found) }))
    }

    /// The same, seen from around the value.
    #[cold]
    pub(crate) fn at(self, step: Step) -> Self {
        let what = match self {
            Self::Inside(mut inside) => {
                inside.path.insert(0, step);
                return Self::Inside(inside);
            }
            Self::ANOTHER_NUMBER => "is a number that the type cannot hold exactly",
            Self::RANGE => "is out of the type's range",
            Self::SHAPE => "is not of the type wanted there",
            // About the whole.
            Self::Words(_) => return self,
        };
        Self::told(what).at(step)
    }

    /// An object with one name twice: nobody knows which was meant.
    pub(crate) fn twice() -> Self {
        Self::told(Self::TWICE)
    }

    /// Whether readers of JSON would take something else for what is written: the last of two, an infinity, a zero.
    pub(crate) fn is_loss(&self) -> bool {
        let is_loss = |what: &str| [Self::TWICE, Self::TOO_LARGE, Self::TOO_NEAR].contains(&what);
        matches!(self, Self::Inside(inside) if is_loss(&inside.what))
    }

    /// What was found where a value of this kind was wanted, for which there are words so far.
    pub(crate) fn found(&self, kind: &Kind, words: &str) -> String {
        match self {
            Self::Inside(inside) if inside.path.is_empty() => match (inside.found, kind) {
                (Some(_), Kind::Serde) => inside.what.trim_start_matches("is ").to_owned(),
                (Some(found), _) => found.to_owned(),
                (None, _) => format!("{words} {self}"),
            },
            _ => format!("{words} {self}"),
        }
    }

    /// A whole sentence: `address.city is missing`.
    pub(crate) fn sentence(&self) -> String {
        match self {
            Self::Inside(inside) if inside.path.is_empty() => format!("this {}", inside.what),
            Self::Inside(inside) => format!("{inside}"),
            Self::Words(_) => "this is not a value of the setting's type".to_owned(),
        }
    }
}

impl fmt::Display for Inside {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("`")?;
        for (at, step) in self.path.iter().enumerate() {
            match step {
                Step::Field(name) if at == 0 => write!(f, "{name}")?,
                Step::Field(name) => write!(f, ".{name}")?,
                Step::Element(at) => write!(f, "[{at}]")?,
                Step::Entry(number) => write!(f, "[entry {number}]")?,
            }
        }
        write!(f, "` {}", self.what)
    }
}

/// What follows the name of the value.
impl fmt::Display for ConvertError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Words(words) => f.write_str(words),
            Self::Inside(inside) if inside.path.is_empty() => write!(f, "that {}", inside.what),
            Self::Inside(inside) => write!(f, "in which {inside}"),
        }
    }
}

impl std::error::Error for ConvertError {}

impl serde::ser::Error for ConvertError {
    fn custom<T: fmt::Display>(_: T) -> Self {
        Self::SHAPE
    }
}

impl serde::de::Error for ConvertError {
    fn custom<T: fmt::Display>(_: T) -> Self {
        Self::SHAPE
    }

    fn invalid_type(found: Unexpected<'_>, wanted: &dyn Expected) -> Self {
        match (kind_of(&found), words_of(&wanted.to_string())) {
            (Some(found), Some(wanted)) => Self::another(found, &wanted),
            _ => Self::SHAPE,
        }
    }

    fn invalid_value(found: Unexpected<'_>, wanted: &dyn Expected) -> Self {
        match (found, words_of(&wanted.to_string())) {
            (Unexpected::Unsigned(_) | Unexpected::Signed(_), Some(wanted)) => Self::told(format!("is not {wanted}")),
            _ => Self::SHAPE,
        }
    }

    fn invalid_length(_: usize, _: &dyn Expected) -> Self {
        Self::told("has too few or too many elements")
    }

    fn unknown_variant(_: &str, known: &'static [&'static str]) -> Self {
        Self::told(format!("is none of {}", known.join(", ")))
    }

    fn unknown_field(_: &str, known: &'static [&'static str]) -> Self {
        Self::told(format!("has a member that is none of {}", known.join(", ")))
    }

    fn missing_field(field: &'static str) -> Self {
        Self::told("is missing").at(Step::Field(field))
    }

    fn duplicate_field(field: &'static str) -> Self {
        Self::told("is there twice").at(Step::Field(field))
    }
}

/// What is there, without its content.
fn kind_of(found: &Unexpected<'_>) -> Option<&'static str> {
    Some(match found {
        Unexpected::Bool(_) => "true or false",
        Unexpected::Unsigned(_) | Unexpected::Signed(_) => "a whole number",
        Unexpected::Float(_) => "a number",
        Unexpected::Char(_) | Unexpected::Str(_) => "a text",
        Unexpected::Bytes(_) => "bytes",
        Unexpected::Unit => "null",
        Unexpected::Seq => "a list",
        Unexpected::Map => "an object",
        _ => return None,
    })
}

/// The words of serde's own types, in ours. Those of other types are their author's, who may have put a value in.
fn words_of(expecting: &str) -> Option<String> {
    macro_rules! integers {
        ($($int:ident)+) => {
            match expecting {
                $(stringify!($int) => return Some(whole_number(<$int>::MIN as i128, <$int>::MAX as u128)),)+
                _ => {}
            }
        };
    }
    integers!(i8 i16 i32 i64 isize u8 u16 u32 u64 usize i128 u128);
    let words = match expecting {
        "f32" | "f64" => "a number",
        "a string" => "a text",
        "a character" => "one character",
        "a boolean" => "true or false",
        "a sequence" | "a tuple" => "a list",
        "a map" => "an object",
        "unit" => "null",
        _ if expecting.starts_with("struct ") => "an object",
        _ if expecting.starts_with("a tuple ") || expecting.starts_with("tuple struct ") => "a list",
        _ => return None,
    };
    Some(words.to_owned())
}

fn whole_number(min: i128, max: u128) -> String {
    match (min, max) {
        (0, max) if max >= u64::MAX.into() => "a whole number, 0 or more".to_owned(),
        (_, max) if max >= i64::MAX as u128 => "a whole number".to_owned(),
        _ => format!("a whole number from {min} to {max}"),
    }
}

#[cfg(test)]
mod tests {
    use serde::de::Error;

    use super::*;

    #[test]
    fn what_is_wrong_is_said_with_its_place() {
        let missing = ConvertError::missing_field("city").at(Step::Element(1)).at(Step::Field("addresses"));
        assert_eq!(missing.to_string(), "in which `addresses[1].city` is missing");
        assert_eq!(missing.sentence(), "`addresses[1].city` is missing");
        let wrong = ConvertError::invalid_type(Unexpected::Str("hunter2"), &"u8");
        assert_eq!(wrong.found(&Kind::Serde, "JSON"), "a text, not a whole number from 0 to 255");
        assert_eq!(wrong.found(&Kind::Bool, "true or false"), "a text");
        assert_eq!(
            wrong.clone().at(Step::Entry(3)).sentence(),
            "`[entry 3]` is a text, not a whole number from 0 to 255"
        );
        assert_eq!(
            ConvertError::SHAPE.at(Step::Field("mode")).to_string(),
            "in which `mode` is not of the type wanted there"
        );
        assert_eq!(ConvertError::CUT.at(Step::Field("mode")), ConvertError::CUT);
    }

    #[test]
    fn words_that_may_hold_a_value_are_not_passed_on() {
        for error in [
            ConvertError::custom("hunter2"),
            ConvertError::invalid_type(Unexpected::Other("hunter2"), &"hunter2"),
            ConvertError::invalid_type(Unexpected::Str("hunter2"), &"hunter2"),
            ConvertError::invalid_value(Unexpected::Unsigned(7), &"hunter2"),
            ConvertError::unknown_variant("hunter2", &["fast", "slow"]),
            ConvertError::unknown_field("hunter2", &["rate"]),
        ] {
            assert!(!format!("{error} {error:?} {}", error.sentence()).contains("hunter2"), "{error}");
        }
    }
}
