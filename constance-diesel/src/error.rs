//! Errors that every database gives.

use constance_core::{Action, Error, ErrorKind, backend::Cause};

/// The next step where the tables are missing.
pub(crate) const MIGRATE: &str = "run the `migrate` command, or call DieselBackend::migrate";

/// The error for a table that is not there.
pub(crate) fn not_migrated(cause: Cause) -> Error {
    Error::new(ErrorKind::NotMigrated).with_hint(MIGRATE).with_cause(cause)
}

/// Names the backend and what was being done, which a front would do, for calls that have no front.
pub(crate) fn during(action: Action, backend: &'static str) -> impl Fn(Error) -> Error {
    move |error| error.with_action(action).with_backend(backend)
}
