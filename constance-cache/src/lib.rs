#![doc = include_str!("../README.md")]

#[cfg(feature = "tokio")]
pub mod aio;
mod counters;
mod env;
mod local;

pub use self::counters::{CacheEvent, Counters, Counts, Observer};
pub use self::env::from_env;
pub use self::local::{LocalCache, LocalCacheBuilder};
