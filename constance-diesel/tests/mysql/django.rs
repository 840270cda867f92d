//! What is particular about the table that Django made, on MySQL and MariaDB.

use std::time::Duration;

use constance_core::{
    Backend, ErrorKind,
    backend::{Batch, Change, Expect, Stored, Wake},
};
use constance_diesel::{Layout, MysqlBackend};

use crate::django_table;
use crate::mysql_support::{Place, key, raw, read, set, store, texts, value, write};

#[path = "../common/django.rs"]
mod any;

fn over(place: &Place) -> MysqlBackend {
    place.builder().layout(Layout::Django).build().expect("a valid URL")
}

/// Each server there is, with Django's table under another name.
fn made() -> impl Iterator<Item = (Place, MysqlBackend)> {
    Place::each().into_iter().map(|place| {
        place.run(&django_table::ON_MYSQL.replace("`constance_constance`", "{}"));
        let backend = over(&place);
        assert!(backend.migrate().expect("the table is right").is_empty());
        (place, backend)
    })
}

#[test]
fn a_missing_table_is_a_matter_for_django() {
    for place in Place::each() {
        any::a_missing_table_is_a_matter_for_django(&over(&place));
    }
}

#[test]
fn a_table_of_another_shape_is_refused_by_its_differences() {
    for place in Place::each() {
        place.run("CREATE TABLE {} (`key` varbinary(255) NOT NULL PRIMARY KEY, `value` longblob NULL)");
        let differences = [
            "the column \"key\" has varbinary(255) and needs varchar(255)",
            "the column \"value\" has longblob and needs longtext",
        ];
        any::refused_by(&over(&place), &differences);
    }
}

#[test]
fn a_key_that_the_index_takes_for_another_is_refused_and_harms_nothing() {
    for (_place, backend) in made() {
        store(&backend, "theme", b"dark");
        assert_eq!(read(&backend, "Theme").expect("a read"), Stored::Absent, "it is another key");
        let two = Batch::new(vec![set(&key("other"), b"text"), set(&key("THEME"), b"light")]).expect("two keys");
        for batch in [
            Batch::one(set(&key("Theme"), b"light")),
            Batch::one(set(&key("Theme"), b"light")).wanting_previous(true),
            Batch::one(set(&key("Theme"), b"light").expecting(Expect::Absent)),
            two.clone(),
            two.wanting_previous(true),
        ] {
            let error = backend.write(&batch).expect_err("a refusal");
            assert_eq!(error.kind(), ErrorKind::Unsupported, "{error}");
            assert!(error.to_string().contains("differs only in case"), "{error}");
        }
        assert_eq!(read(&backend, "other").expect("a read"), Stored::Absent, "a batch is refused as a whole");
        backend.write(&Batch::one(Change::remove(key("Theme")))).expect("there is nothing to remove");
        assert_eq!(read(&backend, "theme").expect("a read"), value(b"dark"));
        assert_eq!(backend.list(&backend.default_prefix()).expect("a list").len(), 1);
    }
}

#[test]
fn values_are_text_and_replacing_one_takes_no_number() {
    for (place, backend) in made() {
        assert!(!backend.capability().binary);
        store(&backend, "theme", "Gr\u{fc}n \u{1f600}".as_bytes());
        for _ in 0..3 {
            store(&backend, "theme", "bl\u{e4}u \u{1f600}".as_bytes());
        }
        store(&backend, "title", b"text");
        let rows = format!("SELECT CONCAT(`id`, `key`, `value`) AS text FROM {} ORDER BY `id`", place.quoted());
        assert_eq!(texts(&mut raw(&place.url), &rows), ["1themebl\u{e4}u \u{1f600}", "2titletext"]);
        let error = write(&backend, "theme", b"\xff").expect_err("a refusal");
        assert_eq!(error.kind(), ErrorKind::Encode, "{error}");
        // Equal under the collation is not equal.
        let expecting =
            |old: &'static [u8]| Batch::one(set(&key("title"), b"new").expecting(Expect::Equals(old.into())));
        let applied = backend.write(&expecting(b"TEXT")).expect("a write");
        assert!(matches!(applied, constance_core::backend::Applied::Conflict { .. }));
        let applied = backend.write(&expecting(b"text")).expect("a write");
        assert!(matches!(applied, constance_core::backend::Applied::Done(_)));
    }
}

#[test]
fn a_null_is_unreadable_under_its_own_key() {
    for (place, backend) in made() {
        place.run("INSERT INTO {} (`key`, `value`) VALUES ('theme', NULL), ('title', 'text')");
        any::a_null_is_unreadable_under_its_own_key(&backend);
    }
}

#[test]
fn a_feed_hears_of_any_writer() {
    for (place, backend) in made() {
        let mut feed = backend.watch(&backend.default_prefix()).expect("a feed");
        for statement in [
            "INSERT INTO {} (`key`, `value`) VALUES ('theme', 'dark'), ('title', 'dark')",
            // Both alike, so that their plain checksums might cancel out.
            "UPDATE {} SET `value` = 'dirk'",
            "UPDATE {} SET `value` = NULL WHERE `key` = 'theme'",
            "UPDATE {} SET `value` = '' WHERE `key` = 'theme'",
            "DELETE FROM {} WHERE `key` = 'theme'",
        ] {
            place.run(statement);
            assert_eq!(feed.wait(Duration::from_secs(600)).expect("a wait"), Wake::Changed, "{statement}");
        }
    }
}
