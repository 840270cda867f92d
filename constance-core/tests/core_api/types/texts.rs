//! What people write is read, and what is printed reads back.

use std::collections::BTreeMap;
use std::fmt::Debug;

use constance_core::SettingType;

fn of<T: SettingType>(text: &str) -> T {
    T::parse(text).unwrap_or_else(|e| panic!("{text}: {e}"))
}

/// Each text is read and printed as the one beside it, which reads back.
fn prints<T: SettingType + Debug>(texts: &[(&str, &str)]) {
    for (text, printed) in texts {
        let value: T = of(text);
        assert_eq!(value.print(), *printed, "{text}");
        assert_eq!(of::<T>(printed), value, "{printed}");
        // In a list and in an option they are quoted where they have to be.
        let list = vec![Some(value.clone()), None];
        assert_eq!(of::<Vec<Option<T>>>(&list.print()), list);
        let map = BTreeMap::from([("a".to_owned(), value)]);
        assert_eq!(of::<BTreeMap<String, T>>(&map.print()), map);
    }
}

fn refuses<T: SettingType + Debug>(text: &str, words: &str) {
    let error = T::parse(text).expect_err(text).to_string();
    assert!(error.contains(words), "{text}: {error}");
    assert!(!error.contains("hunter2"), "{error}");
}

#[test]
fn dates() {
    let texts = [("2010-12-24", "2010-12-24"), (" 0001-01-01\n", "0001-01-01"), ("-0044-03-15", "-000044-03-15")];
    prints::<chrono::NaiveDate>(&texts);
    prints::<jiff::civil::Date>(&texts);
    prints::<time::Date>(&texts);
    prints::<chrono::NaiveDate>(&[("+12345-01-01", "+012345-01-01")]);
    for text in ["2010-02-29", "hunter2", "", "24.12.2010", "2010-12-24 10:00"] {
        refuses::<chrono::NaiveDate>(text, "this is not a date such as 2010-12-24");
        refuses::<jiff::civil::Date>(text, "this is not a date such as 2010-12-24");
        refuses::<time::Date>(text, "this is not a date such as 2010-12-24");
    }
    refuses::<jiff::civil::Date>("+12345-01-01", "this is out of the type's range");
    refuses::<time::Date>("+12345-01-01", "this is out of the type's range");
    refuses::<chrono::NaiveDate>("+999999-01-01", "this is out of the type's range");
}

#[test]
fn times_of_day() {
    let texts = [
        ("9:30", "09:30:00"),
        ("09:30:15", "09:30:15"),
        ("09:30:15.250", "09:30:15.25"),
        ("23:59:59.999999999", "23:59:59.999999999"),
    ];
    prints::<chrono::NaiveTime>(&texts);
    prints::<jiff::civil::Time>(&texts);
    prints::<time::Time>(&texts);
    for text in ["24:00", "10:00:60", "10:00Z", "hunter2", "10"] {
        refuses::<chrono::NaiveTime>(text, "this is not a time of day such as 18:30");
        refuses::<jiff::civil::Time>(text, "this is not a time of day such as 18:30");
        refuses::<time::Time>(text, "this is not a time of day such as 18:30");
    }
}

#[test]
fn naive_datetimes() {
    let texts = [
        ("2010-12-24 9:30", "2010-12-24T09:30:00"),
        ("2010-12-24T09:30:15.000001", "2010-12-24T09:30:15.000001"),
        ("0001-01-01T00:00", "0001-01-01T00:00:00"),
    ];
    prints::<chrono::NaiveDateTime>(&texts);
    prints::<jiff::civil::DateTime>(&texts);
    prints::<time::PrimitiveDateTime>(&texts);
    for text in ["2010-12-24", "2010-12-24T09:30Z", "2010-12-24 09:30+01:00", "hunter2"] {
        refuses::<chrono::NaiveDateTime>(text, "without an offset, such as 2010-12-24 18:30");
        refuses::<jiff::civil::DateTime>(text, "without an offset, such as 2010-12-24 18:30");
        refuses::<time::PrimitiveDateTime>(text, "without an offset, such as 2010-12-24 18:30");
    }
}

#[test]
fn aware_datetimes() {
    let with_offset = [
        ("2010-12-24 18:30 +01:00", "2010-12-24T18:30:00+01:00"),
        ("2010-12-24T18:30:00.5-0930", "2010-12-24T18:30:00.5-09:30"),
        ("2010-12-24 18:30 UTC", "2010-12-24T18:30:00Z"),
    ];
    prints::<chrono::DateTime<chrono::FixedOffset>>(&with_offset);
    prints::<time::OffsetDateTime>(&with_offset);
    let in_utc = [
        ("2010-12-24 18:30 +01:00", "2010-12-24T17:30:00Z"),
        ("1969-12-31T23:59:59.75Z", "1969-12-31T23:59:59.75Z"),
        ("0001-01-01T00:00:00Z", "0001-01-01T00:00:00Z"),
        ("-0044-03-15T12:00:00Z", "-000044-03-15T12:00:00Z"),
    ];
    prints::<chrono::DateTime<chrono::Utc>>(&in_utc);
    prints::<jiff::Timestamp>(&in_utc);
    prints::<time::UtcDateTime>(&in_utc);
    for text in ["2010-12-24T09:30", "2010-12-24 09:30+25:00", "hunter2"] {
        refuses::<chrono::DateTime<chrono::Utc>>(text, "with an offset from UTC, such as 2010-12-24 18:30+01:00");
        refuses::<jiff::Timestamp>(text, "with an offset from UTC, such as 2010-12-24 18:30+01:00");
        refuses::<time::OffsetDateTime>(text, "with an offset from UTC, such as 2010-12-24 18:30+01:00");
    }
}

