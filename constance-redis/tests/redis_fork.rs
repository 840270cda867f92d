//! Forked children of a process with a backend. A program of its own with one test: a child has no thread but the one
//! that forked.
#![cfg(unix)]
#![allow(clippy::expect_used)]

mod common;
#[path = "common/forked.rs"]
mod forked;

use common::Server;
use constance_redis::RedisBackend;

#[test]
fn a_child_reads_its_own_answers() {
    let Some(server) = Server::start() else { return };
    forked::each_has_its_own(RedisBackend::from_url(&server.url()).expect("a valid URL"));
    #[cfg(feature = "aio")]
    asynchronously(&server);
    #[cfg(feature = "sentinel")]
    {
        let sentinel = common::group::Sentinel::start(&server.port().to_string(), "");
        forked::each_has_its_own(common::long_timeouts(&format!(
            "redis+sentinel://127.0.0.1:{}/mymaster",
            sentinel.port()
        )));
    }
    #[cfg(feature = "cluster")]
    {
        let cluster = common::cluster::Cluster::start(false).expect("a server is installed");
        forked::each_has_its_own(common::long_timeouts(&cluster.url()));
    }
}

#[cfg(feature = "aio")]
fn asynchronously(server: &Server) {
    use constance_core::aio::AsyncBackend as _;
    use constance_redis::aio::AsyncRedisBackend;

    let runtime = || tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    let backend = AsyncRedisBackend::from_url(&server.url()).expect("a valid URL");
    let reads = |runtime: &tokio::runtime::Runtime, name: &str| {
        let key = common::key(name);
        for _ in 0..200 {
            let found = runtime.block_on(backend.read(&[&key])).expect("a read");
            assert_eq!(found, [common::value(name.as_bytes())], "somebody else's answer");
        }
    };
    // It lives on: a connection whose runtime has ended would be noticed without looking for a fork.
    let parents = runtime();
    reads(&parents, "parent");
    let child = constance_testserver::fork::child(|| reads(&runtime(), "child"));
    reads(&parents, "parent");
    child.ends_well();
    reads(&parents, "parent");
}
