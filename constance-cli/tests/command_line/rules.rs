//! Rules across settings: what breaks one is listed with its values, and refused where it is written.

use std::sync::Arc;

use constance_core::{Config, Settings};
use constance_memory::MemoryBackend;

use crate::common::run;

#[derive(Debug, Clone, Settings)]
#[settings(validate(in_order, fields(min, max)))]
struct Shop {
    #[setting(default = 1)]
    min: i64,
    #[setting(default = 10)]
    max: i64,
    #[setting(default = "My Title")]
    site_name: String,
}

/// An older program, which knows no rule.
#[derive(Debug, Clone, Settings)]
struct Old {
    #[setting(default = 1)]
    min: i64,
}

fn in_order(shop: &Shop) -> Result<(), &'static str> {
    if shop.min <= shop.max { Ok(()) } else { Err("the minimum is above the maximum") }
}

fn broken() -> Config<Shop> {
    let store = Arc::new(MemoryBackend::new());
    Config::<Old>::new(Arc::clone(&store)).set(Old::MIN, 50).expect("no rule there");
    Config::new(store)
}

const RULE: &str = "cannot read settings \"min\", \"max\" from memory: the rule \"in_order\" is broken: the minimum is above the \
     maximum; set or reset them in one change to repair it";

#[test]
fn a_listing_shows_all_values_and_says_what_is_wrong() {
    let ran = run(&broken(), &["list"], b"");
    let (code, message) = ran.failed();
    assert_eq!((code, message.as_str()), (1, RULE));
    for line in
        ["min        50        stored; default 1", "max        10        default", "site_name  My Title  default"]
    {
        assert!(ran.out.contains(line), "{}", ran.out);
    }
    assert_eq!(ran.out.matches(&format!("error: {RULE}")).count(), 2, "at each of the two");

    let ran = run(&broken(), &["list", "--json"], b"");
    let (code, message) = ran.failed();
    assert_eq!((code, message.as_str()), (1, RULE));
    let listed: serde_json::Value = serde_json::from_str(&ran.out).expect("JSON");
    assert_eq!((&listed[0]["value"], &listed[0]["error"]), (&"50".into(), &RULE.into()));
    assert_eq!(listed[2]["error"], serde_json::Value::Null);
}

#[test]
fn a_set_is_held_to_what_is_stored_beside_it() {
    let config = broken();
    let (code, message) = run(&config, &["set", "max", "20"], b"").failed();
    assert_eq!((code, message.as_str()), (2, "setting \"max\": the minimum is above the maximum"));
    assert!(run(&config, &["set", "site_name", "Shop"], b"").result.is_ok());
    assert!(run(&config, &["set", "max", "60"], b"").result.is_ok());
    assert!(run(&config, &["list"], b"").result.is_ok());
}
