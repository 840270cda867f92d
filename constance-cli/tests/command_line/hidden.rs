//! The declaration of a secret is not shown, and invisible characters are escaped.

use crate::common::{Sandbox, Shop, parse};
use constance_core::{Config, Result, SettingEnum, Settings};
use constance_memory::MemoryBackend;
use serde_json::{Value, json};

#[derive(Debug, Clone, PartialEq, SettingEnum)]
enum Door {
    Hunter2,
    Hunter3,
}

#[derive(Debug, Clone, Settings)]
struct Vault {
    #[setting(default = "hunter2", choices = ["hunter2", "hunter3"], secret)]
    password: String,
    #[setting(default = 735_772, min = 735_770, max = 735_779, secret)]
    pin: i64,
    #[setting(default = Door::Hunter2, secret)]
    door: Door,
}

#[test]
fn choices_and_bounds_of_a_secret_are_in_no_output() {
    let config = Config::<Vault>::new(MemoryBackend::new());
    for args in [
        &["list"][..],
        &["list", "--json"],
        &["get", "password", "--json"],
        &["get", "door", "--json"],
        &["set", "pin", "735780"],
        &["set", "pin", "735780", "--json"],
        &["set", "password", "hunter4"],
        &["set", "door", "hunter4", "--json"],
    ] {
        let command = parse(args).expect("complete").command;
        let (mut out, mut err) = (Vec::new(), Vec::new());
        if let Err(error) = command.run_with(&config, &mut &b""[..], &mut out) {
            command.report_to(&error, &mut err).expect("a vector takes everything");
        }
        let all = String::from_utf8([out, err].concat()).expect("UTF-8");
        assert!(!all.is_empty() && !all.contains("hunter") && !all.contains("7357"), "{args:?}: {all}");
    }
    let command = parse(&["list", "--json"]).expect("complete").command;
    let mut out = Vec::new();
    command.run_with(&config, &mut &b""[..], &mut out).expect("lists");
    let list: Value = serde_json::from_slice(&out).expect("JSON");
    for object in list.as_array().expect("an array") {
        assert_eq!((&object["min"], &object["max"], &object["choices"]), (&Value::Null, &Value::Null, &json!([])));
    }
}

#[test]
fn what_cannot_be_seen_is_escaped_in_every_form() -> Result<()> {
    let shop = Sandbox::new();
    let hidden = "a\u{200b}\u{feff}\u{61c}\u{9b}31m\u{202e}b";
    shop.config.set(Shop::SITE_NAME, hidden.to_owned())?;
    for args in
        [&["list"][..], &["list", "--json"], &["get", "site_name", "--json"], &["set", "site_name", hidden, "--json"]]
    {
        let out = shop.ok(args);
        let raw =
            out.chars().find(|c| *c != '\n' && (c.is_control() || "\u{200b}\u{feff}\u{61c}\u{202e}".contains(*c)));
        assert_eq!(raw, None, "{args:?}: {out}");
    }
    assert!(shop.ok(&["list"]).contains(r#""a\u{200b}\u{feff}\u{61c}\u{9b}31m\u{202e}b""#));
    assert!(shop.ok(&["get", "site_name", "--json"]).contains(r#""a\u200b\ufeff\u061c\u009b31m\u202eb""#));
    assert_eq!(shop.json(&["get", "site_name", "--json"])["value"], hidden, "programs read the same value");
    // `get` alone is for scripts, and gives the value itself.
    assert_eq!(shop.ok(&["get", "site_name"]), format!("{hidden}\n"));
    Ok(())
}

#[test]
fn a_number_that_no_float_holds_is_refused() {
    #[derive(Debug, Clone, Settings)]
    struct Limits {
        #[setting(default = 0.5)]
        ratio: f64,
    }
    let config = Config::<Limits>::new(MemoryBackend::new());
    let command = parse(&["set", "ratio", "1e400"]).expect("complete").command;
    let error = command.run_with(&config, &mut &b""[..], &mut Vec::new()).expect_err("too large");
    assert_eq!(error.to_string(), "setting \"ratio\": this is too large; accepted is a number");
    let command = parse(&["set", "ratio", "inf"]).expect("complete").command;
    command.run_with(&config, &mut &b""[..], &mut Vec::new()).expect("written as a word");
    assert_eq!(config.get(Limits::RATIO).expect("reads"), f64::INFINITY);
}
