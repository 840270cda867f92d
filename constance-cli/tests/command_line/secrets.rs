//! No output of a command and no `Debug` holds a secret.

use std::error::Error as _;

use constance_core::Result;

use crate::common::{Sandbox, Shop, parse};

/// Stored, default and refused secrets of these tests. `hunter1` is the declared default.
const SECRETS: [&str; 5] = ["hunter1", "hunter2", "hunter3", "1111", "777777"];

fn assert_hidden(text: &str) {
    for secret in SECRETS {
        assert!(!text.contains(secret), "{secret} in {text}");
    }
}

#[test]
fn secrets_are_masked_in_every_output() -> Result<()> {
    let shop = Sandbox::new();
    assert_eq!(shop.ok(&["set", "api_key", "hunter2"]), "api_key: stored, not shown\n");
    assert_eq!(shop.config.get(Shop::API_KEY)?.as_deref(), Some("hunter2"));
    assert!(shop.ok(&["list"]).contains("api_key         ********  stored; default ********\n"));
    for args in [
        &["list"][..],
        &["list", "--json"],
        &["get", "api_key", "--json"],
        &["set", "api_key", "hunter3"],
        &["set", "api_key", "hunter3", "--json"],
        &["reset", "api_key"],
        &["reset", "api_key"],
        &["reset", "pin", "--json"],
    ] {
        assert_hidden(&shop.ok(args));
    }
    assert_eq!(shop.ok(&["reset", "api_key"]), "api_key: ******** (default), nothing was stored\n");
    shop.ok(&["set", "api_key", "none"]);
    let ran = shop.run(&["get", "api_key"]);
    assert_eq!((ran.out.as_str(), ran.failed().0), ("", 3), "not even whether there is one");
    assert_eq!(shop.ok(&["reset", "api_key"]), "api_key: reset to its default, not shown\n");
    Ok(())
}

#[test]
fn a_secret_comes_from_the_input_whole() -> Result<()> {
    let shop = Sandbox::new();
    let ran = shop.run_with_input(&["set", "api_key", "-"], b" hunter2 \n");
    assert_eq!(ran.out, "api_key: stored, not shown\n");
    assert_eq!(shop.config.get(Shop::API_KEY)?.as_deref(), Some(" hunter2 "));
    Ok(())
}

#[test]
fn errors_hold_no_value() -> Result<()> {
    let shop = Sandbox::new();
    shop.spoil("api_key")?;
    for args in [
        &["set", "pin", "hunter3"][..],
        // The rule's own words hold the value; for a secret they are not used.
        &["set", "pin", "777777"],
        &["set", "pin", "777777", "--json"],
        &["set", "pin", "-777777"],
        &["set", "api_key", "hunter2", "hunter3"],
        &["set", "api_key", "hunter2", "--hunter3"],
        &["set", "theme", "hunter2"],
        &["set", "hunter 2", "1111"],
        &["get", "api_key"],
        &["list"],
        &["list", "--json"],
    ] {
        let ran = shop.run(args);
        let error = ran.result.as_ref().expect_err("this has to fail");
        let mut err = Vec::new();
        parse(args).expect("complete").command.report_to(error, &mut err).expect("a vector takes everything");
        let mut all = format!("{}{}{error}{error:?}{:#?}", ran.out, String::from_utf8_lossy(&err), error.core());
        let mut source = error.source();
        while let Some(cause) = source {
            all += &format!("{cause}{cause:?}");
            source = cause.source();
        }
        assert_hidden(&all);
    }
    Ok(())
}

#[test]
fn debug_of_a_command_holds_no_value() {
    let args = parse(&["set", "api_key", "hunter2", "hunter3"]).expect("complete");
    let debug = format!("{args:?}");
    assert_hidden(&debug);
    assert!(debug.contains("api_key"), "{debug}");
}

#[test]
fn claps_own_messages_hold_no_value() {
    for args in [
        &["set", "api_key"][..],
        &["ste", "api_key", "hunter2"],
        &["set", "--jsno", "api_key", "hunter2"],
        &["set", "api_key", "hunter2", "--json", "--json"],
    ] {
        assert_hidden(&parse(args).expect_err("not a command").to_string());
    }
}
