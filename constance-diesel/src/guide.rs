//! Guides to each database, to migrations, and to transactions of the application.

#[doc = include_str!("../docs/migrations.md")]
pub mod migrations {}

#[doc = include_str!("../docs/mysql.md")]
#[cfg(feature = "mysql")]
pub mod mysql {}

#[doc = include_str!("../docs/postgres.md")]
#[cfg(feature = "postgres")]
pub mod postgres {}

#[doc = include_str!("../docs/transactions.md")]
pub mod transactions {}
