//! A setting of any type on the command line: what Django stores is what is shown and typed.

use constance_cli::SettingsArgs;
use constance_cli::clap::Parser;
use constance_core::{Config, Json, Settings, Value};
use constance_memory::MemoryBackend;
use serde_json::json;

#[derive(Debug, Clone, Settings)]
struct Shop {
    #[setting(default)]
    limits: Value,
    #[setting(default)]
    banner: Option<Value>,
    #[setting(default, secret)]
    hidden: Value,
}

/// The output, or the exit code and the error.
fn run(config: &Config<Shop, Json>, args: &[&str]) -> Result<String, (u8, String)> {
    let args = SettingsArgs::parse_from([&["settings"], args].concat());
    let mut out = Vec::new();
    let result = args.command.run_to(config, &mut out);
    result.map_err(|error| (error.code(), error.to_string()))?;
    Ok(String::from_utf8(out).expect("UTF-8"))
}

fn shop() -> Config<Shop, Json> {
    Config::builder(MemoryBackend::new()).codec(Json::new()).build().expect("builds")
}

#[test]
fn what_is_shown_can_be_typed() {
    let config = shop();
    for text in [
        r#"[1, "1", {"__type__": "date", "__value__": "2019-01-01"}]"#,
        r#"{"b": 1e+16, "a": NaN}"#,
        r#"{"__type__": "decimal", "__value__": "1E+5"}"#,
        r#""a text""#,
        "-9223372036854775809",
    ] {
        for name in ["limits", "banner"] {
            run(&config, &["set", name, text]).expect(text);
            assert_eq!(run(&config, &["get", name]).expect(text), format!("{text}\n"));
        }
    }
    run(&config, &["set", "limits", " [1,\t2.50]"]).expect("as people write it");
    assert_eq!(config.get(Shop::LIMITS).expect("reads").to_string(), "[1, 2.5]");
}

#[test]
fn programs_get_the_kind_and_the_text() {
    let config = shop();
    run(&config, &["set", "limits", "[1]"]).expect("sets");
    let list = run(&config, &["list", "--json"]).expect("lists");
    let list: serde_json::Value = serde_json::from_str(&list).expect("JSON");
    assert_eq!(
        (&list[0]["kind"], &list[0]["value"], &list[0]["default"]),
        (&json!("any"), &json!("[1]"), &json!("null"))
    );
    assert_eq!((&list[1]["kind"], &list[1]["value"]), (&json!("option<any>"), &json!("none")));
    assert_eq!(list[0]["accepted"], json!("any value in Django's JSON, such as 1, \"text\" or [true, null]"));
}

#[test]
fn a_refused_value_is_not_shown() {
    let config = shop();
    for text in ["hunter2", r#"{"__type__": "hunter2", "__value__": 1}"#] {
        let (code, error) = run(&config, &["set", "limits", text]).expect_err("refused");
        assert_ne!(code, 0);
        assert!(error.contains("limits") && error.contains("this cannot be read as JSON"), "{error}");
        assert!(!error.contains("hunter2"), "{error}");
    }
    run(&config, &["set", "hidden", "\"hunter2\""]).expect("sets");
    for args in [&["list"][..], &["list", "--json"], &["get", "hidden"]] {
        let shown = match run(&config, args) {
            Ok(out) => out,
            Err((_, error)) => error,
        };
        assert!(!shown.contains("hunter2"), "{shown}");
    }
}
