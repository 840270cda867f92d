//! The types of `chrono`.

use chrono::{DateTime, Datelike, FixedOffset, NaiveDate, NaiveDateTime, NaiveTime, TimeDelta, Timelike, Utc};

use super::temporal::temporal;
use crate::civil;

temporal!(NaiveDate, Date as Date, date, |date| civil_date(*date));
temporal!(NaiveTime, Time as Time, time, |time| civil_time(*time));
temporal!(NaiveDateTime, DateTime as DateTime, naive, |at| civil_naive(*at, None));
// The offset that was written is not kept: the type has none.
temporal!(DateTime<Utc>, Timestamp as DateTime, utc, |at| civil_naive(at.naive_utc(), Some(0)));
temporal!(DateTime<FixedOffset>, Timestamp as DateTime, fixed, |at| {
    civil_naive(at.naive_local(), Some(at.offset().local_minus_utc()))
});
temporal!(TimeDelta, SignedDuration as Span, delta, |delta| civil_span(*delta));

fn date(date: civil::Date) -> Option<NaiveDate> {
    NaiveDate::from_ymd_opt(date.year, date.month.into(), date.day.into())
}

fn time(time: civil::Time) -> Option<NaiveTime> {
    NaiveTime::from_hms_nano_opt(time.hour.into(), time.minute.into(), time.second.into(), time.nanos)
}

fn naive(at: civil::DateTime) -> Option<NaiveDateTime> {
    Some(date(at.date)?.and_time(time(at.time)?))
}

fn utc(at: civil::DateTime) -> Option<DateTime<Utc>> {
    let (secs, nanos) = at.unix();
    DateTime::from_timestamp(secs, nanos)
}

fn fixed(at: civil::DateTime) -> Option<DateTime<FixedOffset>> {
    Some(utc(at)?.with_timezone(&FixedOffset::east_opt(at.offset?)?))
}

fn delta(span: civil::Span) -> Option<TimeDelta> {
    TimeDelta::try_seconds(span.secs)?.checked_add(&TimeDelta::nanoseconds(span.nanos.into()))
}

fn civil_date(date: NaiveDate) -> civil::Date {
    civil::Date { year: date.year(), month: date.month() as u8, day: date.day() as u8 }
}

/// A leap second is shown as second 60.
fn civil_time(time: NaiveTime) -> civil::Time {
    let (leap, nanos) = (time.nanosecond() / 1_000_000_000, time.nanosecond() % 1_000_000_000);
    civil::Time { hour: time.hour() as u8, minute: time.minute() as u8, second: (time.second() + leap) as u8, nanos }
}

fn civil_naive(at: NaiveDateTime, offset: Option<i32>) -> civil::DateTime {
    civil::DateTime { date: civil_date(at.date()), time: civil_time(at.time()), offset }
}

fn civil_span(delta: TimeDelta) -> civil::Span {
    civil::Span { secs: delta.num_seconds(), nanos: delta.subsec_nanos() }
}
