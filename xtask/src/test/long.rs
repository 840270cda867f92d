//! The suites that take long: `cargo xtask test long` runs them all, and CI does so after the others.

use crate::error::Result;
use crate::steps::Step;
use crate::system::SystemPackage;
use crate::workspace::Workspace;

use super::bare;

/// The name that stands for all of them.
const ALL: &str = "long";

/// One long suite.
#[derive(Debug)]
pub(super) struct LongSuite {
    pub(super) name: &'static str,
    pub(super) about: &'static str,
    /// What to do when it fails.
    pub(super) advice: &'static str,
    pub(super) packages: &'static [SystemPackage],
    pub(super) run: fn(&Workspace) -> Result<()>,
}

/// All of them, the quickest first.
const SUITES: [&LongSuite; 1] = [&bare::SUITE];

impl LongSuite {
    pub(super) fn step<'a>(&'static self, workspace: &'a Workspace) -> Step<'a> {
        Step::new(self.name, self.advice, || (self.run)(workspace))
    }
}

/// The long suites among `names`, and the other names.
pub(super) fn choose(names: &[String]) -> (Vec<&'static LongSuite>, Vec<String>) {
    let named = |name: &str| names.iter().any(|given| given == name);
    let chosen = SUITES.into_iter().filter(|suite| named(ALL) || named(suite.name)).collect();
    let known = |name: &str| name == ALL || SUITES.iter().any(|suite| suite.name == name);
    (chosen, names.iter().filter(|name| !known(name)).cloned().collect())
}

/// What they need from the system.
pub(super) fn packages(chosen: &[&'static LongSuite]) -> impl Iterator<Item = &'static SystemPackage> {
    chosen.iter().flat_map(|suite| suite.packages)
}

/// One line for each.
pub(super) fn list() -> String {
    let width = SUITES.iter().map(|suite| suite.name.len()).max().unwrap_or(0);
    SUITES.map(|suite| format!("  {:width$}   {}", suite.name, suite.about)).join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chosen(names: &[&str]) -> (usize, Vec<String>) {
        let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
        let (long, others) = choose(&names);
        (long.len(), others)
    }

    #[test]
    fn they_run_only_when_named() {
        assert_eq!(chosen(&[]), (0, vec![]));
        assert_eq!(chosen(&["long"]), (SUITES.len(), vec![]));
        assert_eq!(chosen(&["core", "bare", "long"]), (SUITES.len(), vec!["core".to_owned()]));
        assert_eq!(chosen(&["bare"]), (1, vec![]));
    }
}
