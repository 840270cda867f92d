//! What there is to know of each database, of migrations, and of transactions of the application's.

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
