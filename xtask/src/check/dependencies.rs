//! Proves with `cargo tree` that crates depend on each other in one direction only, that a build with one backend links no
//! other backend's driver, and that the demo links no library of the system.

use std::collections::BTreeSet;

use crate::command::Cmd;
use crate::count;
use crate::error::{Error, Result};
use crate::workspace::{Package, Workspace};

const CORE: &str = "constance-core";
const DERIVE: &str = "constance-derive";
const POOL: &str = "constance-pool";
const TEST_SERVER: &str = "constance-testserver";

/// The crates that reach something over a network, and keep connections to it.
const POOLED: [&str; 3] = ["constance-redis", "constance-diesel", "constance-cache"];

/// What `cargo xtask demo` builds.
const DEMO: &str = "shop";

/// Crates around a C library that the demo may link, with the feature by which they compile that library themselves.
const COMPILED_ALONG: [(&str, &str); 1] = [("libsqlite3-sys", "bundled")];

/// A crate that may link a package, and the feature that it takes.
type Owner = (&'static str, Option<&'static str>);

/// Packages that only the named crates may link, and only with the named feature where there is one. Features and
/// packages that do not exist yet are in the list already, so that they arrive guarded.
const GUARDED: &[(&str, &[Owner])] = &[
    ("diesel", &[("constance-diesel", None)]),
    ("libsqlite3-sys", &[("constance-diesel", Some("sqlite"))]),
    (
        "pq-sys",
        &[
            ("constance-diesel", Some("postgres")),
            ("constance-diesel", Some("listen")),
            ("constance-diesel", Some("listen-tls")),
        ],
    ),
    ("mysqlclient-sys", &[("constance-diesel", Some("mysql"))]),
    // The OpenSSL of the client libraries.
    (
        "openssl-sys",
        &[
            ("constance-diesel", Some("postgres")),
            ("constance-diesel", Some("listen")),
            ("constance-diesel", Some("listen-tls")),
            ("constance-diesel", Some("mysql")),
            ("constance-redis", Some("tls-native-tls")),
        ],
    ),
    ("postgres", &[("constance-diesel", Some("listen")), ("constance-diesel", Some("listen-tls"))]),
    ("postgres-native-tls", &[("constance-diesel", Some("listen-tls"))]),
    ("native-tls", &[("constance-diesel", Some("listen-tls")), ("constance-redis", Some("tls-native-tls"))]),
    (
        "r2d2",
        &[
            // For pools of the application's own.
            ("constance-diesel", None),
            ("constance-redis", None),
            (POOL, Some("r2d2")),
            // Inside the `memcache` crate, whose own pool is not used.
            ("constance-cache", Some("memcached")),
        ],
    ),
    ("redis", &[("constance-redis", None), ("constance-cache", Some("redis"))]),
    ("memcache", &[("constance-cache", Some("memcached"))]),
    (
        "tokio",
        &[
            ("constance-core", Some("tokio")),
            ("constance-redis", Some("aio")),
            ("constance-cache", Some("tokio")),
            // Inside the `postgres` crate, which waits for notifications by it.
            ("constance-diesel", Some("listen")),
            ("constance-diesel", Some("listen-tls")),
        ],
    ),
    ("clap", &[("constance-cli", None)]),
];

pub(super) fn check(workspace: &Workspace) -> Result<()> {
    let mut wrong = Vec::new();
    for package in &workspace.packages {
        let linked = tree(workspace, package, &["--all-features"])?;
        wrong.extend(wrong_direction(package, &linked, &siblings(workspace)));
    }
    for package in workspace.libraries() {
        let alone = std::iter::once(None).chain(package.features.keys().map(Some));
        for feature in alone {
            let choice = match feature {
                None => vec!["--no-default-features"],
                Some(feature) => vec!["--no-default-features", "--features", feature.as_str()],
            };
            let linked = tree(workspace, package, &choice)?;
            wrong.extend(foreign_drivers(package, feature.map(String::as_str), &linked));
        }
    }
    let demo = Cmd::cargo().words("tree --locked -e normal,build --prefix none -p").args([DEMO, "-f", "{p}|{f}"]);
    demo.print();
    wrong.extend(system_libraries(&demo.output(&workspace.root)?, &workspace.links()?));
    if wrong.is_empty() { Ok(()) } else { Err(Error::failed(wrong.join("; "))) }
}

