//! A failure of a connection says where: host and port, and nothing else of the URL.
#![allow(clippy::expect_used, reason = "helpers of tests are tests too")]

use constance_core::{Backend, ErrorKind};
use constance_redis::RedisBackend;

/// Nothing listens on this port.
const CLOSED: &str = "127.0.0.1:1";

fn is_located(error: &constance_core::Error) {
    assert_eq!(error.kind(), ErrorKind::Unavailable, "{error}");
    assert_eq!(error.location(), Some(CLOSED), "{error}");
    let shown = format!("{error} {error:?}");
    assert!(!shown.contains("hunter2") && !shown.contains("somebody"), "{shown}");
}

#[test]
fn a_server_is_named_by_host_and_port() {
    let backend = RedisBackend::from_url(&format!("redis://somebody:hunter2@{CLOSED}/0")).expect("a backend");
    let error = backend.ping().expect_err("nothing listens");
    is_located(&error);
    assert_eq!(error.with_backend("redis").to_string(), "cannot use redis at 127.0.0.1:1: the connection was refused");
}

#[test]
fn a_socket_is_named_by_its_file() {
    let backend = RedisBackend::from_url("redis+unix:///nowhere/redis.sock").expect("a backend");
    let error = backend.ping().expect_err("nothing listens");
    assert_eq!(error.location(), Some("/nowhere/redis.sock"), "{error}");
}

#[cfg(feature = "sentinel")]
#[test]
fn a_sentinel_is_named_by_host_and_port() {
    let url = format!("redis+sentinel://somebody:hunter2@{CLOSED}/shop/0");
    is_located(&RedisBackend::from_url(&url).expect("a backend").ping().expect_err("nothing listens"));
}

#[cfg(feature = "cluster")]
#[test]
fn a_node_of_a_cluster_is_named_by_host_and_port() {
    let url = format!("redis+cluster://somebody:hunter2@{CLOSED}/");
    is_located(&RedisBackend::from_url(&url).expect("a backend").ping().expect_err("nothing listens"));
}

#[cfg(feature = "aio")]
#[tokio::test]
async fn a_server_that_tasks_ask_is_named_by_host_and_port() {
    use constance_core::aio::AsyncBackend;

    let url = format!("redis://somebody:hunter2@{CLOSED}/0");
    let backend = constance_redis::aio::AsyncRedisBackend::from_url(&url).expect("a backend");
    is_located(&backend.ping().await.expect_err("nothing listens"));
}

/// Of connections that were open: their server has stopped, and then is gone.
#[cfg(unix)]
mod open_connections {
    use std::time::Duration;

    use constance_core::{
        Prefix,
        backend::{Wake, Watch},
    };
    use constance_testserver::RedisServer;

    use super::*;

    const SOON: Duration = Duration::from_millis(200);

    #[track_caller]
    fn names(error: &constance_core::Error, server: &RedisServer) {
        assert_eq!(error.location(), Some(&*format!("127.0.0.1:{}", server.port())), "{error}");
    }

    /// The end of a feed, whatever it told before.
    fn end(mut feed: Box<dyn Watch>) -> constance_core::Error {
        loop {
            match feed.wait(Duration::from_secs(60)) {
                Ok(Wake::TimedOut) => panic!("the server is gone"),
                Ok(_) => {}
                Err(error) => return error,
            }
        }
    }

    #[test]
    fn a_server_is_named() {
        let Some(mut server) = RedisServer::start() else { return };
        let builder = RedisBackend::builder().url(server.url()).response_timeout(SOON);
        let backend = builder.build().expect("a valid URL");
        while backend.ping().is_err() {}
        let feed = backend.watch(&Prefix::empty()).expect("a feed");
        server.pause();
        let error = backend.ping().expect_err("it stands still");
        assert_eq!(error.kind(), ErrorKind::Timeout, "{error}");
        names(&error, &server);
        server.kill();
        names(&end(feed), &server);
    }

    #[cfg(feature = "cluster")]
    #[test]
    fn a_node_of_a_cluster_is_named() {
        let Some(mut server) = RedisServer::with(&["--cluster-enabled", "yes"]) else { return };
        let mut admin = redis_of(&server);
        let slots = constance_redis::redis::cmd("CLUSTER").arg("ADDSLOTSRANGE").arg(0).arg(16383).exec(&mut admin);
        slots.expect("all slots");
        let url = format!("redis+cluster://127.0.0.1:{}", server.port());
        let backend = RedisBackend::builder().url(url).response_timeout(SOON).build().expect("a valid URL");
        let key = Prefix::empty().key("theme").expect("a key");
        while backend.read(&[&key]).is_err() {}
        server.pause();
        names(&backend.read(&[&key]).expect_err("it stands still"), &server);
        server.kill();
    }

    #[cfg(feature = "cluster")]
    fn redis_of(server: &RedisServer) -> constance_redis::redis::Connection {
        let client = constance_redis::redis::Client::open(server.url()).expect("a valid URL");
        client.get_connection().expect("a connection")
    }

    #[cfg(feature = "aio")]
    #[tokio::test]
    async fn a_server_that_tasks_ask_is_named() {
        use constance_core::aio::AsyncBackend;

        let Some(mut server) = RedisServer::start() else { return };
        let builder = constance_redis::aio::AsyncRedisBackend::builder().url(server.url()).response_timeout(SOON);
        let backend = builder.build().expect("a valid URL");
        while backend.ping().await.is_err() {}
        let mut feed = backend.watch(&Prefix::empty()).await.expect("a feed");
        server.pause();
        names(&backend.ping().await.expect_err("it stands still"), &server);
        server.kill();
        let error = loop {
            if let Err(error) = feed.changed().await {
                break error;
            }
        };
        names(&error, &server);
    }
}
