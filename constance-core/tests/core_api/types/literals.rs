//! Texts in attributes are read as the type of their field.

use std::time::Duration;

use constance_core::testing::ReferenceBackend;
use constance_core::{Config, ErrorKind, SettingEnum, Settings};

#[derive(Debug, Clone, Copy, PartialEq, SettingEnum)]
enum Theme {
    Light,
    VeryDark,
}

#[derive(Debug, Clone, Settings)]
struct Shop {
    #[setting(default = "2026-05-01", min = "2026-01-01", max = "2026-12-31")]
    day: jiff::civil::Date,
    #[setting(default = "2026-05-01 18:30+02:00")]
    moment: chrono::DateTime<chrono::Utc>,
    #[setting(default = "https://example.com")]
    home: url::Url,
    #[setting(default = "1.50")]
    price: rust_decimal::Decimal,
    #[setting(default = "30m", choices = ["30m", "1h"])]
    timeout: Duration,
    #[setting(default = "very_dark")]
    theme: Theme,
    #[setting(default = "[1, 2]")]
    numbers: Vec<u8>,
    #[setting(default = "5s", max = Some(Duration::from_secs(10)))]
    pause: Option<Duration>,
    #[setting(default = "none")]
    word: Option<String>,
    #[setting(default = "none")]
    title: String,
}

#[test]
fn a_text_is_read_as_every_type_that_has_a_text_form() {
    let config = Config::<Shop>::new(ReferenceBackend::new());
    let shop = config.snapshot().expect("the defaults");
    assert_eq!(shop.day, jiff::civil::date(2026, 5, 1));
    assert_eq!(shop.moment.to_rfc3339(), "2026-05-01T16:30:00+00:00");
    assert_eq!(shop.home.as_str(), "https://example.com/");
    assert_eq!(shop.price.to_string(), "1.50");
    assert_eq!(shop.timeout, Duration::from_secs(1800));
    assert_eq!(shop.theme, Theme::VeryDark);
    assert_eq!(shop.numbers, [1, 2]);
    assert_eq!(shop.pause, Some(Duration::from_secs(5)));
    // An option holds what the text is.
    assert_eq!((shop.word.as_deref(), &*shop.title), (Some("none"), "none"));
    assert_eq!(config.set_text("day", "2027-01-01").expect_err("late").kind(), ErrorKind::Invalid);
    assert_eq!(config.set_text("timeout", "2h").expect_err("no choice").kind(), ErrorKind::Invalid);
}

#[derive(Debug, Clone, Settings)]
struct WrongDefault {
    #[setting(default = "2026-02-30")]
    day: jiff::civil::Date,
}

#[derive(Debug, Clone, Settings)]
struct WrongBound {
    #[setting(default, min = "many")]
    price: rust_decimal::Decimal,
}

#[test]
fn a_text_that_is_no_value_is_an_error_of_the_configuration() {
    let error = Config::<WrongDefault>::builder(ReferenceBackend::new()).build().expect_err("no day");
    assert_eq!(error.kind(), ErrorKind::Configuration);
    assert_eq!(
        error.to_string(),
        "setting \"day\": a text in its attributes is no value of its type: this is not a date such as 2010-12-24"
    );
    let error = Config::<WrongBound>::builder(ReferenceBackend::new()).build().expect_err("no price");
    assert!(error.to_string().starts_with("setting \"price\": a text in its attributes"), "{error}");
}
