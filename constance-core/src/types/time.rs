//! The types of `time`.

use time::{Date, Duration, Month, OffsetDateTime, PrimitiveDateTime, Time, UtcDateTime, UtcOffset};

use super::temporal::temporal;
use crate::civil;

temporal!(Date, Date as Date, date, |date| civil_date(*date));
temporal!(Time, Time as Time, time, |time| civil_time(*time));
temporal!(PrimitiveDateTime, DateTime as DateTime, naive, |at| civil_naive(at.date(), at.time(), None));
temporal!(OffsetDateTime, Timestamp as DateTime, aware, |at| {
    civil_naive(at.date(), at.time(), Some(at.offset().whole_seconds()))
});
// The offset that was written is not kept: the type has none.
temporal!(UtcDateTime, Timestamp as DateTime, utc, |at| civil_naive(at.date(), at.time(), Some(0)));
temporal!(Duration, SignedDuration as Span, |span| Some(Duration::new(span.secs, span.nanos)), |span| {
    civil::Span { secs: span.whole_seconds(), nanos: span.subsec_nanoseconds() }
});

fn date(date: civil::Date) -> Option<Date> {
    Date::from_calendar_date(date.year, Month::try_from(date.month).ok()?, date.day).ok()
}

fn time(time: civil::Time) -> Option<Time> {
    Time::from_hms_nano(time.hour, time.minute, time.second, time.nanos).ok()
}

fn naive(at: civil::DateTime) -> Option<PrimitiveDateTime> {
    Some(PrimitiveDateTime::new(date(at.date)?, time(at.time)?))
}

fn aware(at: civil::DateTime) -> Option<OffsetDateTime> {
    Some(naive(at)?.assume_offset(UtcOffset::from_whole_seconds(at.offset?).ok()?))
}

fn utc(at: civil::DateTime) -> Option<UtcDateTime> {
    Some(naive(at.in_utc()?)?.as_utc())
}

fn civil_date(date: Date) -> civil::Date {
    civil::Date { year: date.year(), month: date.month().into(), day: date.day() }
}

fn civil_time(time: Time) -> civil::Time {
    civil::Time { hour: time.hour(), minute: time.minute(), second: time.second(), nanos: time.nanosecond() }
}

fn civil_naive(date: Date, time: Time, offset: Option<i32>) -> civil::DateTime {
    civil::DateTime { date: civil_date(date), time: civil_time(time), offset }
}
