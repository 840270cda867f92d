//! Base values and pins: where a value comes from.

mod environment;
mod files;
mod pins;
mod refused;

use std::sync::Arc;

use constance_core::testing::ReferenceBackend;
use constance_core::{Base, Config, ConfigBuilder, ErrorKind, MessagePack, Settings, Source};

#[derive(Debug, Clone, PartialEq, Settings)]
#[settings(validate(low_below_high, fields(low, high)))]
struct Shop {
    #[setting(default = 42, min = 0)]
    the_answer: i64,
    #[setting(default = "My Title", alias = "title")]
    site_name: String,
    #[setting(default = 1)]
    low: i64,
    #[setting(default = 10)]
    high: i64,
    #[setting(secret)]
    api_key: Option<String>,
    #[setting(default)]
    hosts: Vec<String>,
    #[setting(default, rename = "page-sizes")]
    page_sizes: std::collections::HashMap<String, u32>,
    #[setting(nested)]
    mail: Mail,
}

#[derive(Debug, Clone, PartialEq, Settings)]
struct Mail {
    #[setting(default = "localhost")]
    host: String,
    #[setting(default = 25, min = 1)]
    port: u16,
}

fn low_below_high(shop: &Shop) -> Result<(), &'static str> {
    if shop.low < shop.high { Ok(()) } else { Err("low must be below high") }
}

type Store = Arc<ReferenceBackend>;

fn builder(store: &Store) -> ConfigBuilder<Shop, MessagePack, Store> {
    Config::<Shop>::builder(Arc::clone(store))
}

#[test]
fn a_base_value_stands_in_the_place_of_the_default() {
    let store = Store::default();
    let base = Base::new().text("the_answer", "43").text("title", "Base");
    let config = builder(&store).base(base).build().expect("builds");
    let live = config.live().expect("loads");

    assert_eq!(config.get(Shop::THE_ANSWER).expect("reads"), 43);
    assert_eq!(config.get_text("the_answer").expect("reads"), "43");
    assert_eq!(config.snapshot().expect("reads").the_answer, 43);
    assert_eq!(live.load().the_answer, 43);
    assert_eq!(live.load().site_name, "Base", "an old name is one of its setting");
    assert!(!config.is_set(Shop::THE_ANSWER).expect("reads"));
    assert_eq!(config.schema().find("the_answer").expect("declared").default_text, "43");

    config.compare_and_set(Shop::THE_ANSWER, 43, 44).expect("the base is in force");
    assert_eq!(live.load().the_answer, 44);
    config.reset(Shop::THE_ANSWER).expect("resets");
    assert_eq!(config.get(Shop::THE_ANSWER).expect("reads"), 43);
    assert_eq!(live.load().the_answer, 43);
    assert_eq!(config.update(Shop::THE_ANSWER, |n| n + 1).expect("updates"), 44);
}

#[test]
fn an_event_of_a_reset_carries_the_base_value() {
    let config = builder(&Store::default()).base(Base::new().text("the_answer", "43")).build().expect("builds");
    let (sender, events) = std::sync::mpsc::channel();
    let _subscription = config.subscribe(move |event| {
        let _ = sender.send((event.old(Shop::THE_ANSWER).copied(), event.new_value(Shop::THE_ANSWER).copied()));
    });
    config.set(Shop::THE_ANSWER, 44).expect("writes");
    config.reset(Shop::THE_ANSWER).expect("resets");
    assert_eq!(events.try_iter().collect::<Vec<_>>(), [(Some(43), Some(44)), (Some(44), Some(43))]);
}

#[test]
fn an_entry_says_where_its_value_comes_from() {
    let base = Base::new()
        .variables("SHOP_BASE_", [("SHOP_BASE_LOW", "2")])
        .values(&serde_json::json!({ "high": 20 }))
        .expect("a map");
    let config = builder(&Store::default()).base(base).build().expect("builds");
    let source = |name| config.entry(name).expect("reads").source;
    assert_eq!(source("the_answer"), Source::Default);
    assert_eq!(source("low"), Source::Env("SHOP_BASE_LOW".into()));
    assert_eq!(source("high"), Source::Code);
    config.set(Shop::LOW, 3).expect("writes");
    assert_eq!(source("low"), Source::Stored);
    assert_eq!(config.list().expect("lists")[2].source, Source::Stored);
    config.reset(Shop::LOW).expect("resets");
    assert_eq!(source("low"), Source::Env("SHOP_BASE_LOW".into()));
}

#[test]
fn what_is_added_later_counts() {
    let of = |text: &str| Base::new().text("the_answer", text);
    let config =
        builder(&Store::default()).base(of("1").text("the_answer", "2")).base(of("3")).build().expect("builds");
    assert_eq!(config.get(Shop::THE_ANSWER).expect("reads"), 3);
}

#[test]
fn base_values_of_any_serde_type_reach_nested_settings_lists_and_maps() {
    let values = serde_json::json!({
        "api_key": "none",
        "hosts": ["a", "none"],
        "page-sizes": { "small": 10 },
        "mail": { "host": "mail.internal", "port": 587 },
        "site_name": null,
    });
    let base = Base::new().values(&values).expect("a map");
    let config = builder(&Store::default()).base(base).build().expect("builds");
    let shop = config.snapshot().expect("reads");
    assert_eq!(shop.api_key.as_deref(), Some("none"), "a text is a text, also where it is a word for no value");
    assert_eq!(shop.hosts, ["a", "none"]);
    assert_eq!(shop.page_sizes["small"], 10);
    assert_eq!(shop.mail, Mail { host: "mail.internal".into(), port: 587 });
    assert_eq!(shop.site_name, "My Title", "a null says nothing");
    assert_eq!(config.nested(Shop::MAIL).get(Mail::PORT).expect("reads"), 587);
}

#[test]
fn rules_across_settings_are_held_against_base_values() {
    let store = Store::default();
    let config = builder(&store).base(Base::new().text("low", "5")).build().expect("builds");
    let refused = config.set(Shop::HIGH, 3).expect_err("low is 5");
    assert_eq!(refused.kind(), ErrorKind::Invalid);
    // Without the base it is within the rule, and then it is the base that breaks it.
    builder(&store).build().expect("builds").set(Shop::HIGH, 3).expect("low is 1");
    assert_eq!(config.snapshot().expect_err("low is 5").kind(), ErrorKind::Invalid);
}
