//! The cache that processes share.
#![allow(clippy::expect_used)]

#[path = "../common/mod.rs"]
mod common;

mod ages;
mod entries;
#[cfg(all(unix, feature = "memcached", feature = "redis"))]
mod env;
#[cfg(all(unix, feature = "memcached", feature = "redis"))]
mod fingerprint;
mod local_over_shared;
mod outages;
mod outdated;
mod races;
#[cfg(all(unix, feature = "memcached", feature = "redis"))]
mod servers;
#[cfg(all(unix, feature = "memcached", feature = "redis"))]
mod several_addresses;
mod stores;
#[cfg(all(unix, feature = "memcached", feature = "redis"))]
mod urls;
