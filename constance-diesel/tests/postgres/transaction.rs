//! Settings inside a transaction of the application's, on PostgreSQL.

use std::sync::Arc;

use constance_diesel::PostgresBackend;
use constance_diesel::diesel::PgConnection;

use crate::postgres_support::{Schema, patient};
use crate::within;
use crate::within::World;

fn world() -> Option<World<PgConnection>> {
    let schema = Schema::new()?;
    let of = |table: &str| patient(&schema.url()).table(table).build().expect("a valid URL");
    let (backend, missing) = (of("constance_settings"), of("missing"));
    backend.migrate().expect("tables");
    Some(World { backend: Arc::new(backend), missing, connect: Box::new(move || schema.raw()) })
}

constance_core::conformance_cases! { [within::suite] world }
within::more! { world }

/// What the tests of SQLite say in full, in short.
#[test]
fn a_table_made_by_hand_is_adopted_reverted_and_migrated_with_its_values() {
    use crate::postgres_support::{read, store, value};
    use constance_core::{Backend, ErrorKind};
    use constance_diesel::diesel::connection::SimpleConnection;

    let Some(schema) = Schema::new() else { return };
    let backend = PostgresBackend::from_url(&schema.url()).expect("a valid URL");
    assert_eq!(backend.fake().expect_err("no table").kind(), ErrorKind::NotMigrated);
    assert_eq!(backend.revert_last().expect("nothing"), None);
    let mut raw = schema.raw();
    raw.batch_execute(
        "CREATE TABLE constance_settings (id serial, key text UNIQUE, value bytea NOT NULL, owner text NOT NULL)",
    )
    .expect("a table");
    let error = backend.fake().expect_err("of another shape");
    println!("{error}");
    assert_eq!(error.kind(), ErrorKind::Configuration);
    raw.batch_execute(
        "DROP TABLE constance_settings;
         CREATE TABLE constance_settings (key text COLLATE \"C\" PRIMARY KEY, value bytea NOT NULL);
         INSERT INTO constance_settings VALUES ('a', '1')",
    )
    .expect("a table");
    assert_eq!(backend.migrate().expect_err("made by no migration").kind(), ErrorKind::Configuration);
    assert_eq!(backend.fake().expect("adopted"), ["0001_settings"]);
    assert_eq!(backend.migrate().expect("migrated"), ["0002_revisions", "0003_notify"]);
    store(&backend, "b", b"2");
    assert_eq!(backend.revert_last().expect("reverted").as_deref(), Some("0003_notify"));
    assert_eq!(backend.fake().expect("no trigger"), [""; 0]);
    assert_eq!(backend.revert_last().expect("reverted").as_deref(), Some("0002_revisions"));
    assert_eq!(read(&backend, "a").expect("a read"), value(b"1"));
    assert_eq!(backend.revert_last().expect_err("it holds values").kind(), ErrorKind::Unsupported);
    assert_eq!(backend.revert_all().expect_err("it holds values").kind(), ErrorKind::Unsupported);
    backend.migrate().expect("migrated");
    assert_eq!(read(&backend, "b").expect("a read"), value(b"2"));
    assert_eq!(backend.revert_all_dropping_values().expect("said by name").len(), 3);
    assert_eq!(backend.list(&constance_core::Prefix::empty()).expect_err("no table").kind(), ErrorKind::NotMigrated);
}
