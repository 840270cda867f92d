#![doc = include_str!("../README.md")]

mod backend;
mod client;
mod error;
mod schemes;
mod watch;

pub use self::backend::TemplateBackend;
pub use self::client::{Client, ClientError};
pub use self::schemes::schemes;
