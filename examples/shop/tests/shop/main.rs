//! The shop as its users run it: several processes on one store.
#![cfg(feature = "sqlite")]
#![allow(clippy::expect_used, reason = "helpers of tests are tests too")]

mod service;

use std::process::Stdio;

use service::{Shop, text};

#[test]
fn a_set_by_another_process_reaches_the_service() {
    let shop = Shop::new();
    let service = shop.serve();
    assert_eq!(service.json("/")["the_answer"], 42);
    let set = shop.settings(&["set", "the_answer", "43"]);
    assert_eq!((set.status.code(), text(&set.stdout)), (Some(0), "the_answer: 42 -> 43\n"), "{}", text(&set.stderr));
    service.wait_until("the service has the new value", |s| s.json("/")["the_answer"] == 43);
    shop.settings(&["set", "theme", "dark"]);
    shop.settings(&["reset", "the_answer"]);
    service.wait_until("a word and a reset arrive as well", |s| {
        let settings = s.json("/");
        settings["the_answer"] == 42 && settings["theme"] == "dark"
    });
    let (status, health) = service.get("/health");
    assert_eq!(status, 200, "{health}");
    assert!(health.starts_with("settings: loaded ") && health.ends_with("store: in order\n"), "{health}");
}

/// The same on a server: a change of another process arrives, outlives the service, and goes again.
fn runs_on(variable: &str) {
    let Some(shop) = Shop::on(variable) else { return };
    let service = shop.serve();
    assert_eq!(service.json("/")["the_answer"], 42);
    let set = shop.settings(&["set", "the_answer", "43"]);
    assert_eq!((set.status.code(), text(&set.stdout)), (Some(0), "the_answer: 42 -> 43\n"), "{}", text(&set.stderr));
    service.wait_until("the service has the new value", |s| s.json("/")["the_answer"] == 43);
    service.kill();
    let service = shop.serve();
    assert_eq!(service.json("/")["the_answer"], 43);
    assert!(shop.settings(&["reset", "the_answer"]).status.success());
    service.wait_until("the reset arrives as well", |s| s.json("/")["the_answer"] == 42);
}

#[cfg(feature = "redis")]
#[test]
fn it_runs_on_redis() {
    runs_on("CONSTANCE_REDIS_URL");
}

#[cfg(feature = "postgres")]
#[test]
fn it_runs_on_postgres() {
    runs_on("CONSTANCE_POSTGRES_URL");
}

#[cfg(feature = "mysql")]
#[test]
fn it_runs_on_mariadb() {
    runs_on("CONSTANCE_MARIADB_URL");
}

#[test]
fn a_killed_service_has_its_settings_when_it_starts_again() {
    let shop = Shop::new();
    let service = shop.serve();
    assert!(shop.settings(&["set", "the_answer", "43"]).status.success());
    service.wait_until("the service has the new value", |s| s.json("/")["the_answer"] == 43);
    // Not seen by the service before it dies: what was stored counts, not what was seen.
    assert!(shop.settings(&["set", "site_name", "Survivor"]).status.success());
    service.kill();
    let settings = shop.serve().json("/");
    assert_eq!((&settings["the_answer"], &settings["site_name"]), (&43.into(), &"Survivor".into()));
}

#[test]
fn commands_say_what_is_wrong_and_with_which_code() {
    let shop = Shop::new();
    for (args, code, words) in [
        (
            &["set", "the_answer", "-5"][..],
            2,
            "error: setting \"the_answer\": must be at least 0; accepted is a whole number, at least 0\n",
        ),
        (&["get", "the_anwser"], 2, "did you mean \"the_answer\"?"),
        (&["set", "the_answer"], 2, "<VALUE>"),
        (&["set", "the_answer", "many", "--json"], 2, "{\"error\":{\"kind\":\"invalid\","),
    ] {
        let output = shop.settings(args);
        assert_eq!((output.status.code(), text(&output.stdout)), (Some(code), ""), "{args:?}");
        assert!(text(&output.stderr).contains(words), "{args:?}: {}", text(&output.stderr));
    }
    assert_eq!(text(&shop.settings(&["get", "the_answer"]).stdout), "42\n");
}

#[test]
fn a_secret_goes_in_by_a_pipe_and_does_not_come_out() {
    let shop = Shop::new();
    let service = shop.serve();
    assert_eq!(service.json("/")["can_pay"], false);
    let set = shop.settings_with_input(&["set", "api_key", "-"], b"hunter2\n");
    assert_eq!(text(&set.stdout), "api_key: stored, not shown\n", "{}", text(&set.stderr));
    service.wait_until("the service has the key", |s| s.json("/")["can_pay"] == true);
    for args in [&["list"][..], &["list", "--json"], &["get", "api_key"], &["get", "api_key", "--json"]] {
        let output = shop.settings(args);
        // Shown alone it is asked for; elsewhere it is one of many things.
        let code = if args == ["get", "api_key"] { 3 } else { 0 };
        assert_eq!(output.status.code(), Some(code), "{args:?}");
        assert!(!format!("{output:?}{}{}", text(&output.stdout), text(&output.stderr)).contains("hunter2"), "{args:?}");
    }
    assert!(!service.get("/").1.contains("hunter2"));
}

#[test]
fn a_reader_that_went_away_is_no_failure() {
    let shop = Shop::new();
    for args in [&["list"][..], &["list", "--json"], &["get", "the_answer"], &["set", "the_answer", "43"]] {
        let (reader, writer) = std::io::pipe().expect("a pipe");
        // Before the command starts, so that its first write fails.
        drop(reader);
        let output = shop.command("settings").args(args).stdout(writer).stderr(Stdio::piped()).output().expect("a run");
        assert_eq!((output.status.code(), text(&output.stderr)), (Some(0), ""), "{args:?}");
    }
    assert_eq!(text(&shop.settings(&["get", "the_answer"]).stdout), "43\n", "the set was done nevertheless");
}

#[test]
fn the_service_starts_during_an_outage_and_recovers() {
    let shop = Shop::without_store();
    let service = shop.serve();
    assert_eq!(service.json("/")["the_answer"], 42, "the default");
    let (status, health) = service.get("/health");
    assert_eq!(status, 503, "{health}");
    assert!(health.starts_with("settings: never loaded"), "{health}");

    let list = shop.settings(&["list"]);
    assert_eq!((list.status.code(), text(&list.stdout)), (Some(1), ""), "an outage is never a default");
    assert!(text(&list.stderr).starts_with("error: cannot migrate sqlite at /"), "{}", text(&list.stderr));

    shop.bring_store();
    let set = shop.settings(&["set", "the_answer", "43"]);
    assert!(set.status.success(), "{}", text(&set.stderr));
    service.wait_until("the service has found its store", |s| s.json("/")["the_answer"] == 43);
    assert_eq!(service.get("/health").0, 200);
}

#[test]
fn without_a_word_about_the_store_it_is_a_file_in_the_current_folder() {
    let shop = Shop::new();
    let run = |args: &[&str]| {
        let mut command = shop.command("settings");
        command.env_remove("CONSTANCE_BACKEND").args(args).output().expect("a run")
    };
    let set = run(&["set", "the_answer", "43"]);
    assert_eq!(text(&set.stdout), "the_answer: 42 -> 43\n");
    assert!(text(&set.stderr).contains("shop.sqlite3"), "{}", text(&set.stderr));
    assert!(shop.folder().join("shop.sqlite3").is_file());
    assert_eq!(text(&run(&["get", "the_answer"]).stdout), "43\n");
    assert_eq!(text(&shop.settings(&["get", "the_answer"]).stdout), "42\n", "the other store is another one");
}
mod urls;