/// The crates of the demo that look for a library on the system: the demo has to build where only a C compiler is.
/// `tree` has a line for each crate, its name first and its features behind a bar.
fn system_libraries(tree: &str, links: &BTreeSet<String>) -> BTreeSet<String> {
    let crates = tree.lines().filter_map(|line| {
        let (package, features) = line.split_once('|')?;
        Some((package.split_whitespace().next()?, features.trim_end_matches("(*)").trim()))
    });
    let compiled_along = |name: &str, features: &str| {
        COMPILED_ALONG.iter().any(|(of, feature)| *of == name && features.split(',').any(|on| on == *feature))
    };
    let linking = crates.filter(|(name, features)| links.contains(*name) && !compiled_along(name, features));
    linking.map(|(name, _)| format!("the demo must not link a library of the system, as {name} does")).collect()
}

fn siblings(workspace: &Workspace) -> BTreeSet<String> {
    workspace.packages.iter().map(|package| package.name.clone()).collect()
}

/// The names of all packages that `package` is built with, tests left out.
fn tree(workspace: &Workspace, package: &Package, choice: &[&str]) -> Result<BTreeSet<String>> {
    let tree =
        Cmd::cargo().words("tree --locked -e normal,build --prefix none -f {p} -p").args([package.name.as_str()]);
    let tree = tree.args(choice.iter().copied());
    tree.print();
    let text = tree.output(&workspace.root)?;
    Ok(text.lines().filter_map(|line| line.split_whitespace().next()).map(str::to_owned).collect())
}

/// Every library crate depends on core, those over a network on the pool as well, core on the derive macros alone, the tools on
/// the test servers alone, and the macros and the test servers on none. An example is an application, which may use all of them,
/// and so is what counts their instructions.
fn wrong_direction(package: &Package, linked: &BTreeSet<String>, siblings: &BTreeSet<String>) -> Vec<String> {
    let name = package.name.as_str();
    if package.is_example || name == count::PACKAGE {
        return Vec::new();
    }
    let allowed: &[&str] = match name {
        DERIVE | TEST_SERVER => &[],
        CORE => &[DERIVE],
        _ if !package.published => &[TEST_SERVER],
        _ if POOLED.contains(&name) => &[CORE, DERIVE, POOL],
        _ => &[CORE, DERIVE],
    };
    let unwanted = linked.intersection(siblings).filter(|other| *other != name && !allowed.contains(&other.as_str()));
    let mut wrong: Vec<String> = unwanted.map(|other| format!("{name} must not depend on {other}")).collect();
    if allowed.contains(&CORE) && !linked.contains(CORE) {
        wrong.push(format!("{name} must depend on {CORE}"));
    }
    wrong
}

