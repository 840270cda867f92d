//! What a pickle builds: objects that refer to each other by number, so that one may be in several places.

use super::Refused;
use super::reader::broken;
use crate::civil::{Date, DateTime, MAX_OFFSET, Span, Time};
use crate::django::python;

/// The number of an object.
pub(super) type Id = usize;

/// The most that a value may grow to, while it is built and as it is given out: what is in the pickle once may be named in many
/// places.
pub(super) const MAX_SIZE: usize = 64 << 20;

/// What an object costs beside its text.
pub(super) const NODE: usize = 64;

#[derive(Clone)]
pub(super) enum Object {
    None,
    Bool(bool),
    Int(i128),
    BigInt(String),
    Float(f64),
    Text(String),
    Bytes(Vec<u8>),
    /// A text of Python 2, which Python 3 takes for a text or for bytes, whichever is wanted.
    OldText(Vec<u8>),
    Tuple(Vec<Id>),
    List(Vec<Id>),
    Dict(Vec<(Id, Id)>),
    Date(Date),
    Time(Time, Option<i32>),
    DateTime(DateTime),
    Timedelta(Span),
    Timezone(i32),
    Decimal(String),
    Uuid([u8; 16]),
    /// A UUID whose number comes with the next opcode.
    BlankUuid,
    Global(Global),
}

impl Object {
    /// How long its text is.
    pub(super) fn len(&self) -> usize {
        match self {
            Self::Text(text) | Self::BigInt(text) | Self::Decimal(text) => text.len(),
            Self::OldText(bytes) | Self::Bytes(bytes) => bytes.len(),
            _ => 0,
        }
    }
}

/// The names that a pickle may use. None of them is ever called: what Python would return is built here.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Global {
    Date,
    DateTime,
    Time,
    Timedelta,
    Timezone,
    Decimal,
    Uuid,
    /// Makes bytes of a text, in protocols that have none.
    Encode,
    /// Makes an object of a class, in protocols 0 and 1.
    Reconstructor,
    /// The base class that it is given.
    BaseObject,
}

impl Global {
    pub(super) fn named(module: &str, name: &str) -> Result<Self, Refused> {
        Ok(match (module, name) {
            ("datetime", "date") => Self::Date,
            ("datetime", "datetime") => Self::DateTime,
            ("datetime", "time") => Self::Time,
            ("datetime", "timedelta") => Self::Timedelta,
            ("datetime", "timezone") => Self::Timezone,
            ("decimal", "Decimal") => Self::Decimal,
            ("uuid", "UUID") => Self::Uuid,
            ("_codecs", "encode") => Self::Encode,
            ("copy_reg" | "copyreg", "_reconstructor") => Self::Reconstructor,
            ("__builtin__" | "builtins", "object") => Self::BaseObject,
            _ => return Err(refused(module, name)),
        })
    }
}

/// Names are shown, if they are names: anything else may be somebody's value.
fn refused(module: &str, name: &str) -> Refused {
    let is_name = |text: &str| {
        (1..=60).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'.'))
    };
    if is_name(module) && is_name(name) {
        format!("a pickle that needs {module}.{name}, which is not on the list")
    } else {
        "a pickle that needs something that is not on the list".to_owned()
    }
}

