#![doc = include_str!("../README.md")]
#![cfg_attr(docsrs, feature(doc_cfg))]

#[cfg(feature = "aio")]
pub mod aio;
mod backend;
mod builder;
#[cfg(feature = "cluster")]
mod cluster;
mod command;
mod connect;
mod connect_options;
mod connection;
mod connection_source;
mod endpoint;
mod error;
mod limits;
mod login;
mod operations;
mod options;
mod pool;
mod request;
mod scan;
mod script;
#[cfg(feature = "sentinel")]
mod sentinel;
mod server;
mod tls;
mod url;
mod wait_replicas;
mod watch;

pub use redis;

pub use self::backend::RedisBackend;
pub use self::builder::RedisBackendBuilder;
pub use self::connection_source::{BorrowedConnection, ConnectionSource};
pub use self::options::RedisOptions;

use std::sync::Arc;

use constance_core::backend::Scheme;

/// The backend's name.
pub(crate) const NAME: &str = "redis";

/// The URL schemes of Redis, for a [`Registry`](constance_core::Registry): `redis`, `rediss`, `redis+unix` and `unix`, and
/// `valkey`, `valkeys` and `valkey+unix`. With the feature `sentinel` also `redis+sentinel` and `rediss+sentinel`, with the
/// feature `cluster` also `redis+cluster` and `rediss+cluster`. Opening one whose feature is
/// off is an error that names the feature.
///
/// With the feature `aio`, `AsyncConfig::from_env` uses the asynchronous backend for the schemes of one server (with TLS
/// where `tls-rustls` is on). For the others it runs this backend on blocking threads.
///
/// ```
/// use constance_core::Registry;
///
/// let registry = Registry::new().with(constance_redis::schemes());
/// let backend = registry.open("redis://127.0.0.1:6379/0")?;
/// assert_eq!(backend.name(), "redis");
/// # Ok::<(), constance_core::Error>(())
/// ```
#[must_use]
pub fn schemes() -> Vec<Scheme> {
    let scheme = |scheme: url::Scheme| match scheme.missing_feature() {
        Some(feature) => Scheme::not_built_in(scheme.name, env!("CARGO_PKG_NAME"), feature),
        None => {
            let registered = Scheme::new(scheme.name, |url| Ok(Arc::new(RedisBackend::from_url(url)?)));
            #[cfg(feature = "aio")]
            if scheme.is_asynchronous() {
                return registered.with_async(|url| Ok(Arc::new(aio::AsyncRedisBackend::from_url(url)?)));
            }
            registered
        }
    };
    url::SCHEMES.into_iter().map(scheme).collect()
}
