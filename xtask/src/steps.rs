//! Named steps, run one after the other, with what to do about a failure and a summary at the end.

use std::time::{Duration, Instant};

use crate::error::{Error, Result};
use crate::output;

/// One thing that passes or fails.
pub(crate) struct Step<'a> {
    name: String,
    /// What somebody should do when it fails.
    advice: String,
    work: Box<dyn FnOnce() -> Result<()> + 'a>,
}

impl<'a> Step<'a> {
    pub(crate) fn new(
        name: impl Into<String>,
        advice: impl Into<String>,
        work: impl FnOnce() -> Result<()> + 'a,
    ) -> Self {
        Self { name: name.into(), advice: advice.into(), work: Box::new(work) }
    }

    pub(crate) fn name(&self) -> &str {
        &self.name
    }
}

enum Outcome {
    Passed(Duration),
    Failed(Duration),
    Skipped,
    NotRun,
}

/// Runs the steps and prints a summary. Stops at the first failure unless `keep_going`. A step that cannot run on this
/// machine is skipped, but in CI it has failed: there nobody reads that a suite did not run.
pub(crate) fn run(steps: Vec<Step<'_>>, keep_going: bool) -> Result<()> {
    run_where(steps, keep_going, std::env::var_os("CI").is_some_and(|value| value == "true"))
}

fn run_where(steps: Vec<Step<'_>>, keep_going: bool, in_ci: bool) -> Result<()> {
    let mut done: Vec<(String, Outcome)> = Vec::new();
    let mut stopped = false;
    for step in steps {
        if stopped {
            done.push((step.name, Outcome::NotRun));
            continue;
        }
        output::line(format!("\n== {}", step.name));
        let started = Instant::now();
        let result = (step.work)();
        let took = started.elapsed();
        match result {
            Ok(()) => done.push((step.name, Outcome::Passed(took))),
            Err(error) if error.is_skipped() && !in_ci => {
                output::line(format!("skipped {}: {error}", step.name));
                done.push((step.name, Outcome::Skipped));
            }
            Err(error) => {
                output::line(format!("FAILED {}: {error}\nWhat to do: {}", step.name, step.advice));
                done.push((step.name, Outcome::Failed(took)));
                stopped = !keep_going;
            }
        }
    }
    sum_up(&done, stopped)
}

fn sum_up(done: &[(String, Outcome)], stopped: bool) -> Result<()> {
    let width = done.iter().map(|(name, _)| name.len()).max().unwrap_or(0);
    let mut passed = 0;
    let mut failed = Vec::new();
    output::line("");
    for (name, outcome) in done {
        let (word, took) = match outcome {
            Outcome::Passed(took) => ("passed", Some(took)),
            Outcome::Failed(took) => ("FAILED", Some(took)),
            Outcome::Skipped => ("skipped", None),
            Outcome::NotRun => ("not run", None),
        };
        let seconds = took.map(|took| format!("{:6.1} s", took.as_secs_f64())).unwrap_or_default();
        output::line(format!("{name:width$}  {word:7}  {seconds}").trim_end());
        match outcome {
            Outcome::Passed(_) => passed += 1,
            Outcome::Failed(_) => failed.push(name.as_str()),
            Outcome::Skipped | Outcome::NotRun => {}
        }
    }
    let skipped = done.iter().filter(|(_, outcome)| matches!(outcome, Outcome::Skipped)).count();
    let skipped = if skipped > 0 { format!(", {skipped} skipped") } else { String::new() };
    output::line(format!("{passed} passed, {} failed{skipped}", failed.len()));
    if failed.is_empty() {
        return Ok(());
    }
    let more = if stopped && done.iter().any(|(_, outcome)| matches!(outcome, Outcome::NotRun)) {
        " (--keep-going runs the others too)"
    } else {
        ""
    };
    Err(Error::failed(format!("failed: {}{more}", failed.join(", "))))
}

#[cfg(test)]
mod tests {
    use std::cell::RefCell;

    use super::*;

    fn run_three(keep_going: bool) -> (Vec<&'static str>, String) {
        let ran = RefCell::new(Vec::new());
        let step = |name: &'static str, result: Result<()>| {
            let ran = &ran;
            Step::new(name, "look at it", move || {
                ran.borrow_mut().push(name);
                result
            })
        };
        let steps = vec![step("one", Ok(())), step("two", Err(Error::failed("broken"))), step("three", Ok(()))];
        let message = run(steps, keep_going).unwrap_err().to_string();
        (ran.into_inner(), message)
    }

    #[test]
    fn the_first_failure_stops_the_rest() {
        let (ran, message) = run_three(false);
        assert_eq!(ran, ["one", "two"]);
        assert_eq!(message, "failed: two (--keep-going runs the others too)");
    }

    #[test]
    fn a_step_that_cannot_run_here_has_failed_in_ci_alone() {
        let steps = || vec![Step::new("one", "look at it", || Err(Error::skipped("only root may")))];
        assert!(run_where(steps(), false, false).is_ok());
        assert_eq!(run_where(steps(), false, true).unwrap_err().to_string(), "failed: one");
    }

    #[test]
    fn keep_going_runs_all_and_still_fails() {
        let (ran, message) = run_three(true);
        assert_eq!(ran, ["one", "two", "three"]);
        assert_eq!(message, "failed: two");
    }
}
