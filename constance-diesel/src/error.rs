//! Failures of the driver, in words of our own.

use constance_core::{Action, Error, ErrorKind, backend::Cause};
use diesel::result::Error as DriverError;

/// A failure, and whether its connection may be used again.
#[derive(Debug)]
pub struct Failure {
    pub(crate) error: Error,
    /// Whether the failure was anything but a clean answer of the database. Such a connection is not used again.
    pub(crate) broken: bool,
}

/// The next step where the tables are missing.
pub(crate) const MIGRATE: &str = "run the `migrate` command, or call DieselBackend::migrate";

impl Failure {
    /// A clean answer of the database: the connection stays.
    pub(crate) fn answered(error: Error) -> Self {
        Self { error, broken: false }
    }

    /// Anything else: the connection goes.
    pub(crate) fn broken(error: Error) -> Self {
        Self { error, broken: true }
    }
}

/// The error for a table that is not there.
pub(crate) fn not_migrated(cause: Cause) -> Error {
    Error::new(ErrorKind::NotMigrated).with_hint(MIGRATE).with_cause(cause)
}

/// Names the backend and what was being done, which a front would do, for calls that have no front.
pub(crate) fn during(action: Action, backend: &'static str) -> impl Fn(Error) -> Error {
    move |error| error.with_action(action).with_backend(backend)
}

/// The failures that mean the same with every database, since diesel makes them itself.
///
/// None of the driver's own text is passed on: it carries values.
pub(crate) fn common(driver: &'static str, error: &DriverError) -> Failure {
    use diesel::result::DatabaseErrorKind as Db;

    let unavailable = |code: &'static str, text: &'static str| {
        Error::new(ErrorKind::Unavailable).with_cause(Cause::new(driver).with_code(code).with_text(text))
    };
    match error {
        DriverError::DatabaseError(kind, _) => match kind {
            Db::UniqueViolation | Db::ForeignKeyViolation | Db::NotNullViolation | Db::CheckViolation => {
                Failure::answered(
                    unavailable("constraint", "a constraint of the table refused the row")
                        .with_detail("the table is not as the migrations made it")
                        .with_transient(false),
                )
            }
            Db::ReadOnlyTransaction => Failure::answered(
                Error::new(ErrorKind::Denied).with_cause(Cause::new(driver).with_code("read-only transaction")),
            ),
            Db::ClosedConnection => Failure::broken(unavailable("closed", "the connection was closed")),
            Db::SerializationFailure => Failure::answered(
                Error::new(ErrorKind::Timeout).with_cause(Cause::new(driver).with_code("serialization failure")),
            ),
            _ => Failure::broken(unavailable("unknown", "a failure that is not in the list of known ones")),
        },
        DriverError::SerializationError(_) | DriverError::InvalidCString(_) => Failure::answered(
            Error::new(ErrorKind::Encode)
                .with_detail("the database cannot take the value")
                .with_cause(Cause::new(driver).with_code("serialization")),
        ),
        DriverError::DeserializationError(_) => Failure::broken(
            unavailable("deserialization", "a column holds something of another type")
                .with_detail("the table is not as the migrations made it")
                .with_transient(false),
        ),
        DriverError::RollbackErrorOnCommit { commit_error, .. } => {
            Failure { broken: true, ..common(driver, commit_error) }
        }
        DriverError::BrokenTransactionManager | DriverError::NotInTransaction | DriverError::AlreadyInTransaction => {
            Failure::broken(unavailable("transaction", "the connection was left in the middle of a transaction"))
        }
        _ => Failure::broken(unavailable("unknown", "a failure that is not in the list of known ones")),
    }
}
