//! The asynchronous backend (feature `aio`): one connection that all tasks share.
//!
//! ```no_run
//! use constance_core::Settings;
//! use constance_core::aio::AsyncConfig;
//! use constance_redis::aio::AsyncRedisBackend;
//!
//! /// Live settings of the shop.
//! #[derive(Debug, Clone, Settings)]
//! struct Shop {
//!     /// How many articles a page shows
//!     #[setting(default = 20, min = 1)]
//!     page_size: u32,
//! }
//!
//! # async fn serve() -> constance_core::Result<()> {
//! let config = AsyncConfig::<Shop>::new(AsyncRedisBackend::from_url("redis://127.0.0.1:6379/0")?);
//! let size = config.get(Shop::PAGE_SIZE).await?;
//! # Ok(())
//! # }
//! ```

mod backend;
mod builder;
mod connection;
mod connector;
mod operations;
mod shared_connection;
mod watch;

pub use self::backend::AsyncRedisBackend;
pub use self::builder::AsyncRedisBackendBuilder;
