//! A pool of the application's whose transactions are serializable by default: what only reads may be undone as well.

use std::thread;

use constance_core::{Backend, Prefix, backend::Wake};
use constance_diesel::PostgresBackend;
use constance_diesel::diesel::PgConnection;
use constance_diesel::diesel::connection::SimpleConnection;
use constance_diesel::diesel::r2d2::{ConnectionManager, Pool};

use crate::postgres_support::{LONG, Schema, key, read, store, until_somebody_waits, value};

/// A backend over one such connection, whose name is the schema's.
fn backend(schema: &Schema, options: &str) -> PostgresBackend {
    let url = schema.url_with(&format!(" -c default_transaction_isolation=serializable{options}"));
    let url = format!("{url}&application_name={}", schema.name);
    PostgresBackend::with_pool(Pool::builder().max_size(1).build(ConnectionManager::new(url)).expect("a pool"))
}

/// A transaction that has changed the table and cannot come after another one, which has been committed. Once it is committed as
/// well, the server undoes whoever began before that and reads the table afterwards.
fn writer(schema: &Schema, before: &str) -> PgConnection {
    let (mut writer, mut other) = (schema.raw(), schema.raw());
    writer.batch_execute("CREATE TABLE other AS SELECT 1 AS n").expect("a table");
    writer.batch_execute("BEGIN ISOLATION LEVEL SERIALIZABLE; SELECT * FROM other").expect("a read");
    let update = "BEGIN ISOLATION LEVEL SERIALIZABLE; UPDATE other SET n = 2; COMMIT";
    other.batch_execute(update).expect("a write of what was read");
    writer.batch_execute(before).expect("what comes before it");
    writer.batch_execute("UPDATE constance_settings SET value = '2'").expect("a write");
    writer
}

#[test]
fn a_read_that_the_server_undid_is_done_again() {
    let Some(schema) = Schema::new() else { return };
    store(&schema.backend(), "a", b"1");
    let backend = backend(&schema, "");
    // From here on the statement is prepared, and waits for the lock with its view of the table taken.
    (0..3).for_each(|_| assert_eq!(read(&backend, "a").expect("a read"), value(b"1")));
    let mut writer = writer(&schema, "LOCK TABLE constance_settings IN ACCESS EXCLUSIVE MODE");
    thread::scope(|threads| {
        let reading = threads.spawn(|| backend.read(&[&key("a")]));
        until_somebody_waits(&schema);
        writer.batch_execute("COMMIT").expect("a commit");
        assert_eq!(reading.join().expect("no panic").expect("a read"), [value(b"2")]);
    });
}

/// In the place of the server's own function, which the look asks before it reads the table: one that waits for a lock.
const WAITING: &str = "CREATE FUNCTION txid_current_snapshot() RETURNS txid_snapshot LANGUAGE plpgsql AS $$ BEGIN \
     LOCK TABLE gate IN ACCESS SHARE MODE; RETURN pg_catalog.txid_current_snapshot(); END $$; CREATE TABLE gate ()";

#[test]
fn a_look_that_the_server_undid_is_done_again() {
    let Some(schema) = Schema::new() else { return };
    store(&schema.backend(), "a", b"1");
    let mut gate = schema.raw();
    gate.batch_execute(WAITING).expect("a function");
    let backend = backend(&schema, &format!(" -c search_path={},pg_catalog", schema.name));
    let mut feed = backend.watch(&Prefix::empty()).expect("a feed");
    let mut writer = writer(&schema, "SELECT 1");
    gate.batch_execute("BEGIN; LOCK TABLE gate IN ACCESS EXCLUSIVE MODE").expect("a lock");
    thread::scope(|threads| {
        let waiting = threads.spawn(move || feed.wait(LONG));
        until_somebody_waits(&schema);
        writer.batch_execute("COMMIT").expect("a commit");
        gate.batch_execute("COMMIT").expect("an end");
        assert_eq!(waiting.join().expect("no panic").expect("a look"), Wake::Changed);
    });
}
