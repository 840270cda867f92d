#![doc = include_str!("../README.md")]
// Without a database there is nobody who would use what they share.
#![cfg_attr(not(any(feature = "mysql", feature = "postgres", feature = "sqlite")), allow(dead_code, unused_imports))]

mod backend;
mod builder;
mod dialect;
mod error;
pub mod guide;
mod layout;
mod manager;
mod migrate;
#[cfg(feature = "mysql")]
mod mysql;
mod parameters;
mod percent;
mod pool;
#[cfg(feature = "postgres")]
mod postgres;
mod query;
mod schema;
#[cfg(feature = "sqlite")]
mod sqlite;
mod store;
mod transaction;
#[cfg(feature = "listen")]
mod waiting;
mod watch;

pub use diesel;

pub use self::backend::DieselBackend;
pub use self::builder::Builder;
pub use self::dialect::Dialect;
pub use self::layout::Layout;
#[cfg(feature = "mysql")]
pub use self::mysql::MysqlBackend;
#[cfg(feature = "postgres")]
pub use self::postgres::PostgresBackend;
#[cfg(feature = "sqlite")]
pub use self::sqlite::SqliteBackend;
pub use self::transaction::InTransaction;

use constance_core::Scheme;

/// The URL schemes of the databases this crate was built for, for a [`Registry`](constance_core::Registry).
///
/// `postgres` and `postgresql` with the feature `postgres`, `mysql` and `mariadb` with `mysql`, `sqlite` with the feature of
/// that name; none without one. Each is read as [`DieselBackend::from_url`] does, so that the environment can name Django's table
/// too: `postgres://shop:secret@127.0.0.1/django?layout=django`.
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
        #[cfg(feature = "mysql")]
        Scheme::new("mysql", |url| Ok(std::sync::Arc::new(MysqlBackend::from_url(url)?))),
        #[cfg(feature = "mysql")]
        Scheme::new("mariadb", |url| Ok(std::sync::Arc::new(MysqlBackend::from_url(url)?))),
        #[cfg(feature = "postgres")]
        Scheme::new("postgres", |url| Ok(std::sync::Arc::new(PostgresBackend::from_url(url)?))),
        #[cfg(feature = "postgres")]
        Scheme::new("postgresql", |url| Ok(std::sync::Arc::new(PostgresBackend::from_url(url)?))),
        #[cfg(feature = "sqlite")]
        Scheme::new("sqlite", |url| Ok(std::sync::Arc::new(SqliteBackend::from_url(url)?))),
    ]
}
