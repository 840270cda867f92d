//! Servers that are not there, die, or say nothing.

use std::time::Duration;

use constance_core::{
    Backend, ErrorKind,
    backend::{Batch, Change, Stored},
};
use constance_diesel::MysqlBackend;
use constance_diesel::diesel::connection::{Connection, SimpleConnection};
use constance_diesel::diesel::mysql::MysqlConnection;

use crate::crash;
use crate::mysql_support::{key, number, patient, raw, read, set, shown, store, texts, until, value, write};
use constance_testserver::MariadbServer;

const SOON: Duration = Duration::from_secs(1);

fn backend(server: &MariadbServer) -> MysqlBackend {
    patient(&server.url()).build().expect("a valid URL")
}

/// Ends every connection of the backend's user.
fn kill_all(server: &MariadbServer) {
    let mut admin = raw(&server.admin_url());
    let query = "SELECT CAST(id AS CHAR) AS text FROM information_schema.processlist WHERE user = 'constance'";
    for id in texts(&mut admin, query) {
        // It may have ended by itself.
        let _ = admin.batch_execute(&format!("KILL {id}"));
    }
    while number(&mut admin, &query.replace("CAST(id AS CHAR) AS text", "COUNT(*) AS number")) > 0 {
        std::thread::yield_now();
    }
}

#[test]
fn a_server_that_comes_up_late_and_goes_and_comes_again() {
    let Some(mut server) = MariadbServer::start() else { return };
    let backend = backend(&server);
    server.kill();
    for call in [read(&backend, "a").map(drop), write(&backend, "a", b"1"), backend.migrate().map(drop)] {
        let error = call.expect_err("not there yet");
        assert_eq!((error.kind(), error.is_transient()), (ErrorKind::Unavailable, true), "{}", shown(&error));
    }
    server.restart();
    backend.migrate().expect("it is there now");
    store(&backend, "a", b"1");
    server.kill();
    assert_eq!(read(&backend, "a").expect_err("gone").kind(), ErrorKind::Unavailable);
    server.restart();
    assert_eq!(read(&backend, "a").expect("it is there again"), value(b"1"));
    write(&backend, "a", b"2").expect("it is there again");
}

#[test]
fn killed_connections_cost_a_read_a_second_try_only() {
    let Some(server) = MariadbServer::start() else { return };
    let backend = backend(&server);
    backend.migrate().expect("tables");
    store(&backend, "a", b"1");
    for _ in 0..3 {
        // All connections of the pool.
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| read(&backend, "a").expect("a read"));
            }
        });
        kill_all(&server);
        for _ in 0..5 {
            assert_eq!(read(&backend, "a").expect("a second try"), value(b"1"));
        }
    }
    kill_all(&server);
    // Whether it was done nobody could know; this one was not.
    let error = write(&backend, "a", b"2").expect_err("a write is sent once");
    assert_eq!((error.kind(), error.is_transient()), (ErrorKind::Unavailable, true), "{}", shown(&error));
    assert_eq!(read(&backend, "a").expect("a read"), value(b"1"));
    write(&backend, "a", b"2").expect("the next one finds a new connection");
}

#[test]
fn a_silent_server_does_not_hold_who_connects() {
    let Some(server) = MariadbServer::start() else { return };
    backend(&server).migrate().expect("tables");
    server.pause();
    let silent = patient(&server.url()).connect_timeout(SOON).build().expect("a valid URL");
    for call in [read(&silent, "a").map(drop), write(&silent, "a", b"1"), silent.migrate().map(drop)] {
        let error = call.expect_err("silence");
        assert_eq!((error.kind(), error.is_transient()), (ErrorKind::Timeout, true), "{}", shown(&error));
    }
    server.resume();
    assert_eq!(until("it speaks again", || read(&silent, "a").ok()), Stored::Absent);
}

#[test]
fn too_many_connections_are_an_outage_that_passes() {
    let Some(server) = MariadbServer::with(&["max-connections=10"]) else { return };
    let backend = backend(&server);
    backend.migrate().expect("tables");
    kill_all(&server);
    // The server takes a moment to see that others are gone.
    let open = |_| until("a connection", || MysqlConnection::establish(&server.url()).ok());
    let held: Vec<_> = (0..10).map(open).collect();
    let error = read(&backend, "a").expect_err("no room");
    assert_eq!((error.kind(), error.is_transient()), (ErrorKind::Unavailable, true), "{}", shown(&error));
    assert!(shown(&error).contains("1040"), "{}", shown(&error));
    drop(held);
    until("room again", || read(&backend, "a").ok());
}

#[test]
fn a_server_that_can_only_be_read_denies_writes() {
    let Some(server) = MariadbServer::start() else { return };
    let backend = backend(&server);
    backend.migrate().expect("tables");
    store(&backend, "a", b"1");
    let mut admin = raw(&server.admin_url());
    admin.batch_execute("SET GLOBAL read_only = 1").expect("a replica");
    let two = Batch::new(vec![set(&key("a"), b"hunter2"), set(&key("b"), b"hunter2")]).expect("two keys");
    for batch in [Batch::one(set(&key("a"), b"hunter2")), two, Batch::one(Change::remove(key("a")))] {
        let error = backend.write(&batch).expect_err("read only");
        assert_eq!((error.kind(), error.is_transient()), (ErrorKind::Denied, false), "{}", shown(&error));
        assert!(error.to_string().contains("can only be read"), "{error}");
    }
    assert_eq!(read(&backend, "a").expect("a read"), value(b"1"));
    assert_eq!(backend.migrate().expect("nothing to do"), Vec::<String>::new());
    admin.batch_execute("SET GLOBAL read_only = 0").expect("the first again");
    write(&backend, "a", b"2").expect("a write");
}

#[test]
fn a_url_that_asks_for_tls_is_never_served_without() {
    let Some(server) = MariadbServer::with(&["skip-ssl"]) else { return };
    for query in ["ssl_mode=required", "ssl_ca=/etc/ssl/certs/ca-certificates.crt"] {
        let backend = MysqlBackend::from_url(&format!("{}?{query}", server.url())).expect("a valid URL");
        let error = read(&backend, "a").expect_err("no TLS");
        assert!(!error.is_transient(), "{query}: {}", shown(&error));
        assert!(shown(&error).contains("TLS"), "{query}: {}", shown(&error));
    }
}

#[test]
fn a_server_killed_in_the_middle_loses_nothing_that_it_acknowledged() {
    let Some(mut server) = MariadbServer::start() else { return };
    let backend = backend(&server);
    backend.migrate().expect("tables");
    crash::loses_nothing(&backend, &mut server, MariadbServer::kill, MariadbServer::restart);
}
