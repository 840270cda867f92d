//! Bounds, choices and rules of the application's own.

use std::fmt;
use std::time::Duration;

use constance_core::{ErrorKind, MessagePack, Settings};

#[derive(Clone, Settings)]
#[settings(validate = Limits::in_order)]
struct Limits {
    #[setting(default = 5, min = 0, max = 10)]
    low: i64,
    #[setting(default = 7, min = Self::FLOOR)]
    high: i64,
    #[setting(default = Duration::from_secs(60), max = Duration::from_secs(3600))]
    timeout: Duration,
    #[setting(default = "light", choices = ["light", "dark"])]
    theme: String,
    #[setting(default = 2, choices = EVEN)]
    even: u8,
    #[setting(default = "shop", validate = is_slug, validate = |slug: &String| short(slug))]
    slug: String,
}

const EVEN: [u8; 3] = [0, 2, 4];

impl Limits {
    const FLOOR: i64 = -1;

    fn in_order(&self) -> Result<(), &'static str> {
        if self.low <= self.high { Ok(()) } else { Err("the low limit is above the high one") }
    }
}

/// A `&str` serves a `String`.
fn is_slug(slug: &str) -> Result<(), String> {
    if slug.bytes().all(|b| b.is_ascii_lowercase()) { Ok(()) } else { Err("must be lower-case letters".to_owned()) }
}

struct TooLong(usize);

impl fmt::Display for TooLong {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "must be at most {} letters", self.0)
    }
}

fn short(slug: &str) -> Result<(), TooLong> {
    if slug.len() <= 8 { Ok(()) } else { Err(TooLong(8)) }
}

#[test]
fn bounds_and_choices_are_told_in_text() {
    let schema = Limits::schema::<MessagePack>().expect("a schema");
    let accepted: Vec<String> = schema.settings().map(constance_core::SettingInfo::accepted).collect();
    let expected = [
        "a whole number, from 0 to 10",
        "a whole number, at least -1",
        "a duration such as 1h 30m, 45s or 250ms, at most 1h",
        "one of light, dark",
        "one of 0, 2, 4",
        "a text",
    ];
    assert_eq!(accepted, expected);
    let low = schema.find("low").expect("a setting");
    assert_eq!((low.min.as_deref(), low.max.as_deref()), (Some("0"), Some("10")));
    assert_eq!(schema.find("theme").expect("a setting").choices, ["light", "dark"]);
}

/// The refusal of a struct whose default breaks a rule: this holds the rule itself to work.
fn refusal<S: Settings>() -> String {
    let error = S::schema::<MessagePack>().expect_err("a default that breaks a rule");
    assert_eq!(error.kind(), ErrorKind::Configuration);
    error.to_string()
}

macro_rules! refused {
    ($name:ident, $words:literal, $ty:ty, $($attribute:tt)+) => {
        #[test]
        fn $name() {
            #[derive(Clone, Settings)]
            struct Broken {
                #[setting($($attribute)+)]
                field: $ty,
            }
            let message = refusal::<Broken>();
            assert!(message.contains($words) && message.contains("field"), "{message}");
        }
    };
}

// In braces, since the macro itself refuses literals.
refused!(a_default_below_the_minimum, "must be at least 3", i64, default = { 2 }, min = 3);
refused!(a_default_above_the_maximum, "must be at most 1.5", f64, default = { 2.0 }, max = 1.5);
refused!(
    a_default_that_is_no_choice,
    "must be one of a, b",
    String,
    default = { "c".to_owned() },
    choices = ["a", "b"]
);
refused!(a_default_against_a_function, "must be lower-case letters", String, default = "A", validate = is_slug);
refused!(
    a_default_against_the_second_rule,
    "must be at most 8 letters",
    String,
    default = "abcdefghi",
    validate = is_slug,
    validate = |slug: &String| short(slug)
);
refused!(
    a_default_against_a_closure,
    "must be even",
    u8,
    default = 3,
    validate = |n| { if n % 2 == 0 { Ok(()) } else { Err("must be even") } }
);

#[test]
fn defaults_that_break_the_rule_across_settings() {
    #[derive(Clone, Settings)]
    #[settings(validate = |range: &Self| if range.from <= range.to { Ok(()) } else { Err("from is after to") })]
    struct Range {
        #[setting(default = 2)]
        from: i64,
        #[setting(default = 1)]
        to: i64,
    }
    assert!(refusal::<Range>().contains("from is after to"));
}
