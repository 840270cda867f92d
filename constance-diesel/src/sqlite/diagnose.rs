//! Finds out why a statement failed, or a connection.
//!
//! diesel gives no code, but SQLite's texts are fixed and never translated. They are compared with a list, and what is
//! passed on is ours.

use constance_core::{Error, ErrorKind, backend::Cause};
use diesel::ConnectionError;
use diesel::sqlite::SqliteConnection;

use super::target::Target;
use crate::diagnosis::Diagnosis;
use crate::dialect::Diagnose;
use crate::error::{MIGRATE, not_migrated};
use crate::failure::Failure;

const DRIVER: &str = "sqlite";

impl Diagnose for SqliteConnection {
    fn diagnose(&mut self, failure: &Failure) -> Diagnosis {
        of(failure)
    }
}

fn cause(code: &'static str, text: &'static str) -> Cause {
    Cause::new(DRIVER).with_code(code).with_text(text)
}

/// Whether another connection's lock was in the way.
pub(super) fn is_busy(failure: &Failure) -> bool {
    failure.message().is_some_and(|text| {
        matches!(text, "database is locked" | "locking protocol" | "database schema is locked")
            || text.starts_with("database table is locked")
    })
}

/// Whether the journal mode was to be changed inside a transaction.
pub(super) fn is_in_transaction(failure: &Failure) -> bool {
    failure.message() == Some("cannot change into wal mode from within a transaction")
}

/// Whether a column with one of these names is missing.
fn lacks(text: &str, columns: &[&str]) -> bool {
    let column = text
        .strip_prefix("no such column: ")
        .or_else(|| text.rsplit_once(" has no column named ").map(|(_, column)| column));
    column.is_some_and(|column| columns.contains(&column))
}

/// The cause of a failure, which takes no connection to find.
pub(super) fn of(failure: &Failure) -> Diagnosis {
    let diagnosis = by_message(failure);
    // A connection that is left in the middle of a transaction goes.
    Diagnosis { broken: diagnosis.broken || failure.rollback_failed, ..diagnosis }
}

fn by_message(failure: &Failure) -> Diagnosis {
    let stands = |kind: ErrorKind, detail: &'static str| Error::new(kind).with_detail(detail).with_transient(false);
    if is_busy(failure) {
        let error = Error::new(ErrorKind::Timeout)
            .with_detail("another connection kept the database locked")
            .with_cause(cause("SQLITE_BUSY", "the busy timeout is over"));
        return Diagnosis::usable(error);
    }
    match failure.message() {
        Some(text) if text.starts_with("no such table: ") => {
            Diagnosis::usable(not_migrated(cause("SQLITE_ERROR", "no such table")))
        }
        Some(text) if lacks(text, &["revision", "changed_at"]) => Diagnosis::usable(
            // Those came with a later migration.
            not_migrated(cause("SQLITE_ERROR", "no such column")).with_detail("the table is one of an older version"),
        ),
        Some(text) if text.starts_with("no such column: ") || text.contains(" has no column named ") => {
            Diagnosis::usable(
                stands(ErrorKind::Unavailable, "the table is not as the migrations made it")
                    .with_cause(cause("SQLITE_ERROR", "no such column")),
            )
        }
        Some("attempt to write a readonly database") => Diagnosis::broken(
            Error::new(ErrorKind::Denied)
                .with_detail("the database can only be read")
                .with_cause(cause("SQLITE_READONLY", "an attempt to write")),
        ),
        Some("access permission denied" | "authorization denied" | "not authorized") => {
            Diagnosis::usable(Error::new(ErrorKind::Denied).with_cause(cause("SQLITE_PERM", "access was denied")))
        }
        Some("database or disk is full") => Diagnosis::usable(
            // It does not pass by waiting: somebody has to make room.
            stands(ErrorKind::Unavailable, "the disk is full, or the database has reached its greatest size")
                .with_cause(cause("SQLITE_FULL", "no room for the write")),
        ),
        Some("string or blob too big") => Diagnosis::usable(
            Error::new(ErrorKind::Encode)
                .with_detail("the value is longer than SQLite can store")
                .with_cause(cause("SQLITE_TOOBIG", "the limit is 1,000,000,000 bytes unless it was built otherwise")),
        ),
        Some("file is not a database") => Diagnosis::broken(
            stands(ErrorKind::Unavailable, "the file is not an SQLite database")
                .with_cause(cause("SQLITE_NOTADB", "its first bytes are not those of a database, or it is encrypted")),
        ),
        Some("database disk image is malformed") => Diagnosis::broken(
            stands(ErrorKind::Unavailable, "the database file is damaged")
                .with_cause(cause("SQLITE_CORRUPT", "its pages contradict each other")),
        ),
        Some(text) if text.starts_with("malformed database schema") => Diagnosis::broken(
            stands(ErrorKind::Unavailable, "the database file is damaged")
                .with_cause(cause("SQLITE_CORRUPT", "its schema cannot be read")),
        ),
        Some("disk I/O error") => Diagnosis::broken(
            Error::new(ErrorKind::Unavailable)
                .with_detail("the disk failed")
                .with_cause(cause("SQLITE_IOERR", "reading or writing failed")),
        ),
        Some("unable to open database file") => Diagnosis::broken(
            Error::new(ErrorKind::Unavailable)
                .with_detail("a file of the database cannot be opened")
                .with_cause(cause("SQLITE_CANTOPEN", "the database, its log or its shared memory")),
        ),
        Some("out of memory") => {
            Diagnosis::broken(Error::new(ErrorKind::Unavailable).with_cause(cause("SQLITE_NOMEM", "out of memory")))
        }
        Some("interrupted") => {
            Diagnosis::usable(Error::new(ErrorKind::Unavailable).with_cause(cause("SQLITE_INTERRUPT", "interrupted")))
        }
        _ => Diagnosis::common(DRIVER, failure),
    }
}

