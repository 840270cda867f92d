//! The stores that both sides can share, each of the test's own and gone with it.

use std::hash::{BuildHasher, RandomState};
use std::sync::Arc;
use std::time::Duration;

use constance_core::Backend;
use constance_diesel::diesel::connection::SimpleConnection;
use constance_diesel::diesel::{Connection, MysqlConnection, PgConnection};
use constance_diesel::{Dialect, DieselBackend, Layout, MysqlBackend, PostgresBackend, SqliteBackend};
use constance_redis::RedisBackend;
use tempfile::TempDir;

use super::redis::Redis;

/// A store that Django knows by one address and the service by another.
pub(crate) enum Store {
    Redis(Redis),
    Sqlite(TempDir),
    /// The server's address and the schema.
    Postgres(String, String),
    /// The server's address, without a database, and the database.
    Mariadb(String, String),
}

fn random_name() -> String {
    format!("interop_{:016x}", RandomState::new().hash_one(0))
}

/// An address in the environment; `None`, and a word, where there is none.
fn address(variable: &str) -> Option<String> {
    let address = std::env::var(variable).ok().filter(|address| !address.is_empty());
    if address.is_none() {
        constance_testserver::skip(&format!("{variable} is not set; `cargo xtask test interop` sets it"));
    }
    address
}

impl Store {
    pub(crate) fn redis_server() -> Option<Self> {
        Redis::start().map(Self::Redis)
    }

    #[allow(clippy::unnecessary_wraps, reason = "as the others")]
    pub(crate) fn sqlite() -> Option<Self> {
        Some(Self::Sqlite(TempDir::new().expect("a folder")))
    }

    pub(crate) fn postgres() -> Option<Self> {
        let (server, name) = (address("CONSTANCE_POSTGRES_URL")?, random_name());
        constance_diesel::init_openssl();
        let mut connection = PgConnection::establish(&server).expect("a connection");
        connection.batch_execute(&format!("CREATE SCHEMA {name}")).expect("a schema");
        Some(Self::Postgres(server, name))
    }

    pub(crate) fn mariadb() -> Option<Self> {
        let (server, name) = (address("CONSTANCE_MARIADB_ADMIN_URL")?, random_name());
        constance_diesel::init_openssl();
        let mut connection = MysqlConnection::establish(&server).expect("a connection");
        connection.batch_execute(&format!("CREATE DATABASE {name} CHARACTER SET utf8mb4")).expect("a database");
        let (server, _) = server.rsplit_once('/').expect("a database in the address");
        Some(Self::Mariadb(server.to_owned(), name))
    }

    /// As it is known to both, but for Redis, where the ways to write it differ.
    pub(crate) fn url(&self) -> String {
        match self {
            Self::Redis(redis) => redis.url(),
            Self::Sqlite(folder) => format!("sqlite://{}/db.sqlite3", folder.path().display()),
            Self::Postgres(server, schema) => {
                let mark = if server.contains('?') { '&' } else { '?' };
                format!("{server}{mark}options=-c%20search_path%3D{schema}")
            }
            Self::Mariadb(server, database) => format!("{server}/{database}"),
        }
    }

    pub(crate) fn python_url(&self) -> String {
        match self {
            Self::Redis(redis) => redis.python_url(),
            _ => self.url(),
        }
    }

    pub(crate) fn backend(&self) -> Arc<dyn Backend> {
        let url = self.url();
        match self {
            Self::Redis(_) => Arc::new(RedisBackend::from_url(&url).expect("a URL")),
            Self::Sqlite(_) => over_django(SqliteBackend::builder().url(url)),
            Self::Postgres(..) => over_django(PostgresBackend::builder().url(url)),
            Self::Mariadb(..) => over_django(MysqlBackend::builder().url(url)),
        }
    }
}

/// Where Django has migrated.
fn over_django<C: Dialect>(builder: constance_diesel::Builder<C>) -> Arc<DieselBackend<C>> {
    // Both sides write as fast as they can to one file.
    let backend = builder.layout(Layout::Django).busy_timeout(Duration::from_secs(60)).build().expect("a URL");
    assert!(backend.migrate().expect("the table that Django made").is_empty());
    Arc::new(backend)
}

impl Drop for Store {
    fn drop(&mut self) {
        match self {
            Self::Redis(_) | Self::Sqlite(_) => {}
            Self::Postgres(server, schema) => {
                if let Ok(mut connection) = PgConnection::establish(server) {
                    let _ = connection.batch_execute(&format!("DROP SCHEMA {schema} CASCADE"));
                }
            }
            Self::Mariadb(_, database) => {
                let drop = format!("DROP DATABASE {database}");
                if let Ok(mut connection) = MysqlConnection::establish(&self.url()) {
                    let _ = connection.batch_execute(&drop);
                }
            }
        }
    }
}
