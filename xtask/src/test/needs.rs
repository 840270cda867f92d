//! What each suite needs from the machine: system packages, and servers that run while it does.

use crate::count::VALGRIND;
use crate::fuzz::COMPILER;
use crate::services::Kind;
use crate::services::programs::{LOCALES, MARIADB, MEMCACHED, OPENSSL, PGBOUNCER, POSTGRES, REDIS, REDIS_CLI};
use crate::system::SystemPackage;
use crate::toolchain::BUILD;

use super::{backends, bare, interop, long};

/// Servers by the suite whose tests find them in the environment: add a line here, and `cargo xtask test` installs and
/// starts them. The tests of xtask start their own.
const SERVICES: &[(&str, &[Kind])] = &[
    ("redis", &Kind::REDIS),
    ("postgres", &[Kind::Postgres, Kind::PostgresIcu]),
    ("mysql", &[Kind::Mariadb, Kind::Mysql]),
    ("cache", &[Kind::Plain, Kind::Postgres, Kind::Mariadb, Kind::Memcached]),
    ("shop", &[Kind::Plain, Kind::Postgres, Kind::Mariadb]),
    (interop::NAME, &[Kind::Postgres, Kind::Mariadb]),
];

/// System packages by the suite whose tests need them beside those of the servers.
const PACKAGES: &[(&str, &[SystemPackage])] = &[
    ("postgres", &[PGBOUNCER]),
    ("xtask", &[REDIS, REDIS_CLI, OPENSSL, POSTGRES, LOCALES, MARIADB, MEMCACHED]),
    (interop::NAME, &[REDIS, interop::PYTHON]),
    (long::FUZZ.name, &[COMPILER]),
    (backends::SUITE.name, &backends::PACKAGES),
    (bare::SUITE.name, &[bare::DEBOOTSTRAP]),
    (long::INSTRUCTIONS.name, &[VALGRIND]),
];

/// The system packages for the tests of these suites, each once. Every suite builds the whole workspace.
pub(super) fn packages<'a>(suites: impl IntoIterator<Item = &'a str>) -> Vec<SystemPackage> {
    let suites: Vec<&str> = suites.into_iter().collect();
    let servers = services(suites.iter().copied()).into_iter().flat_map(Kind::packages).copied();
    let own = of(PACKAGES, suites.iter().copied());
    each_once(BUILD.iter().copied().chain(servers).chain(own).collect())
}

/// The servers for the tests of these suites, each once.
pub(super) fn services<'a>(suites: impl IntoIterator<Item = &'a str>) -> Vec<Kind> {
    each_once(of(SERVICES, suites))
}

fn of<'a, T: Copy>(table: &[(&str, &[T])], suites: impl IntoIterator<Item = &'a str>) -> Vec<T> {
    let rows = |name: &'a str| table.iter().filter(move |(of, _)| *of == name).flat_map(|(_, entries)| *entries);
    suites.into_iter().flat_map(rows).copied().collect()
}

fn each_once<T: PartialEq>(all: Vec<T>) -> Vec<T> {
    let mut once = Vec::new();
    for entry in all {
        if !once.contains(&entry) {
            once.push(entry);
        }
    }
    once
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(suites: &[&'static str]) -> Vec<&'static str> {
        packages(suites.iter().copied()).iter().map(|package| package.name).skip(BUILD.len()).collect()
    }

    #[test]
    fn a_package_is_wanted_once() {
        assert_eq!(packages(["core"]), BUILD);
        assert_eq!(names(&["core", "redis"]), ["redis-server", "openssl", "redis-tools"]);
        assert_eq!(names(&["postgres", "mysql"]), ["postgresql", "openssl", "locales", "mariadb-server", "pgbouncer"]);
        let cache = ["redis-server", "postgresql", "openssl", "mariadb-server", "memcached"];
        assert_eq!(names(&["redis", "cache"])[..1], cache[..1]);
        assert_eq!(names(&["cache", "shop"]), cache);
        assert_eq!(names(&["xtask", "redis", "postgres"]).len(), 8);
        assert_eq!(names(&["fuzz"]), ["g++"]);
    }

    #[test]
    fn servers_run_for_the_suite_that_reads_their_variables() {
        assert_eq!(services(["core", "redis"]), Kind::REDIS);
        assert!(services(["core", "sqlite", "xtask"]).is_empty());
        assert_eq!(services([interop::NAME]), [Kind::Postgres, Kind::Mariadb]);
        assert!(names(&[interop::NAME]).contains(&"redis-server"), "which the tests start by themselves");
    }
}
