//! Which suites there are. Test files are found by asking cargo, so that a new one belongs to a suite from its first
//! day: the conformance suite by its name, any other to the suite of its crate.

use std::collections::BTreeSet;

use crate::command::Cmd;
use crate::error::Result;
use crate::workspace::Workspace;

use super::{cargo_test, unknown};

const CONFORMANCE: &str = "conformance";

/// Test files that run the conformance suite, or test it.
const CONFORMANCE_FILES: [&str; 3] = ["conformance", "third_party", "suite_is_tested"];

/// Crates whose suite is not called like the crate without `constance-`.
const OTHER_NAMES: [(&str, &str); 1] = [("constance-diesel", "sqlite")];

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
        /// Each file with its package.
        files: Vec<(String, String)>,
        /// Whether another suite has a file of one of these names: cargo chooses by name alone.
        ambiguous: bool,
        /// Packages that have examples: their tests may run them.
        examples: BTreeSet<String>,
    },
}

/// All suites of the workspace; together they hold every test once.
pub(super) fn discover(workspace: &Workspace) -> Vec<Suite> {
    let mut all: Vec<(String, String, String)> = Vec::new();
    for package in &workspace.packages {
        for target in package.targets("test") {
            all.push((suite_of(&package.name, &target.name), package.name.clone(), target.name.clone()));
        }
    }
    let mut names: Vec<String> = vec![CONFORMANCE.to_owned()];
    for (name, ..) in &all {
        if !names.contains(name) {
            names.push(name.clone());
        }
    }
    let with_examples = |package: &String| {
        workspace.packages.iter().any(|p| p.name == *package && p.targets("example").next().is_some())
    };
    let files_of = |name: String| {
        let files: Vec<(String, String)> = all
            .iter()
            .filter(|(suite, ..)| *suite == name)
            .map(|(_, package, file)| (package.clone(), file.clone()))
            .collect();
        let ambiguous = all.iter().any(|(suite, _, file)| *suite != name && files.iter().any(|(_, own)| own == file));
        let examples = files.iter().map(|(package, _)| package.clone()).filter(with_examples).collect();
        Suite { name, content: Content::Files { files, ambiguous, examples } }
    };
    let mut suites = vec![
        Suite { name: "unit".to_owned(), content: Content::Unit },
        Suite { name: "docs".to_owned(), content: Content::Docs },
    ];
    suites.extend(names.into_iter().map(files_of).filter(|suite| !suite.is_empty()));
    suites
}

fn suite_of(package: &str, file: &str) -> String {
    if CONFORMANCE_FILES.contains(&file) {
        return CONFORMANCE.to_owned();
    }
    let other = OTHER_NAMES.iter().find(|(of, _)| *of == package).map(|(_, name)| *name);
    other.unwrap_or_else(|| package.strip_prefix("constance-").unwrap_or(package)).to_owned()
}

