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
    NotRun,
}

/// Runs the steps and prints a summary. Stops at the first failure unless `keep_going`.
pub(crate) fn run(steps: Vec<Step<'_>>, keep_going: bool) -> Result<()> {
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
            Outcome::NotRun => ("not run", None),
        };
        let seconds = took.map(|took| format!("{:6.1} s", took.as_secs_f64())).unwrap_or_default();
        output::line(format!("{name:width$}  {word:7}  {seconds}").trim_end());
        match outcome {
            Outcome::Passed(_) => passed += 1,
            Outcome::Failed(_) => failed.push(name.as_str()),
            Outcome::NotRun => {}
        }
    }
    output::line(format!("{passed} passed, {} failed", failed.len()));
    if failed.is_empty() {
        return Ok(());
    }
    let more = if stopped && passed + failed.len() < done.len() { " (--keep-going runs the others too)" } else { "" };
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
    fn keep_going_runs_all_and_still_fails() {
        let (ran, message) = run_three(true);
        assert_eq!(ran, ["one", "two", "three"]);
        assert_eq!(message, "failed: two");
    }
}
