//! Servers and connections that are gone, and pools that have none left.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use constance_core::ErrorKind;
use constance_core::backend::Stored;
use constance_diesel::PostgresBackend;
use constance_diesel::diesel::PgConnection;
use constance_diesel::diesel::connection::SimpleConnection;
use constance_diesel::diesel::r2d2::{ConnectionManager, NopErrorHandler, Pool};

use crate::crash;
use crate::failures::{backend, expect, is_clean, reads};
use crate::postgres_support::{PostgresServer, Schema, read, store, texts, until, value, write};

#[test]
fn an_outage_does_not_wait_for_the_pool() {
    let port = constance_testserver::free_port();
    let backend = PostgresBackend::builder()
        .url(format!("postgres://u:hunter2@127.0.0.1:{port}/d"))
        // A test that waits this out does not end.
        .acquire_timeout(Duration::from_secs(1_000_000))
        .build()
        .expect("a valid URL");
    for call in [read(&backend, "a").map(drop), write(&backend, "a", b"1"), backend.migrate().map(drop)] {
        expect(call, ErrorKind::Unavailable, true, "nobody there");
    }
}

#[test]
fn connections_that_the_server_killed_cost_a_read_nothing() {
    let Some(schema) = Schema::new() else { return };
    let backend = backend(&format!("{}&application_name={}", schema.url(), schema.name));
    backend.migrate().expect("tables");
    let mut raw = schema.raw();
    let kill = format!(
        "SELECT pg_terminate_backend(pid, 10000)::text AS text FROM pg_stat_activity WHERE application_name = '{}'",
        schema.name
    );
    for round in 0..3 {
        store(&backend, "a", b"1");
        assert!(!texts(&mut raw, &kill).is_empty(), "there was a connection");
        for (what, call) in reads(&backend) {
            call.expect(what);
        }
        assert!(!texts(&mut raw, &kill).is_empty(), "there was a connection");
        // Nobody knows whether a write arrived that was sent to a connection that died: it is not sent again.
        if let Err(error) = write(&backend, "a", b"hunter2") {
            assert_eq!((error.kind(), error.is_transient()), (ErrorKind::Unavailable, true), "round {round}");
            is_clean(&error);
        }
        write(&backend, "a", b"2").expect("that connection is not used again");
    }
}

#[test]
fn a_server_that_is_down_and_comes_back_is_used_again() {
    let Some(mut server) = PostgresServer::start() else { return };
    let backend = backend(&server.url());
    backend.migrate().expect("tables");
    store(&backend, "a", b"1");
    server.kill();
    for call in [read(&backend, "a").map(drop), write(&backend, "a", b"hunter2"), read(&backend, "a").map(drop)] {
        expect(call, ErrorKind::Unavailable, true, "down");
    }
    server.restart();
    assert_eq!(read(&backend, "a").expect("up again"), value(b"1"));
    store(&backend, "a", b"2");
    server.restart();
    assert_eq!(read(&backend, "a").expect("pooled connections died meanwhile"), value(b"2"));
}

#[test]
fn a_server_killed_in_the_middle_loses_nothing_that_it_acknowledged() {
    let Some(mut server) = PostgresServer::start() else { return };
    let backend = backend(&server.url());
    backend.migrate().expect("tables");
    crash::loses_nothing(&backend, &mut server, PostgresServer::kill, PostgresServer::restart);
}

#[test]
fn an_exhausted_pool_is_a_timeout() {
    let Some(schema) = Schema::new() else { return };
    let backend = PostgresBackend::builder()
        .url(schema.url())
        .pool_size(1)
        .acquire_timeout(Duration::from_millis(50))
        .busy_timeout(Duration::from_millis(500))
        .build()
        .expect("a valid URL");
    schema.backend();
    let (mut other, done) = (schema.raw(), AtomicBool::new(false));
    other.batch_execute("BEGIN; LOCK constance_settings IN ACCESS EXCLUSIVE MODE").expect("a lock");
    std::thread::scope(|scope| {
        // Both want the only connection; whoever has it waits for the lock with it.
        scope.spawn(|| {
            while !done.load(Ordering::SeqCst) {
                let _ = read(&backend, "a");
            }
        });
        while !matches!(read(&backend, "b"), Err(error) if error.to_string().contains("came free in time")) {}
        done.store(true, Ordering::SeqCst);
    });
    other.batch_execute("ROLLBACK").expect("the end of the lock");
    assert_eq!(until("it is free again", || read(&backend, "a").ok()), Stored::Absent);
}

#[test]
fn a_server_without_a_free_connection_says_so() {
    let Some(server) = PostgresServer::with(&["max_connections=5", "max_wal_senders=0"]) else { return };
    let mut held = Vec::new();
    while let Ok(connection) = constance_diesel::diesel::Connection::establish(&server.url()) {
        let connection: PgConnection = connection;
        held.push(connection);
    }
    let backend = backend(&server.url());
    let error = expect(read(&backend, "a").map(drop), ErrorKind::Unavailable, true, "full");
    assert!(error.to_string().contains("no connection left"), "{error}");
}

#[test]
fn a_pool_of_the_application_that_cannot_connect_is_an_outage() {
    let manager = ConnectionManager::<PgConnection>::new("postgres://u:hunter2@127.0.0.1:1/d");
    let pool = Pool::builder()
        .connection_timeout(Duration::from_millis(20))
        .error_handler(Box::new(NopErrorHandler))
        .build_unchecked(manager);
    let backend = PostgresBackend::with_pool(pool);
    // Before the pool's first try has failed it knows no more than that none came free.
    let failed = || read(&backend, "a").err().filter(|error| error.kind() == ErrorKind::Unavailable);
    expect(Err(until("the failure", failed)), ErrorKind::Unavailable, true, "nobody there");
}
