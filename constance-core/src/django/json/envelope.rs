//! `{"__type__": …, "__value__": …}`.

use super::parse::Refused;
use crate::civil::{Date, DateTime, Span, Time};
use crate::django::python;
use crate::tree::Tree;

pub(super) const TYPE: &str = "__type__";
pub(super) const VALUE: &str = "__value__";

/// Whether a map with this key could be taken for an envelope.
pub(super) fn is_reserved(name: &str) -> bool {
    name == TYPE || name == VALUE
}

/// What an object stands for: a typed value if it has exactly the two names, and itself if it has neither.
pub(super) fn open(entries: Vec<(String, Tree)>) -> Result<Tree, Refused> {
    let reserved = entries.iter().filter(|(name, _)| is_reserved(name)).count();
    if reserved == 0 {
        return Ok(Tree::Map(entries));
    }
    match <[_; 2]>::try_from(entries) {
        Ok([(first, one), (_, other)]) if reserved == 2 => {
            match if first == TYPE { (one, other) } else { (other, one) } {
                (Tree::Text(discriminator), value) => typed(&discriminator, value),
                _ => Err("an envelope whose \"__type__\" is not a text".into()),
            }
        }
        // django-constance refuses it too.
        _ => Err("an object with \"__type__\" or \"__value__\" that is no envelope".into()),
    }
}

fn typed(discriminator: &str, value: Tree) -> Result<Tree, Refused> {
    let read = match (discriminator, value) {
        ("default", value) => return Ok(value),
        ("date", Tree::Text(text)) => date(&text).map(Tree::Date),
        ("time", Tree::Text(text)) => Time::parse_with_offset(&text).map(|(time, offset)| Tree::Time(time, offset)),
        ("datetime", Tree::Text(text)) => DateTime::parse(&text).map(Tree::DateTime),
        ("decimal", Tree::Text(text)) => python::is_decimal(&text).then_some(Tree::Decimal(text)),
        ("uuid", Tree::Text(text)) => uuid(&text).map(Tree::Uuid),
        ("timedelta", Tree::Float(secs)) => python::timedelta(secs).map(Tree::Span),
        ("timedelta", Tree::Int(secs)) => span_of_secs(secs).map(Tree::Span),
        ("date" | "time" | "datetime" | "decimal" | "uuid" | "timedelta", _) => None,
        _ => return Err(unknown(discriminator)),
    };
    read.ok_or_else(|| Refused::Words(format!("a {discriminator} whose \"__value__\" is not one").into()))
}

/// Django's reader takes the date of a datetime as well.
fn date(text: &str) -> Option<Date> {
    Date::parse(text).or_else(|| DateTime::parse(text).map(|at| at.date))
}

fn uuid(text: &str) -> Option<[u8; 16]> {
    let digits: String = text.chars().filter(|c| *c != '-').collect();
    let is_hex = digits.len() == 32 && digits.bytes().all(|byte| byte.is_ascii_hexdigit());
    is_hex.then(|| u128::from_str_radix(&digits, 16).ok()).flatten().map(u128::to_be_bytes)
}

fn span_of_secs(secs: i128) -> Option<Span> {
    Span::new(i64::try_from(secs).ok()?, 0).filter(|span| python::is_timedelta(*span))
}

/// The type is named, if it is a name: anything else may be somebody's value.
fn unknown(discriminator: &str) -> Refused {
    let is_name = (1..=40).contains(&discriminator.len())
        && discriminator.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'.' | b'-'));
    match is_name {
        true => Refused::UnknownType(discriminator.to_owned()),
        false => "an unknown type whose name is no word".into(),
    }
}
