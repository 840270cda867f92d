//! Whether what Python stored is of the type that the setting has here.

use crate::Kind;
use crate::tree::decimal::is_held;
use crate::tree::{ConvertError, Tree, number};

/// The tree if it fits the kind, as the type takes it; otherwise what was found instead.
///
/// A whole number is taken where a float is wanted, if the float is the same number: Python's own code stores `1` there too.
/// Nothing else is converted.
pub(super) fn fit(kind: &Kind, tree: Tree) -> Result<Tree, ConvertError> {
    match (kind, tree) {
        (Kind::Serde | Kind::Any, tree) => Ok(tree),
        (Kind::Option(_), Tree::None) => Ok(Tree::None),
        (Kind::Option(inner), tree) => fit(inner, tree),
        (Kind::List(inner), Tree::List(elements)) => {
            Ok(Tree::List(elements.into_iter().map(|element| fit(inner, element)).collect::<Result<_, _>>()?))
        }
        (Kind::Map(inner), Tree::Map(entries)) => {
            let entries = entries.into_iter().map(|(name, value)| Ok((name, fit(inner, value)?)));
            Ok(Tree::Map(entries.collect::<Result<_, ConvertError>>()?))
        }
        (Kind::Int { .. }, Tree::BigInt(_)) => Err(ConvertError::Words("a whole number out of the type's range")),
        (Kind::Int { min, max }, Tree::Int(value)) if value < *min || value > *max => {
            Err(ConvertError::Words("a whole number out of the type's range"))
        }
        (Kind::Float, Tree::Int(value)) => number::float_of_int(value)
            .map(|_| Tree::Int(value))
            .ok_or(ConvertError::Words("a whole number that no float is equal to")),
        (Kind::Duration, Tree::Span(span)) if span.as_nanos() < 0 => Err(ConvertError::Words("a duration below zero")),
        (Kind::Time, tree @ Tree::Time(_, Some(_))) => Err(ConvertError::Words(found(&tree))),
        (Kind::DateTime, Tree::DateTime(at)) if at.offset.is_some() => {
            Err(ConvertError::Words("a datetime with an offset"))
        }
        (Kind::Timestamp, Tree::DateTime(at)) if at.offset.is_none() => {
            Err(ConvertError::Words("a datetime without an offset"))
        }
        (Kind::Decimal, Tree::Decimal(text)) if !is_held(&text) => {
            Err(ConvertError::Words("a decimal that the type cannot hold"))
        }
        (Kind::Bool, tree @ Tree::Bool(_))
        | (Kind::Int { .. }, tree @ Tree::Int(_))
        | (Kind::Float, tree @ Tree::Float(_))
        | (Kind::Text | Kind::Char | Kind::Choice(_) | Kind::Url, tree @ Tree::Text(_))
        | (Kind::Date, tree @ Tree::Date(_))
        | (Kind::Time, tree @ Tree::Time(..))
        | (Kind::DateTime | Kind::Timestamp, tree @ Tree::DateTime(_))
        | (Kind::Duration | Kind::SignedDuration, tree @ Tree::Span(_))
        | (Kind::Decimal, tree @ Tree::Decimal(_))
        | (Kind::Uuid, tree @ Tree::Uuid(_)) => Ok(tree),
        (_, tree) => Err(ConvertError::Words(found(&tree))),
    }
}

/// What a tree is, without its content.
pub(crate) fn found(tree: &Tree) -> &'static str {
    match tree {
        Tree::None => "null",
        Tree::Bool(_) => "true or false",
        Tree::Int(_) | Tree::BigInt(_) => "a whole number",
        Tree::Float(_) | Tree::Float32(_) => "a float",
        Tree::Text(_) => "a text",
        Tree::Bytes(_) => "bytes",
        Tree::List(_) => "a list",
        Tree::Map(_) => "a dict",
        Tree::Date(_) => "a date",
        Tree::Time(_, None) => "a time",
        Tree::Time(_, Some(_)) => "a time with an offset",
        Tree::DateTime(_) => "a datetime",
        Tree::Span(_) => "a timedelta",
        Tree::Decimal(_) => "a decimal",
        Tree::Uuid(_) => "a uuid",
    }
}
