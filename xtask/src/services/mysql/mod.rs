//! MariaDB and MySQL, which differ in how they are made and are asked alike.

mod server;

use std::path::Path;

use crate::error::{Error, Result};
use crate::system;

use super::durability::Durability;
use super::programs;
use super::set::Set;

use self::server::Flavour;

/// A MariaDB with a database of the default charset, its owner, and root, and TLS beside plain connections.
pub(super) fn mariadb(own: &Path, durability: Durability) -> Result<Set> {
    let server = system::find("mariadbd").ok_or_else(|| missing("mariadbd"))?;
    let names = ["CONSTANCE_MARIADB_URL", "CONSTANCE_MARIADB_ADMIN_URL", "CONSTANCE_MARIADB_TLS_URL"];
    server::start(own, &server, Flavour::Mariadb, durability, names)
}

/// The same on MySQL.
pub(super) fn mysql(own: &Path, durability: Durability) -> Result<Set> {
    let server = programs::mysql().ok_or_else(|| missing("a `mysqld` that is MySQL's"))?;
    let names = ["CONSTANCE_MYSQL_URL", "CONSTANCE_MYSQL_ADMIN_URL", "CONSTANCE_MYSQL_TLS_URL"];
    server::start(own, &server, Flavour::Mysql, durability, names)
}

fn missing(what: &str) -> Error {
    Error::failed(format!("{what} is not installed"))
}