/// The suites named, in their own order; all of them when none is named.
pub(super) fn choose(suites: Vec<Suite>, names: &[String]) -> Result<Vec<Suite>> {
    if let Some(name) = names.iter().find(|name| suites.iter().all(|suite| suite.name != **name)) {
        return Err(unknown(name, &suites));
    }
    Ok(suites.into_iter().filter(|suite| names.is_empty() || names.contains(&suite.name)).collect())
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

    /// The crates whose test files it runs.
    pub(super) fn crates(&self) -> impl Iterator<Item = &str> {
        let files: &[(String, String)] = match &self.content {
            Content::Files { files, .. } => files,
            // Tests inside sources and docs do without servers.
            Content::Unit | Content::Docs => &[],
        };
        files.iter().map(|(package, _)| package.as_str())
    }

    fn about(&self) -> String {
        match &self.content {
            Content::Unit => "the tests inside the sources".to_owned(),
            Content::Docs => "the examples in the docs and READMEs".to_owned(),
            Content::Files { files, .. } => {
                let packages: BTreeSet<&String> = files.iter().map(|(package, _)| package).collect();
                let named = |package: &String| {
                    let own: Vec<&str> =
                        files.iter().filter(|(of, _)| of == package).map(|(_, f)| f.as_str()).collect();
                    format!("{package}: {}", own.join(", "))
                };
                packages.into_iter().map(named).collect::<Vec<_>>().join("; ")
            }
        }
    }

    /// What to run, in this order; the last one runs the tests.
    pub(super) fn commands(&self, keep_going: bool, passed_on: &[String]) -> Vec<Cmd> {
        let mut commands = Vec::new();
        let mut test = cargo_test();
        match &self.content {
            Content::Unit => test = test.words("--lib --bins"),
            Content::Docs => test = test.words("--doc"),
            Content::Files { files, ambiguous, examples } => {
                if !examples.is_empty() {
                    // `cargo test --test …` builds no examples, and a test that starts one would find an old one.
                    commands.push(Cmd::cargo().words("build --locked --workspace --all-features --examples"));
                }
                if *ambiguous {
                    let packages: BTreeSet<&String> = files.iter().map(|(package, _)| package).collect();
                    test = Cmd::cargo().words("test --locked --all-features");
                    test = packages.into_iter().fold(test, |test, package| test.words("-p").args([package.as_str()]));
                }
                let names: BTreeSet<&String> = files.iter().map(|(_, file)| file).collect();
                test = names.into_iter().fold(test, |test, name| test.words("--test").args([name.as_str()]));
            }
        }
        if keep_going {
            test = test.words("--no-fail-fast");
        }
        if !passed_on.is_empty() {
            test = test.words("--").args(passed_on.iter().map(String::as_str));
        }
        commands.push(test);
        commands
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
        discover(&Workspace {
            root: "/w".into(),
            packages: vec![
                package("constance-core", &[("test", "third_party"), ("test", "errors"), ("test", "derive")]),
                package("constance-diesel", &[("test", "conformance"), ("test", "errors"), ("bench", "get")]),
                package("constance-cli", &[("test", "command_line"), ("example", "shop")]),
                package("xtask", &[("bin", "xtask")]),
            ],
        })
    }

    fn lines(name: &str, passed_on: &[&str]) -> Vec<String> {
        let chosen = choose(suites(), &[name.to_owned()]).unwrap();
        let passed_on: Vec<String> = passed_on.iter().map(|word| (*word).to_owned()).collect();
        chosen[0].commands(false, &passed_on).iter().map(Cmd::shell_line).collect()
    }

    #[test]
    fn every_test_file_is_in_one_suite() {
        let names: Vec<String> = suites().into_iter().map(|suite| suite.name).collect();
        assert_eq!(names, ["unit", "docs", "conformance", "core", "sqlite", "cli"]);
        let all = list(&suites());
        assert!(all.contains("conformance   constance-core: third_party; constance-diesel: conformance"), "{all}");
        assert!(all.contains("core          constance-core: errors, derive"), "{all}");
        assert!(all.contains("sqlite        constance-diesel: errors"), "{all}");
    }

    #[test]
    fn a_suite_knows_whose_tests_it_runs() {
        let all = suites();
        let crates =
            |name: &str| all.iter().filter(|suite| suite.name == name).flat_map(Suite::crates).collect::<BTreeSet<_>>();
        assert_eq!(crates("conformance"), BTreeSet::from(["constance-core", "constance-diesel"]));
        assert!(crates("unit").is_empty() && crates("docs").is_empty());
    }

    #[test]
    fn suites_share_one_build() {
        let wanted = "cargo test --locked --workspace --all-features --test conformance --test third_party";
        assert_eq!(lines("conformance", &[]), [wanted]);
        assert_eq!(lines("unit", &["x"]), ["cargo test --locked --workspace --all-features --lib --bins -- x"]);
    }

    #[test]
    fn files_of_one_name_in_two_crates_are_told_apart() {
        let wanted = "cargo test --locked --all-features -p constance-core --test derive --test errors";
        assert_eq!(lines("core", &[]), [wanted]);
    }

    #[test]
    fn examples_are_built_before_the_tests_that_start_them() {
        assert!(lines("cli", &[])[0].ends_with("--examples"));
    }

    #[test]
    fn an_unknown_suite_is_answered_with_those_there_are() {
        let message = choose(suites(), &["sqlit".to_owned()]).unwrap_err().to_string();
        assert!(message.starts_with("there is no suite `sqlit`") && message.contains("\n  sqlite "), "{message}");
    }
}
