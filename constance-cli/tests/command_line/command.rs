//! The four commands, as an operator sees them.

use std::io::{self, Write};
use std::time::Duration;

use clap::{CommandFactory, Parser};
use constance_cli::{SettingsArgs, SettingsCommand};
use constance_core::{Config, Result};

use crate::common::{Down, Sandbox, Shop, parse, run};

#[test]
fn list_shows_everything_in_groups_and_columns() -> Result<()> {
    let shop = Sandbox::new();
    shop.config.set(Shop::THE_ANSWER, 43)?;
    shop.config.set(Shop::SITE_NAME, "A shop with a name that is longer than a column".to_owned())?;
    let expected = "\
the_answer      43        stored; default 42
                Answer to the Ultimate Question of Life, The Universe, and Everything
                accepts: a whole number, at least 0

basket_timeout  30m       default
                How long a basket is kept
                accepts: a duration such as 1h 30m, 45s or 250ms

offset          0         default
                Degrees
                accepts: a whole number, from -10 to 10

pin             ********  default
                Personal number of the payment service
                accepts: a whole number from 0 to 4294967295

[General]
site_name       A shop with a name that is longer than a column  stored; default My Title
                Website title
                Shown on every page.
                accepts: a text

theme           light     default
                Colours
                accepts: one of light, dark

[Payment]
api_key         ********  default
                Key of the payment service
                accepts: a text, or none
";
    assert_eq!(shop.ok(&["list"]), expected);
    Ok(())
}

#[test]
fn get_prints_the_value_alone() -> Result<()> {
    let shop = Sandbox::new();
    assert_eq!(shop.ok(&["get", "the_answer"]), "42\n");
    shop.config.set(Shop::SITE_NAME, " two\nlines ".to_owned())?;
    assert_eq!(shop.ok(&["get", "site_name"]), " two\nlines \n", "as it is, for scripts");
    Ok(())
}

#[test]
fn set_stores_and_shows_what_changed() -> Result<()> {
    let shop = Sandbox::new();
    assert_eq!(shop.ok(&["set", "the_answer", "43"]), "the_answer: 42 -> 43\n");
    assert_eq!(shop.config.get(Shop::THE_ANSWER)?, 43);
    assert_eq!(shop.ok(&["set", "basket_timeout", "3600s"]), "basket_timeout: 30m -> 1h\n");
    assert_eq!(shop.config.get(Shop::BASKET_TIMEOUT)?, Duration::from_secs(3600));
    assert_eq!(shop.ok(&["set", "site_name", ""]), "site_name: My Title -> \"\"\n");
    assert_eq!(shop.config.get(Shop::SITE_NAME)?, "");
    Ok(())
}

#[test]
fn reset_removes_and_shows_the_default() -> Result<()> {
    let shop = Sandbox::new();
    assert_eq!(shop.ok(&["reset", "the_answer"]), "the_answer: 42 (default), nothing was stored\n");
    shop.config.set(Shop::THE_ANSWER, 43)?;
    assert_eq!(shop.ok(&["reset", "the_answer"]), "the_answer: 43 -> 42 (default)\n");
    assert!(!shop.config.is_set(Shop::THE_ANSWER)?);
    Ok(())
}

#[test]
fn a_value_may_begin_with_a_hyphen() -> Result<()> {
    let shop = Sandbox::new();
    assert_eq!(shop.ok(&["set", "offset", "-5"]), "offset: 0 -> -5\n");
    assert_eq!(shop.ok(&["set", "offset", "--", "-6"]), "offset: -5 -> -6\n");
    assert_eq!(shop.ok(&["set", "site_name", "--sale--"]), "site_name: My Title -> --sale--\n");
    assert_eq!(shop.ok(&["set", "site_name", "--", "--json"]), "site_name: --sale-- -> --json\n");
    for args in
        [["set", "offset", "-7", "--json"], ["set", "offset", "--json", "-7"], ["set", "--json", "offset", "-7"]]
    {
        assert_eq!(shop.json(&args)["new"], "-7", "{args:?}");
    }
    Ok(())
}

