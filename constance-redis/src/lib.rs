#![doc = include_str!("../README.md")]

#[cfg(feature = "aio")]
pub mod aio;
mod backend;
mod builder;
mod command;
mod connections;
mod error;
mod manager;
mod options;
mod plan;
mod pool;
mod script;
mod target;
mod tls;
mod watch;

pub use redis;

pub use self::backend::RedisBackend;
pub use self::builder::Builder;
pub use self::connections::{Connections, Layout, Lease};
pub use self::options::RedisOptions;

use std::sync::Arc;

use constance_core::Scheme;

/// The backend's name.
pub(crate) const NAME: &str = "redis";

/// The URL schemes of Redis, for a [`Registry`](constance_core::Registry): `redis`, `rediss`, `redis+unix` and `unix`, and
/// `valkey`, `valkeys` and `valkey+unix`.
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
    target::SCHEMES.map(|name| Scheme::new(name, |url| Ok(Arc::new(RedisBackend::from_url(url)?)))).into()
}
