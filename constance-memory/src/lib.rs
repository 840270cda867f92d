#![doc = include_str!("../README.md")]
#![cfg_attr(docsrs, feature(doc_cfg))]

mod backend;
mod schemes;
mod watch;

pub use self::backend::MemoryBackend;
pub use self::schemes::schemes;
