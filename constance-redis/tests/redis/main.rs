//! Behaviour of Redis beyond the contract. Each test has a server of its own.
#![allow(clippy::expect_used, clippy::print_stderr)]

#[path = "../common/mod.rs"]
mod common;

#[cfg(feature = "aio")]
mod aio_cancel;
#[cfg(feature = "aio")]
mod aio_disconnects;
#[cfg(feature = "aio")]
mod aio_env;
#[cfg(feature = "aio")]
mod aio_failures;
#[cfg(feature = "aio")]
mod aio_proxy;
#[cfg(feature = "aio")]
mod aio_service;
#[cfg(all(feature = "aio", feature = "tls-rustls"))]
mod aio_tls;
mod aliases;
#[cfg(feature = "cluster")]
mod cluster;
mod cluster_by_plain_url;
#[cfg(feature = "cluster")]
mod cluster_failures;
#[cfg(feature = "cluster")]
mod cluster_slots;
mod eviction;
mod failures;
mod feed_costs;
mod huge_timeouts;
#[path = "../common/killed.rs"]
mod killed;
mod named_keys;
mod portions;
mod proxy;
mod queries;
mod replicas;
mod scripts_refused;
#[cfg(feature = "sentinel")]
mod sentinel;
#[cfg(feature = "sentinel")]
mod sentinel_lookup;
mod server_killed;
mod service;
mod several_addresses;
#[cfg(any(feature = "tls-rustls", feature = "tls-native-tls"))]
mod tls;
#[cfg(all(feature = "cluster", feature = "sentinel", any(feature = "tls-rustls", feature = "tls-native-tls")))]
mod tls_groups;
mod urls;
mod watch;
