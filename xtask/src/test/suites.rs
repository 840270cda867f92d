//! Which suites there are. Test programs are found by asking cargo, so that a new one belongs to a suite from its first
//! day: each to the suite of its crate, or of its database, and those that run the conformance suite also to that one.
//! A program is a file of `tests`, or a folder there with a `main.rs`.

use std::collections::BTreeSet;
use std::rc::Rc;

use crate::command::Cmd;
use crate::error::Result;
use crate::workspace::Workspace;

use super::{cargo_test, interop, unknown};

/// What runs the conformance suite, or tests it, has this in its name.
const CONFORMANCE: &str = "conformance";

/// The crate whose tests are divided by database.
const DIESEL: &str = "constance-diesel";

/// By the first word of a program's name; the programs of no other database are SQLite's.
const DATABASES: [(&str, &str); 3] = [("postgres", "postgres"), ("mysql", "mysql"), ("mariadb", "mysql")];
const SQLITE: &str = "sqlite";

/// One suite.
#[derive(Debug)]
pub(super) struct Suite {
    pub(super) name: String,
    content: Content,
}

#[derive(Debug)]
enum Content {
    Unit,
    Docs,
    Files {
        files: Vec<File>,
        /// Those of all suites: cargo chooses by name alone.
        all: Rc<[File]>,
    },
}

/// A test program.
#[derive(Debug, Clone, PartialEq, Eq)]
struct File {
    package: String,
    name: String,
    /// The suite of its crate or database.
    home: String,
}

impl File {
    fn new(package: &str, name: &str) -> Self {
        let home = match (package, name) {
            // It needs a network for its Pythons, and a suite of its own lets the others do without.
            (_, interop::NAME) => interop::NAME,
            (DIESEL, name) => database(name),
            (package, _) => package.strip_prefix("constance-").unwrap_or(package),
        };
        Self { package: package.to_owned(), name: name.to_owned(), home: home.to_owned() }
    }

    fn is_conformance(&self) -> bool {
        self.name.contains(CONFORMANCE)
    }
}

fn database(file: &str) -> &'static str {
    let first = file.split('_').next().unwrap_or(file);
    DATABASES.into_iter().find(|(word, _)| *word == first).map_or(SQLITE, |(_, suite)| suite)
}

/// All suites of the workspace. A test may be in two of them, the suite of its crate and `conformance`.
pub(super) fn discover(workspace: &Workspace) -> Vec<Suite> {
    let files = workspace.packages.iter().flat_map(|package| {
        package.targets("test").map(|target| File::new(&package.name, &target.name)).collect::<Vec<_>>()
    });
    let all: Rc<[File]> = files.collect();
    let mut names: Vec<&str> = vec![CONFORMANCE];
    for file in all.iter() {
        if !names.contains(&file.home.as_str()) {
            names.push(&file.home);
        }
    }
    let suite = |name: &str| {
        let belongs = |file: &&File| if name == CONFORMANCE { file.is_conformance() } else { file.home == name };
        let files = all.iter().filter(belongs).cloned().collect();
        Suite { name: name.to_owned(), content: Content::Files { files, all: Rc::clone(&all) } }
    };
    let mut suites = vec![
        Suite { name: "unit".to_owned(), content: Content::Unit },
        Suite { name: "docs".to_owned(), content: Content::Docs },
    ];
    suites.extend(names.into_iter().map(suite).filter(|suite| !suite.is_empty()));
    suites
}

/// The suites named, in their own order; all of them when none is named. Each file is left to the first that holds it,
/// so that it runs once.
pub(super) fn choose(suites: Vec<Suite>, names: &[String]) -> Result<Vec<Suite>> {
    if let Some(name) = names.iter().find(|name| suites.iter().all(|suite| suite.name != **name)) {
        return Err(unknown(name, &suites));
    }
    let mut seen: Vec<File> = Vec::new();
    let mut chosen = suites;
    chosen.retain(|suite| names.is_empty() || names.contains(&suite.name));
    for suite in &mut chosen {
        if let Content::Files { files, .. } = &mut suite.content {
            files.retain(|file| !seen.contains(file));
            seen.extend(files.iter().cloned());
        }
    }
    chosen.retain(|suite| !suite.is_empty());
    Ok(chosen)
}

