//! The system packages that each suite needs.

use crate::system::SystemPackage;

/// Every suite builds the whole workspace, and that builds SQLite from its C source.
const BUILD: &[SystemPackage] = &[
    SystemPackage { name: "gcc", program: Some("cc"), reason: "the bundled SQLite is compiled from C" },
    SystemPackage { name: "libc6-dev", program: None, reason: "the C headers for it" },
];

/// Servers by suite: add a line here, and `cargo xtask test` installs it.
const SERVERS: &[(&str, &[SystemPackage])] = &[];

/// What the suites named need, each package once.
pub(super) fn of<'a>(suites: impl IntoIterator<Item = &'a str>) -> Vec<SystemPackage> {
    let mut wanted = BUILD.to_vec();
    for suite in suites {
        for (_, packages) in SERVERS.iter().filter(|(name, _)| *name == suite) {
            let new: Vec<_> = packages.iter().copied().filter(|package| !wanted.contains(package)).collect();
            wanted.extend(new);
        }
    }
    wanted
}
