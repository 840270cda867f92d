//! A failure of a connection says where: host and port, or the file, and nothing else of the URL.
#![allow(clippy::expect_used, reason = "helpers of tests are tests too")]

use constance_core::Backend;

#[track_caller]
fn is_located(backend: &dyn Backend, location: &str) {
    let error = backend.ping().expect_err("nothing is there");
    assert_eq!(error.location(), Some(location), "{error}");
    assert!(error.with_backend("x").to_string().starts_with(&format!("cannot use x at {location}: ")));
    let error = backend.ping().expect_err("nothing is there");
    let shown = format!("{error} {error:?}");
    assert!(!shown.contains("hunter2") && !shown.contains("somebody"), "{shown}");
}

#[cfg(feature = "postgres")]
#[test]
fn postgres_is_named_by_host_and_port() {
    let backend = constance_diesel::PostgresBackend::from_url("postgres://somebody:hunter2@127.0.0.1:1/shop");
    is_located(&backend.expect("a backend"), "127.0.0.1:1");
}

#[cfg(feature = "mysql")]
#[test]
fn mysql_is_named_by_host_and_port() {
    let backend = constance_diesel::MysqlBackend::from_url("mysql://somebody:hunter2@127.0.0.1:1/shop");
    is_located(&backend.expect("a backend"), "127.0.0.1:1");
}

#[cfg(feature = "sqlite")]
#[test]
fn sqlite_is_named_by_its_file() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("shop.sqlite3");
    let backend = constance_diesel::SqliteBackend::from_url(&format!("sqlite://{}", file.display()));
    is_located(&backend.expect("a backend"), &file.display().to_string());
}

/// Of connections that were open: their server is gone.
#[cfg(all(unix, any(feature = "mysql", feature = "postgres")))]
mod open_connections {
    use std::time::Duration;

    use constance_core::{Prefix, backend::Wake};

    use super::*;

    #[track_caller]
    fn names(backend: &dyn Backend, port: u16, kill: impl FnOnce()) {
        let location = format!("127.0.0.1:{port}");
        backend.migrate().expect("tables");
        let mut feed = backend.watch(&Prefix::empty()).expect("a feed");
        let key = Prefix::empty().key("theme").expect("a key");
        let change = constance_core::backend::Change::set(key, constance_core::backend::Encoded::from(&b"dark"[..]));
        kill();
        // A write is not repeated over a new connection.
        let error = backend.write(&constance_core::backend::Batch::one(change)).expect_err("it is gone");
        assert_eq!(error.location(), Some(&*location), "{error}");
        let error = loop {
            match feed.wait(Duration::from_secs(60)) {
                Ok(Wake::TimedOut) => panic!("the server is gone"),
                Ok(_) => {}
                Err(error) => break error,
            }
        };
        assert_eq!(error.location(), Some(&*location), "{error}");
    }

    #[cfg(feature = "postgres")]
    #[test]
    fn postgres_is_named() {
        let Some(mut server) = constance_testserver::PostgresServer::start() else { return };
        let backend = constance_diesel::PostgresBackend::from_url(&server.url()).expect("a valid URL");
        names(&backend, server.port(), || server.kill());
    }

    #[cfg(feature = "mysql")]
    #[test]
    fn mysql_is_named() {
        let Some(mut server) = constance_testserver::MariadbServer::start() else { return };
        let backend = constance_diesel::MysqlBackend::from_url(&server.url()).expect("a valid URL");
        names(&backend, server.port(), || server.kill());
    }
}
