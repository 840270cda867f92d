//! The servers there are, each in the ways in which it can be set up, and how tests are told where it is.

use crate::error::{Error, Result};
use crate::system::{self, SystemPackage};

use super::programs::{LOCALES, MARIADB, MEMCACHED, OPENSSL, POSTGRES, REDIS, REDIS_CLI};

/// One server, or several that belong together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Kind {
    Plain,
    Acl,
    Tls,
    Unix,
    Cluster,
    Sentinel,
    Postgres,
    PostgresIcu,
    Mariadb,
    Mysql,
    Memcached,
}

impl Kind {
    /// The ways in which a Redis can be set up.
    pub(crate) const REDIS: [Self; 6] = [Self::Plain, Self::Acl, Self::Tls, Self::Unix, Self::Cluster, Self::Sentinel];

    pub(crate) const ALL: [Self; 11] = [
        Self::Plain,
        Self::Acl,
        Self::Tls,
        Self::Unix,
        Self::Cluster,
        Self::Sentinel,
        Self::Postgres,
        Self::PostgresIcu,
        Self::Mariadb,
        Self::Mysql,
        Self::Memcached,
    ];

    /// As it is called on the command line.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Plain => "plain",
            Self::Acl => "acl",
            Self::Tls => "tls",
            Self::Unix => "unix",
            Self::Cluster => "cluster",
            Self::Sentinel => "sentinel",
            Self::Postgres => "postgres",
            Self::PostgresIcu => "postgres-icu",
            Self::Mariadb => "mariadb",
            Self::Mysql => "mysql",
            Self::Memcached => "memcached",
        }
    }

    /// As it is called among all others.
    pub(crate) fn title(self) -> String {
        if self.is_redis() { format!("redis {}", self.name()) } else { self.name().to_owned() }
    }

    /// The variable that tells tests where it is. One that is already set is used, and nothing is started.
    pub(crate) fn variable(self) -> &'static str {
        match self {
            Self::Plain => "CONSTANCE_REDIS_URL",
            Self::Acl => "CONSTANCE_REDIS_ACL_URL",
            Self::Tls => "CONSTANCE_REDIS_TLS_URL",
            Self::Unix => "CONSTANCE_REDIS_UNIX_URL",
            Self::Cluster => "CONSTANCE_REDIS_CLUSTER_URL",
            Self::Sentinel => "CONSTANCE_REDIS_SENTINEL_URL",
            Self::Postgres => "CONSTANCE_POSTGRES_URL",
            Self::PostgresIcu => "CONSTANCE_POSTGRES_ICU_URL",
            Self::Mariadb => "CONSTANCE_MARIADB_URL",
            Self::Mysql => "CONSTANCE_MYSQL_URL",
            Self::Memcached => "CONSTANCE_MEMCACHED_URL",
        }
    }

    /// For the help.
    pub(crate) fn about(self) -> &'static str {
        match self {
            Self::Plain => "one server",
            Self::Acl => "a password, and a user who may do what a settings backend needs on `constance:*`",
            Self::Tls => "TLS with certificates made on the spot, client certificates accepted",
            Self::Unix => "a unix socket",
            Self::Cluster => "a cluster of 3 masters and 3 replicas",
            Self::Sentinel => "a master, 2 replicas and 3 sentinels that fail over within seconds",
            Self::Postgres => "PostgreSQL with passwords and TLS: a database, its owner, and the administrator",
            Self::PostgresIcu => "PostgreSQL that speaks German, with a database in the ICU locale `en`",
            Self::Mariadb => "MariaDB with TLS: a database of the default charset, its owner, and root",
            Self::Mysql => "the same on MySQL, where its `mysqld` is installed; Debian has none",
            Self::Memcached => "memcached: one server, and two to be used together",
        }
    }

    /// The system packages that it is started with.
    pub(crate) fn packages(self) -> &'static [SystemPackage] {
        match self {
            Self::Tls => &[REDIS, OPENSSL],
            Self::Plain | Self::Acl | Self::Unix => &[REDIS],
            Self::Cluster | Self::Sentinel => &[REDIS, REDIS_CLI],
            Self::Postgres => &[POSTGRES, OPENSSL],
            Self::PostgresIcu => &[POSTGRES, LOCALES],
            Self::Mariadb => &[MARIADB, OPENSSL],
            // In no Debian: whoever wants it installs it.
            Self::Mysql => &[OPENSSL],
            Self::Memcached => &[MEMCACHED],
        }
    }

    /// Whether it can be asked for: MySQL itself cannot be installed on Debian, and nobody is to fail without it.
    pub(crate) fn can_be_had(self) -> bool {
        self != Self::Mysql || constance_testserver::find_mysqld().is_some()
    }

    /// Whether all of its programs are there.
    pub(crate) fn is_installed(self) -> bool {
        self.can_be_had() && self.packages().iter().all(|package| package.program.is_none_or(system::on_path))
    }

    fn is_redis(self) -> bool {
        Self::REDIS.contains(&self)
    }

    /// The kinds that a command line asks for by names and by `--kind`, each once. `redis` is the plain one, unless
    /// other ways are named.
    pub(crate) fn choose<'a>(
        names: impl IntoIterator<Item = &'a str>,
        ways: impl IntoIterator<Item = &'a str>,
    ) -> Result<Vec<Self>> {
        let mut kinds = Vec::new();
        let mut redis = false;
        for name in names {
            match name {
                "redis" => redis = true,
                "all" => kinds.extend(Self::ALL.into_iter().filter(|kind| kind.can_be_had())),
                name => kinds.push(Self::named(name, &Self::ALL)?),
            }
        }
        for way in ways {
            match way {
                "all" => kinds.extend(Self::REDIS),
                way => kinds.push(Self::named(way, &Self::REDIS)?),
            }
        }
        if redis && !kinds.iter().any(|kind| kind.is_redis()) {
            kinds.push(Self::Plain);
        }
        kinds.sort();
        kinds.dedup();
        Ok(kinds)
    }

    fn named(name: &str, among: &[Self]) -> Result<Self> {
        among.iter().copied().find(|kind| kind.name() == name).ok_or_else(|| {
            let known: Vec<&str> = among.iter().map(|kind| kind.name()).collect();
            Error::usage(format!("there is no service `{name}`; there are: redis, all, {}", known.join(", ")))
        })
    }

    /// Those of `kinds` that the environment does not name already.
    pub(crate) fn not_named(kinds: &[Self]) -> Vec<Self> {
        Self::missing(kinds, |name| std::env::var_os(name).is_some_and(|value| !value.is_empty()))
    }

    fn missing(kinds: &[Self], is_set: impl Fn(&str) -> bool) -> Vec<Self> {
        kinds.iter().copied().filter(|kind| !is_set(kind.variable())).collect()
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    fn choose(names: &[&'static str], ways: &[&'static str]) -> Vec<Kind> {
        Kind::choose(names.iter().copied(), ways.iter().copied()).unwrap()
    }

    #[test]
    fn redis_alone_is_the_plain_one() {
        assert_eq!(choose(&["redis"], &[]), [Kind::Plain]);
        assert_eq!(choose(&["redis", "tls"], &[]), [Kind::Tls]);
        assert_eq!(choose(&["redis"], &["tls"]), [Kind::Tls]);
        assert_eq!(choose(&["redis", "postgres"], &[]), [Kind::Plain, Kind::Postgres]);
        assert!(choose(&[], &[]).is_empty());
    }

    #[test]
    fn each_is_chosen_once() {
        assert_eq!(choose(&["unix", "acl", "unix"], &["acl"]), [Kind::Acl, Kind::Unix]);
        assert_eq!(choose(&["plain", "redis"], &["all"]), Kind::REDIS);
        let all = Kind::ALL.into_iter().filter(|kind| kind.can_be_had()).collect::<Vec<_>>();
        assert_eq!(choose(&["plain", "all"], &[]), all);
    }

    #[test]
    fn an_unknown_one_is_answered_with_those_there_are() {
        let message = Kind::choose(["rediss"], []).unwrap_err().to_string();
        assert!(message.starts_with("there is no service `rediss`; ") && message.contains("memcached"), "{message}");
        let message = Kind::choose(["redis"], ["postgres"]).unwrap_err().to_string();
        assert!(message.ends_with("plain, acl, tls, unix, cluster, sentinel"), "{message}");
    }

    #[test]
    fn variables_and_names_are_different() {
        assert_eq!(Kind::ALL.iter().map(|kind| kind.variable()).collect::<BTreeSet<_>>().len(), Kind::ALL.len());
        assert_eq!(Kind::ALL.iter().map(|kind| kind.name()).collect::<BTreeSet<_>>().len(), Kind::ALL.len());
        assert_eq!(BTreeSet::from(Kind::ALL).len(), Kind::ALL.len());
    }

    #[test]
    fn what_the_environment_names_is_not_started() {
        let missing = Kind::missing(&[Kind::Plain, Kind::Postgres], |name| name == "CONSTANCE_REDIS_URL");
        assert_eq!(missing, [Kind::Postgres]);
    }
}