#[test]
fn the_ends_of_every_type_read_back() {
    fn round_trip<T: SettingType + Debug>(values: [T; 2]) {
        for value in values {
            assert_eq!(of::<T>(&value.print()), value);
        }
    }
    round_trip([chrono::NaiveDate::MIN, chrono::NaiveDate::MAX]);
    round_trip([chrono::NaiveDateTime::MIN, chrono::NaiveDateTime::MAX]);
    round_trip([chrono::DateTime::<chrono::Utc>::MIN_UTC, chrono::DateTime::<chrono::Utc>::MAX_UTC]);
    round_trip([chrono::TimeDelta::MIN, chrono::TimeDelta::MAX]);
    round_trip([jiff::civil::Date::MIN, jiff::civil::Date::MAX]);
    round_trip([jiff::civil::DateTime::MIN, jiff::civil::DateTime::MAX]);
    round_trip([jiff::Timestamp::MIN, jiff::Timestamp::MAX]);
    round_trip([jiff::SignedDuration::MIN, jiff::SignedDuration::MAX]);
    round_trip([time::Date::MIN, time::Date::MAX]);
    round_trip([time::PrimitiveDateTime::MIN, time::PrimitiveDateTime::MAX]);
    round_trip([time::UtcDateTime::MIN, time::UtcDateTime::MAX]);
    round_trip([time::Duration::MIN, time::Duration::MAX]);
    round_trip([rust_decimal::Decimal::MIN, rust_decimal::Decimal::MAX]);
}

#[test]
fn spans_below_zero() {
    let texts =
        [("1h 30m", "1h 30m"), ("-45s", "-45s"), ("- 1day 250ms", "-1day 250ms"), ("0s", "0s"), ("-1ns", "-1ns")];
    prints::<chrono::TimeDelta>(&texts);
    prints::<jiff::SignedDuration>(&texts);
    prints::<time::Duration>(&texts);
    for text in ["45", "--1s", "hunter2", "-"] {
        refuses::<chrono::TimeDelta>(text, "this is not a duration with its unit");
        refuses::<jiff::SignedDuration>(text, "this is not a duration with its unit");
        refuses::<time::Duration>(text, "this is not a duration with its unit");
    }
    for text in ["5M", "-1M"] {
        refuses::<chrono::TimeDelta>(text, "write m or min for minutes, month or months for months");
        refuses::<jiff::SignedDuration>(text, "write m or min for minutes, month or months for months");
        refuses::<time::Duration>(text, "write m or min for minutes, month or months for months");
    }
    // Its seconds are counted in thousandths.
    refuses::<chrono::TimeDelta>("9223372036854775807s", "this is out of the type's range");
}

#[test]
fn decimals() {
    prints::<rust_decimal::Decimal>(&[
        ("1.50", "1.50"),
        ("-0.05", "-0.05"),
        (" 12 ", "12"),
        ("0.0000001", "0.0000001"),
    ]);
    refuses::<rust_decimal::Decimal>("1,5", "this is not a decimal number");
    refuses::<rust_decimal::Decimal>("1_000", "this is not a decimal number");
    refuses::<rust_decimal::Decimal>("hunter2", "this is not a decimal number");
    refuses::<rust_decimal::Decimal>("", "this is not a decimal number");
    refuses::<rust_decimal::Decimal>(".", "this is not a decimal number");
    refuses::<rust_decimal::Decimal>("1e5", "this is not a decimal number");
    for large in
        ["99999999999999999999999999999999", "79228162514264337593543950336", "+79228162514264337593543950336.5"]
    {
        refuses::<rust_decimal::Decimal>(large, "this is too large");
        refuses::<rust_decimal::Decimal>(&format!("-{}", large.trim_start_matches('+')), "this is too small");
    }
    refuses::<rust_decimal::Decimal>("0.12345678901234567890123456789", "more digits after the point");
}

#[test]
fn uuids_and_urls() {
    let hyphens = "01234567-89ab-cdef-0123-456789abcdef";
    prints::<uuid::Uuid>(&[(hyphens, hyphens), ("0123456789ABCDEF0123456789ABCDEF", hyphens)]);
    refuses::<uuid::Uuid>("hunter2", "this is not a UUID");
    prints::<url::Url>(&[
        ("https://example.com", "https://example.com/"),
        ("https://example.com/\u{fc}?q=\"1\"#f", "https://example.com/%C3%BC?q=%221%22#f"),
        ("mailto:a@example.com", "mailto:a@example.com"),
    ]);
    refuses::<url::Url>("example.com", "this URL does not begin with a scheme");
    refuses::<url::Url>("https://hunter2:hunter2:hunter2", "this is not a URL");
}
