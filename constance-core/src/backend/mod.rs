//! What the author of a backend writes and an application does not: the contract, its keys and bytes, its batches and feeds.
//!
//! [`Backend`] is the contract, with a whole backend as its example. One that adds something to another backend calls it with
//! what it was given:
//!
//! ```
//! use constance_core::backend::{Backend, Batch, Change, Encoded, Prefix};
//! use constance_core::testing::ReferenceBackend;
//!
//! let backend = ReferenceBackend::new();
//! let key = Prefix::new("shop:")?.key("theme")?;
//! backend.write(&Batch::one(Change::set(key.clone(), Encoded::from(b"dark".to_vec()))))?;
//! assert_eq!(backend.read(&[&key])?[0].value().map(Encoded::as_bytes), Some(&b"dark"[..]));
//! # Ok::<(), constance_core::Error>(())
//! ```

#[cfg(feature = "tokio")]
mod aio;
#[cfg(feature = "tokio")]
mod aio_forward;
#[cfg(feature = "tokio")]
mod aio_watch;
mod batch;
mod capability;
mod contract;
mod encoded;
mod forward;
mod key;
mod portion;
mod prefix;
mod warning;
mod watch;

#[cfg(feature = "tokio")]
pub use self::aio::{AsyncBackend, BoxFuture};
#[cfg(feature = "tokio")]
pub use self::aio_watch::AsyncWatch;
pub use self::batch::{Applied, Batch, Change, Expect, Op};
pub use self::capability::Capability;
pub use self::contract::Backend;
pub(crate) use self::contract::too_few;
pub use self::encoded::{Encoded, Stored};
pub(crate) use self::key::check_name;
pub use self::key::{Key, KeyHasher, KeyMap, MAX_KEY_LEN};
pub use self::portion::Portion;
pub use self::prefix::Prefix;
pub use self::warning::Warning;
pub use self::watch::{Wake, Watch, WatchMode};
pub use crate::error::Cause;
pub use crate::registry::Scheme;
