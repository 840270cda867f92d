//! A failure to connect says where: host and port, or the file, and nothing else of the URL.
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
