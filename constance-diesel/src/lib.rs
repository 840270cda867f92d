#![doc = include_str!("../README.md")]
// Without a database there is nobody who would use what they share.
#![cfg_attr(not(feature = "sqlite"), allow(dead_code, unused_imports))]

mod backend;
mod builder;
mod dialect;
mod error;
mod manager;
mod migrate;
mod pool;
mod query;
mod schema;
#[cfg(feature = "sqlite")]
mod sqlite;
mod store;
mod watch;

pub use diesel;

pub use self::backend::DieselBackend;
pub use self::builder::Builder;
pub use self::dialect::Dialect;
#[cfg(feature = "sqlite")]
pub use self::sqlite::SqliteBackend;

use constance_core::Scheme;

/// The URL schemes of the databases this crate was built for, for a [`Registry`](constance_core::Registry).
///
/// `sqlite` with the feature of that name; none without one.
///
/// ```
/// use constance_core::Registry;
///
/// let registry = Registry::new().with(constance_diesel::schemes());
/// assert_eq!(registry.knows("sqlite"), cfg!(feature = "sqlite"));
/// ```
#[must_use]
pub fn schemes() -> Vec<Scheme> {
    vec![
        #[cfg(feature = "sqlite")]
        Scheme::new("sqlite", |url| Ok(std::sync::Arc::new(SqliteBackend::from_url(url)?))),
    ]
}
