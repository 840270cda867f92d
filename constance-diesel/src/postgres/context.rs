//! What was being done when a statement failed.

use std::time::{Duration, Instant};

use diesel::pg::PgConnection;
use diesel::result::{DatabaseErrorInformation, DatabaseErrorKind, Error as DriverError, QueryResult};

use crate::layout::Layout;
use crate::schema::Tables;

/// What a statement does with the settings table, and so which rights it needs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Doing {
    Reading,
    Writing,
    Migrating,
}

/// A failure without a code, with what there is to find its cause: diesel's error has no other place for that.
struct InContext {
    driver: Box<dyn DatabaseErrorInformation + Send + Sync>,
    table: String,
    /// Whether the table is ours, and not Django's.
    own: bool,
    doing: Doing,
    after: Duration,
}

/// What is known of a failure without a code.
pub(super) struct Known<'e> {
    pub(super) message: &'e str,
    pub(super) table: Option<&'e str>,
    /// Whether that table is ours, and not Django's.
    pub(super) own: bool,
    pub(super) doing: Doing,
    /// How long the statement had run.
    pub(super) after: Duration,
}

/// Runs a statement; where it fails without a code, the error tells which table it was for, what it did and how long it
/// took.
pub(super) fn with_context<T>(
    connection: &mut PgConnection,
    tables: &Tables,
    doing: Doing,
    run: impl FnOnce(&mut PgConnection) -> QueryResult<T>,
) -> QueryResult<T> {
    let began = Instant::now();
    run(connection).map_err(|error| match error {
        DriverError::DatabaseError(DatabaseErrorKind::Unknown, driver) => {
            let own = tables.layout == Layout::Own;
            let in_context =
                InContext { driver, table: tables.settings.to_string(), own, doing, after: began.elapsed() };
            DriverError::DatabaseError(DatabaseErrorKind::Unknown, Box::new(in_context))
        }
        other => other,
    })
}

/// Reads what [`with_context`] has written.
pub(super) fn known(error: &DriverError) -> Option<Known<'_>> {
    let DriverError::DatabaseError(DatabaseErrorKind::Unknown, information) = error else { return None };
    let doing = match information.column_name() {
        Some("writing") => Doing::Writing,
        Some("migrating") => Doing::Migrating,
        _ => Doing::Reading,
    };
    let after = information.statement_position().and_then(|after| u64::try_from(after).ok()).unwrap_or_default();
    let (message, table) = (information.message(), information.table_name());
    let own = information.constraint_name() == Some(OWN);
    Some(Known { message, table, own, doing, after: Duration::from_millis(after) })
}

/// The message of [`nowhere`]; the server has none like it.
const NOWHERE: &str = "constance: the search path leads to no schema";

/// The failure where a table without a schema in its name can be nowhere: it is not absent, and none can be made.
pub(super) fn nowhere() -> DriverError {
    DriverError::DatabaseError(DatabaseErrorKind::Unknown, Box::new(NOWHERE.to_owned()))
}

/// Whether it is that, with a context or without.
pub(super) fn is_nowhere(error: &DriverError) -> bool {
    matches!(error, DriverError::DatabaseError(DatabaseErrorKind::Unknown, information) if information.message() == NOWHERE)
}
/// The mark of our own table.
const OWN: &str = "own";

/// The message of [`hidden`]; the server has none like it.
const HIDDEN: &str = "constance: the schema of the table may not be used";

/// The failure that the server would tell of if it did not take a table whose schema the user may not use for none at all.
pub(super) fn hidden() -> DriverError {
    DriverError::DatabaseError(DatabaseErrorKind::Unknown, Box::new(HIDDEN.to_owned()))
}

/// Whether it is that, with a context or without.
pub(super) fn is_hidden(error: &DriverError) -> bool {
    matches!(error, DriverError::DatabaseError(DatabaseErrorKind::Unknown, information) if information.message() == HIDDEN)
}

impl DatabaseErrorInformation for InContext {
    fn message(&self) -> &str {
        self.driver.message()
    }

    fn details(&self) -> Option<&str> {
        self.driver.details()
    }

    fn hint(&self) -> Option<&str> {
        self.driver.hint()
    }

    fn table_name(&self) -> Option<&str> {
        Some(&self.table)
    }

    /// What was being done.
    fn column_name(&self) -> Option<&str> {
        Some(match self.doing {
            Doing::Reading => "reading",
            Doing::Writing => "writing",
            Doing::Migrating => "migrating",
        })
    }

    /// Whose table it is.
    fn constraint_name(&self) -> Option<&str> {
        self.own.then_some(OWN)
    }

    /// How long it took, in milliseconds.
    fn statement_position(&self) -> Option<i32> {
        Some(i32::try_from(self.after.as_millis()).unwrap_or(i32::MAX))
    }
}
