//! TLS, with certificates that the tests make.

use std::path::Path;
use std::sync::LazyLock;
use std::time::Duration;

use constance_core::{
    Backend, ErrorKind,
    backend::{Stored, Wake},
};
use constance_redis::{RedisBackend, RedisBackendBuilder, RedisOptions};

use crate::common::certificates::{folder, other_folder, pem, server};
use crate::common::{PATIENCE, Server, read, shown, write};

fn open(server: &Server, folder: &Path) -> RedisBackend {
    builder(server, folder).build().expect("valid options")
}

fn builder(server: &Server, folder: &Path) -> RedisBackendBuilder {
    let url = format!("rediss://localhost:{}/0", server.port());
    let builder = RedisBackend::builder().url(url).root_certificates(pem(folder, "ca.crt"));
    builder.connect_timeout(PATIENCE).response_timeout(PATIENCE).acquire_timeout(PATIENCE)
}

mod suite {
    use super::*;

    static SERVER: LazyLock<Option<(Server, &'static Path)>> = LazyLock::new(|| server(false));

    constance_core::conformance_tests!(|| SERVER.as_ref().map(|(server, folder)| open(server, folder)));
}

#[test]
fn a_client_certificate_is_shown_where_it_is_asked_for() {
    let Some((server, folder)) = server(true) else { return };
    let error = read(&open(&server, folder), "a").expect_err("the server wants a certificate");
    assert_eq!(error.kind(), ErrorKind::Unavailable, "{}", shown(&error));

    let backend = builder(&server, folder)
        .url(format!("rediss://127.0.0.1:{}/0", server.port()))
        .client_certificate(pem(folder, "client.crt"), pem(folder, "client.key"))
        .build()
        .expect("valid options");
    write(&backend, "a", b"1").expect("it is shown");

    let mut options = RedisOptions::default();
    options.port = server.port();
    options.tls = true;
    options.root_certificates = Some(folder.join("ca.crt"));
    options.client_certificate = Some(folder.join("client.crt"));
    options.client_key = Some(folder.join("client.key"));
    let backend = RedisBackend::from_options(options.clone()).expect("valid options");
    let mut feed = backend.watch(&backend.default_prefix()).expect("a feed");
    write(&backend, "a", b"1").expect("it is shown");
    assert_eq!(feed.wait(Duration::from_secs(600)).expect("a feed"), Wake::Changed);

    options.client_key = Some(folder.join("nothing.key"));
    let backend = RedisBackend::from_options(options).expect("files are read when a connection is made");
    assert_eq!(read(&backend, "a").expect_err("no such file").kind(), ErrorKind::Configuration);
}

#[test]
fn a_server_that_nobody_vouches_for_is_refused() {
    let Some((server, folder)) = server(false) else { return };
    // The authority's own key has signed nothing of this one.
    let other = other_folder();
    let error = read(&open(&server, &other), "a").expect_err("another authority");
    assert_eq!((error.kind(), error.is_transient()), (ErrorKind::Unavailable, false), "{}", shown(&error));
    assert_eq!(read(&open(&server, folder), "a").expect("the right one"), Stored::Absent);
}

#[test]
fn a_server_without_tls_is_refused() {
    let (Some(plain), Some(folder)) = (Server::start(), folder()) else { return };
    let short_timeouts = builder(&plain, folder).connect_timeout(Duration::from_millis(500)).build();
    let error = read(&short_timeouts.expect("valid options"), "a").expect_err("it does not speak TLS");
    // Redis waits for the end of what it takes for a line of text.
    assert!(matches!(error.kind(), ErrorKind::Timeout | ErrorKind::Unavailable), "{}", shown(&error));
}

#[test]
fn a_certificate_that_is_none_is_a_configuration_error() {
    let Some((server, _)) = server(false) else { return };
    let backend = RedisBackend::builder()
        .url(format!("rediss://localhost:{}/0", server.port()))
        .root_certificates("hunter2")
        .client_certificate("hunter2", "hunter2")
        .build()
        .expect("they are looked at when a connection is made");
    let error = read(&backend, "a").expect_err("no certificate");
    assert_eq!(error.kind(), ErrorKind::Configuration, "{}", shown(&error));
    assert!(!shown(&error).contains("hunter2") && !format!("{backend:?}").contains("hunter2"));
}
