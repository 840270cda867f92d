#![doc = include_str!("../README.md")]

mod backend;
mod error;
mod schemes;
mod store;
mod watch;

pub use redb;

pub use self::backend::RedbBackend;
pub use self::schemes::schemes;
