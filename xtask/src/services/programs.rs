//! The programs behind the services, and where they come from.

use std::path::PathBuf;
use std::process::Command;

use crate::system::{self, SystemPackage};

/// What the servers are.
pub(crate) const REDIS: SystemPackage =
    SystemPackage { name: "redis-server", program: Some("redis-server"), reason: "the server of constance-redis" };
pub(crate) const POSTGRES: SystemPackage =
    SystemPackage { name: "postgresql", program: Some("initdb"), reason: "PostgreSQL for constance-diesel" };
pub(crate) const PGBOUNCER: SystemPackage =
    SystemPackage { name: "pgbouncer", program: Some("pgbouncer"), reason: "a pooler before PostgreSQL" };
pub(crate) const MARIADB: SystemPackage =
    SystemPackage { name: "mariadb-server", program: Some("mariadbd"), reason: "MariaDB for constance-diesel" };
pub(crate) const MEMCACHED: SystemPackage =
    SystemPackage { name: "memcached", program: Some("memcached"), reason: "the shared cache of constance-cache" };

/// What makes the certificates.
pub(crate) const OPENSSL: SystemPackage =
    SystemPackage { name: "openssl", program: Some("openssl"), reason: "certificates for servers with TLS" };

/// What makes the locale of a server that does not speak English. Its `localedef` alone makes none.
pub(crate) const LOCALES: SystemPackage =
    SystemPackage { name: "locales", program: None, reason: "a server whose messages are not English" };

/// A `mysqld` that is MySQL's. MariaDB installs one of that name too.
pub(crate) fn mysql() -> Option<PathBuf> {
    let path = system::find("mysqld")?;
    let output = Command::new(&path).arg("--version").output().ok()?;
    let is_mysql = output.status.success() && !String::from_utf8_lossy(&output.stdout).contains("MariaDB");
    is_mysql.then_some(path)
}

/// The program of a package as it is to be started; its bare name where it is not found, which the shell then says.
pub(crate) fn path(package: SystemPackage) -> String {
    let name = package.program.unwrap_or(package.name);
    system::find(name).map_or_else(|| name.to_owned(), |path| path.display().to_string())
}
