//! What a deployment gives wrongly is refused when the `Config` is built, and the value never shown.

use constance_core::{Pins, Result};

use super::*;

fn refusal(base: Base) -> String {
    let error = builder(&Store::default()).base(base).build().expect_err("refused");
    assert_eq!(error.kind(), ErrorKind::Configuration);
    let text = error.to_string();
    assert!(!text.contains("hunter2"), "{text}");
    text
}

fn of(name: &str, value: &str) -> Base {
    Base::new().variables("SHOP_BASE_", [(format!("SHOP_BASE_{name}"), value)])
}

#[test]
fn a_value_that_its_setting_refuses_names_the_variable() {
    assert_eq!(
        refusal(of("THE_ANSWER", "hunter2")),
        "setting \"the_answer\": the variable SHOP_BASE_THE_ANSWER: this is not a whole number; accepted is a whole number, at least 0"
    );
    assert_eq!(
        refusal(of("THE_ANSWER", "-1")),
        "setting \"the_answer\": the variable SHOP_BASE_THE_ANSWER: must be at least 0; accepted is a whole number, at least 0"
    );
    let number = Base::new().values(&serde_json::json!({ "site_name": 5 })).expect("a map");
    assert_eq!(
        refusal(number),
        "setting \"site_name\": the program's base values: this is not a text; write it in quotes"
    );
}

#[test]
fn a_name_that_no_setting_has_is_a_typo_unless_told_to_ignore() {
    let text = refusal(of("THE_ANWSER", "hunter2"));
    assert!(text.contains("SHOP_BASE_THE_ANWSER") && text.contains("did you mean \"the_answer\"?"), "{text}");
    let config = builder(&Store::default()).base(of("THE_ANWSER", "1").ignore_unknown()).build().expect("builds");
    assert_eq!(config.get(Shop::THE_ANSWER).expect("reads"), 42);
    let nested = Base::new().values(&serde_json::json!({ "mail": { "hots": "hunter2" } })).expect("a map");
    assert!(refusal(nested).contains("mail.host"));
}

#[test]
fn everything_that_is_wrong_is_named_at_once() {
    let text = refusal(Base::new().text("the_answer", "hunter2").text("low", "hunter2"));
    assert!(text.contains("the_answer") && text.contains("low"), "{text}");
}

#[test]
fn values_that_break_a_rule_together_are_refused() {
    let text = refusal(Base::new().text("low", "11"));
    assert!(text.contains("\"low\"") && text.contains("low must be below high"), "{text}");
    let error = builder(&Store::default()).pin(Pins::new().text("high", "0")).build().expect_err("low is 1");
    assert_eq!(error.kind(), ErrorKind::Configuration);
}

#[test]
fn values_that_are_no_map_and_variables_without_a_prefix_are_refused() {
    assert_eq!(Base::new().values("hunter2").expect_err("a text").kind(), ErrorKind::Configuration);
    assert!(refusal(Base::new().variables("", [("LOW", "2")])).contains("need a prefix"));
}

#[test]
fn two_settings_with_one_variable_are_refused_where_variables_are_used() -> Result<()> {
    #[derive(Clone, Settings)]
    struct Alike {
        #[setting(default = 1, rename = "page-size")]
        dash: i64,
        #[setting(default = 2, rename = "page_size")]
        low_line: i64,
    }

    let builder = || Config::<Alike>::builder(ReferenceBackend::new());
    builder().base(Base::new().text("page-size", "3")).build()?;
    let base = Base::new().variables("SHOP_BASE_", [("SHOP_BASE_PAGE_SIZE", "3")]);
    let error = builder().base(base).build().expect_err("which of them?");
    assert_eq!(error.kind(), ErrorKind::Configuration);
    assert!(error.to_string().contains("page_size"), "{error}");
    Ok(())
}

#[test]
fn a_debug_shows_where_values_are_from_and_none_of_them() {
    let shown = format!("{:?}", of("API_KEY", "hunter2").text("low", "hunter2"));
    assert!(shown.contains("SHOP_BASE_API_KEY") && !shown.contains("hunter2"), "{shown}");
}
