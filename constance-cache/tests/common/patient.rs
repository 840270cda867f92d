//! Stores over servers that answer, as late as a busy machine makes them.

use std::time::Duration;

#[cfg(feature = "memcached")]
use constance_cache::MemcachedStore;
#[cfg(feature = "redis")]
use constance_cache::RedisStore;

/// Long even on a busy machine; only what never comes waits for it.
const MINUTE: Duration = Duration::from_secs(60);

#[cfg(feature = "memcached")]
pub fn memcached(url: &str) -> MemcachedStore {
    let builder = MemcachedStore::builder().url(url).expect("a valid URL");
    builder.connect_timeout(MINUTE).response_timeout(MINUTE).build().expect("valid options")
}

#[cfg(feature = "redis")]
pub fn redis(url: &str) -> RedisStore {
    let builder = RedisStore::builder(url).expect("a valid URL");
    builder.connect_timeout(MINUTE).response_timeout(MINUTE).build().expect("valid options")
}
