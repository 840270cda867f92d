#![doc = include_str!("../README.md")]
#![cfg_attr(docsrs, feature(doc_cfg))]

pub mod addresses;
#[cfg(feature = "r2d2")]
pub mod external;
mod lease;
mod manager;
#[cfg(feature = "metrics")]
mod metrics;
mod options;
mod pool;
mod process;
mod state;
#[cfg(feature = "testing")]
pub mod testing;
mod worker;

pub use self::lease::Lease;
pub use self::manager::{Manager, Purpose};
pub use self::options::{LONGEST_TIMEOUT, PoolOptions};
pub use self::pool::Pool;
pub use self::process::Process;
pub use self::worker::{Worker, within};