/// One line for each suite.
pub(super) fn list(suites: &[Suite]) -> String {
    let width = suites.iter().map(|suite| suite.name.len()).max().unwrap_or(0);
    let line = |suite: &Suite| format!("  {:width$}   {}", suite.name, suite.about());
    suites.iter().map(line).collect::<Vec<_>>().join("\n")
}

impl Suite {
    fn is_empty(&self) -> bool {
        matches!(&self.content, Content::Files { files, .. } if files.is_empty())
    }

    /// The suites of the crates or databases whose test files it runs.
    pub(super) fn homes(&self) -> impl Iterator<Item = &str> {
        let files: &[File] = match &self.content {
            Content::Files { files, .. } => files,
            // Tests inside sources and docs do without servers.
            Content::Unit | Content::Docs => &[],
        };
        files.iter().map(|file| file.home.as_str())
    }

    fn about(&self) -> String {
        match &self.content {
            Content::Unit => "the tests inside the sources, and the examples".to_owned(),
            Content::Docs => "the examples in the docs and READMEs".to_owned(),
            Content::Files { files, .. } => {
                let packages: BTreeSet<&String> = files.iter().map(|file| &file.package).collect();
                let named = |package: &String| {
                    let own = files.iter().filter(|file| file.package == *package).map(|file| file.name.as_str());
                    format!("{package}: {}", own.collect::<Vec<_>>().join(", "))
                };
                packages.into_iter().map(named).collect::<Vec<_>>().join("; ")
            }
        }
    }

