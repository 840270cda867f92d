//! Settings inside a transaction of the application's, on SQLite.

use std::sync::Arc;

use constance_core::{
    Backend, ErrorKind,
    backend::{Batch, Stored},
};
use constance_diesel::SqliteBackend;
use constance_diesel::diesel::connection::SimpleConnection;
use constance_diesel::diesel::r2d2::{ConnectionManager, Pool};
use constance_diesel::diesel::{Connection, SqliteConnection};

use crate::common::{Folder, key, read, set, value};
use crate::within;
use crate::within::World;

fn world() -> Option<World<SqliteConnection>> {
    let folder = Folder::new();
    let of = |table: &str| SqliteBackend::builder().url(folder.url()).table(table).build().expect("a valid URL");
    let (backend, missing) = (of("constance_settings"), of("missing"));
    backend.migrate().expect("tables");
    Some(World { backend: Arc::new(backend), missing, connect: Box::new(move || folder.raw()) })
}

constance_core::conformance_cases! { [within::suite] world }
within::more! { world }

/// A backend whose tables are there, with all the patience that it has by default.
fn migrated(folder: &Folder) -> SqliteBackend {
    let backend = SqliteBackend::from_url(&folder.url()).expect("a valid URL");
    backend.migrate().expect("tables");
    backend
}

/// Rolled back, or failed in the database.
type Failure = Box<dyn std::error::Error>;

#[test]
fn a_pool_of_the_application_lends_the_connection() {
    let folder = Folder::new();
    let backend = migrated(&folder);
    let manager = ConnectionManager::<SqliteConnection>::new(folder.file().to_str().expect("UTF-8"));
    let mut pooled = Pool::builder().max_size(1).build(manager).expect("a pool").get().expect("a connection");
    pooled
        .immediate_transaction(|connection| {
            connection.batch_execute("CREATE TABLE orders (id INTEGER)")?;
            backend.within(connection).write(&Batch::one(set(&key("a"), b"1")))?;
            Ok::<_, Failure>(())
        })
        .expect("a commit");
    assert_eq!(read(&backend, "a").expect("a read"), value(b"1"));
}

#[test]
fn a_name_of_ones_own_holds_inside_too() {
    let folder = Folder::new();
    let backend = SqliteBackend::builder().url(folder.url()).table("my \"own\"").build().expect("a valid URL");
    backend.migrate().expect("tables");
    let mut connection = folder.raw();
    connection
        .immediate_transaction(|connection| {
            let store = backend.within(connection);
            store.write(&Batch::one(set(&key("a"), b"1")))?;
            assert_eq!(store.read(&[&key("a"), &key("b")])?, [value(b"1"), Stored::Absent]);
            Ok::<_, Failure>(())
        })
        .expect("a commit");
    assert_eq!(read(&backend, "a").expect("a read"), value(b"1"));
}

#[test]
fn a_lock_of_another_connection_is_a_timeout_and_the_transaction_goes_on() {
    let folder = Folder::new();
    let backend = migrated(&folder);
    let mut other = folder.raw();
    other.batch_execute("BEGIN IMMEDIATE").expect("the lock");
    let mut connection = folder.raw();
    connection.batch_execute("PRAGMA busy_timeout = 20").expect("a pragma");
    connection
        .transaction(|connection| {
            let store = backend.within(connection);
            let error = store.write(&Batch::one(set(&key("a"), b"hunter2"))).expect_err("locked");
            assert_eq!((error.kind(), error.is_transient()), (ErrorKind::Timeout, true));
            assert!(!format!("{error:?} {store:?}").contains("hunter2"));
            assert_eq!(read(&store, "a")?, Stored::Absent, "a reader does not wait for a writer");
            Ok::<_, Failure>(())
        })
        .expect("a commit");
    other.batch_execute("ROLLBACK").expect("the end of the lock");
}

#[test]
fn a_call_is_a_savepoint() {
    use constance_diesel::diesel::connection::InstrumentationEvent;

    let folder = Folder::new();
    let backend = migrated(&folder);
    let (sender, seen) = std::sync::mpsc::channel();
    let mut connection = folder.raw();
    connection.set_instrumentation(move |event: InstrumentationEvent<'_>| {
        if let InstrumentationEvent::StartQuery { query, .. } = event {
            let word = query.to_string().split_whitespace().next().unwrap_or("").to_owned();
            sender.send(word).expect("somebody listens");
        }
    });
    let words = || seen.try_iter().collect::<Vec<_>>();
    connection
        .immediate_transaction(|connection| {
            let store = backend.within(connection);
            words();
            store.read(&[&key("a")])?;
            assert_eq!(words(), ["SAVEPOINT", "SELECT", "RELEASE"]);
            store.write(&Batch::one(set(&key("a"), b"1")))?;
            assert_eq!(words(), ["SAVEPOINT", "INSERT", "RELEASE"]);
            store.read(&[])?;
            store.write(&Batch::new(Vec::new())?)?;
            assert_eq!(words(), [""; 0]);
            Ok::<_, Failure>(())
        })
        .expect("a commit");
}

#[test]
fn statements_of_the_application_and_settings_end_alike() {
    let folder = Folder::new();
    let backend = migrated(&folder);
    let mut connection = folder.raw();
    connection.batch_execute("CREATE TABLE orders (id INTEGER PRIMARY KEY)").expect("a table");
    let ended = connection.immediate_transaction(|connection| {
        backend.within(connection).write(&Batch::one(set(&key("a"), b"1")))?;
        connection.batch_execute("INSERT INTO orders VALUES (1), (1)")?;
        Ok::<_, Failure>(())
    });
    assert!(ended.is_err(), "the application's own statement failed");
    assert_eq!(read(&backend, "a").expect("a read"), Stored::Absent);
}
