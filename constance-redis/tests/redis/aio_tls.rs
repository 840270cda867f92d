//! TLS connections of the asynchronous backend.

use std::path::Path;
use std::sync::LazyLock;
use std::time::Duration;

use constance_core::aio::{AsyncBackend, AsyncConfig};
use constance_core::{ErrorKind, LiveOptions, Settings, backend::Stored};
use constance_redis::aio::{AsyncRedisBackend, AsyncRedisBackendBuilder};

use crate::common::aio::{read, write};
use crate::common::certificates::{folder, other_folder, pem, server};
use crate::common::{PATIENCE, Server, shown};

/// One server for all cases, which each have a key space of their own.
static SERVER: LazyLock<Option<(Server, &'static Path)>> = LazyLock::new(|| server(false));

fn builder(server: &Server, folder: &Path) -> AsyncRedisBackendBuilder {
    let url = format!("rediss://localhost:{}/0", server.port());
    let builder = AsyncRedisBackend::builder().url(url).root_certificates(pem(folder, "ca.crt"));
    builder.connect_timeout(PATIENCE).response_timeout(PATIENCE)
}

fn open(server: &Server, folder: &Path) -> AsyncRedisBackend {
    builder(server, folder).build().expect("valid options")
}

constance_core::async_conformance_tests!(mod suite: || SERVER.as_ref().map(|(server, folder)| open(server, folder)));

/// Settings of a shop.
#[derive(Debug, Clone, Settings)]
struct Shop {
    /// How many baskets are kept
    #[setting(default = 42, min = 0)]
    baskets: i64,
}

#[tokio::test]
async fn a_service_reads_writes_and_follows_by_tls() {
    let Some((mut server, folder)) = server(false) else { return };
    let service = AsyncConfig::<Shop>::new(open(&server, folder));
    let operator = AsyncConfig::<Shop>::new(open(&server, folder));
    let hours = Duration::from_secs(36_000);
    // Without the slow re-read: every change comes through the feed.
    let by_feed_alone = LiveOptions::new().poll_interval(hours).reread_interval(hours);
    let live = service.live_with(by_feed_alone).await.expect("a load");
    let mut settings = live.receiver();
    operator.set(Shop::BASKETS, 43).await.expect("a set");
    while settings.load().baskets != 43 {
        settings.changed().await;
    }
    assert_eq!(service.get(Shop::BASKETS).await.expect("a get"), 43);
    server.kill();
    let error = service.get(Shop::BASKETS).await.expect_err("an outage is no default");
    assert_eq!(error.kind(), ErrorKind::Unavailable, "{}", shown(&error));
    server.restart();
    assert_eq!(service.get(Shop::BASKETS).await.expect("a fresh connection"), 42);
    AsyncConfig::<Shop>::new(open(&server, folder)).set(Shop::BASKETS, 45).await.expect("a set");
    while settings.load().baskets != 45 {
        settings.changed().await;
    }
}

#[tokio::test]
async fn a_client_certificate_is_shown_where_it_is_asked_for() {
    let Some((server, folder)) = server(true) else { return };
    let error = read(&open(&server, folder), "a").await.expect_err("the server wants a certificate");
    assert_eq!(error.kind(), ErrorKind::Unavailable, "{}", shown(&error));
    let backend = builder(&server, folder)
        .client_certificate(pem(folder, "client.crt"), pem(folder, "client.key"))
        .build()
        .expect("valid options");
    write(&backend, "a", b"1").await.expect("it is shown");
    let mut feed = backend.watch(&backend.default_prefix()).await.expect("a feed shows it as well");
    write(&backend, "a", b"2").await.expect("it is shown");
    feed.changed().await.expect("a feed");
}

#[tokio::test]
async fn a_server_that_nobody_vouches_for_is_refused() {
    let Some((server, folder)) = server(false) else { return };
    // The authority's own key has signed nothing of this one.
    let other = other_folder();
    let error = read(&open(&server, &other), "a").await.expect_err("another authority");
    assert_eq!((error.kind(), error.is_transient()), (ErrorKind::Unavailable, false), "{}", shown(&error));
    assert_eq!(read(&open(&server, folder), "a").await.expect("the right one"), Stored::Absent);
}

#[tokio::test]
async fn a_server_without_tls_is_refused() {
    let (Some(plain), Some(folder)) = (Server::start(), folder()) else { return };
    let short_timeouts = builder(&plain, folder).connect_timeout(Duration::from_millis(500)).build();
    let error = read(&short_timeouts.expect("valid options"), "a").await.expect_err("it does not speak TLS");
    // Redis waits for the end of what it takes for a line of text.
    assert!(matches!(error.kind(), ErrorKind::Timeout | ErrorKind::Unavailable), "{}", shown(&error));
}

#[tokio::test]
async fn a_certificate_that_is_none_is_a_configuration_error() {
    let Some((server, _)) = server(false) else { return };
    let backend = AsyncRedisBackend::builder()
        .url(format!("rediss://localhost:{}/0", server.port()))
        .root_certificates("hunter2")
        .client_certificate("hunter2", "hunter2")
        .build()
        .expect("they are looked at when a connection is made");
    let error = read(&backend, "a").await.expect_err("no certificate");
    assert_eq!(error.kind(), ErrorKind::Configuration, "{}", shown(&error));
    assert!(!shown(&error).contains("hunter2") && !format!("{backend:?}").contains("hunter2"));
}
