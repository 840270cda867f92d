//! MySQL and MariaDB.

mod changes;
mod client_check;
mod columns;
mod connect;
mod connect_error;
mod diagnose;
mod django;
mod migrations;
mod numbers;
mod read;
mod run;
mod target;
mod transactions;
mod write;

use diesel::mysql::MysqlConnection;

use crate::DieselBackend;
use crate::dialect::Dialect;

/// Settings in a MySQL or MariaDB database.
pub type MysqlBackend = DieselBackend<MysqlConnection>;

impl Dialect for MysqlConnection {
    const NAME: &'static str = "mysql";
}
