//! PostgreSQL.

mod changes;
mod columns;
mod connect;
mod connect_error;
mod diagnose;
#[cfg(feature = "listen")]
mod listen;
mod messages;
mod migrations;
mod read;
mod row_security;
mod run;
mod target;
mod timeouts;
mod transactions;
mod write;

use diesel::pg::PgConnection;

use crate::DieselBackend;
use crate::dialect::Dialect;

/// Settings in a PostgreSQL database.
pub type PostgresBackend = DieselBackend<PgConnection>;

impl Dialect for PgConnection {
    const NAME: &'static str = "postgres";
}
