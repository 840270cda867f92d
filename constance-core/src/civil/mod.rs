//! Dates, times and spans as they are between the date crates, texts, MessagePack and Python: each side converts to these
//! and from these, so that no two sides have to know each other.

mod parse;
mod print;
#[cfg(test)]
mod tests;

pub(crate) use self::print::IsoSpan;
#[cfg(feature = "json")]
pub(crate) use self::print::write_offset;

/// A day of the proleptic Gregorian calendar.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[cfg_attr(test, derive(Debug))]
pub(crate) struct Date {
    pub(crate) year: i32,
    pub(crate) month: u8,
    pub(crate) day: u8,
}

/// A time of day. The second is never 60: no other side can hold a leap second.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[cfg_attr(test, derive(Debug))]
pub(crate) struct Time {
    pub(crate) hour: u8,
    pub(crate) minute: u8,
    pub(crate) second: u8,
    pub(crate) nanos: u32,
}

/// A date with its time, naive or with its distance from UTC in seconds.
#[derive(Clone, Copy, PartialEq, Eq)]
#[cfg_attr(test, derive(Debug))]
pub(crate) struct DateTime {
    pub(crate) date: Date,
    pub(crate) time: Time,
    pub(crate) offset: Option<i32>,
}

/// A span of time with its sign, which both parts have.
#[derive(Clone, Copy, PartialEq, Eq)]
#[cfg_attr(test, derive(Debug))]
pub(crate) struct Span {
    pub(crate) secs: i64,
    pub(crate) nanos: i32,
}

/// An offset is shorter than a day, in Python too.
pub(crate) const MAX_OFFSET: i32 = 86_399;

/// Years that fit every calculation here, and six digits.
const MAX_YEAR: i32 = 999_999;

const SECS_PER_DAY: i64 = 86_400;

impl Date {
    pub(crate) fn new(year: i32, month: u8, day: u8) -> Option<Self> {
        let is_in_year = (1..=12).contains(&month) && (-MAX_YEAR..=MAX_YEAR).contains(&year);
        (is_in_year && (1..=days_in_month(year, month)).contains(&day)).then_some(Self { year, month, day })
    }

    /// From the day of the year, counted from 1.
    pub(crate) fn from_ordinal(year: i32, ordinal: u16) -> Option<Self> {
        let mut rest = ordinal;
        for month in 1..=12 {
            let days = u16::from(days_in_month(year, month));
            if rest <= days {
                return Self::new(year, month, u8::try_from(rest).ok()?);
            }
            rest -= days;
        }
        None
    }

    /// The day of the year, counted from 1.
    pub(crate) fn ordinal(self) -> u16 {
        let before: u16 = (1..self.month).map(|month| u16::from(days_in_month(self.year, month))).sum();
        before + u16::from(self.day)
    }

    /// Days since 1970-01-01. After Howard Hinnant's "chrono-compatible low-level date algorithms".
    fn days(self) -> i64 {
        let shifted = i64::from(self.year) - i64::from(self.month <= 2);
        let era = shifted.div_euclid(400);
        let year_of_era = shifted.rem_euclid(400);
        let month_from_march = (i64::from(self.month) + 9) % 12;
        let day_of_year = (153 * month_from_march + 2) / 5 + i64::from(self.day) - 1;
        era * 146_097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year - 719_468
    }

    fn from_days(days: i64) -> Option<Self> {
        let shifted = days.checked_add(719_468)?;
        let (era, day_of_era) = (shifted.div_euclid(146_097), shifted.rem_euclid(146_097));
        let year_of_era = (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
        let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
        let month_from_march = (5 * day_of_year + 2) / 153;
        let day = u8::try_from(day_of_year - (153 * month_from_march + 2) / 5 + 1).ok()?;
        let month = u8::try_from((month_from_march + 2) % 12 + 1).ok()?;
        let year = i32::try_from(year_of_era + era * 400 + i64::from(month <= 2)).ok()?;
        Self::new(year, month, day)
    }
}

impl Time {
    pub(crate) fn new(hour: u8, minute: u8, second: u8, nanos: u32) -> Option<Self> {
        let is_time = hour < 24 && minute < 60 && second < 60 && nanos < 1_000_000_000;
        is_time.then_some(Self { hour, minute, second, nanos })
    }
}

impl DateTime {
    #[cfg(feature = "jiff")]
    pub(crate) const EPOCH: Self = Self {
        date: Date { year: 1970, month: 1, day: 1 },
        time: Time { hour: 0, minute: 0, second: 0, nanos: 0 },
        offset: Some(0),
    };

    /// The same moment as seconds since 1970 in UTC, and nanoseconds after those; a naive one is taken for UTC.
    pub(crate) fn unix(self) -> (i64, u32) {
        let Time { hour, minute, second, nanos } = self.time;
        let of_day = i64::from(hour) * 3_600 + i64::from(minute) * 60 + i64::from(second);
        (self.date.days() * SECS_PER_DAY + of_day - i64::from(self.offset.unwrap_or(0)), nanos)
    }

    /// A moment as it is shown at this distance from UTC.
    pub(crate) fn from_unix(secs: i64, nanos: u32, offset: i32) -> Option<Self> {
        let local = secs.checked_add(i64::from(offset))?;
        let of_day = u32::try_from(local.rem_euclid(SECS_PER_DAY)).ok()?;
        let part = |value: u32| u8::try_from(value).ok();
        let time = Time::new(part(of_day / 3_600)?, part(of_day / 60 % 60)?, part(of_day % 60)?, nanos)?;
        let date = Date::from_days(local.div_euclid(SECS_PER_DAY))?;
        Some(Self { date, time, offset: Some(offset) })
    }

    /// The same moment in UTC.
    pub(crate) fn in_utc(self) -> Option<Self> {
        let (secs, nanos) = self.unix();
        Self::from_unix(secs, nanos, 0)
    }
}

impl Span {
    /// Of parts that may have different signs.
    pub(crate) fn new(secs: i64, nanos: i64) -> Option<Self> {
        Self::from_nanos(i128::from(secs) * 1_000_000_000 + i128::from(nanos))
    }

    pub(crate) fn from_nanos(nanos: i128) -> Option<Self> {
        let secs = i64::try_from(nanos / 1_000_000_000).ok()?;
        Some(Self { secs, nanos: i32::try_from(nanos % 1_000_000_000).ok()? })
    }

    pub(crate) fn as_nanos(self) -> i128 {
        i128::from(self.secs) * 1_000_000_000 + i128::from(self.nanos)
    }
}

fn days_in_month(year: i32, month: u8) -> u8 {
    let is_leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    match month {
        2 => 28 + u8::from(is_leap),
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}
