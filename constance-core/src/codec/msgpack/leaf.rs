//! Values of the kinds that MessagePack has no type for: texts and a map, in one form each.

use super::read::{Piece, Reader};
use crate::Kind;
use crate::civil::{Date, DateTime, Span, Time};
use crate::tree::{ConvertError, Tree, decimal};

/// The kind of the value where there is one.
pub(super) fn without_option(kind: &Kind) -> &Kind {
    match kind {
        Kind::Option(inner) => inner,
        kind => kind,
    }
}

/// The next value, if its kind has a form of its own.
pub(super) fn read(kind: &Kind, reader: &mut Reader<'_>) -> Result<Option<Tree>, ConvertError> {
    let kind = without_option(kind);
    match kind {
        Kind::SignedDuration => span(reader).map(|span| Some(Tree::Span(span))),
        Kind::Date | Kind::Time | Kind::DateTime | Kind::Timestamp | Kind::Decimal => match reader.next()? {
            Piece::Text(text) => of_text(kind, text).ok_or(ConvertError::SHAPE).map(Some),
            _ => Err(ConvertError::SHAPE),
        },
        _ => Ok(None),
    }
}

fn of_text(kind: &Kind, text: &str) -> Option<Tree> {
    match kind {
        Kind::Date => Date::parse(text).map(Tree::Date),
        Kind::Time => Time::parse(text).map(|time| Tree::Time(time, None)),
        Kind::DateTime => DateTime::parse_naive(text).map(Tree::DateTime),
        Kind::Timestamp => DateTime::parse_aware(text).map(Tree::DateTime),
        _ => decimal::is_plain(text).then(|| Tree::Decimal(text.to_owned())),
    }
}

/// A map of `secs` and `nanos`, both with the sign.
fn span(reader: &mut Reader<'_>) -> Result<Span, ConvertError> {
    let Piece::Map(2) = reader.next()? else { return Err(ConvertError::SHAPE) };
    let mut part = |name| match reader.next()? {
        Piece::Text(text) if text == name => match reader.next()? {
            Piece::Unsigned(value) => i64::try_from(value).map_err(|_| ConvertError::RANGE),
            Piece::Signed(value) => Ok(value),
            _ => Err(ConvertError::SHAPE),
        },
        _ => Err(ConvertError::SHAPE),
    };
    let (secs, nanos) = (part("secs")?, part("nanos")?);
    Span::new(secs, nanos).filter(|span| span.secs == secs && i64::from(span.nanos) == nanos).ok_or(ConvertError::SHAPE)
}
