#![doc = include_str!("../README.md")]
#![cfg_attr(docsrs, feature(doc_cfg))]
// Without a database there is nobody who would use what they share.
#![cfg_attr(not(any(feature = "mysql", feature = "postgres", feature = "sqlite")), allow(dead_code, unused_imports))]

mod backend;
mod builder;
mod dialect;
mod error;
pub mod guide;
mod layout;
mod look_interval;
mod manager;
mod migrate;
#[cfg(feature = "mysql")]
mod mysql;
mod on_worker;
mod openssl;
mod parameters;
mod pool;
#[cfg(feature = "postgres")]
mod postgres;
mod query;
mod schema;
#[cfg(feature = "sqlite")]
mod sqlite;
mod store;
#[cfg(feature = "listen")]
mod thread_limit;
mod transaction;
mod watch;

pub use diesel;

pub use self::backend::DieselBackend;
pub use self::builder::Builder;
pub use self::dialect::Dialect;
pub use self::layout::Layout;
#[cfg(feature = "mysql")]
pub use self::mysql::MysqlBackend;
pub use self::openssl::init_openssl;
#[cfg(feature = "postgres")]
pub use self::postgres::PostgresBackend;
#[cfg(feature = "sqlite")]
pub use self::sqlite::SqliteBackend;
pub use self::transaction::InTransaction;

use constance_core::backend::Scheme;

/// The URL schemes of the databases this crate was built for, for a [`Registry`](constance_core::Registry).
///
/// `postgres` and `postgresql` with the feature `postgres`, `mysql` and `mariadb` with `mysql`, `sqlite` with the feature of
/// that name. One whose feature is off says so when it is opened. Each is read as [`DieselBackend::from_url`] does, so that the environment can name Django's table
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
        scheme::<diesel::mysql::MysqlConnection>("mysql"),
        #[cfg(feature = "mysql")]
        scheme::<diesel::mysql::MysqlConnection>("mariadb"),
        #[cfg(not(feature = "mysql"))]
        not_built_in("mysql", "mysql"),
        #[cfg(not(feature = "mysql"))]
        not_built_in("mariadb", "mysql"),
        #[cfg(feature = "postgres")]
        scheme::<diesel::pg::PgConnection>("postgres"),
        #[cfg(feature = "postgres")]
        scheme::<diesel::pg::PgConnection>("postgresql"),
        #[cfg(not(feature = "postgres"))]
        not_built_in("postgres", "postgres"),
        #[cfg(not(feature = "postgres"))]
        not_built_in("postgresql", "postgres"),
        #[cfg(feature = "sqlite")]
        scheme::<diesel::sqlite::SqliteConnection>("sqlite"),
        #[cfg(not(feature = "sqlite"))]
        not_built_in("sqlite", "sqlite"),
    ]
}

fn scheme<C: Dialect>(name: &'static str) -> Scheme {
    Scheme::new(name, |url| Ok(std::sync::Arc::new(DieselBackend::<C>::from_url(url)?)))
}

#[cfg(not(all(feature = "mysql", feature = "postgres", feature = "sqlite")))]
fn not_built_in(name: &'static str, feature: &'static str) -> Scheme {
    Scheme::not_built_in(name, env!("CARGO_PKG_NAME"), feature)
}
