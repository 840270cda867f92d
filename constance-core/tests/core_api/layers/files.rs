//! Base values from a TOML file.
#![cfg(feature = "toml")]

use std::fs;

use super::*;

/// The file with this content, and its path as text.
fn file(content: &str) -> (tempfile::TempDir, String) {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("shop.toml");
    fs::write(&path, content).expect("writes");
    let shown = path.display().to_string();
    (folder, shown)
}

#[test]
fn a_file_gives_values_of_every_shape() {
    let (_folder, path) = file(
        "the_answer = 43\nhosts = ['a', 'b']\n\n[mail]\nhost = 'mail.internal'\nport = 0x24b\n\n[page-sizes]\nsmall = 10\n",
    );
    let base = Base::new().toml_file(&path).expect("reads").variables("SHOP_BASE_", [("SHOP_BASE_LOW", "2")]);
    let config = builder(&Store::default()).base(base).build().expect("builds");
    let shop = config.snapshot().expect("reads");
    assert_eq!((shop.the_answer, shop.low), (43, 2));
    assert_eq!(shop.hosts, ["a", "b"]);
    assert_eq!(shop.mail, Mail { host: "mail.internal".into(), port: 587 });
    assert_eq!(shop.page_sizes["small"], 10);
    assert_eq!(config.entry("mail.host").expect("reads").source, Source::File(path.into()));
}

#[test]
fn numbers_and_dates_have_their_text_forms() {
    #[derive(Debug, Clone, PartialEq, Settings)]
    struct Kinds {
        #[setting(default = 0.0)]
        ratio: f64,
        #[setting(default = 0.0)]
        limit: f64,
        #[setting(default = true)]
        on: bool,
        #[setting(default = std::time::Duration::ZERO)]
        timeout: std::time::Duration,
    }

    let (_folder, path) = file("ratio = 1e-3\nlimit = inf\non = false\ntimeout = '30m'\n");
    let base = Base::new().toml_file(path).expect("reads");
    let kinds = Config::<Kinds>::builder(ReferenceBackend::new()).base(base).build().expect("builds").snapshot();
    let timeout = std::time::Duration::from_secs(1800);
    assert_eq!(kinds.expect("reads"), Kinds { ratio: 1e-3, limit: f64::INFINITY, on: false, timeout });
}

#[test]
fn what_is_wrong_in_it_is_named_by_file_and_line_without_the_line() {
    let (_folder, path) = file("the_answer = 43\n\n[mail]\nport = 'hunter2'\nhots = 'hunter2'\n");
    let error =
        builder(&Store::default()).base(Base::new().toml_file(&path).expect("reads")).build().expect_err("refused");
    let text = error.to_string();
    assert!(text.contains(&format!("the file {path}, line 4: this is not a whole number")), "{text}");
    assert!(text.contains(&format!("the file {path}, line 5: there is no such setting")), "{text}");
    assert!(!text.contains("hunter2"), "{text}");

    let (_folder, path) = file("the_answer = 43\nlow = hunter2\n");
    let error = Base::new().toml_file(&path).expect_err("no TOML");
    assert_eq!(error.kind(), ErrorKind::Configuration);
    assert_eq!(error.to_string(), format!("the file {path}: line 2 is no TOML"));
    let shown = format!("{error:?}");
    assert!(!shown.contains("hunter2"), "{shown}");

    let error = Base::new().toml_file("/nowhere/shop.toml").expect_err("no such file");
    assert_eq!(error.to_string(), "the file /nowhere/shop.toml: it cannot be read");
}
