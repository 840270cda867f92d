//! What each call costs in statements on MySQL and MariaDB.
#![cfg(feature = "mysql")]
#![allow(clippy::expect_used)]

mod mysql_support;
#[path = "common/queries.rs"]
mod queries;

use constance_core::{Backend, Prefix};
use mysql_support::{Place, key, set, value};

#[test]
fn every_call_runs_the_fewest_statements() {
    queries::count_statements(None);
    for place in Place::each() {
        let (seen, backend) = queries::statements(|| place.builder().pool_size(1).build().expect("a valid URL"));
        assert!(seen.is_empty(), "building does no I/O: {seen:?}");
        backend.migrate().expect("tables");

        queries::one_statement_reads_one_key(&backend);
        // A server takes 65,535 parameters.
        queries::one_statement_reads_many_keys(&backend, 70_000);
        queries::a_plain_write_is_one_statement(&backend);
        queries::many_plain_writes_are_one_statement(&backend, &[2, 100]);
        queries::a_checked_write_is_one_transaction(&backend);
        queries::foreign_keys_do_not_make_a_read_longer(&backend, 400, 4);
        // Some shapes of a read may still be missing.
        queries::many_shapes(&backend, &|_| {});
        queries::statements_are_prepared_once(&backend, &|_| {});
        queries::no_value_is_shown_to_an_instrumentation(&backend);
        a_look_for_changes_is_one_statement(&backend);
    }
}

fn a_look_for_changes_is_one_statement(backend: &dyn Backend) {
    let mut feed = backend.watch(&Prefix::empty()).expect("a feed");
    let (seen, _) = queries::statements(|| feed.wait(std::time::Duration::ZERO).expect("a look"));
    assert_eq!(seen, ["SELECT"]);
}
