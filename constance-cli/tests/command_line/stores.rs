//! The commands about the whole store, and lists of a part of it.

use constance_core::{Config, Result};
use serde_json::json;

use crate::common::{Down, Sandbox, Shop, parse, run};

#[test]
fn a_list_may_be_of_one_group_and_of_what_is_stored() {
    let shop = Sandbox::new();
    let names = |args: &[&str]| -> Vec<String> {
        let list = shop.json(&[&["list", "--json"], args].concat());
        list.as_array()
            .expect("a list")
            .iter()
            .map(|entry| entry["name"].as_str().expect("a name").to_owned())
            .collect()
    };
    assert_eq!(names(&["--group", "General"]), ["site_name", "theme"]);
    assert_eq!(names(&["--stored"]), Vec::<String>::new());
    shop.ok(&["set", "the_answer", "43"]);
    shop.ok(&["set", "theme", "dark"]);
    assert_eq!(names(&["--stored"]), ["the_answer", "theme"]);
    assert_eq!(names(&["--stored", "--group", "General"]), ["theme"]);
    let text = shop.ok(&["list", "--group", "General"]);
    assert!(text.starts_with("[General]\n") && !text.contains("the_answer"), "{text}");
}

#[test]
fn a_group_that_is_not_there_is_said_before_the_store_is_asked() {
    let (code, message) = run(&Config::<Shop>::new(Down), &["list", "--group", "general"], b"").failed();
    assert_eq!((code, message.as_str()), (2, "there is no group of this name; groups are General, Payment"));
}

#[test]
fn verify_says_that_all_is_well_or_what_is_not() -> Result<()> {
    let shop = Sandbox::new();
    assert!(shop.ok(&["verify"]).starts_with("the store answers, and every setting is readable\n"));
    assert_eq!(shop.json(&["verify", "--json"])["verified"], json!(true));
    shop.spoil("theme")?;
    let (code, message) = shop.run(&["verify"]).failed();
    assert!(code == 1 && message.contains("\"theme\"") && !message.contains("hunter2"), "{code} {message}");
    let (code, message) = run(&Config::<Shop>::new(Down), &["verify", "--json"], b"").failed();
    assert!(code == 1 && message.contains("the connection was refused"), "{code} {message}");
    Ok(())
}

#[test]
fn migrate_can_be_repeated_and_says_what_is_wrong() {
    let folder = tempfile::tempdir().expect("a folder");
    let url = format!("sqlite://{}/shop.sqlite3", folder.path().display());
    let backend = constance_diesel::SqliteBackend::from_url(&url).expect("a backend");
    let config: Config<crate::common::Shop> = Config::new(backend);
    let run = |args: &[&str]| {
        let mut out = Vec::new();
        let result = parse(args).expect("a command").command.run_to(&config, &mut out);
        (String::from_utf8(out).expect("UTF-8"), result.map_err(|error| error.to_string()))
    };
    let (_, missing) = run(&["get", "the_answer"]);
    let missing = missing.expect_err("no tables");
    assert!(missing.contains("shop.sqlite3") && missing.contains("run the `migrate` command"), "{missing}");
    assert_eq!(run(&["migrate"]), ("the store is up to date\n".to_owned(), Ok(())));
    assert_eq!(run(&["migrate", "--json"]), ("{\n  \"migrated\": true\n}\n".to_owned(), Ok(())));
    assert_eq!(run(&["get", "the_answer"]), ("42\n".to_owned(), Ok(())));
}
