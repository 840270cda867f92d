//! Writing dates and times as Python does.

use std::fmt;

use crate::civil::{DateTime, Time, write_offset};

/// As Python's `isoformat` writes it: microseconds in six digits or not at all, and `+00:00` for UTC.
pub(crate) struct Python<T>(pub(crate) T);

impl fmt::Display for Python<Time> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Time { hour, minute, second, nanos } = self.0;
        write!(f, "{hour:02}:{minute:02}:{second:02}")?;
        match nanos / 1_000 {
            0 => Ok(()),
            micros => write!(f, ".{micros:06}"),
        }
    }
}

impl fmt::Display for Python<(Time, Option<i32>)> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (time, offset) = self.0;
        write!(f, "{}", Python(time))?;
        offset.map_or(Ok(()), |offset| write_offset(f, offset))
    }
}

impl fmt::Display for Python<DateTime> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let DateTime { date, time, offset } = self.0;
        write!(f, "{date}T{}", Python((time, offset)))
    }
}