    /// What runs the tests.
    pub(super) fn command(&self, keep_going: bool, passed_on: &[String]) -> Cmd {
        let mut test = cargo_test();
        match &self.content {
            Content::Unit => test = test.words("--lib --bins --examples"),
            Content::Docs => test = test.words("--doc"),
            Content::Files { files, all } => {
                let elsewhere = |file: &File| files.iter().any(|own| own.name == file.name) && !files.contains(file);
                if all.iter().any(elsewhere) {
                    let packages: BTreeSet<&String> = files.iter().map(|file| &file.package).collect();
                    test = Cmd::cargo().words("test --locked --all-features");
                    test = packages.into_iter().fold(test, |test, package| test.words("-p").args([package.as_str()]));
                }
                let names: BTreeSet<&String> = files.iter().map(|file| &file.name).collect();
                test = names.into_iter().fold(test, |test, name| test.words("--test").args([name.as_str()]));
            }
        }
        if keep_going {
            test = test.words("--no-fail-fast");
        }
        if !passed_on.is_empty() {
            test = test.words("--").args(passed_on.iter().map(String::as_str));
        }
        test
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::workspace::{Package, Target};

    fn package(name: &str, targets: &[(&str, &str)]) -> Package {
        let targets = targets
            .iter()
            .map(|(kind, name)| Target { name: (*name).into(), kind: (*kind).into(), ..Target::default() })
            .collect();
        Package { name: name.into(), targets, ..Package::default() }
    }

    fn suites() -> Vec<Suite> {
        let diesel =
            ["sqlite_conformance", "errors", "postgres_conformance", "postgres", "mysql_kill", "mariadb_events"];
        let mut diesel: Vec<(&str, &str)> = diesel.iter().map(|name| ("test", *name)).collect();
        diesel.push(("bench", "get"));
        discover(&Workspace {
            root: "/w".into(),
            target: "/w/target".into(),
            packages: vec![
                package("constance-core", &[("test", "core_conformance"), ("test", "errors"), ("test", "derive")]),
                package("constance-diesel", &diesel),
                package("constance-cli", &[("test", "command_line")]),
                package("constance-memory", &[("test", "conformance")]),
                package("xtask", &[("bin", "xtask")]),
            ],
        })
    }

    fn line(name: &str, passed_on: &[&str]) -> String {
        let chosen = choose(suites(), &[name.to_owned()]).unwrap();
        let passed_on: Vec<String> = passed_on.iter().map(|word| (*word).to_owned()).collect();
        chosen[0].command(false, &passed_on).shell_line()
    }

    #[test]
    fn a_suite_holds_what_its_name_says() {
        let names: Vec<String> = suites().into_iter().map(|suite| suite.name).collect();
        let wanted = ["unit", "docs", "conformance", "core", "sqlite", "postgres", "mysql", "cli", "memory"];
        assert_eq!(names, wanted);
        let list = list(&suites());
        for line in [
            "conformance   constance-core: core_conformance; constance-diesel: sqlite_conformance, postgres_conformance; \
             constance-memory: conformance",
            "core          constance-core: core_conformance, errors, derive",
            "sqlite        constance-diesel: sqlite_conformance, errors",
            "postgres      constance-diesel: postgres_conformance, postgres",
            "mysql         constance-diesel: mysql_kill, mariadb_events",
        ] {
            assert!(list.contains(&format!("  {line}\n")), "{line}\n{list}");
        }
    }

    #[test]
    fn every_test_file_runs_once() {
        let files = |names: &[&str]| -> Vec<String> {
            let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
            let chosen = choose(suites(), &names).unwrap();
            let files = chosen.iter().flat_map(|suite| match &suite.content {
                Content::Files { files, .. } => files.as_slice(),
                Content::Unit | Content::Docs => &[],
            });
            let mut files: Vec<String> = files.map(|file| format!("{} {}", file.package, file.name)).collect();
            files.sort();
            files
        };
        let all = files(&[]);
        assert_eq!(all.len(), 11, "{all:?}");
        assert_eq!(all.iter().collect::<BTreeSet<_>>().len(), 11);
        let some = ["constance-diesel errors", "constance-diesel sqlite_conformance"];
        assert_eq!(files(&["sqlite"]), some);
        assert_eq!(files(&["sqlite", "conformance", "sqlite"]).len(), 5);
        let left: Vec<String> = choose(suites(), &[]).unwrap().into_iter().map(|suite| suite.name).collect();
        assert!(!left.contains(&"memory".to_owned()), "{left:?}: nothing is left for it to run");
    }

    #[test]
    fn a_suite_knows_whose_servers_it_needs() {
        let all = suites();
        let homes =
            |name: &str| all.iter().filter(|suite| suite.name == name).flat_map(Suite::homes).collect::<BTreeSet<_>>();
        assert_eq!(homes("conformance"), BTreeSet::from(["core", "memory", "postgres", "sqlite"]));
        assert_eq!(homes("mysql"), BTreeSet::from(["mysql"]));
        assert!(homes("unit").is_empty() && homes("docs").is_empty());
        assert_eq!(File::new("constance-cli", "interop").home, "interop");
    }

    #[test]
    fn suites_share_one_build() {
        let wanted = "cargo test --locked --workspace --all-features --test conformance --test core_conformance \
                      --test postgres_conformance --test sqlite_conformance";
        assert_eq!(line("conformance", &[]), wanted);
        assert_eq!(line("unit", &["x"]), "cargo test --locked --workspace --all-features --lib --bins --examples -- x");
    }

    #[test]
    fn files_of_one_name_in_two_crates_are_told_apart() {
        let wanted =
            "cargo test --locked --all-features -p constance-core --test core_conformance --test derive --test errors";
        assert_eq!(line("core", &[]), wanted);
    }

    #[test]
    fn an_unknown_suite_is_answered_with_those_there_are() {
        let message = choose(suites(), &["sqlit".to_owned()]).unwrap_err().to_string();
        assert!(message.starts_with("there is no suite `sqlit`") && message.contains("\n  sqlite "), "{message}");
    }
}
