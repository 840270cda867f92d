//! Finds out why a statement failed, by the number that `run.rs` asked for.

use constance_core::{Error, ErrorKind, backend::Cause};
use diesel::mysql::MysqlConnection;

use super::numbers::{CHANGED, DEADLOCK, LOCK_TIMEOUT, LOST, NO_COLUMN, PACKET, PREPARED, TOO_LARGE};
use crate::diagnosis::Diagnosis;
use crate::dialect::Diagnose;
use crate::error::not_migrated;
use crate::failure::{Failure, Reason};

pub(super) const DRIVER: &str = "mysql";

impl Diagnose for MysqlConnection {
    fn diagnose(&mut self, failure: &Failure) -> Diagnosis {
        of(failure)
    }

    fn was_rolled_back(&mut self, failure: &Failure) -> bool {
        failure.is_serialization_failure() || matches!(failure.reason, Reason::Number(DEADLOCK | CHANGED))
    }
}

fn cause(number: u16, text: &'static str) -> Cause {
    Cause::new(DRIVER).with_code(number.to_string()).with_text(text)
}

/// The cause of a failure, which takes no connection to find.
pub(super) fn of(failure: &Failure) -> Diagnosis {
    let diagnosis = match &failure.reason {
        Reason::Number(number) => of_number(*number),
        Reason::OlderTable => Diagnosis::usable(
            // They came with a later migration.
            not_migrated(cause(NO_COLUMN, "no such column")).with_detail("the table is one of an older version"),
        ),
        Reason::KeyTakenForAnother => Diagnosis::usable(
            Error::new(ErrorKind::Unsupported)
                .with_detail("the table holds a key that differs only in case, and its unique index takes both for one")
                .with_hint("rename one of the settings, or give the table's column a binary collation")
                .with_cause(cause(1062, "a duplicate key")),
        ),
        Reason::ClientMisreads => Diagnosis::broken(
            Error::new(ErrorKind::Unavailable)
                .with_detail("the client library gives texts back empty, and cannot be used")
                .with_hint("it is a libmariadb with the failure CONC-821, as in MariaDB 10.11.18: install a later one, such as that of 10.11.19")
                .with_cause(Cause::new(DRIVER).with_code("CONC-821").with_text("a failure of libmariadb"))
                .with_transient(false),
        ),
        _ => Diagnosis::common(DRIVER, failure),
    };
    // A connection that is left in the middle of a transaction goes.
    Diagnosis { broken: diagnosis.broken || failure.rollback_failed, ..diagnosis }
}

