//! One case of the suite, and how it is run.

use std::panic::resume_unwind;
use std::time::Duration;

use super::deadline::{self, Unfinished, within};
use super::{Fixture, Opened};

/// One promise of the contract, as a function that panics where it is broken.
///
/// ```
/// use std::time::Duration;
///
/// use constance_core::testing::{Outcome, ReferenceBackend, cases};
///
/// for case in cases::ALL.iter().filter(|case| case.name().starts_with("empty_")) {
///     assert_eq!(case.check(ReferenceBackend::new, Duration::from_secs(60)), Outcome::Passed, "{}", case.name());
/// }
/// ```
#[derive(Debug, Clone, Copy)]
pub struct Case {
    name: &'static str,
    run: fn(&Fixture<'_>),
}

/// How a case ended.
#[non_exhaustive]
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// The promise is kept.
    Passed,
    /// The service is not there.
    Skipped,
    /// The promise is broken; the text says how.
    Failed(String),
}

impl Case {
    /// A case of this name. Those of the suite are in [`cases::ALL`](super::cases::ALL).
    #[must_use]
    pub const fn new(name: &'static str, run: fn(&Fixture<'_>)) -> Self {
        Self { name, run }
    }

    /// The name: what is promised.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        self.name
    }

    /// Runs the case as a test: panics where the promise is broken, or where the case does not end within 30 seconds
    /// (`CONSTANCE_SUITE_SECONDS`).
    ///
    /// `make` is called once for each backend that the case needs: on the same store where the store is
    /// [shared](crate::backend::Capability::shared), else each time a new one.
    pub fn run<O, F>(self, make: F)
    where
        O: Opened<'static>,
        F: Fn() -> O + Send + Sync + 'static,
    {
        match within(self.name, deadline::of_case(), move || self.outcome(deadline::of_event(), make)) {
            Ok(outcome) => report_skipped(self.name, outcome == Outcome::Skipped),
            Err(Unfinished::Panicked(panic)) => resume_unwind(panic),
            Err(Unfinished::Late) => panic!("{}", late(self.name, deadline::of_case())),
        }
    }

    /// Runs the case and tells how it ended, a case that does not end in time being a failed one.
    pub fn check<O, F>(self, make: F, deadline: Duration) -> Outcome
    where
        O: Opened<'static>,
        F: Fn() -> O + Send + Sync + 'static,
    {
        match within(self.name, deadline, move || self.outcome(deadline::of_event().min(deadline / 2), make)) {
            Ok(outcome) => outcome,
            Err(Unfinished::Panicked(panic)) => Outcome::Failed(deadline::message(&*panic)),
            Err(Unfinished::Late) => Outcome::Failed(late(self.name, deadline)),
        }
    }

    /// Runs the case in this thread, as a test, over backends that borrow. Without a thread of its own a case that
    /// hangs cannot be given up.
    pub fn run_here<'b, O, F>(self, make: F)
    where
        O: Opened<'b>,
        F: Fn() -> O + Sync + 'b,
    {
        report_skipped(self.name, self.outcome(deadline::of_event(), make) == Outcome::Skipped);
    }

    fn outcome<'b, O, F>(self, patience: Duration, make: F) -> Outcome
    where
        O: Opened<'b>,
        F: Fn() -> O + Sync + 'b,
    {
        match Fixture::with_patience(patience, make) {
            Some(fixture) => {
                (self.run)(&fixture);
                Outcome::Passed
            }
            None => Outcome::Skipped,
        }
    }
}

/// Says that nothing was tested, or fails where everything has to be.
pub(super) fn report_skipped(name: &str, skipped: bool) {
    if !skipped {
        return;
    }
    let required = std::env::var_os("CONSTANCE_REQUIRE_SERVICES").is_some_and(|value| value == "1");
    assert!(!required, "{name}: the service of this backend is missing, and CONSTANCE_REQUIRE_SERVICES=1 demands it");
    eprintln!(
        "skipped {name}: the service of this backend is missing; CONSTANCE_REQUIRE_SERVICES=1 makes this a failure"
    );
}

pub(super) fn late(name: &str, deadline: Duration) -> String {
    format!(
        "{name} did not end within {} s: a call did not return, as where a lock is held while a visitor runs or a feed waits; \
         or the store is slow, and {} gives it longer",
        deadline.as_secs(),
        deadline::VARIABLE
    )
}