#[test]
fn a_lone_hyphen_reads_the_value_from_the_input() -> Result<()> {
    let shop = Sandbox::new();
    let ran = shop.run_with_input(&["set", "site_name", "-"], b"From a pipe\n");
    assert_eq!(ran.out, "site_name: My Title -> From a pipe\n");
    assert_eq!(shop.config.get(Shop::SITE_NAME)?, "From a pipe");

    let (code, words) = shop.run_with_input(&["set", "site_name", "-"], b"").failed();
    assert_eq!((code, words.as_str()), (2, "standard input is empty; for an empty text give '' as the value"));
    assert_eq!(shop.config.get(Shop::SITE_NAME)?, "From a pipe");
    Ok(())
}

#[test]
fn a_wrong_value_says_what_is_accepted_and_changes_nothing() -> Result<()> {
    let shop = Sandbox::new();
    for (name, value, words) in [
        (
            "the_answer",
            "many",
            "setting \"the_answer\": this is not a whole number; accepted is a whole number, at least 0",
        ),
        ("the_answer", "-5", "setting \"the_answer\": must be at least 0; accepted is a whole number, at least 0"),
        ("theme", "purple", "setting \"theme\": this is not one of light, dark"),
    ] {
        let ran = shop.run(&["set", name, value]);
        let (code, error) = ran.failed();
        assert!(error.contains(words), "{error}");
        assert_eq!((code, ran.out.as_str()), (2, ""));
    }
    assert!(!shop.config.is_set(Shop::THE_ANSWER)?);
    assert!(!shop.config.is_set(Shop::THEME)?);
    Ok(())
}

#[test]
fn an_unknown_name_suggests_the_nearest() {
    let shop = Sandbox::new();
    for args in [
        &["get", "the_anwser"][..],
        &["set", "the_anwser", "43"],
        &["set", "the_anwser", "-"],
        &["reset", "the_anwser"],
    ] {
        let expected = "setting \"the_anwser\": there is no such setting; did you mean \"the_answer\"?";
        assert_eq!(shop.run(args).failed(), (2, expected.to_owned()), "{args:?}");
    }
}

#[test]
fn forgotten_quotes_are_explained() -> Result<()> {
    let shop = Sandbox::new();
    let (code, words) = shop.run(&["set", "site_name", "My", "other", "shop"]).failed();
    assert_eq!(code, 2);
    assert_eq!(words, "setting \"site_name\": its value was given as 3 words; put quotes around it");
    assert!(!shop.config.is_set(Shop::SITE_NAME)?);
    Ok(())
}

#[test]
fn clap_refuses_what_is_incomplete() {
    for args in [&[][..], &["get"], &["set"], &["set", "the_answer"], &["reset"], &["set", "the_answer", "--json"]] {
        assert_eq!(parse(args).expect_err("incomplete").exit_code(), 2, "{args:?}");
    }
}

#[test]
fn one_unreadable_setting_does_not_hide_the_others() -> Result<()> {
    let shop = Sandbox::new();
    shop.spoil("the_answer")?;
    let ran = shop.run(&["list"]);
    assert!(ran.out.starts_with("the_answer      (unreadable)  stored; default 42\n"), "{}", ran.out);
    assert!(ran.out.contains("error: cannot read setting \"the_answer\" from memory: "), "{}", ran.out);
    assert!(ran.out.contains("site_name       My Title      default\n"), "{}", ran.out);
    let (code, error) = ran.failed();
    assert_eq!(code, 1, "the exit code says that something is missing");
    assert!(error.starts_with("cannot read setting \"the_answer\" from memory: "), "{error}");

    let ran = shop.run(&["get", "the_answer"]);
    assert_eq!((ran.failed().0, ran.out.as_str()), (1, ""));
    assert_eq!(shop.ok(&["get", "site_name"]), "My Title\n");
    Ok(())
}

