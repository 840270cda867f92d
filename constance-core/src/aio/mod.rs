//! Settings for code that is asynchronous all the way, with tokio (feature `tokio`).
//!
//! Where settings are read often, [`live`](crate::Config::live) is the way, in tasks as in threads: its reads do no I/O, so
//! there is nothing to await. What is here is for services that read or write through on each request, and for backends whose
//! driver is asynchronous.
//!
//! ```
//! use constance_core::Settings;
//! use constance_core::aio::{AsyncConfig, Blocking};
//! # use constance_core::testing::ReferenceBackend as SomeBackend;
//!
//! /// Live settings of the shop.
//! #[derive(Debug, Clone, Settings)]
//! struct Shop {
//!     /// How many articles a page shows
//!     #[setting(default = 20, min = 1)]
//!     page_size: u32,
//! }
//!
//! #[tokio::main(flavor = "current_thread")]
//! async fn main() -> constance_core::Result<()> {
//!     let config = AsyncConfig::<Shop>::new(Blocking::new(SomeBackend::new()));
//!     assert_eq!(config.get(Shop::PAGE_SIZE).await?, 20);
//!     config.set(Shop::PAGE_SIZE, 50).await?;
//!
//!     // Follows the store in the background; a task can wait for changes.
//!     let live = config.live().await?;
//!     let mut settings = live.receiver();
//!     config.update(Shop::PAGE_SIZE, |size| size * 2).await?;
//!     settings.changed().await;
//!     assert_eq!(settings.load().page_size, 100);
//!     Ok(())
//! }
//! ```
//!
//! | to | see |
//! |---|---|
//! | read, write, reset, list | [`AsyncConfig`] |
//! | choose the backend by environment | [`AsyncConfig::from_env`] |
//! | use a synchronous backend | [`Blocking`] |
//! | use an asynchronous backend in synchronous code | [`BlockOn`] |
//! | wait for changes in a task | [`Live::receiver`](crate::Live::receiver) |
//! | write a backend | [`AsyncBackend`] |
//!
//! # Dropped futures
//!
//! Any future of an [`AsyncConfig`] may be dropped, as `select!` and timeouts do. A write whose future was dropped is stored
//! as a whole or not at all, maybe a little later; `live()` reads again to find out which. Its handlers may then not be
//! called where there is no `live()`.

mod aliases;
mod block_on;
mod blocking;
mod builder;
mod change_set;
mod config;
mod env;
#[cfg(feature = "pickle")]
mod legacy;
mod live;
mod overrides;
mod read;
mod registry;
mod signal;
mod stale;
mod text;
mod transaction;
mod view;
mod write;

pub use self::block_on::BlockOn;
pub use self::blocking::Blocking;
pub use self::builder::AsyncConfigBuilder;
pub use self::change_set::AsyncChangeSet;
pub use self::config::AsyncConfig;
pub use self::overrides::AsyncOverrides;
pub use self::stale::StalePortions;
pub use self::view::AsyncConfigView;
pub use crate::backend::{AsyncBackend, AsyncWatch, BoxFuture};
