//! The system packages that have the programs of the services.

use crate::system::SystemPackage;

/// What the servers are.
pub(crate) const REDIS: SystemPackage =
    SystemPackage { name: "redis-server", program: Some("redis-server"), reason: "the server of constance-redis" };
/// On Debian, `redis-server` depends on it.
pub(crate) const REDIS_CLI: SystemPackage =
    SystemPackage { name: "redis-tools", program: Some("redis-cli"), reason: "joins the servers of a Redis cluster" };
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
