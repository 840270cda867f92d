//! The types of `jiff`.

use jiff::civil::{Date, DateTime, Time};
use jiff::{SignedDuration, Timestamp};

use super::temporal::temporal;
use crate::civil;

temporal!(Date, Date as Date, date, |date| civil_date(*date));
temporal!(Time, Time as Time, time, |time| civil_time(*time));
temporal!(DateTime, DateTime as DateTime, naive, |at| {
    civil::DateTime { date: civil_date(at.date()), time: civil_time(at.time()), offset: None }
});
// The offset that was written is not kept: the type has none.
temporal!(Timestamp, Timestamp as DateTime, timestamp, |at| civil_timestamp(*at));
temporal!(SignedDuration, SignedDuration as Span, |span| Some(SignedDuration::new(span.secs, span.nanos)), |span| {
    civil::Span { secs: span.as_secs(), nanos: span.subsec_nanos() }
});

fn date(date: civil::Date) -> Option<Date> {
    Date::new(i16::try_from(date.year).ok()?, date.month.cast_signed(), date.day.cast_signed()).ok()
}

fn time(time: civil::Time) -> Option<Time> {
    let civil::Time { hour, minute, second, nanos } = time;
    Time::new(hour.cast_signed(), minute.cast_signed(), second.cast_signed(), nanos.cast_signed()).ok()
}

fn naive(at: civil::DateTime) -> Option<DateTime> {
    Some(DateTime::from_parts(date(at.date)?, time(at.time)?))
}

fn timestamp(at: civil::DateTime) -> Option<Timestamp> {
    let (secs, nanos) = at.unix();
    Timestamp::new(secs, nanos.cast_signed()).ok()
}

fn civil_date(date: Date) -> civil::Date {
    civil::Date { year: date.year().into(), month: date.month().cast_unsigned(), day: date.day().cast_unsigned() }
}

fn civil_time(time: Time) -> civil::Time {
    civil::Time {
        hour: time.hour().cast_unsigned(),
        minute: time.minute().cast_unsigned(),
        second: time.second().cast_unsigned(),
        nanos: time.subsec_nanosecond().cast_unsigned(),
    }
}

fn civil_timestamp(at: Timestamp) -> civil::DateTime {
    let nanos = at.as_nanosecond();
    let (secs, nanos) = (nanos.div_euclid(1_000_000_000), nanos.rem_euclid(1_000_000_000));
    let parts = i64::try_from(secs).ok().zip(u32::try_from(nanos).ok());
    let shown = parts.and_then(|(secs, nanos)| civil::DateTime::from_unix(secs, nanos, 0));
    // Every timestamp is between the years -9999 and 9999.
    shown.unwrap_or(civil::DateTime::EPOCH)
}
