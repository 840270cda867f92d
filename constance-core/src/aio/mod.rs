//! Settings for code that is asynchronous all the way, with tokio (feature `tokio`).

mod backend;
mod forward;
mod watch;

pub use self::backend::{AsyncBackend, BoxFuture};
pub use self::watch::AsyncWatch;
