use super::*;

#[test]
fn every_day_of_eight_hundred_years_is_counted_once() {
    let mut days = Date::new(1599, 12, 31).expect("a day").days();
    for year in 1600..2400 {
        let mut ordinal = 0;
        for month in 1..=12 {
            for day in 1..=days_in_month(year, month) {
                let date = Date::new(year, month, day).expect("a day");
                days += 1;
                ordinal += 1;
                assert_eq!((date.days(), date.ordinal()), (days, ordinal));
                assert_eq!(Date::from_days(days), Some(date));
                assert_eq!(Date::from_ordinal(year, ordinal), Some(date));
            }
        }
        assert_eq!(Date::from_ordinal(year, ordinal + 1), None);
    }
    assert_eq!(Date::new(1970, 1, 1).expect("a day").days(), 0);
    for date in [Date::new(-1, 3, 1), Date::new(0, 2, 29), Date::new(MAX_YEAR, 12, 31)].map(|d| d.expect("a day")) {
        assert_eq!(Date::from_days(date.days()), Some(date));
    }
    assert_eq!(Date::from_days(i64::MAX), None);
}

#[test]
fn what_is_written_reads_back() {
    for text in [
        "2010-12-24T10:11:12",
        "0000-02-29T00:00:00.000000001",
        "-000001-01-01T23:59:59.999999999",
        "+012345-06-07T01:02:03.5",
        "2010-12-24T10:11:12Z",
        "2010-12-24T10:11:12.25+05:45",
        "2010-12-24T10:11:12-23:59:59",
    ] {
        assert_eq!(DateTime::parse(text).expect(text).to_string(), text);
    }
    for text in ["0s", "-1h 30m", "1ns", "-1ns"] {
        let span = Span::parse(text).expect(text);
        assert_eq!(span.to_string(), text);
        assert_eq!(Span::parse_iso(&IsoSpan(span).to_string()), Some(span));
    }
    let lowest = Span { secs: i64::MIN, nanos: -999_999_999 };
    assert_eq!(Span::parse_iso(&IsoSpan(lowest).to_string()), Some(lowest));
    assert_eq!(Span::parse_iso("-PT1H30M0.5S"), Span::new(-5_400, -500_000_000));
}

#[test]
fn what_people_write_is_read() {
    let at = |text| DateTime::parse(text).expect(text).to_string();
    assert_eq!(at("2010-12-24 9:30"), "2010-12-24T09:30:00");
    assert_eq!(at("2010-12-24 09:30 UTC"), "2010-12-24T09:30:00Z");
    assert_eq!(at("2010-12-24t09:30:00 +0200"), "2010-12-24T09:30:00+02:00");
    assert_eq!(at("2010-12-24 09:30-03"), "2010-12-24T09:30:00-03:00");
}

#[test]
fn what_is_no_date_or_time_is_refused() {
    for text in [
        "",
        "2010",
        "2010-13-01",
        "2010-02-29",
        "2010-1-1",
        "10-01-01",
        "12345-01-01",
        "2010-01-01 ",
        "2010-01-0x",
        "+1234567-01-01",
    ] {
        assert_eq!(Date::parse(text), None, "{text}");
    }
    for text in ["", "10", "24:00", "10:60", "10:00:60", "10:00:00.", "10:00:00.0000000001", "10:00Z", "10:00:00 "] {
        assert_eq!(Time::parse(text), None, "{text}");
    }
    for text in [
        "2010-01-01",
        "2010-01-01T",
        "2010-01-01T10:00+24:00",
        "2010-01-01T10:00+1",
        "2010-01-01T10:00 ",
        "2010-01-01T10:00+00:60",
    ] {
        assert_eq!(DateTime::parse(text), None, "{text}");
    }
    for text in ["PT", "P1D", "PT1.5H", "PT1S1S", "PT-1S", "PT1.0000000001S", "PT1M1H"] {
        assert_eq!(Span::parse_iso(text), None, "{text}");
    }
}

#[test]
fn a_moment_is_the_same_in_every_zone() {
    let oslo = DateTime::parse("2011-01-01T00:30:00.5+01:00").expect("a moment");
    assert_eq!(oslo.in_utc().expect("a moment").to_string(), "2010-12-31T23:30:00.5Z");
    let (secs, nanos) = oslo.unix();
    assert_eq!(DateTime::from_unix(secs, nanos, 3_600), Some(oslo));
}
