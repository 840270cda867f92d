//! What each call costs in statements on PostgreSQL.
#![cfg(feature = "postgres")]
#![allow(clippy::expect_used)]

mod postgres_support;
#[path = "common/queries.rs"]
mod queries;

use constance_core::{
    Backend,
    backend::{Applied, Batch, Change, Key, Stored},
};
use constance_diesel::PostgresBackend;
use postgres_support::{Schema, key, set, value};

#[test]
fn every_call_runs_the_fewest_statements() {
    let Some(schema) = Schema::new() else { return };
    // On a busy machine a connection lies idle for so long that it is asked for a sign of life.
    queries::count_statements(Some("SELECT 1 "));
    let (seen, usual) = queries::statements(|| PostgresBackend::from_url(&schema.url()).expect("a valid URL"));
    assert!(seen.is_empty(), "building does no I/O: {seen:?}");
    let other = PostgresBackend::builder().url(schema.url()).table("of the user's").build().expect("a valid URL");
    for backend in [usual, other] {
        backend.migrate().expect("tables");
        queries::one_statement_reads_one_key(&backend);
        // PostgreSQL takes 65,535 parameters.
        queries::one_statement_reads_many_keys(&backend, 70_000);
        queries::a_plain_write_is_one_statement(&backend);
        queries::many_plain_writes_are_one_statement(&backend, &[2, 100, 70_000]);
        a_previous_value_comes_with_its_write(&backend);
        queries::a_checked_write_is_one_transaction(&backend);
        queries::foreign_keys_do_not_make_a_read_longer(&backend, 3_000, 10);
        queries::statements_are_prepared_once(&backend, &|keys| more_writes(&backend, keys));
        queries::no_value_is_shown_to_an_instrumentation(&backend);
    }
}

fn a_previous_value_comes_with_its_write(backend: &dyn Backend) {
    let key = key("previous");
    let write = |change: Change| {
        let batch = Batch::one(change).wanting_previous(true);
        let (seen, applied) = queries::statements(|| backend.write(&batch).expect("a write"));
        let Applied::Done(mut previous) = applied else { panic!("{applied:?}") };
        (seen.join(" "), previous.remove(0))
    };
    assert_eq!(write(set(&key, b"1")), ("UPDATE INSERT".to_owned(), Stored::Absent));
    assert_eq!(write(set(&key, b"2")), ("UPDATE".to_owned(), value(b"1")));
    assert_eq!(write(Change::remove(key.clone())), ("DELETE".to_owned(), value(b"2")));
    assert_eq!(write(Change::remove(key)), ("DELETE".to_owned(), Stored::Absent));
}

/// The writes that have one statement each here, whatever their size.
fn more_writes(backend: &dyn Backend, keys: &[Key]) {
    let changes = keys.iter().map(|key| set(key, b"1")).collect();
    backend.write(&Batch::new(changes).expect("no key twice")).expect("a write");
    backend.write(&Batch::one(set(&key("again"), b"1")).wanting_previous(true)).expect("a write");
    backend.write(&Batch::one(Change::remove(key("again"))).wanting_previous(true)).expect("a write");
}
