//! A timeout that is too long for the clock is no timeout.

use std::time::Duration;

use crate::common::{Server, prefix};
use constance_core::Backend;
use constance_redis::RedisBackend;

#[track_caller]
fn works(url: &str) {
    let builder = RedisBackend::builder().url(url).connect_timeout(Duration::MAX).response_timeout(Duration::MAX);
    let backend = builder.acquire_timeout(Duration::MAX).build().expect("a valid URL");
    assert!(backend.list(&prefix("constance:")).expect("a listing").is_empty());
}

#[test]
fn timeouts_too_long_for_the_clock_are_none() {
    let Some(server) = Server::start() else { return };
    works(&server.url());
    let query = "socket_timeout=1000000000000000000";
    RedisBackend::from_url(&format!("{}?{query}", server.url())).expect("a valid URL").ping().expect("an answer");
}

#[cfg(feature = "sentinel")]
#[test]
fn those_of_sentinels_too() {
    let Some(server) = Server::start() else { return };
    let sentinel = crate::common::group::Sentinel::start(&server.port().to_string(), "");
    works(&format!("redis+sentinel://127.0.0.1:{}/mymaster", sentinel.port()));
}

#[cfg(feature = "cluster")]
#[test]
fn those_of_a_cluster_too() {
    let Some(cluster) = crate::common::cluster::Cluster::start(false) else { return };
    works(&cluster.url());
}

#[cfg(feature = "aio")]
#[tokio::test]
async fn those_of_tasks_too() {
    use constance_core::aio::AsyncBackend;
    use constance_redis::aio::AsyncRedisBackend;

    let Some(server) = Server::start() else { return };
    let builder = AsyncRedisBackend::builder().url(server.url()).connect_timeout(Duration::MAX);
    let backend = builder.response_timeout(Duration::MAX).build().expect("a valid URL");
    assert!(backend.list(&prefix("constance:")).await.expect("a listing").is_empty());
}
