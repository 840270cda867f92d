//! Stale keys among a great many of somebody else's.

use crate::common::Folder;
use constance_core::{Backend, Prefix};
use constance_diesel::diesel::connection::SimpleConnection;

#[test]
fn a_hundred_thousand_foreign_keys_pass_by_in_portions() {
    let folder = Folder::new();
    let backend = folder.backend();
    let mut statements = "BEGIN; WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < 99999) \
         INSERT INTO constance_settings (key, value) SELECT 'session:' || i, x'78' FROM n;"
        .to_owned();
    for name in crate::stale::stale() {
        statements += &format!("INSERT INTO constance_settings (key, value) VALUES ('{name}', x'78');");
    }
    folder.raw().batch_execute(&(statements + "COMMIT")).expect("rows");
    crate::stale::pass_by_in_portions(&backend, 100_000);
    let left = backend.keys_from(&Prefix::new("session:").expect("a prefix"), None).expect("a portion");
    assert_eq!(left.keys.len(), 1_000, "what is another's stays");
}

/// Names that end, or are, no text: a portion may end with one, and the next goes on behind it.
#[test]
fn keys_that_are_no_text_stop_nothing() {
    let folder = Folder::new();
    let backend = folder.backend();
    let mut statements = "BEGIN;".to_owned();
    for number in 0..1_500 {
        statements +=
            &format!("INSERT INTO constance_settings (key, value) VALUES (CAST(x'61ff{number:04x}' AS TEXT), x'78');");
    }
    for name in ["a", "a.b", "ab", "b"] {
        statements += &format!("INSERT INTO constance_settings (key, value) VALUES ('{name}', x'78');");
    }
    folder.raw().batch_execute(&(statements + "COMMIT")).expect("rows");
    let (mut names, mut from, mut portions) = (Vec::new(), None, 0);
    loop {
        let portion = backend.keys_from(&Prefix::empty(), from.as_deref()).expect("a portion");
        names.extend(portion.keys.iter().map(|key| key.name().to_owned()));
        portions += 1;
        assert!(portions < 10, "it does not end");
        from = portion.next;
        if from.is_none() {
            break;
        }
    }
    assert_eq!(names, ["a", "a.b", "ab", "b"]);
}