fn foreign_drivers(package: &Package, feature: Option<&str>, linked: &BTreeSet<String>) -> Vec<String> {
    let allowed = |owners: &[Owner]| {
        owners.iter().any(|(owner, needed)| *owner == package.name && (needed.is_none() || *needed == feature))
    };
    let found = GUARDED.iter().filter(|(driver, owners)| linked.contains(*driver) && !allowed(owners));
    let with = feature.map_or_else(|| "no features".to_owned(), |feature| format!("feature `{feature}` alone"));
    found.map(|(driver, _)| format!("{} with {with} must not link {driver}", package.name)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn package(name: &str) -> Package {
        Package { name: name.into(), published: name != "xtask", ..Package::default() }
    }

    fn set(names: &[&str]) -> BTreeSet<String> {
        names.iter().map(|name| (*name).to_owned()).collect()
    }

    #[test]
    fn arrows_run_one_way() {
        let siblings =
            set(&[CORE, DERIVE, POOL, TEST_SERVER, "constance-memory", "constance-redis", "constance-cli", "xtask"]);
        let wrong = |name: &str, linked: &[&str]| wrong_direction(&package(name), &set(linked), &siblings);
        assert!(wrong(CORE, &[CORE, DERIVE, "serde"]).is_empty());
        assert!(wrong("constance-memory", &["constance-memory", CORE, DERIVE]).is_empty());
        assert!(wrong(POOL, &[POOL, CORE, DERIVE, "r2d2"]).is_empty());
        assert!(wrong("constance-redis", &["constance-redis", CORE, DERIVE, POOL]).is_empty());
        assert!(wrong("xtask", &["xtask", TEST_SERVER, "serde_json"]).is_empty());
        assert_eq!(
            wrong("constance-memory", &["constance-memory", CORE, POOL]),
            ["constance-memory must not depend on constance-pool"]
        );
        assert_eq!(
            wrong(POOL, &[POOL, CORE, "constance-redis"]),
            ["constance-pool must not depend on constance-redis"]
        );
        assert_eq!(wrong(CORE, &[CORE, "constance-memory"]), ["constance-core must not depend on constance-memory"]);
        assert!(wrong(TEST_SERVER, &[TEST_SERVER, "fork"]).is_empty());
        assert_eq!(
            wrong(TEST_SERVER, &[TEST_SERVER, CORE]),
            ["constance-testserver must not depend on constance-core"]
        );
        assert_eq!(
            wrong("constance-memory", &["constance-memory", CORE, TEST_SERVER]),
            ["constance-memory must not depend on constance-testserver"]
        );
        assert_eq!(wrong(DERIVE, &[DERIVE, CORE]), ["constance-derive must not depend on constance-core"]);
        assert_eq!(wrong("xtask", &["xtask", DERIVE]), ["xtask must not depend on constance-derive"]);
        let example = Package { is_example: true, ..package("xtask") };
        assert!(wrong_direction(&example, &set(&[CORE, DERIVE, "constance-memory"]), &siblings).is_empty());
        assert_eq!(
            wrong("constance-memory", &["constance-memory"]),
            ["constance-memory must depend on constance-core"]
        );
    }

    #[test]
    fn the_demo_links_what_it_compiles_itself() {
        let links = set(&["libsqlite3-sys", "openssl-sys"]);
        let tree = "shop v0.1.0 (/a b)|default,sqlite\nlibsqlite3-sys v0.38.2|bundled,cc (*)\nserde v1.0.0|\n";
        assert!(system_libraries(tree, &links).is_empty());
        let wanted =
            |name: &str| BTreeSet::from([format!("the demo must not link a library of the system, as {name} does")]);
        assert_eq!(system_libraries("libsqlite3-sys v0.38.2|cc\n", &links), wanted("libsqlite3-sys"));
        assert_eq!(system_libraries("openssl-sys v0.9.1| (*)\n", &links), wanted("openssl-sys"));
    }

    #[test]
    fn a_driver_belongs_to_its_crate_and_feature() {
        let diesel = package("constance-diesel");
        let linked = set(&["diesel", "libsqlite3-sys"]);
        assert!(foreign_drivers(&diesel, Some("sqlite"), &linked).is_empty());
        let wanted = ["constance-diesel with no features must not link libsqlite3-sys"];
        assert_eq!(foreign_drivers(&diesel, None, &linked), wanted);
        assert_eq!(foreign_drivers(&package("constance-memory"), None, &linked).len(), 2);
        assert!(foreign_drivers(&package(POOL), Some("r2d2"), &set(&["r2d2"])).is_empty());
        let wanted = ["constance-cache with feature `redis` alone must not link r2d2"];
        assert_eq!(foreign_drivers(&package("constance-cache"), Some("redis"), &set(&["r2d2"])), wanted);
        let wanted = ["constance-core with feature `testing` alone must not link tokio"];
        assert_eq!(foreign_drivers(&package(CORE), Some("testing"), &set(&["tokio"])), wanted);
    }
}
