//! Reads of several settings hold the rules.

use constance_core::{Config, ErrorKind, Settings, backend::Stored};

use super::{BROKEN, Old, Shop, store};

#[test]
fn a_pair_that_breaks_a_rule_is_no_snapshot_and_hides_nothing_else() {
    let (_, config, old) = store();
    old.change().set(Old::MIN, 50).set(Old::SITE_NAME, "Shop".into()).apply().expect("writes");
    let error = config.snapshot().expect_err("50 is above 10");
    assert_eq!(error.kind(), ErrorKind::Invalid);
    assert_eq!(error.settings().collect::<Vec<_>>(), ["min", "max"]);
    assert_eq!(error.to_string(), BROKEN);
    assert!(!format!("{error:?}").contains("50"), "never a value");
    assert_eq!(config.verify().expect_err("broken").to_string(), BROKEN);
    let all = config.read_all().expect("reads");
    assert_eq!(all.values, Shop { site_name: "Shop".into(), ..Shop::defaults() });
    assert_eq!(all.unreadable.len(), 1);
    assert_eq!(config.within(config.backend()).snapshot().expect_err("broken").to_string(), BROKEN);
}

#[test]
fn a_single_read_needs_no_other_setting() {
    let (_, config, old) = store();
    old.set(Old::MIN, 50).expect("writes");
    assert_eq!(config.get(Shop::MIN).expect("reads"), 50);
    assert_eq!(config.get_text("min").expect("reads"), "50");
    assert!(config.entry("min").expect("reads").broken_rule.is_none());
}

#[test]
fn a_listing_shows_the_values_and_says_which_rule_they_break() {
    let (_, config, old) = store();
    old.set(Old::MIN, 50).expect("writes");
    let list = config.list().expect("lists");
    let texts: Vec<&str> = list.iter().map(|entry| entry.text.as_deref().expect("readable")).collect();
    assert_eq!(texts, ["50", "10", "2", "My Title"]);
    let broken: Vec<_> = list.iter().map(|entry| entry.broken_rule.as_ref().map(ToString::to_string)).collect();
    assert_eq!(broken, [Some(BROKEN.to_owned()), Some(BROKEN.to_owned()), None, None]);
}

#[test]
fn a_default_that_was_lowered_below_a_stored_value_is_the_same() {
    let (_, config, old) = store();
    old.set(Old::MIN, 11).expect("the default of max was 100 there");
    assert_eq!(config.snapshot().expect_err("11 is above 10").to_string(), BROKEN);
}

#[test]
fn every_broken_rule_and_every_unreadable_setting_is_named() {
    let (store, config, old) = store();
    old.change().set(Old::MIN, 50).set(Old::STEP, 50).apply().expect("writes");
    let key = config.prefix().key("site_name").expect("a name");
    store.inner().put(&key, Stored::Foreign("a list"));
    let error = config.snapshot().expect_err("broken");
    let each: Vec<Vec<&str>> = error.each().map(|one| one.settings().collect()).collect();
    // Of a closure there is no name.
    assert_eq!(each, [vec!["site_name"], vec!["min", "max"], vec!["max", "step"]]);
    let message = error.to_string();
    assert!(
        message.contains("\"max\", \"step\": the rule across these settings is broken: the step is above"),
        "{message}"
    );
}

#[test]
fn the_default_in_the_place_of_something_unreadable_keeps_to_the_rules_too() {
    let (store, config, old) = store();
    old.set(Old::MIN, 50).expect("writes");
    let key = config.prefix().key("max").expect("a name");
    store.inner().put(&key, Stored::Foreign("a list"));
    let all = config.read_all().expect("reads");
    assert_eq!(all.values, Shop::defaults(), "whoever takes the values may clamp with them");
    assert_eq!(all.unreadable.len(), 2);
}

#[test]
fn without_fields_a_rule_is_across_all() {
    #[derive(Debug, Clone, Settings)]
    #[settings(validate = in_order, validate(|_: &Pair| Ok::<(), &str>(())))]
    struct Pair {
        #[setting(default = 1)]
        min: i64,
        #[setting(default = 10)]
        max: i64,
    }
    fn in_order(pair: &Pair) -> Result<(), &'static str> {
        if pair.min <= pair.max { Ok(()) } else { Err("the minimum is above the maximum") }
    }
    let (store, _, old) = store();
    old.set(Old::MIN, 50).expect("writes");
    assert_eq!(
        Config::<Pair>::new(store).snapshot().expect_err("broken").to_string(),
        "cannot read settings from reference: the rule \"in_order\" across all settings is broken: the minimum is above \
         the maximum; set or reset them in one change to repair it"
    );
}

#[test]
fn a_rule_sees_the_default_of_what_it_does_not_name_on_every_path() {
    #[derive(Debug, Clone, PartialEq, Settings)]
    #[settings(validate(|s: &Loose| if s.max == 10 { Ok(()) } else { Err("looks at what it does not name") }, fields(min)))]
    struct Loose {
        #[setting(default = 1)]
        min: i64,
        #[setting(default = 10)]
        max: i64,
    }
    let (store, _, old) = store();
    old.set(Old::MAX, 20).expect("writes");
    let config = Config::<Loose>::new(store);
    config.set(Loose::MIN, 2).expect("writes");
    assert_eq!(config.snapshot().expect("reads"), Loose { min: 2, max: 20 });
}

#[test]
fn the_words_of_a_rule_across_secrets_are_replaced() {
    #[derive(Debug, Clone, Settings)]
    #[settings(validate(|s: &Keys| if s.key == s.user { Ok(()) } else { Err(format!("{} is not the key", s.key)) }, fields(key, user)))]
    struct Keys {
        #[setting(default = "a", secret)]
        key: String,
        #[setting(default = "a")]
        user: String,
    }
    let (store, ..) = store();
    let config = Config::<Keys>::new(store);
    let error = config.set(Keys::KEY, "hunter2".into()).expect_err("refused");
    assert!(!format!("{error} {error:?}").contains("hunter2"), "{error}");
    assert!(error.to_string().contains("the values break a rule across secret settings"), "{error}");
}
