#![doc = include_str!("../README.md")]

mod backend;
mod schemes;
mod watch;

pub use self::backend::MemoryBackend;
pub use self::schemes::schemes;
