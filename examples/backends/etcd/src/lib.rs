#![doc = include_str!("../README.md")]

mod backend;
mod client;
mod error;
mod schemes;
mod transaction;
mod watch;

pub use etcd_client;

pub use self::backend::EtcdBackend;
pub use self::schemes::schemes;
