//! The cause of a failure, in words of our own.

use constance_core::{Error, ErrorKind, backend::Cause};
use diesel::result::{DatabaseErrorKind, Error as DriverError};

use crate::failure::{Failure, Reason};

/// Why a statement failed, and whether its connection may be used again.
#[derive(Debug)]
pub struct Diagnosis {
    pub(crate) error: Error,
    /// Whether the failure was anything but a clean answer of the database. Such a connection is not used again.
    pub(crate) broken: bool,
}

impl Diagnosis {
    /// A clean answer of the database: the connection stays.
    pub(crate) fn usable(error: Error) -> Self {
        Self { error, broken: false }
    }

    /// Anything else: the connection goes.
    pub(crate) fn broken(error: Error) -> Self {
        Self { error, broken: true }
    }

    /// The failures that mean the same with every database, since diesel or this crate makes them.
    ///
    /// None of the driver's own text is passed on: it may hold values.
    pub(crate) fn common(driver: &'static str, failure: &Failure) -> Self {
        match &failure.reason {
            Reason::Driver(error) => of_driver_error(driver, error),
            Reason::Overtaken => serialization_failure(driver),
            _ => unknown(driver),
        }
    }
}

fn unavailable(driver: &'static str, code: &'static str, text: &'static str) -> Error {
    Error::new(ErrorKind::Unavailable).with_cause(Cause::new(driver).with_code(code).with_text(text))
}

fn unknown(driver: &'static str) -> Diagnosis {
    Diagnosis::broken(unavailable(driver, "unknown", "a failure that is not in the list of known ones"))
}

fn serialization_failure(driver: &'static str) -> Diagnosis {
    Diagnosis::usable(Error::new(ErrorKind::Timeout).with_cause(Cause::new(driver).with_code("serialization failure")))
}

fn of_driver_error(driver: &'static str, error: &DriverError) -> Diagnosis {
    match error {
        DriverError::DatabaseError(kind, _) => of_database_error(driver, kind),
        DriverError::SerializationError(_) | DriverError::InvalidCString(_) => Diagnosis::usable(
            Error::new(ErrorKind::Encode)
                .with_detail("the database cannot take the value")
                .with_cause(Cause::new(driver).with_code("serialization")),
        ),
        DriverError::DeserializationError(_) => Diagnosis::broken(
            unavailable(driver, "deserialization", "a column holds something of another type")
                .with_detail("the table is not as the migrations made it")
                .with_transient(false),
        ),
        DriverError::BrokenTransactionManager | DriverError::NotInTransaction | DriverError::AlreadyInTransaction => {
            let text = "the connection was left in the middle of a transaction";
            Diagnosis::broken(unavailable(driver, "transaction", text))
        }
        _ => unknown(driver),
    }
}

fn of_database_error(driver: &'static str, kind: &DatabaseErrorKind) -> Diagnosis {
    use DatabaseErrorKind as Db;

    match kind {
        Db::UniqueViolation | Db::ForeignKeyViolation | Db::NotNullViolation | Db::CheckViolation => Diagnosis::usable(
            unavailable(driver, "constraint", "a constraint of the table refused the row")
                .with_detail("the table is not as the migrations made it")
                .with_transient(false),
        ),
        Db::ReadOnlyTransaction => Diagnosis::usable(
            Error::new(ErrorKind::Denied).with_cause(Cause::new(driver).with_code("read-only transaction")),
        ),
        Db::ClosedConnection => Diagnosis::broken(unavailable(driver, "closed", "the connection was closed")),
        Db::SerializationFailure => serialization_failure(driver),
        _ => unknown(driver),
    }
}