#[test]
fn set_and_reset_repair_what_is_unreadable() -> Result<()> {
    let shop = Sandbox::new();
    shop.spoil("the_answer")?;
    assert_eq!(shop.ok(&["set", "the_answer", "43"]), "the_answer: (unreadable) -> 43\n");
    shop.spoil("the_answer")?;
    assert_eq!(shop.ok(&["reset", "the_answer"]), "the_answer: (unreadable) -> 42 (default)\n");
    assert_eq!(shop.ok(&["get", "the_answer"]), "42\n");
    Ok(())
}

#[test]
fn an_unreachable_store_is_an_error_and_never_the_default() {
    let config = Config::<Shop>::new(Down);
    for args in [&["list"][..], &["get", "the_answer"], &["set", "the_answer", "43"], &["reset", "the_answer"]] {
        let ran = run(&config, args, b"");
        let (code, error) = ran.failed();
        assert_eq!((code, ran.out.as_str()), (1, ""), "{args:?}");
        assert!(
            error.starts_with("cannot read") && error.ends_with("from down: the connection was refused"),
            "{error}"
        );
    }
}

#[test]
fn errors_are_lines_that_name_the_cause() {
    let config = Config::<Shop>::new(Down);
    let command = parse(&["get", "the_answer"]).expect("complete").command;
    let error = command.run_to(&config, &mut Vec::new()).expect_err("the store is down");
    let mut err = Vec::new();
    command.report_to(&error, &mut err).expect("a vector takes everything");
    assert_eq!(
        String::from_utf8_lossy(&err),
        "error: cannot read setting \"the_answer\" from down: the connection was refused\n  \
         caused by: driver ECONNREFUSED\n"
    );
}

#[derive(clap::Parser)]
struct Flattened {
    #[arg(long)]
    verbose: bool,
    #[command(flatten)]
    settings: SettingsArgs,
}

#[derive(clap::Parser)]
enum Nested {
    Settings(SettingsArgs),
}

#[test]
fn it_fits_every_place_in_an_application() -> Result<()> {
    let shop = Sandbox::new();
    let output = |command: SettingsCommand| {
        let mut out = Vec::new();
        command.run_to(&shop.config, &mut out).expect("a run");
        String::from_utf8(out).expect("UTF-8")
    };
    let flattened = Flattened::try_parse_from(["shop", "--verbose", "get", "the_answer"]).expect("complete");
    assert!(flattened.verbose);
    assert_eq!(output(flattened.settings.command), "42\n");
    let Nested::Settings(nested) = Nested::try_parse_from(["shop", "settings", "get", "theme"]).expect("complete");
    assert_eq!(output(nested.command), "light\n");
    // clap checks its own declaration only where it is asked to.
    for command in [SettingsArgs::command(), Flattened::command(), Nested::command()] {
        command.debug_assert();
    }
    Ok(())
}

/// Fails every write in one way.
struct Closed(io::ErrorKind);

impl Write for Closed {
    fn write(&mut self, _: &[u8]) -> io::Result<usize> {
        Err(self.0.into())
    }

    fn flush(&mut self) -> io::Result<()> {
        Err(self.0.into())
    }
}

#[test]
fn a_reader_that_goes_away_is_no_failure_and_a_full_disk_is() {
    let shop = Sandbox::new();
    let list = parse(&["list"]).expect("complete").command;
    assert!(list.run_to(&shop.config, &mut Closed(io::ErrorKind::BrokenPipe)).is_ok());
    let error = list.run_to(&shop.config, &mut Closed(io::ErrorKind::StorageFull)).expect_err("nothing was written");
    assert_eq!((error.code(), error.to_string().as_str()), (1, "cannot write the output: no storage space"));
}
