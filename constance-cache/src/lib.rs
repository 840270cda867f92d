#![doc = include_str!("../README.md")]
#![cfg_attr(docsrs, feature(doc_cfg))]

#[cfg(feature = "tokio")]
pub mod aio;
mod counters;
mod env;
mod local;
pub mod shared;
pub mod store;

pub use self::counters::{CacheEvent, Counters, Counts, Observer};
pub use self::env::from_env;
pub use self::local::{LocalCache, LocalCacheBuilder};
pub use self::shared::{CacheDown, SharedCache, SharedCacheBuilder};
#[cfg(feature = "memcached")]
pub use self::store::MemcachedStore;
#[cfg(feature = "redis")]
pub use self::store::RedisStore;
pub use self::store::{CacheStore, MemoryStore};
