//! Scripts that copy a secret through the command line end with an error, and leave the secret as it was.

use crate::common::{Sandbox, Shop};
use constance_core::Result;

#[test]
fn getting_a_secret_prints_nothing_and_has_an_exit_code_of_its_own() -> Result<()> {
    let shop = Sandbox::new();
    let default = shop.run(&["get", "api_key"]);
    shop.ok(&["set", "api_key", "hunter2"]);
    for ran in [default, shop.run(&["get", "api_key"]), shop.run(&["get", "pin"])] {
        let (code, message) = ran.failed();
        assert_eq!((ran.out.as_str(), code), ("", 3), "{message}");
        assert!(message.contains("is secret"), "{message}");
    }
    let object = shop.json(&["get", "api_key", "--json"]);
    assert_eq!((&object["value"], &object["secret"]), (&serde_json::Value::Null, &true.into()));

    // One that is unreadable is broken, which is another matter.
    shop.spoil("api_key")?;
    assert_eq!(shop.run(&["get", "api_key"]).failed().0, 1);
    Ok(())
}

#[test]
fn setting_a_secret_to_what_getting_it_prints_is_refused() -> Result<()> {
    let shop = Sandbox::new();
    shop.ok(&["set", "api_key", "hunter2"]);
    let got = shop.run(&["get", "api_key"]).out;
    // As the shell passes it on: without the line breaks at the end.
    let (code, message) = shop.run(&["set", "api_key", got.trim_end()]).failed();
    assert_eq!(code, 2, "{message}");
    assert_eq!(shop.config.get(Shop::API_KEY)?.as_deref(), Some("hunter2"));
    Ok(())
}

#[test]
fn the_mask_is_not_taken_for_a_secret() -> Result<()> {
    let shop = Sandbox::new();
    shop.ok(&["set", "api_key", "hunter2"]);
    for ran in [
        shop.run(&["set", "api_key", "********"]),
        shop.run_with_input(&["set", "api_key", "-"], b"********\n"),
        shop.run(&["set", "--empty", "api_key", "********"]),
    ] {
        let (code, message) = ran.failed();
        assert_eq!(code, 2, "{message}");
        assert!(message.contains("in place of a secret"), "{message}");
    }
    assert_eq!(shop.config.get(Shop::API_KEY)?.as_deref(), Some("hunter2"));
    // Elsewhere it is a text like another.
    shop.ok(&["set", "site_name", "********"]);
    assert_eq!(shop.config.get(Shop::SITE_NAME)?, "********");
    Ok(())
}

#[test]
fn an_empty_line_is_no_secret() -> Result<()> {
    let shop = Sandbox::new();
    shop.ok(&["set", "api_key", "hunter2"]);
    for input in [&b""[..], b"\n", b"\r\n", b"\n\n"] {
        let (code, message) = shop.run_with_input(&["set", "api_key", "-"], input).failed();
        assert_eq!(code, 2, "{message}");
        assert!(message.contains("empty"), "{message}");
    }
    assert_eq!(shop.run(&["set", "api_key", ""]).failed().0, 2);
    assert_eq!(shop.config.get(Shop::API_KEY)?.as_deref(), Some("hunter2"));

    shop.ok(&["set", "--empty", "api_key", ""]);
    assert_eq!(shop.config.get(Shop::API_KEY)?.as_deref(), Some(""));
    // What is no secret can be seen, and an empty text needs no flag.
    shop.ok(&["set", "site_name", ""]);
    assert_eq!(shop.config.get(Shop::SITE_NAME)?, "");
    Ok(())
}