fn of_number(number: u16) -> Diagnosis {
    let made = |kind: ErrorKind, detail: &'static str, text: &'static str| {
        Error::new(kind).with_detail(detail).with_cause(cause(number, text))
    };
    let bare = |kind: ErrorKind, text: &'static str| Error::new(kind).with_cause(cause(number, text));
    match number {
        1146 => Diagnosis::usable(not_migrated(cause(number, "no such table"))),
        NO_COLUMN | 1136 | 1176 | 1265 | 1366 | 1364 => Diagnosis::usable(
            made(
                ErrorKind::Unavailable,
                "the table is not as the migrations made it",
                "a column is missing or differs",
            )
            .with_transient(false),
        ),
        1406 => {
            Diagnosis::usable(made(ErrorKind::Encode, "the value is longer than its column takes", "data too long"))
        }
        PACKET | 2020 | TOO_LARGE => {
            let text = "larger than max_allowed_packet";
            let error = made(ErrorKind::Encode, "the value is longer than the server takes", text);
            Diagnosis { error, broken: number != TOO_LARGE }
        }
        LOCK_TIMEOUT | 3572 => Diagnosis::usable(made(
            ErrorKind::Timeout,
            "another connection kept a lock",
            "the lock wait timeout is over",
        )),
        DEADLOCK | CHANGED => {
            Diagnosis::usable(bare(ErrorKind::Timeout, "the transaction was undone so that others could go on"))
        }
        1969 | 3024 => {
            Diagnosis::usable(bare(ErrorKind::Timeout, "the statement took longer than the statement timeout"))
        }
        1317 => Diagnosis::usable(bare(ErrorKind::Unavailable, "the statement was ended by KILL QUERY")),
        1044 | 1045 | 1130 | 1142 | 1143 | 1227 | 1370 | 1698 | 1820 | 1862 | 3118 | 4151 => {
            Diagnosis::usable(bare(ErrorKind::Denied, "the user has not the right to do this"))
        }
        // A server that was demoted stays so: what comes next had better find the new one.
        1290 | 1792 | 1836 | 1874 => {
            Diagnosis::broken(made(ErrorKind::Denied, "the server can only be read", "an attempt to write"))
        }
        1040 | 1203 | 1226 => Diagnosis::broken(bare(ErrorKind::Unavailable, "too many connections")),
        PREPARED => Diagnosis::broken(
            made(ErrorKind::Unavailable, "the server has no room for another prepared statement", "too many of them")
                .with_hint("raise max_prepared_stmt_count on the server, or find the clients that keep so many"),
        ),
        // It does not pass by waiting: somebody has to make room.
        3 | 1021 | 1026 | 1114 => Diagnosis::usable(
            made(ErrorKind::Unavailable, "the disk is full, or the table has reached its greatest size", "no room")
                .with_transient(false),
        ),
        1665 => Diagnosis::usable(
            bare(ErrorKind::Unavailable, "the binary log can only take statements")
                .with_hint("set binlog_format to MIXED or ROW")
                .with_transient(false),
        ),
        1047 | 1053 | 1077 | 1079 | 1080 | 1152..=1161 | 1184 | 1927 | 2006 | LOST | 2055 | 4031 => {
            Diagnosis::broken(bare(ErrorKind::Unavailable, "the connection was lost, or the server is going down"))
        }
        _ => Diagnosis::usable(bare(ErrorKind::Unavailable, "a failure that is not in the list of known ones")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_known_number_has_its_kind() {
        use ErrorKind::{Denied, Encode, NotMigrated, Timeout, Unavailable};

        // The number, its kind, whether it may pass by itself, whether the connection goes.
        for (number, kind, transient, goes) in [
            (1146, NotMigrated, false, false),
            (1054, Unavailable, false, false),
            (1406, Encode, false, false),
            (1153, Encode, false, true),
            (1301, Encode, false, false),
            (1205, Timeout, true, false),
            (1213, Timeout, true, false),
            (1020, Timeout, true, false),
            (1969, Timeout, true, false),
            (3024, Timeout, true, false),
            (1317, Unavailable, true, false),
            (1142, Denied, false, false),
            (1290, Denied, false, true),
            (1836, Denied, false, true),
            (1040, Unavailable, true, true),
            (1461, Unavailable, true, true),
            (1114, Unavailable, false, false),
            (1021, Unavailable, false, false),
            (1665, Unavailable, false, false),
            (1927, Unavailable, true, true),
            (2013, Unavailable, true, true),
            (1644, Unavailable, true, false),
        ] {
            let Diagnosis { error, broken } = of(&Reason::Number(number).into());
            let found = (error.kind(), error.is_transient(), broken);
            assert_eq!(found, (kind, transient, goes), "{number}");
            let cause = error.cause().expect("a cause").to_string();
            assert!(cause.starts_with(&format!("mysql {number}: ")), "{cause}");
        }
        let Diagnosis { error, broken } = of(&Reason::OlderTable.into());
        assert_eq!((error.kind(), error.is_transient(), broken), (NotMigrated, false, false));
        let cause = error.cause().expect("a cause").to_string();
        assert!(cause.starts_with("mysql 1054: "), "{cause}");
    }

    #[test]
    fn a_client_library_that_misreads_is_no_absence_and_will_not_pass() {
        let Diagnosis { error, broken } = of(&Reason::ClientMisreads.into());
        assert_eq!((error.kind(), error.is_transient(), broken), (ErrorKind::Unavailable, false, true));
        assert!(error.to_string().contains("10.11.19"), "{error:?}");
    }
}
