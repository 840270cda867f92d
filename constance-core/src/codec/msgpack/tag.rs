//! The kind of a value, which the envelope stores in front of the value.
//!
//! MessagePack has texts, numbers, lists and maps; a date and a duration are written as one of these. Without the kind, a list
//! of two numbers would be read as a duration, and sixteen bytes of a UUID as a text.

use crate::Kind;

const LIST: u8 = b'L';
const MAP: u8 = b'M';
const INT: u8 = b'i';

/// Writes a letter for each list and map around the value and one for the value itself. An option has none: a value that
/// becomes optional stays readable.
pub(super) fn write(kind: &Kind, out: &mut Vec<u8>) {
    match kind {
        Kind::Option(inner) => write(inner, out),
        Kind::List(inner) => {
            out.push(LIST);
            write(inner, out);
        }
        Kind::Map(inner) => {
            out.push(MAP);
            write(inner, out);
        }
        leaf => out.push(letter(leaf)),
    }
}

/// What follows the letters, if they are those of a kind that can be read as the wanted one.
#[inline]
pub(super) fn strip<'b>(wanted: &Kind, bytes: &'b [u8]) -> Option<&'b [u8]> {
    let (first, rest) = bytes.split_first()?;
    match wanted {
        Kind::Option(inner) => strip(inner, bytes),
        Kind::List(inner) => strip(inner, rest).filter(|_| *first == LIST),
        Kind::Map(inner) => strip(inner, rest).filter(|_| *first == MAP),
        // A whole number that a float is equal to; the reader compares.
        Kind::Float => matches!(*first, b'f' | INT).then_some(rest),
        leaf => (*first == letter(leaf)).then_some(rest),
    }
}

/// Kinds with one letter are read as each other where the type takes the value.
#[inline]
fn letter(leaf: &Kind) -> u8 {
    match leaf {
        Kind::Bool => b'b',
        Kind::Int { .. } => INT,
        Kind::Float => b'f',
        Kind::Text | Kind::Char | Kind::Choice(_) | Kind::Url => b't',
        Kind::Duration | Kind::SignedDuration => b's',
        Kind::Date => b'd',
        Kind::Time => b'c',
        Kind::DateTime => b'n',
        Kind::Timestamp => b'm',
        Kind::Decimal => b'x',
        Kind::Uuid => b'u',
        Kind::Any => b'a',
        Kind::Serde => b'v',
        // These have letters of their own; nothing is read as them.
        Kind::Option(_) => b'O',
        Kind::List(_) => LIST,
        Kind::Map(_) => MAP,
    }
}

/// The kind of what is stored, in words.
pub(super) fn words(letter: u8) -> &'static str {
    match letter {
        b'b' => "true or false",
        INT => "a whole number",
        b'f' => "a float",
        b't' => "a text",
        b's' => "a duration",
        b'd' => "a date",
        b'c' => "a time of day",
        b'n' => "a date and time without an offset",
        b'm' => "a date and time with an offset",
        b'x' => "a decimal number",
        b'u' => "a UUID",
        b'a' => "a value of any type",
        b'v' => "JSON",
        LIST => "a list",
        MAP => "a map",
        _ => "a value of an unknown kind",
    }
}
