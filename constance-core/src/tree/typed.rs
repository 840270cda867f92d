//! What the strings and tuples of a tree mean, by the kind of the setting.

use super::decimal::is_plain;
use super::{ConvertError, Tree};
use crate::Kind;
use crate::civil::{Date, DateTime, MAX_OFFSET, Span, Time};

/// The tree with every leaf of a kind of its own taken for what it is. Each date crate has its own form, and all are known:
/// chrono and jiff write texts, `time` writes tuples.
pub(super) fn typed(kind: &Kind, tree: Tree) -> Result<Tree, ConvertError> {
    let leaf = match (kind, tree) {
        (Kind::Option(_), Tree::None) => Some(Tree::None),
        (Kind::Option(inner), tree) => Some(typed(inner, tree)?),
        (Kind::List(inner), Tree::List(elements)) => {
            Some(Tree::List(elements.into_iter().map(|element| typed(inner, element)).collect::<Result<_, _>>()?))
        }
        (Kind::Map(inner), Tree::Map(entries)) => {
            let entries = entries.into_iter().map(|(name, value)| Ok((name, typed(inner, value)?)));
            Some(Tree::Map(entries.collect::<Result<_, ConvertError>>()?))
        }
        (Kind::Date, tree) => date(tree).map(Tree::Date),
        (Kind::Time, tree) => time(tree).map(|time| Tree::Time(time, None)),
        (Kind::DateTime, tree) => naive(tree).map(Tree::DateTime),
        (Kind::Timestamp, tree) => aware(tree).map(Tree::DateTime),
        (Kind::Duration | Kind::SignedDuration, tree) => span(tree).map(Tree::Span),
        (Kind::Decimal, tree) => decimal(tree).map(Tree::Decimal),
        (Kind::Uuid, Tree::Bytes(bytes)) => <[u8; 16]>::try_from(bytes).ok().map(Tree::Uuid),
        (_, tree) => Some(tree),
    };
    leaf.ok_or(ConvertError::SHAPE)
}

/// A span as core's own durations are stored.
pub(super) fn span_entries(span: Span) -> Vec<(String, Tree)> {
    vec![("secs".to_owned(), Tree::Int(span.secs.into())), ("nanos".to_owned(), Tree::Int(span.nanos.into()))]
}

fn date(tree: Tree) -> Option<Date> {
    match tree {
        Tree::Text(text) => Date::parse(&text),
        tree => {
            let [year, ordinal] = integers(tree)?;
            of_ordinal(year, ordinal)
        }
    }
}

fn time(tree: Tree) -> Option<Time> {
    match tree {
        Tree::Text(text) => Time::parse(&text),
        tree => of_parts(integers(tree)?),
    }
}

fn naive(tree: Tree) -> Option<DateTime> {
    match tree {
        Tree::Text(text) => DateTime::parse_naive(&text),
        tree => of_six(integers(tree)?, None),
    }
}

fn aware(tree: Tree) -> Option<DateTime> {
    let parts = match tree {
        Tree::Text(text) => return DateTime::parse_aware(&text),
        Tree::List(parts) => parts,
        _ => return None,
    };
    // Six parts are in UTC.
    if parts.len() == 6 {
        return of_six(integers(Tree::List(parts))?, Some(0));
    }
    let [year, ordinal, hour, minute, second, nanos, hours, minutes, seconds] = integers(Tree::List(parts))?;
    // Each is looked at alone first: they are whatever a type wrote.
    let part = |value: i64| i32::try_from(value).ok().filter(|part| (-MAX_OFFSET..=MAX_OFFSET).contains(part));
    let (hours, minutes) = (part(hours)?.checked_mul(3_600)?, part(minutes)?.checked_mul(60)?);
    let offset = hours.checked_add(minutes)?.checked_add(part(seconds)?)?;
    of_six([year, ordinal, hour, minute, second, nanos], part(offset.into()))
}

fn span(tree: Tree) -> Option<Span> {
    match tree {
        Tree::Text(text) => Span::parse_iso(&text),
        Tree::Map(entries) => match entries.as_slice() {
            [(secs, Tree::Int(s)), (nanos, Tree::Int(n))] if secs == "secs" && nanos == "nanos" => {
                Span::new(i64::try_from(*s).ok()?, i64::try_from(*n).ok()?)
            }
            _ => None,
        },
        tree => {
            let [secs, nanos] = integers(tree)?;
            Span::new(secs, nanos)
        }
    }
}

/// Its digits. A feature of `rust_decimal` makes it write a float, whose digits are those of the number in most cases; in the
/// others the value does not read back, and is refused.
fn decimal(tree: Tree) -> Option<String> {
    let text = match tree {
        Tree::Text(text) => text,
        Tree::Float(value) => value.to_string(),
        _ => return None,
    };
    is_plain(&text).then_some(text)
}

fn of_six([year, ordinal, hour, minute, second, nanos]: [i64; 6], offset: Option<i32>) -> Option<DateTime> {
    Some(DateTime { date: of_ordinal(year, ordinal)?, time: of_parts([hour, minute, second, nanos])?, offset })
}

fn of_ordinal(year: i64, ordinal: i64) -> Option<Date> {
    Date::from_ordinal(i32::try_from(year).ok()?, u16::try_from(ordinal).ok()?)
}

fn of_parts([hour, minute, second, nanos]: [i64; 4]) -> Option<Time> {
    let part = |value: i64| u8::try_from(value).ok();
    Time::new(part(hour)?, part(minute)?, part(second)?, u32::try_from(nanos).ok()?)
}

fn integers<const N: usize>(tree: Tree) -> Option<[i64; N]> {
    let Tree::List(parts) = tree else { return None };
    let integer = |part: &Tree| match part {
        Tree::Int(value) => i64::try_from(*value).ok(),
        _ => None,
    };
    parts.iter().map(integer).collect::<Option<Vec<i64>>>()?.try_into().ok()
}
