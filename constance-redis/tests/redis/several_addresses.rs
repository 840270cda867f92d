//! A host name with an address that does not reply.

use std::time::Duration;

use crate::common::{Server, read, value, with_timeouts, write};
use constance_core::Backend;
use constance_pool::testing::first_address_silent;

/// Half of it is enough for a server that replies.
const TIME: Duration = Duration::from_secs(4);

#[test]
fn the_other_address_of_a_server_has_time_left() {
    let Some(server) = Server::start() else { return };
    let _silent = first_address_silent("redis.test", server.port()).expect("a port");
    let backend = with_timeouts("redis://redis.test/0", TIME);
    write(&backend, "a", b"1").expect("a write");
    assert_eq!(read(&backend, "a").expect("a read"), value(b"1"));
    backend.watch(&backend.default_prefix()).expect("a feed");
}

#[cfg(feature = "sentinel")]
#[test]
fn the_other_address_of_a_sentinel_has_time_left() {
    let Some(master) = Server::start() else { return };
    let port = master.port().to_string();
    let sentinel = crate::common::group::Sentinel::start(&port, "");
    let _silent = first_address_silent("sentinel.test", sentinel.port()).expect("a port");
    let backend = with_timeouts("redis+sentinel://sentinel.test/mymaster", TIME);
    write(&backend, "a", b"1").expect("a write");
}

#[cfg(feature = "cluster")]
#[test]
fn the_other_address_of_a_node_has_time_left() {
    let Some(cluster) = crate::common::cluster::Cluster::start(false) else { return };
    let _silent = first_address_silent("cluster.test", cluster.nodes[0].port()).expect("a port");
    let backend = with_timeouts("redis+cluster://cluster.test", TIME);
    for name in ["a", "b", "c"] {
        write(&backend, name, b"1").expect("a write");
    }
}