/// What Python's `global(*arguments)` would return.
pub(super) fn call(global: Global, arguments: &[&Object]) -> Result<Object, Refused> {
    let made = match (global, arguments) {
        (Global::Date, [only]) => bytes_of(only).and_then(|bytes| date(bytes).map(Object::Date)),
        (Global::Date, [year, month, day]) => date_of(year, month, day),
        (Global::Time, [only]) => bytes_of(only).and_then(|bytes| Some(Object::Time(time(bytes)?, None))),
        (Global::Time, [bytes, zone]) => {
            bytes_of(bytes).and_then(|bytes| Some(Object::Time(time(bytes)?, offset_of(zone)?)))
        }
        (Global::DateTime, [only]) => bytes_of(only).and_then(|bytes| date_time(bytes, None)),
        (Global::DateTime, [bytes, zone]) => offset_of(zone).and_then(|offset| date_time(bytes_of(bytes)?, offset)),
        (Global::Timedelta, [days, seconds, micros]) => timedelta(days, seconds, micros),
        (Global::Timezone, [Object::Timedelta(offset)] | [Object::Timedelta(offset), _]) => timezone(*offset),
        (Global::Decimal, [Object::Text(text)]) => python::is_decimal(text).then(|| Object::Decimal(text.clone())),
        (Global::Decimal, [Object::OldText(text)]) => std::str::from_utf8(text)
            .ok()
            .filter(|text| python::is_decimal(text))
            .map(|text| Object::Decimal(text.to_owned())),
        (Global::Encode, [Object::Text(text), Object::Text(encoding)]) if encoding == "latin1" => {
            text.chars().map(|c| u8::try_from(u32::from(c)).ok()).collect::<Option<Vec<u8>>>().map(Object::Bytes)
        }
        (Global::Reconstructor, [Object::Global(Global::Uuid), Object::Global(Global::BaseObject), Object::None]) => {
            Some(Object::BlankUuid)
        }
        _ => None,
    };
    made.ok_or_else(broken)
}

/// The number of a UUID, from the attributes that it is given.
pub(super) fn uuid_of(number: &Object) -> Option<Object> {
    let number = match number {
        Object::Int(number) => u128::try_from(*number).ok()?,
        Object::BigInt(digits) => digits.parse().ok()?,
        _ => return None,
    };
    Some(Object::Uuid(number.to_be_bytes()))
}

fn bytes_of(object: &Object) -> Option<&[u8]> {
    match object {
        Object::Bytes(bytes) | Object::OldText(bytes) => Some(bytes),
        _ => None,
    }
}

fn small<T: TryFrom<i128>>(object: &Object) -> Option<T> {
    match object {
        Object::Int(value) => T::try_from(*value).ok(),
        _ => None,
    }
}

fn date_of(year: &Object, month: &Object, day: &Object) -> Option<Object> {
    in_years(Date::new(small(year)?, small(month)?, small(day)?)?).map(Object::Date)
}

fn in_years(date: Date) -> Option<Date> {
    (1..=9999).contains(&date.year).then_some(date)
}

fn date(bytes: &[u8]) -> Option<Date> {
    let &[high, low, month, day] = bytes else { return None };
    // The highest bit of the month is the `fold` of a datetime.
    in_years(Date::new(i32::from(u16::from_be_bytes([high, low])), month & 0x7f, day)?)
}

fn time(bytes: &[u8]) -> Option<Time> {
    let &[hour, minute, second, a, b, c] = bytes else { return None };
    // Three bytes in thousands fit in no 32 bits.
    Time::new(hour & 0x7f, minute, second, u32::from_be_bytes([0, a, b, c]).checked_mul(1_000)?)
}

fn date_time(bytes: &[u8], offset: Option<i32>) -> Option<Object> {
    let (of_date, of_time) = bytes.split_at_checked(4)?;
    Some(Object::DateTime(DateTime { date: date(of_date)?, time: time(of_time)?, offset }))
}

/// The distance from UTC of a zone, or of none.
fn offset_of(zone: &Object) -> Option<Option<i32>> {
    match zone {
        Object::None => Some(None),
        Object::Timezone(offset) => Some(Some(*offset)),
        _ => None,
    }
}

fn timedelta(days: &Object, seconds: &Object, micros: &Object) -> Option<Object> {
    let (days, seconds, micros): (i64, i64, i64) = (small(days)?, small(seconds)?, small(micros)?);
    let seconds = i128::from(days) * 86_400 + i128::from(seconds);
    let nanos = (seconds * 1_000_000 + i128::from(micros)) * 1_000;
    Span::from_nanos(nanos).filter(|span| python::is_timedelta(*span)).map(Object::Timedelta)
}

fn timezone(offset: Span) -> Option<Object> {
    let is_offset = offset.nanos == 0 && offset.secs.unsigned_abs() <= u64::from(MAX_OFFSET.unsigned_abs());
    is_offset.then(|| i32::try_from(offset.secs).ok().map(Object::Timezone)).flatten()
}
