//! What each call costs in statements on SQLite.
#![cfg(feature = "sqlite")]
#![allow(clippy::expect_used)]

mod common;
#[path = "common/queries.rs"]
mod queries;

use common::{Folder, key, set, value};
use constance_core::Backend;
use constance_diesel::SqliteBackend;

#[test]
fn every_call_runs_the_fewest_statements() {
    queries::count_statements(None);
    let folder = Folder::new();
    let backend = folder.backend();
    let (seen, _) = queries::statements(|| SqliteBackend::from_url(&folder.url()).expect("a valid URL"));
    assert!(seen.is_empty(), "building does no I/O: {seen:?}");

    // The first call also readies a connection.
    backend.read(&[&key("a")]).expect("a read");

    queries::one_statement_reads_one_key(&backend);
    // SQLite takes 32,766 parameters.
    queries::one_statement_reads_many_keys(&backend, 40_000);
    queries::a_plain_write_is_one_statement(&backend);
    queries::a_checked_write_is_one_transaction(&backend);
    queries::foreign_keys_do_not_make_a_read_longer(&backend, 1_000, 10);
    queries::statements_are_prepared_once(&backend, &|_| {});
    queries::no_value_is_shown_to_an_instrumentation(&backend);
}
