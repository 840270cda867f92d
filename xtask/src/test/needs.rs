//! What each suite needs from the machine: system packages, and servers that run while it does.

use crate::services::Kind;
use crate::services::programs::{OPENSSL, REDIS};
use crate::system::SystemPackage;

/// Every suite builds the whole workspace, and that builds SQLite from its C source.
const BUILD: &[SystemPackage] = &[
    SystemPackage { name: "gcc", program: Some("cc"), reason: "the bundled SQLite is compiled from C" },
    SystemPackage { name: "libc6-dev", program: None, reason: "the C headers for it" },
];

/// System packages by the crate whose tests need them: add a line here, and `cargo xtask test` installs them.
const PACKAGES: &[(&str, &[SystemPackage])] = &[("constance-redis", &[REDIS, OPENSSL]), ("xtask", &[REDIS, OPENSSL])];

/// Servers by the crate whose tests find them in the environment. The tests of xtask start their own.
const SERVICES: &[(&str, &[Kind])] = &[("constance-redis", &Kind::REDIS)];

/// The system packages for the tests of these crates, each once.
pub(super) fn packages<'a>(crates: impl IntoIterator<Item = &'a str>) -> Vec<SystemPackage> {
    let mut wanted = BUILD.to_vec();
    wanted.extend(of(PACKAGES, crates));
    each_once(wanted)
}

/// The servers for the tests of these crates, each once.
pub(super) fn services<'a>(crates: impl IntoIterator<Item = &'a str>) -> Vec<Kind> {
    each_once(of(SERVICES, crates))
}

fn of<'a, T: Copy>(table: &[(&str, &[T])], crates: impl IntoIterator<Item = &'a str>) -> Vec<T> {
    let rows = |name: &'a str| table.iter().filter(move |(of, _)| *of == name).flat_map(|(_, entries)| *entries);
    crates.into_iter().flat_map(rows).copied().collect()
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

    #[test]
    fn a_package_is_wanted_once() {
        let names: Vec<&str> = packages(["xtask", "constance-redis"]).iter().map(|package| package.name).collect();
        assert_eq!(names, ["gcc", "libc6-dev", "redis-server", "openssl"]);
        assert_eq!(packages(["constance-core"]), BUILD);
    }

    #[test]
    fn servers_run_for_the_crate_that_reads_their_variables() {
        assert_eq!(services(["constance-core", "constance-redis"]), Kind::REDIS);
        assert!(services(["constance-core", "xtask"]).is_empty());
    }
}
