//! One case for asynchronous backends, and how it is run.

use std::panic::resume_unwind;
use std::time::Duration;

use super::{AsyncFixture, AsyncOpened};
use crate::testing::Outcome;
use crate::testing::case::{late, report_skipped};
use crate::testing::deadline::{self, Unfinished, within};

/// One promise that only an asynchronous backend can break.
///
/// ```
/// use std::time::Duration;
///
/// use constance_core::aio::Blocking;
/// use constance_core::testing::{Outcome, ReferenceBackend, aio};
///
/// let open = || Blocking::new(ReferenceBackend::new());
/// for case in aio::ALL.iter().filter(|case| case.name().starts_with("unpolled_")) {
///     assert_eq!(case.check(open, Duration::from_secs(60)), Outcome::Passed, "{}", case.name());
/// }
/// ```
#[derive(Debug, Clone, Copy)]
pub struct AsyncCase {
    name: &'static str,
    run: fn(&AsyncFixture),
}

impl AsyncCase {
    /// A case of this name. Those of the suite are in [`ALL`](super::ALL).
    #[must_use]
    pub const fn new(name: &'static str, run: fn(&AsyncFixture)) -> Self {
        Self { name, run }
    }

    /// The name: what is promised.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        self.name
    }

    /// Runs the case as a test: panics where the promise is broken, or where the case does not end within 30 seconds
    /// (`CONSTANCE_SUITE_SECONDS`).
    pub fn run<O, F>(self, make: F)
    where
        O: AsyncOpened,
        F: Fn() -> O + Send + Sync + 'static,
    {
        match within(self.name, deadline::of_case(), move || self.outcome(make)) {
            Ok(outcome) => report_skipped(self.name, outcome == Outcome::Skipped),
            Err(Unfinished::Panicked(panic)) => resume_unwind(panic),
            Err(Unfinished::Late) => panic!("{}", late(self.name, deadline::of_case())),
        }
    }

    /// Runs the case and tells how it ended, a case that does not end in time being a failed one.
    pub fn check<O, F>(self, make: F, deadline: Duration) -> Outcome
    where
        O: AsyncOpened,
        F: Fn() -> O + Send + Sync + 'static,
    {
        match within(self.name, deadline, move || self.outcome(make)) {
            Ok(outcome) => outcome,
            Err(Unfinished::Panicked(panic)) => Outcome::Failed(deadline::message(&*panic)),
            Err(Unfinished::Late) => Outcome::Failed(late(self.name, deadline)),
        }
    }

    fn outcome<O: AsyncOpened>(self, make: impl FnOnce() -> O) -> Outcome {
        match AsyncFixture::new(make) {
            Some(fixture) => {
                (self.run)(&fixture);
                Outcome::Passed
            }
            None => Outcome::Skipped,
        }
    }
}
