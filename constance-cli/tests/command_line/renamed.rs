//! A setting that was renamed, asked for by its old name.

use constance_cli::SettingsArgs;
use constance_cli::clap::Parser;
use constance_core::{Config, Settings};
use constance_memory::MemoryBackend;

#[derive(Debug, Clone, Settings)]
struct Shop {
    #[setting(default = 42, min = 0, alias = "answer")]
    the_answer: i64,
}

#[test]
fn it_is_answered_under_its_new_name() -> Result<(), Box<dyn std::error::Error>> {
    let config = Config::<Shop>::new(MemoryBackend::new());
    let run = |args: &[&str]| -> Result<String, Box<dyn std::error::Error>> {
        let mut out = Vec::new();
        SettingsArgs::try_parse_from([&["settings"], args].concat())?.command.run_to(&config, &mut out)?;
        Ok(String::from_utf8(out)?)
    };
    assert_eq!(run(&["set", "answer", "43"])?, "the_answer: 42 -> 43\n");
    assert_eq!(run(&["get", "answer"])?, "43\n");
    let json: serde_json::Value = serde_json::from_str(&run(&["get", "answer", "--json"])?)?;
    assert_eq!((&json["name"], &json["value"]), (&"the_answer".into(), &"43".into()));
    assert_eq!(run(&["stale"])?, "", "an old name that is an alias is in use");
    assert_eq!(run(&["reset", "answer"])?, "the_answer: 43 -> 42 (default)\n");
    let refused = run(&["remove-stale", "answer"]).expect_err("it is in use").to_string();
    assert!(refused.starts_with("setting \"answer\": it is an old name of \"the_answer\""), "{refused}");
    Ok(())
}