/// The failure to set a connection up that is open. Nothing was written yet, so that a file which may only be read is in the way
/// of reading alone: with the write-ahead log a reader needs the files beside the database.
pub(super) fn set_up_error(failure: Failure, target: &Target) -> Error {
    match failure.message() {
        Some("attempt to write a readonly database" | "unable to open database file") if target.has_log() => Error::new(
            ErrorKind::Denied,
        )
        .with_detail(
            "the database is in write-ahead mode: reading it takes its files -wal and -shm, which are not there and \
                 cannot be made, or may not be opened",
        )
        .with_hint(
            "let the user write to the folder, or read while another process has the database open and its -wal and \
                 -shm may be read, or end the mode with PRAGMA journal_mode = DELETE",
        )
        .with_cause(cause("SQLITE_CANTOPEN", "the write-ahead log or its shared memory")),
        _ => of(&failure).error,
    }
}

/// The failure to open the file. SQLite says little, so the file system is asked.
pub(super) fn connect_error(error: ConnectionError, target: &Target) -> Error {
    if let ConnectionError::CouldntSetupConfiguration(error) = error {
        return of(&error.into()).error;
    }
    let cause = cause("SQLITE_CANTOPEN", "the file cannot be opened");
    if !target.folder().is_dir() {
        return Error::new(ErrorKind::Unavailable)
            .with_detail("the folder of the database file does not exist")
            .with_hint("create it, or mount it")
            .with_cause(cause);
    }
    match std::fs::metadata(target.path()) {
        Err(missing) if missing.kind() == std::io::ErrorKind::NotFound => Error::new(ErrorKind::NotMigrated)
            .with_detail("the database file does not exist")
            .with_hint(MIGRATE)
            .with_cause(cause),
        Ok(found) if found.is_dir() => Error::new(ErrorKind::Unavailable)
            .with_detail("there is a folder in place of the database file")
            .with_transient(false)
            .with_cause(cause),
        // It is there, and may not be opened.
        _ => Error::new(ErrorKind::Denied).with_detail("the database file cannot be opened").with_cause(cause),
    }
}

#[cfg(test)]
mod tests {
    use diesel::result::{DatabaseErrorKind, Error as DriverError};

    use super::*;

    fn unknown(text: &str) -> DriverError {
        DriverError::DatabaseError(DatabaseErrorKind::Unknown, Box::new(text.to_owned()))
    }

    #[test]
    fn every_known_text_has_its_kind() {
        use ErrorKind::{Denied, Encode, NotMigrated, Timeout, Unavailable};

        // The text, its kind, whether it may pass by itself, whether the connection goes.
        for (text, kind, transient, goes) in [
            ("database is locked", Timeout, true, false),
            ("database table is locked", Timeout, true, false),
            ("database table is locked: x", Timeout, true, false),
            ("database schema is locked", Timeout, true, false),
            ("locking protocol", Timeout, true, false),
            ("no such table: constance_settings", NotMigrated, false, false),
            ("no such column: key", Unavailable, false, false),
            ("table x has no column named key", Unavailable, false, false),
            ("table x has no column named revision", NotMigrated, false, false),
            ("no such column: changed_at", NotMigrated, false, false),
            ("attempt to write a readonly database", Denied, false, true),
            ("access permission denied", Denied, false, false),
            ("not authorized", Denied, false, false),
            ("authorization denied", Denied, false, false),
            ("database or disk is full", Unavailable, false, false),
            ("string or blob too big", Encode, false, false),
            ("file is not a database", Unavailable, false, true),
            ("database disk image is malformed", Unavailable, false, true),
            ("malformed database schema (hunter2)", Unavailable, false, true),
            ("disk I/O error", Unavailable, true, true),
            ("unable to open database file", Unavailable, true, true),
            ("out of memory", Unavailable, true, true),
            ("interrupted", Unavailable, true, false),
            ("hunter2", Unavailable, true, true),
        ] {
            let Diagnosis { error, broken } = of(&unknown(text).into());
            let found = (error.kind(), error.is_transient(), broken);
            assert_eq!(found, (kind, transient, goes), "{text}");
            let shown = format!("{0} {0:?} {1:?}", error, error.cause().map(ToString::to_string));
            assert!(!shown.contains("hunter2"), "{shown}");
        }
    }

    #[test]
    fn a_failed_commit_is_named_for_what_failed() {
        let error = DriverError::RollbackErrorOnCommit {
            rollback_error: Box::new(unknown("cannot rollback - no transaction is active")),
            commit_error: Box::new(unknown("disk I/O error")),
        };
        assert_eq!(of(&error.into()).error.to_string(), "the disk failed");
    }
}
