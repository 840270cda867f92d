//! The cache that processes share.
#![allow(clippy::expect_used)]

#[path = "../common/mod.rs"]
mod common;

mod entries;
#[cfg(all(unix, feature = "memcached", feature = "redis"))]
mod env;
mod local_over_shared;
mod outages;
mod outdated;
mod races;
#[cfg(all(unix, feature = "memcached", feature = "redis"))]
mod servers;
mod stores;
#[cfg(all(unix, feature = "memcached", feature = "redis"))]
mod urls;
