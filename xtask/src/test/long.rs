//! The suites that take long: `cargo xtask test long` runs them all, and CI does so after the others.

use std::time::Duration;

use crate::count;
use crate::error::Result;
use crate::fuzz;
use crate::steps::Step;
use crate::workspace::Workspace;

use super::{backends, bare, cargo_test, run_with_services};

/// The name that stands for all of them.
const ALL: &str = "long";

/// One long suite.
#[derive(Debug)]
pub(super) struct LongSuite {
    pub(super) name: &'static str,
    pub(super) about: &'static str,
    /// What to do when it fails.
    pub(super) advice: &'static str,
    /// Why this machine cannot run it, whatever is installed.
    pub(super) can_run: fn() -> Result<()>,
    /// The suites whose servers and system packages it needs.
    pub(super) homes: &'static [&'static str],
    pub(super) run: fn(&Workspace) -> Result<()>,
}

/// All of them.
const SUITES: [&LongSuite; 5] = [&INSTRUCTIONS, &STRESS, &FUZZ, &backends::SUITE, &bare::SUITE];

pub(super) const INSTRUCTIONS: LongSuite = LongSuite {
    name: "instructions",
    about: "the instructions of reads and of encoding are counted, against the counts in the tree",
    advice: "take back what made the path longer, or say in the commit why it has to be: `cargo xtask count --accept`",
    can_run: || Ok(()),
    homes: &["instructions"],
    run: count::compare,
};

const STRESS: LongSuite = LongSuite {
    name: "stress",
    about: "caches shared by eight processes while their servers are killed and stopped, a minute for each kind",
    advice: "the failing test is named above; repeat it with `cargo xtask test stress`",
    can_run: || Ok(()),
    homes: &["cache"],
    run: |workspace| {
        // One after the other: each has eight processes.
        let tests = cargo_test().words("--test shared_stress").env("CONSTANCE_STRESS_SECONDS", "60");
        run_with_services(tests.words("-- --test-threads 1"), STRESS.homes.iter().copied(), workspace)
    },
};

pub(super) const FUZZ: LongSuite = LongSuite {
    name: "fuzz",
    about: "bytes and texts from outside, changed at random, half a minute for each fuzz target",
    advice: "the input that broke a target is named above, with the command that repeats it; \
             `cargo xtask fuzz TARGET --seconds 600` looks for more",
    can_run: || Ok(()),
    homes: &["fuzz"],
    run: |workspace| fuzz::run_all(workspace, Duration::from_secs(30)),
};

impl LongSuite {
    pub(super) fn step<'a>(&'static self, workspace: &'a Workspace) -> Step<'a> {
        Step::new(self.name, self.advice, || {
            (self.can_run)()?;
            (self.run)(workspace)
        })
    }

    /// Whose servers and system packages are to be there: nobody's where it is going to be skipped.
    pub(super) fn needs(&self) -> &'static [&'static str] {
        if (self.can_run)().is_ok() { self.homes } else { &[] }
    }
}

/// The long suites among `names`, and the other names.
pub(super) fn choose(names: &[String]) -> (Vec<&'static LongSuite>, Vec<String>) {
    let named = |name: &str| names.iter().any(|given| given == name);
    let chosen = SUITES.into_iter().filter(|suite| named(ALL) || named(suite.name)).collect();
    let known = |name: &str| name == ALL || SUITES.iter().any(|suite| suite.name == name);
    (chosen, names.iter().filter(|name| !known(name)).cloned().collect())
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
