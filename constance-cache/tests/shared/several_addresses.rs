//! A name of which one address does not answer.

use std::net::{SocketAddr, TcpListener};
use std::time::Duration;

use crate::common::server::Program;
use constance_cache::store::Seen;
use constance_cache::{CacheStore, MemcachedStore, RedisStore};

/// Half of it is enough for a server that answers.
const TIME: Duration = Duration::from_secs(4);

#[test]
fn the_other_address_of_a_redis_has_time_left() {
    let Some(server) = Program::Redis.start() else { return };
    let _silent = constance_pool::testing::first_address_silent("cache.redis.test", server.port()).expect("a port");
    let builder = RedisStore::builder("redis://cache.redis.test/0").expect("a valid URL");
    let store = builder.connect_timeout(TIME).response_timeout(TIME).build().expect("valid options");
    assert_eq!(store.read(&["a"]).expect("a read"), [Seen::Vacant]);
}

#[test]
fn the_other_address_of_a_memcached_has_time_left() {
    let Some(server) = Program::Memcached.start() else { return };
    // The addresses of a memcached are tried in their order.
    let silent = (1_024..server.port()).find_map(|port| TcpListener::bind(("127.0.0.1", port)).ok()).expect("a port");
    let address = silent.local_addr().expect("an address");
    constance_pool::testing::set_addresses(
        "memcached.test",
        vec![address, SocketAddr::from(([127, 0, 0, 1], server.port()))],
    );
    let builder = MemcachedStore::builder().url("memcache://memcached.test").expect("a valid URL");
    let store = builder.connect_timeout(TIME).response_timeout(TIME).build().expect("valid options");
    assert_eq!(store.read(&["a"]).expect("a read"), [Seen::Vacant]);
}
