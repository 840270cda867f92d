//! What the command line makes of the URL in the environment.

use crate::service::{Shop, text};

fn run(shop: &Shop, url: &str, args: &[&str]) -> (Option<i32>, String, String) {
    let mut command = shop.command("settings");
    let ran = command.env("CONSTANCE_BACKEND", url).args(args).output().expect("a run");
    (ran.status.code(), text(&ran.stdout).to_owned(), text(&ran.stderr).to_owned())
}

#[test]
fn a_url_from_a_mounted_file_leads_to_the_same_store() {
    let shop = Shop::new();
    let url = format!("sqlite://{}/store/test.sqlite3", shop.folder().display());
    assert!(shop.settings(&["set", "the_answer", "43"]).status.success());
    for url in [format!("{url}\n"), format!(" {}\r\n", url.replacen("sqlite", "SQLite", 1))] {
        assert_eq!(run(&shop, &url, &["get", "the_answer"]), (Some(0), "43\n".to_owned(), String::new()), "{url:?}");
    }
}

#[test]
fn what_a_url_cannot_mean_is_said_and_not_shown() {
    let shop = Shop::new();
    for (url, words) in [
        ("redis://default:57#hunter2@127.0.0.1:6379/0", "%23"),
        ("redis://127.0.0.1?decode_responses=True", "the parameter decode_responses, which is not known"),
        ("redis://shop:@127.0.0.1", "the password is empty"),
        ("sqlite:///:memory:", "use constance-memory, or a file"),
        ("sqlite:///hunter2.db?cache=shared", "the parameter cache, which is not known"),
        ("hunter2", "does not begin with a scheme"),
    ] {
        let (code, out, said) = run(&shop, url, &["list"]);
        assert!(code != Some(0) && out.is_empty(), "{url}: {out}");
        assert!(said.contains(words) && !said.contains("hunter2") && !said.contains("57"), "{url}: {said}");
    }
}
