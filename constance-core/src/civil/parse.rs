//! Reading dates and times: ISO 8601 in the extended form, and what people make of it.

use super::{Date, DateTime, MAX_OFFSET, Span, Time};

/// What is left of a text.
struct Reader<'t>(&'t [u8]);

impl Reader<'_> {
    fn take(&mut self, byte: u8) -> bool {
        let is_next = self.0.first() == Some(&byte);
        if is_next {
            self.0 = &self.0[1..];
        }
        is_next
    }

    fn expect(&mut self, byte: u8) -> Option<()> {
        self.take(byte).then_some(())
    }

    /// As many digits as there are and are allowed, never so many that the number could overflow.
    fn digits(&mut self, allowed: std::ops::RangeInclusive<usize>) -> Option<(u32, usize)> {
        let count = self.0.iter().take(*allowed.end()).take_while(|byte| byte.is_ascii_digit()).count();
        if !allowed.contains(&count) {
            return None;
        }
        let (digits, rest) = self.0.split_at(count);
        self.0 = rest;
        Some((digits.iter().fold(0, |number, digit| number * 10 + u32::from(digit - b'0')), count))
    }

    fn two(&mut self) -> Option<u8> {
        u8::try_from(self.digits(2..=2)?.0).ok()
    }

    fn date(&mut self) -> Option<Date> {
        let (is_negative, is_signed) = (self.take(b'-'), self.take(b'+'));
        let allowed = if is_negative || is_signed { 4..=6 } else { 4..=4 };
        let year = i32::try_from(self.digits(allowed)?.0).ok()?;
        self.expect(b'-')?;
        let month = self.two()?;
        self.expect(b'-')?;
        Date::new(if is_negative { -year } else { year }, month, self.two()?)
    }

    fn time(&mut self) -> Option<Time> {
        let hour = u8::try_from(self.digits(1..=2)?.0).ok()?;
        self.expect(b':')?;
        let minute = self.two()?;
        let second = if self.take(b':') { self.two()? } else { return Time::new(hour, minute, 0, 0) };
        let nanos = if self.take(b'.') {
            let (number, count) = self.digits(1..=9)?;
            number * 10_u32.pow(9 - u32::try_from(count).ok()?)
        } else {
            0
        };
        Time::new(hour, minute, second, nanos)
    }

    /// The distance from UTC, if there is one.
    fn offset(&mut self) -> Option<Option<i32>> {
        let sign = match self.0 {
            [] => return Some(None),
            [b'Z' | b'z'] | b"UTC" => {
                self.0 = &[];
                return Some(Some(0));
            }
            [b'+', ..] => 1,
            [b'-', ..] => -1,
            _ => return None,
        };
        self.0 = &self.0[1..];
        let mut parts = [i32::from(self.two()?), 0, 0];
        for part in &mut parts[1..] {
            if self.0.is_empty() {
                break;
            }
            // The colons may be left out, as in `+0200`.
            self.take(b':');
            *part = i32::from(self.two().filter(|part| *part < 60)?);
        }
        let [hours, minutes, seconds] = parts;
        let offset = sign * (hours * 3_600 + minutes * 60 + seconds);
        (offset.abs() <= MAX_OFFSET).then_some(Some(offset))
    }

    fn end<T>(&self, value: T) -> Option<T> {
        self.0.is_empty().then_some(value)
    }
}

impl Date {
    /// `2010-12-24`.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let mut reader = Reader(text.as_bytes());
        let date = reader.date()?;
        reader.end(date)
    }
}

impl Time {
    /// `9:30`, `09:30:15`, `09:30:15.25`.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        match Self::parse_with_offset(text)? {
            (time, None) => Some(time),
            _ => None,
        }
    }

    /// The same, and a distance from UTC, which Python's times may have.
    pub(crate) fn parse_with_offset(text: &str) -> Option<(Self, Option<i32>)> {
        let mut reader = Reader(text.as_bytes());
        let time = reader.time()?;
        let offset = reader.offset()?;
        reader.end((time, offset))
    }
}

impl DateTime {
    /// A date, a `T` or a space, a time, and for an aware one `Z`, `UTC`, `+02:00`, `+0200` or `+02`.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let mut reader = Reader(text.as_bytes());
        let date = reader.date()?;
        if !reader.take(b'T') && !reader.take(b't') {
            reader.expect(b' ')?;
        }
        let time = reader.time()?;
        // People leave a space before the offset.
        if reader.0.len() > 1 {
            reader.take(b' ');
        }
        let offset = reader.offset()?;
        reader.end(Self { date, time, offset })
    }

    pub(crate) fn parse_naive(text: &str) -> Option<Self> {
        Self::parse(text).filter(|read| read.offset.is_none())
    }

    pub(crate) fn parse_aware(text: &str) -> Option<Self> {
        Self::parse(text).filter(|read| read.offset.is_some())
    }
}

impl Span {
    /// As people write it: `1h 30m`, and `-45s`.
    #[cfg(any(test, feature = "chrono", feature = "jiff", feature = "time"))]
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let (sign, length) = match text.strip_prefix('-') {
            Some(length) => (-1, length),
            None => (1, text.strip_prefix('+').unwrap_or(text)),
        };
        let length = humantime::parse_duration(length.trim()).ok()?;
        Self::from_nanos(sign * i128::try_from(length.as_nanos()).ok()?)
    }

    /// ISO 8601 in hours, minutes and seconds, as jiff writes it: `-PT1H30M0.5S`.
    pub(crate) fn parse_iso(text: &str) -> Option<Self> {
        let (sign, text) = match text.strip_prefix('-') {
            Some(text) => (-1, text),
            None => (1, text),
        };
        let mut rest = text.strip_prefix("PT").filter(|rest| !rest.is_empty())?;
        let mut nanos = 0_i128;
        for (unit, secs) in [('H', 3_600_i128), ('M', 60), ('S', 1)] {
            let Some((number, after)) = rest.split_once(unit) else { continue };
            rest = after;
            let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
            nanos += i128::from(whole.parse::<u64>().ok()?) * secs * 1_000_000_000;
            if !fraction.is_empty() {
                let is_fraction = unit == 'S' && fraction.len() <= 9 && fraction.bytes().all(|b| b.is_ascii_digit());
                nanos += is_fraction.then(|| format!("{fraction:0<9}").parse::<i128>().ok())??;
            }
        }
        if rest.is_empty() { Self::from_nanos(sign * nanos) } else { None }
    }
}
