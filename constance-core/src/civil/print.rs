//! Writing dates and times.

use std::fmt;
use std::time::Duration;

use super::{Date, DateTime, Span, Time};

/// A span in ISO 8601, which jiff reads.
pub(crate) struct IsoSpan(pub(crate) Span);

/// Four digits, or a sign and six.
impl fmt::Display for Date {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { year, month, day } = self;
        match year {
            0..=9999 => write!(f, "{year:04}-{month:02}-{day:02}"),
            _ => write!(f, "{year:+07}-{month:02}-{day:02}"),
        }
    }
}

/// With seconds always, and with as many digits after them as it takes.
impl fmt::Display for Time {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { hour, minute, second, nanos } = self;
        write!(f, "{hour:02}:{minute:02}:{second:02}")?;
        match nanos {
            0 => Ok(()),
            _ => write!(f, ".{}", format!("{nanos:09}").trim_end_matches('0')),
        }
    }
}

/// With a `T`, and a `Z` for UTC.
impl fmt::Display for DateTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { date, time, offset } = self;
        write!(f, "{date}T{time}")?;
        match offset {
            None => Ok(()),
            Some(0) => f.write_str("Z"),
            Some(offset) => write_offset(f, *offset),
        }
    }
}

/// As people write it.
impl fmt::Display for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let length = Duration::new(self.secs.unsigned_abs(), self.nanos.unsigned_abs());
        let sign = if self.as_nanos() < 0 { "-" } else { "" };
        write!(f, "{sign}{}", humantime::format_duration(length))
    }
}

impl fmt::Display for IsoSpan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = if self.0.as_nanos() < 0 { "-" } else { "" };
        write!(f, "{sign}PT{}.{:09}S", self.0.secs.unsigned_abs(), self.0.nanos.unsigned_abs())
    }
}

pub(crate) fn write_offset(f: &mut fmt::Formatter<'_>, offset: i32) -> fmt::Result {
    let (sign, length) = (if offset < 0 { '-' } else { '+' }, offset.unsigned_abs());
    write!(f, "{sign}{:02}:{:02}", length / 3_600, length / 60 % 60)?;
    match length % 60 {
        0 => Ok(()),
        seconds => write!(f, ":{seconds:02}"),
    }
}
