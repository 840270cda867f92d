#![doc = include_str!("../README.md")]
#![cfg_attr(docsrs, feature(doc_cfg))]

pub mod addresses;
#[cfg(feature = "r2d2")]
pub mod external;
mod manager;
#[cfg(feature = "metrics")]
mod metrics;
mod options;
mod pool;
mod pooled_connection;
mod process;
mod state;
#[cfg(feature = "testing")]
pub mod testing;
mod worker;

pub use self::manager::{Manager, Purpose};
pub use self::options::{MAX_TIMEOUT, PoolOptions};
pub use self::pool::Pool;
pub use self::pooled_connection::PooledConnection;
pub use self::process::ProcessId;
pub use self::worker::{Worker, run_with_timeout};
