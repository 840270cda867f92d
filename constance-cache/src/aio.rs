//! Caches over asynchronous backends (feature `tokio`).

pub use crate::local::aio::{AsyncLocalCache, AsyncLocalCacheBuilder};
