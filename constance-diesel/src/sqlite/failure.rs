//! What went wrong in SQLite.
//!
//! diesel gives no code, but SQLite's texts are fixed and never translated. They are compared with a list, and what is
//! passed on is ours.

use constance_core::{Error, ErrorKind, backend::Cause};
use diesel::ConnectionError;
use diesel::result::{DatabaseErrorKind, Error as DriverError};

use super::target::Target;
use crate::error::{Failure, MIGRATE, common, not_migrated};

const DRIVER: &str = "sqlite";

fn cause(code: &'static str, text: &'static str) -> Cause {
    Cause::new(DRIVER).with_code(code).with_text(text)
}

fn text_of(error: &DriverError) -> Option<&str> {
    match error {
        DriverError::DatabaseError(DatabaseErrorKind::Unknown, information) => Some(information.message()),
        DriverError::RollbackErrorOnCommit { commit_error, .. } => text_of(commit_error),
        _ => None,
    }
}

/// Whether another connection's lock was in the way.
pub(super) fn is_busy(error: &DriverError) -> bool {
    text_of(error).is_some_and(|text| {
        matches!(text, "database is locked" | "locking protocol" | "database schema is locked")
            || text.starts_with("database table is locked")
    })
}

/// Whether the journal mode was to be changed inside a transaction.
pub(super) fn is_in_transaction(error: &DriverError) -> bool {
    text_of(error) == Some("cannot change into wal mode from within a transaction")
}

/// Whether a column with one of these names is missing.
fn lacks(text: &str, columns: &[&str]) -> bool {
    let column = text
        .strip_prefix("no such column: ")
        .or_else(|| text.rsplit_once(" has no column named ").map(|(_, column)| column));
    column.is_some_and(|column| columns.contains(&column))
}

/// The failure of a statement.
pub(super) fn of(error: &DriverError) -> Failure {
    let stands = |kind: ErrorKind, detail: &'static str| Error::new(kind).with_detail(detail).with_transient(false);
    if is_busy(error) {
        let error = Error::new(ErrorKind::Timeout)
            .with_detail("another connection kept the database locked")
            .with_cause(cause("SQLITE_BUSY", "the busy timeout is over"));
        return Failure::answered(error);
    }
    match text_of(error) {
        Some(text) if text.starts_with("no such table: ") => {
            Failure::answered(not_migrated(cause("SQLITE_ERROR", "no such table")))
        }
        Some(text) if lacks(text, &["revision", "changed_at"]) => Failure::answered(
            // Those came with a later migration.
            not_migrated(cause("SQLITE_ERROR", "no such column")).with_detail("the table is one of an older version"),
        ),
        Some(text) if text.starts_with("no such column: ") || text.contains(" has no column named ") => {
            Failure::answered(
                stands(ErrorKind::Unavailable, "the table is not as the migrations made it")
                    .with_cause(cause("SQLITE_ERROR", "no such column")),
            )
        }
        Some("attempt to write a readonly database") => Failure::broken(
            Error::new(ErrorKind::Denied)
                .with_detail("the database can only be read")
                .with_cause(cause("SQLITE_READONLY", "an attempt to write")),
        ),
        Some("access permission denied" | "authorization denied" | "not authorized") => {
            Failure::answered(Error::new(ErrorKind::Denied).with_cause(cause("SQLITE_PERM", "access was denied")))
        }
        Some("database or disk is full") => Failure::answered(
            // Waiting does not make room; somebody has to.
            stands(ErrorKind::Unavailable, "the disk is full, or the database has reached its greatest size")
                .with_cause(cause("SQLITE_FULL", "no room for the write")),
        ),
        Some("string or blob too big") => Failure::answered(
            Error::new(ErrorKind::Encode)
                .with_detail("the value is longer than SQLite can store")
                .with_cause(cause("SQLITE_TOOBIG", "the limit is 1,000,000,000 bytes unless it was built otherwise")),
        ),
        Some("file is not a database") => Failure::broken(
            stands(ErrorKind::Unavailable, "the file is not an SQLite database")
                .with_cause(cause("SQLITE_NOTADB", "its first bytes are not those of a database, or it is encrypted")),
        ),
        Some("database disk image is malformed") => Failure::broken(
            stands(ErrorKind::Unavailable, "the database file is damaged")
                .with_cause(cause("SQLITE_CORRUPT", "its pages contradict each other")),
        ),
        Some(text) if text.starts_with("malformed database schema") => Failure::broken(
            stands(ErrorKind::Unavailable, "the database file is damaged")
                .with_cause(cause("SQLITE_CORRUPT", "its schema cannot be read")),
        ),
        Some("disk I/O error") => Failure::broken(
            Error::new(ErrorKind::Unavailable)
                .with_detail("the disk failed")
                .with_cause(cause("SQLITE_IOERR", "reading or writing failed")),
        ),
        Some("unable to open database file") => Failure::broken(
            Error::new(ErrorKind::Unavailable)
                .with_detail("a file of the database cannot be opened")
                .with_cause(cause("SQLITE_CANTOPEN", "the database, its log or its shared memory")),
        ),
        Some("out of memory") => {
            Failure::broken(Error::new(ErrorKind::Unavailable).with_cause(cause("SQLITE_NOMEM", "out of memory")))
        }
        Some("interrupted") => {
            Failure::answered(Error::new(ErrorKind::Unavailable).with_cause(cause("SQLITE_INTERRUPT", "interrupted")))
        }
        _ => common(DRIVER, error),
    }
}

/// The failure to ready a connection that is open. Nothing was written yet, so that a file which may only be read is in the way
/// of reading alone: with the write-ahead log a reader needs the files beside the database.
pub(super) fn readying(error: &DriverError, target: &Target) -> Error {
    match text_of(error) {
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
        _ => of(error).error,
    }
}

/// The failure to open the file. SQLite says little, so the file system is asked.
pub(super) fn connecting(error: &ConnectionError, target: &Target) -> Error {
    if let ConnectionError::CouldntSetupConfiguration(error) = error {
        return of(error).error;
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
    use super::*;

    fn unknown(text: &str) -> DriverError {
        DriverError::DatabaseError(DatabaseErrorKind::Unknown, Box::new(text.to_owned()))
    }

    #[test]
    fn every_known_text_has_its_kind() {
        use ErrorKind::{Denied, Encode, NotMigrated, Timeout, Unavailable};

        // The text, its kind, whether it may pass by itself, whether the connection goes.
        for (text, kind, transient, broken) in [
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
            let failure = of(&unknown(text));
            let found = (failure.error.kind(), failure.error.is_transient(), failure.broken);
            assert_eq!(found, (kind, transient, broken), "{text}");
            let shown = format!("{0} {0:?} {1:?}", failure.error, failure.error.cause().map(ToString::to_string));
            assert!(!shown.contains("hunter2"), "{shown}");
        }
    }

    #[test]
    fn a_failed_commit_is_named_for_what_failed() {
        let error = DriverError::RollbackErrorOnCommit {
            rollback_error: Box::new(unknown("cannot rollback - no transaction is active")),
            commit_error: Box::new(unknown("disk I/O error")),
        };
        assert_eq!(of(&error).error.to_string(), "the disk failed");
    }
}
