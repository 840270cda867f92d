//! MariaDB and MySQL with TLS beside plain connections.

use constance_testserver::{Certificates, MariadbServer, MysqlServer, Options};

use crate::error::Result;

use super::durability::Durability;
use super::set::Set;

/// A MariaDB with a database of the default charset, its owner, and root.
pub(super) fn mariadb(durability: Durability) -> Result<Set> {
    let made = Certificates::try_make(Some(MariadbServer::USER))?;
    let server = MariadbServer::try_start(&options(&made, durability))?;
    let (url, admin) = (server.url(), server.admin_url());
    let set = Set::of([server]).with("CONSTANCE_MARIADB_TLS_URL", tls(&url, &made));
    Ok(set.with("CONSTANCE_MARIADB_URL", url).with("CONSTANCE_MARIADB_ADMIN_URL", admin))
}

/// The same on MySQL.
pub(super) fn mysql(durability: Durability) -> Result<Set> {
    let made = Certificates::try_make(Some(MysqlServer::USER))?;
    let server = MysqlServer::try_start(&options(&made, durability))?;
    let (url, admin) = (server.url(), server.admin_url());
    let set = Set::of([server]).with("CONSTANCE_MYSQL_TLS_URL", tls(&url, &made));
    Ok(set.with("CONSTANCE_MYSQL_URL", url).with("CONSTANCE_MYSQL_ADMIN_URL", admin))
}

fn options(made: &Certificates, durability: Durability) -> Options {
    let ssl = [("ssl-ca", &made.ca), ("ssl-cert", &made.server), ("ssl-key", &made.server_key)];
    let ssl = ssl.map(|(name, path)| format!("{name}={}", path.display()));
    let own = match durability {
        Durability::Throwaway => "innodb-flush-log-at-trx-commit=0",
        // The default of both: test servers have a smaller one.
        Durability::Production => "innodb-log-file-size=96M",
    };
    // Tests have many pools.
    Options::default().settings(ssl).settings(["max-connections=300", own])
}

fn tls(url: &str, made: &Certificates) -> String {
    format!("{url}?ssl_ca={}", made.ca.display())
}
