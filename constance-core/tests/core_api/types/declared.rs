//! Settings of these types: defaults, bounds, and the way through a store.

use std::time::Duration;

use constance_core::testing::ReferenceBackend;
use constance_core::{Config, ErrorKind, Settings};
use rust_decimal::Decimal;

#[derive(Debug, Clone, PartialEq, Settings)]
struct Shop {
    #[setting(default = jiff::civil::date(2010, 12, 24), min = jiff::civil::date(2000, 1, 1))]
    opened: jiff::civil::Date,
    #[setting(default = jiff::civil::time(18, 30, 0, 0), max = jiff::civil::time(20, 0, 0, 0))]
    closes: jiff::civil::Time,
    #[setting(default = chrono::DateTime::UNIX_EPOCH, min = chrono::DateTime::UNIX_EPOCH)]
    sale_from: chrono::DateTime<chrono::Utc>,
    #[setting(default = time::Duration::seconds(-90), min = time::Duration::hours(-1), max = time::Duration::HOUR)]
    clock_skew: time::Duration,
    #[setting(default = Decimal::new(150, 2), min = Decimal::ZERO, max = Decimal::ONE_HUNDRED)]
    tax: Decimal,
    #[setting(default = uuid::Uuid::nil())]
    tenant: uuid::Uuid,
    homepage: Option<url::Url>,
    holidays: Option<Vec<time::Date>>,
}

#[test]
fn bounds_hold_and_are_told() {
    let config = Config::<Shop>::new(ReferenceBackend::new());
    for (name, low, words) in [
        (
            "opened",
            "1999-12-31",
            "must be at least 2000-01-01; accepted is a date such as 2010-12-24, at least 2000-01-01",
        ),
        ("closes", "20:00:01", "must be at most 20:00:00"),
        ("sale_from", "1969-12-31 23:59Z", "must be at least 1970-01-01T00:00:00Z"),
        ("clock_skew", "-1h 1s", "must be at least -1h"),
        ("tax", "100.01", "must be at most 100"),
    ] {
        let error = config.set_text(name, low).expect_err(name);
        assert_eq!(error.kind(), ErrorKind::Invalid);
        assert!(error.to_string().contains(words), "{error}");
    }
    config.set_text("tax", "19.50").expect("within");
    assert_eq!(config.get(Shop::TAX).expect("reads"), Decimal::new(1950, 2));
    assert_eq!(config.get_text("tax").expect("reads"), "19.50");
}

#[test]
fn every_type_goes_through_a_store_and_its_text() {
    let config = Config::<Shop>::new(ReferenceBackend::new());
    assert_eq!(config.snapshot().expect("defaults"), Shop::defaults());
    for (name, text) in [
        ("opened", "2024-02-29"),
        ("closes", "19:45:00"),
        ("sale_from", "2024-11-29T00:00:00Z"),
        ("clock_skew", "-1m 30s"),
        ("tax", "0.000"),
        ("tenant", "01234567-89ab-cdef-0123-456789abcdef"),
        ("homepage", "https://example.com/"),
        ("holidays", "[\"2024-12-25\",\"2024-12-26\"]"),
    ] {
        config.set_text(name, text).unwrap_or_else(|e| panic!("{name}: {e}"));
        assert_eq!(config.get_text(name).expect(name), text);
    }
    let shop = config.snapshot().expect("reads");
    assert_eq!(shop.holidays.map(|days| days.len()), Some(2));
    assert_eq!(shop.clock_skew, time::Duration::seconds(-90));
}

#[derive(Clone, Settings)]
struct Finer {
    #[setting(default = Duration::ZERO)]
    wait: Duration,
    #[setting(default = chrono::DateTime::UNIX_EPOCH.fixed_offset())]
    at: chrono::DateTime<chrono::FixedOffset>,
    #[setting(default, serde)]
    limits: Limits,
}

#[derive(Debug, Clone, PartialEq, Default, serde::Serialize, serde::Deserialize)]
struct Limits {
    rate: f64,
    #[serde(skip)]
    forgotten: u32,
}

#[test]
fn a_value_that_would_come_back_as_another_is_not_stored() {
    let config = Config::<Finer>::new(ReferenceBackend::new());
    // Local mean time: chrono's serde form has no seconds in the offset.
    let error = config.set_text("at", "1900-01-01T12:00:00+00:19:32").expect_err("another moment");
    assert_eq!(error.kind(), ErrorKind::Encode);
    config.set_text("at", "1900-01-01T12:00:00+00:19").expect("whole minutes");
    let error = config.set(Finer::LIMITS, Limits { rate: 1.0, forgotten: 1 }).expect_err("a field that is not written");
    assert_eq!(error.kind(), ErrorKind::Encode);
    config.set(Finer::LIMITS, Limits { rate: f64::NAN, forgotten: 0 }).expect("a NaN is written");
    config.set(Finer::WAIT, Duration::from_nanos(1)).expect("MessagePack keeps nanoseconds");
}
