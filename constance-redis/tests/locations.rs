//! A failure to connect says where: host and port, and nothing else of the URL.
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
