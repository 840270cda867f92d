//! The JSON output.

use constance_core::{Config, Result};
use serde_json::{Value, json};

use crate::common::{Down, Sandbox, Shop, parse};

#[test]
fn list_is_one_array_in_the_order_of_declaration() -> Result<()> {
    let shop = Sandbox::new();
    shop.config.set(Shop::THE_ANSWER, 43)?;
    let list = shop.json(&["list", "--json"]);
    let names: Vec<&str> = list.as_array().expect("an array").iter().filter_map(|o| o["name"].as_str()).collect();
    assert_eq!(names, ["the_answer", "site_name", "basket_timeout", "theme", "offset", "api_key", "pin"]);
    assert_eq!(
        list[0],
        json!({
            "name": "the_answer",
            "group": null,
            "help": "Answer to the Ultimate Question of Life, The Universe, and Everything",
            "kind": "int",
            "accepted": "a whole number, at least 0",
            "min": "0",
            "max": null,
            "choices": [],
            "secret": false,
            "is_set": true,
            "source": "stored",
            "source_name": null,
            "value": "43",
            "default": "42",
            "error": null,
        })
    );
    assert_eq!(list[3]["choices"], json!(["light", "dark"]));
    assert_eq!((&list[3]["kind"], &list[3]["group"]), (&json!("choice"), &json!("General")));
    Ok(())
}

#[test]
fn get_is_the_object_of_the_list() {
    let shop = Sandbox::new();
    assert_eq!(shop.json(&["get", "theme", "--json"]), shop.json(&["list", "--json"])[3]);
}

#[test]
fn set_and_reset_give_the_old_and_the_new_value() {
    let shop = Sandbox::new();
    assert_eq!(
        shop.json(&["set", "the_answer", "43", "--json"]),
        json!({"name": "the_answer", "secret": false, "was_set": false, "is_set": true, "old": "42", "new": "43"})
    );
    assert_eq!(
        shop.json(&["reset", "the_answer", "--json"]),
        json!({"name": "the_answer", "secret": false, "was_set": true, "is_set": false, "old": "43", "new": "42"})
    );
}

#[test]
fn a_secret_is_null_and_said_to_be_one() {
    let shop = Sandbox::new();
    let changed = shop.json(&["set", "api_key", "hunter2", "--json"]);
    assert_eq!((&changed["secret"], &changed["old"], &changed["new"]), (&json!(true), &Value::Null, &Value::Null));
    let object = shop.json(&["get", "api_key", "--json"]);
    assert_eq!((&object["secret"], &object["value"], &object["default"]), (&json!(true), &Value::Null, &Value::Null));
    assert_eq!((&object["is_set"], &object["error"]), (&json!(true), &Value::Null));
}

#[test]
fn an_unreadable_setting_carries_its_error() -> Result<()> {
    let shop = Sandbox::new();
    shop.spoil("the_answer")?;
    for (args, pointer) in [(&["list", "--json"][..], "/0"), (&["get", "the_answer", "--json"], "")] {
        let ran = shop.run(args);
        assert_eq!(ran.failed().0, 1, "{args:?}");
        let written: Value = serde_json::from_str(&ran.out).expect("JSON on the output");
        let object = written.pointer(pointer).expect("the setting");
        assert_eq!(object["value"], Value::Null);
        assert!(object["error"].as_str().is_some_and(|e| e.contains("the_answer")), "{object}");
    }
    Ok(())
}

fn reported(config: &Config<Shop>, args: &[&str]) -> Value {
    let command = parse(args).expect("complete").command;
    let error = command.run_with(config, &mut &b""[..], &mut Vec::new()).expect_err("this has to fail");
    let mut err = Vec::new();
    command.report_to(&error, &mut err).expect("a vector takes everything");
    assert_eq!(err.iter().filter(|byte| **byte == b'\n').count(), 1, "an error is one line");
    serde_json::from_slice(&err).expect("JSON on standard error")
}

#[test]
fn errors_are_objects_too() -> Result<()> {
    let shop = Sandbox::new();
    assert_eq!(
        reported(&shop.config, &["set", "the_answer", "many", "--json"]),
        json!({"error": {
            "kind": "invalid",
            "settings": ["the_answer"],
            "message": "setting \"the_answer\": this is not a whole number; accepted is a whole number, at least 0",
            "cause": null,
            "transient": false,
            "exit_code": 2,
        }})
    );
    assert_eq!(
        reported(&Config::new(Down), &["list", "--json"]),
        json!({"error": {
            "kind": "unavailable",
            "settings": [],
            "message": "cannot read settings from down: the connection was refused",
            "cause": "driver ECONNREFUSED",
            "transient": true,
            "exit_code": 1,
        }})
    );
    shop.spoil("the_answer")?;
    shop.spoil("theme")?;
    let unreadable = reported(&shop.config, &["list", "--json"]);
    assert_eq!(unreadable["error"]["kind"], "unreadable");
    assert_eq!(unreadable["error"]["settings"], json!(["the_answer", "theme"]));
    Ok(())
}
