//! A statement that failed.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use diesel::result::{DatabaseErrorKind, Error as DriverError};

use crate::dialect::Statement;
use crate::layout::Layout;

/// A statement that failed, with what is needed to find the cause.
///
/// diesel's error alone is too little: it has no code, and the server can only be asked for one before its next statement.
#[derive(Debug)]
pub struct Failure {
    pub(crate) reason: Reason,
    /// What the statement did; `None` where the database's own error says enough, or it was no statement on the settings table.
    pub(crate) context: Option<Context>,
    /// Whether it was a commit, and rolling back failed as well.
    pub(crate) rollback_failed: bool,
}

/// What failed.
#[derive(Debug)]
pub(crate) enum Reason {
    /// What the driver says.
    Driver(DriverError),
    /// The number that the server or the client library gives the error, on MySQL and MariaDB.
    Number(u16),
    /// Other connections came in between again and again.
    Overtaken,
    /// A value is longer than the database can store.
    TooLong,
    /// The table lacks a column that a later migration adds.
    OlderTable,
    /// The table's unique index takes the key for another one.
    KeyTakenForAnother,
    /// The client library gives something else back than the server sends.
    ClientMisreads,
    /// The table is in a schema that the user may not use.
    HiddenSchema,
    /// The search path leads to no schema: a table without a schema in its name is not absent, and none can be made.
    NoSchema,
}

/// What was being done when a statement failed.
#[derive(Debug)]
pub(crate) struct Context {
    pub(crate) access: Access,
    /// The name of the settings table.
    pub(crate) table: Arc<str>,
    pub(crate) layout: Layout,
    /// How long the statement had run.
    pub(crate) elapsed: Duration,
}

/// What a statement does with the settings table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Access {
    Read,
    Write,
    Migrate,
}

impl Failure {
    /// What the database says, where diesel has made nothing of it. It may hold values, and is not passed on.
    pub(crate) fn message(&self) -> Option<&str> {
        match &self.reason {
            Reason::Driver(DriverError::DatabaseError(DatabaseErrorKind::Unknown, information)) => {
                Some(information.message())
            }
            _ => None,
        }
    }

    /// Whether a row with this key is there already.
    pub(crate) fn is_unique_violation(&self) -> bool {
        matches!(&self.reason, Reason::Driver(DriverError::DatabaseError(DatabaseErrorKind::UniqueViolation, _)))
    }

    /// Whether the transaction could not be put in a row with others.
    pub(crate) fn is_serialization_failure(&self) -> bool {
        use DatabaseErrorKind::SerializationFailure;

        matches!(&self.reason, Reason::Overtaken | Reason::Driver(DriverError::DatabaseError(SerializationFailure, _)))
    }
}

impl Context {
    /// What is known of this statement, which failed after so long.
    pub(crate) fn of(statement: Statement<'_>, elapsed: Duration) -> Option<Self> {
        let (access, tables) = match statement {
            Statement::Reads(tables) => (Access::Read, tables),
            Statement::Writes(tables) => (Access::Write, tables),
            Statement::Migrates(tables) => (Access::Migrate, tables),
            Statement::Other => return None,
        };
        Some(Self { access, table: Arc::clone(&tables.settings), layout: tables.layout, elapsed })
    }
}

impl From<Reason> for Failure {
    fn from(reason: Reason) -> Self {
        Self { reason, context: None, rollback_failed: false }
    }
}

impl From<DriverError> for Failure {
    fn from(error: DriverError) -> Self {
        match error {
            DriverError::RollbackErrorOnCommit { commit_error, .. } => {
                Self { rollback_failed: true, ..Self::from(*commit_error) }
            }
            error => Self::from(Reason::Driver(error)),
        }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The driver's text may hold values.
        f.write_str("a statement failed")
    }
}

impl std::error::Error for Failure {}
