#![doc = include_str!("../README.md")]

#[cfg(feature = "tokio")]
pub mod aio;
mod counters;
mod env;
mod local;
pub mod shared;
mod store;

pub use self::counters::{CacheEvent, Counters, Counts, Observer};
pub use self::env::from_env;
pub use self::local::{LocalCache, LocalCacheBuilder};
pub use self::shared::{CacheDown, SharedCache, SharedCacheBuilder};
#[cfg(feature = "memcached")]
pub use self::store::memcached::{MemcachedBuilder, MemcachedStore};
#[cfg(feature = "redis")]
pub use self::store::redis::{RedisStore, RedisStoreBuilder};
pub use self::store::{CacheStore, Cell, MemoryStore, Seen, Swap, SwapFrom, Version};
