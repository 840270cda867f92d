//! The asynchronous front over Redis, and its feed of changes.

use std::time::Duration;

use constance_core::aio::{AsyncBackend, AsyncConfig};
use constance_core::{
    ErrorKind, LiveOptions, Settings,
    backend::{Batch, Change},
};
use constance_redis::aio::AsyncRedisBackend;
use constance_redis::redis::{AsyncConnectionConfig, Client, cmd};

use crate::common;
use crate::common::aio::{long_timeouts, write};
use crate::common::{Server, key, prefix};

/// Settings of a shop.
#[derive(Debug, Clone, Settings)]
struct Shop {
    /// Website title
    #[setting(default = "My Title")]
    site_name: String,
    /// How many baskets are kept
    #[setting(default = 42, min = 0)]
    baskets: i64,
}

/// Without the slow re-read: every change comes through the feed.
fn by_feed_alone() -> LiveOptions {
    let hours = Duration::from_secs(36_000);
    LiveOptions::new().poll_interval(hours).reread_interval(hours)
}

#[tokio::test]
async fn a_service_reads_writes_and_follows() {
    let Some(mut server) = Server::start() else { return };
    let service = AsyncConfig::<Shop>::new(long_timeouts(&server.url()));
    let operator = AsyncConfig::<Shop>::new(long_timeouts(&server.url()));
    assert_eq!(service.get(Shop::BASKETS).await.expect("a get"), 42);
    service.set(Shop::BASKETS, 43).await.expect("a set");
    assert_eq!(operator.snapshot().await.expect("a snapshot").baskets, 43);
    let error = operator.compare_and_set(Shop::BASKETS, 1, 2).await.expect_err("it is 43");
    assert_eq!(error.kind(), ErrorKind::Conflict);

    let live = service.live_with(by_feed_alone()).await.expect("a load");
    let mut settings = live.receiver();
    operator.update(Shop::BASKETS, |count| count + 1).await.expect("an update");
    while settings.load().baskets != 44 {
        settings.changed().await;
    }
    // A foreign client that knows nothing of settings.
    cmd("FLUSHDB").exec(&mut server.raw()).expect("a flush");
    while settings.load().baskets != 42 {
        settings.changed().await;
    }

    // It serves the last values through an outage, and catches up.
    operator.set(Shop::BASKETS, 45).await.expect("a set");
    while settings.load().baskets != 45 {
        settings.changed().await;
    }
    server.kill();
    assert_eq!(live.load().baskets, 45);
    let error = service.get(Shop::BASKETS).await.expect_err("an outage is no default");
    assert_eq!(error.kind(), ErrorKind::Unavailable);
    server.restart();
    AsyncConfig::<Shop>::new(long_timeouts(&server.url())).set(Shop::BASKETS, 46).await.expect("a set");
    while settings.load().baskets != 46 {
        settings.changed().await;
    }
}

#[tokio::test]
async fn a_list_under_a_setting_hides_no_other_and_is_repaired() {
    let Some(server) = Server::start() else { return };
    let config = AsyncConfig::<Shop>::new(long_timeouts(&server.url()));
    config.set(Shop::SITE_NAME, "Corner".to_owned()).await.expect("a set");
    cmd("RPUSH").arg("constance:baskets").arg("hunter2").exec(&mut server.raw()).expect("a list");
    let error = config.get(Shop::BASKETS).await.expect_err("a list is no number");
    assert_eq!(error.kind(), ErrorKind::Decode);
    assert_eq!(config.get(Shop::SITE_NAME).await.expect("the other one"), "Corner");
    config.set(Shop::BASKETS, 1).await.expect("a repair");
    assert_eq!(config.get(Shop::BASKETS).await.expect("repaired"), 1);
}

#[tokio::test]
async fn every_writer_wakes_the_feed() {
    let Some(server) = Server::start() else { return };
    let (backend, mut raw) = (long_timeouts(&server.url()), server.raw());
    let mut feed = backend.watch(&prefix("constance:")).await.expect("a feed");
    write(&backend, "a", b"1").await.expect("a write");
    feed.changed().await.expect("a set of our own");
    backend.write(&Batch::one(Change::remove(key("a")))).await.expect("a removal");
    feed.changed().await.expect("a removal of our own");
    cmd("RPUSH").arg("constance:b").arg("1").exec(&mut raw).expect("a list");
    feed.changed().await.expect("another client");
    cmd("RENAME").arg("constance:b").arg("other").exec(&mut raw).expect("another name");
    feed.changed().await.expect("another name");
    cmd("SET").arg("constance:d").arg("1").arg("PX").arg(50).exec(&mut raw).expect("a write");
    feed.changed().await.expect("a set of a value that expires");
    feed.changed().await.expect("its expiry");
    cmd("FLUSHDB").exec(&mut raw).expect("a flush");
    feed.changed().await.expect("the end of everything");
}

#[tokio::test]
async fn a_dead_server_breaks_the_feed() {
    let Some(mut server) = Server::start() else { return };
    let mut feed = long_timeouts(&server.url()).watch(&prefix("constance:")).await.expect("a feed");
    server.kill();
    assert_eq!(feed.changed().await.expect_err("the connection is closed").kind(), ErrorKind::Unavailable);
}

#[tokio::test]
async fn a_silent_server_breaks_the_feed() {
    let Some(server) = Server::start() else { return };
    let mut feed = long_timeouts(&server.url()).watch(&prefix("constance:")).await.expect("a feed");
    server.pause();
    assert_eq!(feed.changed().await.expect_err("no sign of life").kind(), ErrorKind::Timeout);
    server.resume();
}

#[tokio::test]
async fn a_user_without_the_right_polls() {
    let Some(server) = Server::start() else { return };
    let rights = ["SETUSER", "reader", "on", ">hunter2", "~constance:*", "nocommands", "+get", "+hello"];
    cmd("ACL").arg(&rights).exec(&mut server.raw()).expect("a user");
    let backend = long_timeouts(&format!("redis://reader:hunter2@127.0.0.1:{}/0", server.port()));
    let error = backend.watch(&prefix("constance:")).await.map(drop).expect_err("a right that it does not have");
    assert_eq!(error.kind(), ErrorKind::Unsupported, "{error}");
    let error = write(&backend, "a", b"hunter2").await.expect_err("a right that it does not have");
    assert_eq!(error.kind(), ErrorKind::Denied, "{error}");
    assert!(!common::shown(&error).contains("hunter2"));
}

#[tokio::test]
async fn a_connection_of_the_applications_own_has_no_feed() {
    let Some(server) = Server::start() else { return };
    let client = Client::open(server.url()).expect("a valid URL");
    let patience = Some(common::PATIENCE);
    let config = AsyncConnectionConfig::new().set_connection_timeout(patience).set_response_timeout(patience);
    let connection = client.get_multiplexed_async_connection_with_config(&config).await.expect("a connection");
    let backend = AsyncRedisBackend::with_connection(connection);
    write(&backend, "a", b"1").await.expect("a write");
    assert!(!backend.capability().watch);
    let error = backend.watch(&prefix("constance:")).await.map(drop).expect_err("no feed");
    assert_eq!(error.kind(), ErrorKind::Unsupported);
}
