//! What is particular about the table that Django made, on SQLite.

use constance_core::{
    Backend, ErrorKind,
    backend::{Applied, Batch, Encoded, Expect, Stored},
};
use constance_diesel::diesel::connection::{Connection as _, SimpleConnection};
use constance_diesel::diesel::result::Error;
use constance_diesel::{Layout, SqliteBackend};

use crate::common::{Folder, key, read, set, store, value, write};
use crate::django_table;

#[path = "../common/django.rs"]
mod any;

fn over(folder: &Folder) -> SqliteBackend {
    SqliteBackend::builder().url(folder.url()).layout(Layout::Django).build().expect("a valid URL")
}

fn made(statements: &str) -> (Folder, SqliteBackend) {
    let folder = Folder::new();
    folder.raw().batch_execute(statements).expect("Django's statements");
    let backend = over(&folder);
    (folder, backend)
}

#[test]
fn a_missing_table_is_a_matter_for_django() {
    let folder = Folder::new();
    let backend = over(&folder);
    any::a_missing_table_is_a_matter_for_django(&backend);
    assert!(!folder.file().exists(), "nothing is created");
    folder.raw().batch_execute("CREATE TABLE other (id INTEGER)").expect("a table");
    any::a_missing_table_is_a_matter_for_django(&backend);
}

#[test]
fn a_table_of_another_shape_is_refused_by_its_differences() {
    let (_folder, backend) = made(
        "CREATE TABLE constance_constance (id integer NOT NULL PRIMARY KEY AUTOINCREMENT, key varchar(100) NOT NULL, \
         value blob NULL, owner text NOT NULL)",
    );
    let differences = [
        "the column \"key\" has varchar(100) and needs varchar(255)",
        "the column \"key\" has no unique index of its own",
        "the column \"value\" has blob and needs text",
        "the column \"owner\" has to be given a value",
    ];
    any::refused_by(&backend, &differences);
}

#[test]
fn nothing_is_made_and_nothing_is_undone() {
    let (folder, backend) = made(django_table::ON_SQLITE);
    assert!(backend.migrate().expect("the table is right").is_empty());
    assert!(backend.pending().expect("the table is right").is_empty());
    for error in [
        backend.fake().map(drop).expect_err("a refusal"),
        backend.revert_last().map(drop).expect_err("a refusal"),
        backend.revert_all().map(drop).expect_err("a refusal"),
        backend.revert_all_dropping_values().map(drop).expect_err("a refusal"),
    ] {
        assert_eq!(error.kind(), ErrorKind::Unsupported, "{error}");
    }
    folder.raw().batch_execute("SELECT * FROM constance_constance_migrations").expect_err("no table of versions");
}

#[test]
fn values_are_text() {
    let (folder, backend) = made(django_table::ON_SQLITE);
    assert!(!backend.capability().binary);
    store(&backend, "theme", b"{\"__type__\": \"default\", \"__value__\": 1}");
    // A text for Django, and not bytes in a column of text.
    let check = "CREATE TABLE checked (ok CHECK (ok)); \
                 INSERT INTO checked SELECT typeof(value) = 'text' AND id = 1 FROM constance_constance";
    folder.raw().batch_execute(check).expect("a text");
    for refused in [&b"\xff"[..], b"a\0b"] {
        let batch = Batch::new(vec![set(&key("other"), b"text"), set(&key("theme"), refused)]).expect("two keys");
        let error = backend.write(&batch).expect_err("a refusal");
        assert_eq!(error.kind(), ErrorKind::Encode);
        assert!(!error.to_string().contains('\u{fffd}'), "{error}");
    }
    assert_eq!(read(&backend, "other").expect("a read"), Stored::Absent, "a batch is refused as a whole");
    // What can never be there is no match, and no failure.
    let expecting = set(&key("theme"), b"new").expecting(Expect::Equals(Encoded::from(&b"\xff"[..])));
    assert!(matches!(backend.write(&Batch::one(expecting)), Ok(Applied::Conflict { index: 0, .. })));
}

#[test]
fn a_null_is_unreadable_under_its_own_key() {
    let (folder, backend) = made(django_table::ON_SQLITE);
    let rows = "INSERT INTO constance_constance (key, value) VALUES ('theme', NULL), ('title', 'text')";
    folder.raw().batch_execute(rows).expect("rows");
    any::a_null_is_unreadable_under_its_own_key(&backend);
}

#[test]
fn a_transaction_of_the_applications_has_the_same_table() {
    let (folder, backend) = made(django_table::ON_SQLITE);
    let mut connection = folder.raw();
    let done = connection.transaction(|connection| {
        let within = backend.within(connection);
        assert!(!within.capability().binary);
        within.migrate().expect("the table is right");
        store(&within, "theme", b"dark");
        let error = within.write(&Batch::one(set(&key("theme"), b"\xff"))).expect_err("a refusal");
        assert_eq!(error.kind(), ErrorKind::Encode);
        Ok::<_, Error>(())
    });
    done.expect("a commit");
    assert_eq!(read(&backend, "theme").expect("a read"), value(b"dark"));
}
