//! What went wrong in MySQL or MariaDB.
//!
//! diesel gives no number, and the server's texts follow `lc_messages`. So the server is asked for the number at once, while
//! it still knows; from there on an error carries that in the place of the text.

use constance_core::{Error, ErrorKind, backend::Cause};
use diesel::ConnectionError;
use diesel::RunQueryDsl;
use diesel::connection::{CacheSize, Connection, SimpleConnection};
use diesel::dsl::sql;
use diesel::mysql::MysqlConnection;
use diesel::result::{DatabaseErrorKind, Error as DriverError, QueryResult};
use diesel::sql_types::{BigInt, Text};

use super::client;
use crate::error::{Failure, common, not_migrated};

const DRIVER: &str = "mysql";

/// Lost connection, as the client library numbers it.
const LOST: u16 = 2013;
/// The packet is larger than `max_allowed_packet`; the server hangs up.
const PACKET: u16 = 1153;
/// A value is larger than `max_allowed_packet`; the server says so.
pub(super) const TOO_LARGE: u16 = 1301;
/// A lock was not to be had in time.
pub(super) const LOCK_TIMEOUT: u16 = 1205;
/// The server keeps as many prepared statements as it may.
const PREPARED: u16 = 1461;
const DEADLOCK: u16 = 1213;
const NO_COLUMN: u16 = 1054;
/// Our own number for a missing column that a later migration adds; no server has it.
const OLDER: u16 = u16::MAX;
/// Our own number for a key that the index of Django's table takes for another one.
pub(super) const MERGED: u16 = u16::MAX - 1;
/// Our own number for a client library that gives something else back than the server sends.
pub(super) const MISREAD: u16 = u16::MAX - 2;
/// MariaDB's word for a row that changed after the transaction's snapshot was taken.
const CHANGED: u16 = 1020;

/// An error that carries a number and no text.
pub(super) fn numbered(number: u16) -> DriverError {
    DriverError::DatabaseError(DatabaseErrorKind::Unknown, Box::new(format!("#{number}")))
}

/// The number in an error, if [`ask`] has put one there.
fn number(error: &DriverError) -> Option<u16> {
    match error {
        DriverError::DatabaseError(DatabaseErrorKind::Unknown, information) => {
            information.message().strip_prefix('#')?.parse().ok()
        }
        DriverError::RollbackErrorOnCommit { commit_error, .. } => number(commit_error),
        _ => None,
    }
}

/// Puts the server's number in the place of its text, where diesel has made nothing of it. To be called before anything
/// else is asked on the connection.
pub(super) fn ask<T>(connection: &mut MysqlConnection, result: QueryResult<T>) -> QueryResult<T> {
    result.map_err(|error| match &error {
        DriverError::DatabaseError(DatabaseErrorKind::Unknown, information) => {
            let text = information.message();
            if text.starts_with('#') {
                return error;
            }
            number_by_text(text).or_else(|| number_by_server(connection, text)).map_or(error, numbered)
        }
        _ => error,
    })
}

/// As [`ask`], for what gives rows.
///
/// In libmariadb a statement whose rows ended in an error (a deadlock, a lock that was not to be had, `KILL QUERY`) is left
/// as one with rows to come, and waits for them for ever when it is run again. So all that are kept are prepared anew.
pub(super) fn ask_of_rows<T>(connection: &mut MysqlConnection, result: QueryResult<T>) -> QueryResult<T> {
    let failed = matches!(result, Err(DriverError::DatabaseError(..)));
    let result = ask(connection, result);
    if failed {
        connection.set_prepared_statement_cache_size(CacheSize::Disabled);
        connection.set_prepared_statement_cache_size(CacheSize::Unbounded);
    }
    // A connection of the application's has not been asked yet.
    if result.is_ok() {
        client::check(connection)?;
    }
    result
}

/// What the client library says itself is never translated. A packet that is too large and a statement too many have the
/// same variable's name in them in every language, and the server could not be asked: it hangs up after the one, and the
/// question would be a statement more.
fn number_by_text(text: &str) -> Option<u16> {
    if text.contains("gone away") || text.contains("Lost connection") {
        return Some(LOST);
    }
    [("max_allowed_packet", PACKET), ("max_prepared_stmt_count", PREPARED)]
        .into_iter()
        .find_map(|(variable, number)| text.contains(variable).then_some(number))
}

fn number_by_server(connection: &mut MysqlConnection, text: &str) -> Option<u16> {
    // In one go: the server keeps what it knows only until the next statement. What failed may stand first, with a note on
    // where it was (in a trigger) after it, or last, with warnings before it.
    connection
        .batch_execute(
            "GET DIAGNOSTICS @constance_last = NUMBER; \
             GET DIAGNOSTICS CONDITION 1 @constance_number = MYSQL_ERRNO, @constance_text = MESSAGE_TEXT; \
             GET DIAGNOSTICS CONDITION @constance_last \
                 @constance_last_number = MYSQL_ERRNO, @constance_last_text = MESSAGE_TEXT",
        )
        .ok()?;
    let (first, first_text, last, last_text) = sql::<(BigInt, Text, BigInt, Text)>(
        "SELECT CAST(@constance_number AS SIGNED), CAST(@constance_text AS CHAR), \
         CAST(@constance_last_number AS SIGNED), CAST(@constance_last_text AS CHAR)",
    )
    .get_result::<(i64, String, i64, String)>(connection)
    .ok()?;
    // What it knows may be of an earlier failure, if this one was not the server's.
    let same = |said: &str| !said.is_empty() && (text.starts_with(said) || said.starts_with(text));
    let (number, _) = [(first, first_text), (last, last_text)].into_iter().find(|(_, said)| same(said))?;
    let number = u16::try_from(number).ok()?;
    // The column's name is in the text in every language.
    let later = number == NO_COLUMN && ["revision", "changed_at"].iter().any(|column| text.contains(column));
    Some(if later { OLDER } else { number })
}

/// Whether the database undid the whole transaction, and it may be begun again.
pub(super) fn is_undone(error: &DriverError) -> bool {
    matches!(error, DriverError::DatabaseError(DatabaseErrorKind::SerializationFailure, _))
        || matches!(number(error), Some(DEADLOCK | CHANGED))
}

fn cause(number: u16, text: &'static str) -> Cause {
    Cause::new(DRIVER).with_code(number.to_string()).with_text(text)
}

/// The failure of a statement.
pub(super) fn of(error: &DriverError) -> Failure {
    match number(error) {
        Some(number) => of_number(number),
        None => common(DRIVER, error),
    }
}

fn of_number(number: u16) -> Failure {
    let made = |kind: ErrorKind, detail: &'static str, text: &'static str| {
        Error::new(kind).with_detail(detail).with_cause(cause(number, text))
    };
    let bare = |kind: ErrorKind, text: &'static str| Error::new(kind).with_cause(cause(number, text));
    match number {
        1146 => Failure::answered(not_migrated(cause(number, "no such table"))),
        OLDER => Failure::answered(
            // They came with a later migration.
            not_migrated(cause(NO_COLUMN, "no such column")).with_detail("the table is one of an older version"),
        ),
        MERGED => Failure::answered(
            Error::new(ErrorKind::Unsupported)
                .with_detail("the table holds a key that differs only in case, and its unique index takes both for one")
                .with_hint("rename one of the settings, or give the table's column a binary collation")
                .with_cause(cause(1062, "a duplicate key")),
        ),
        MISREAD => Failure::broken(
            Error::new(ErrorKind::Unavailable)
                .with_detail("the client library gives texts back empty, and cannot be used")
                .with_hint("it is a libmariadb with the failure CONC-821, as in MariaDB 10.11.18: install a later one, such as that of 10.11.19")
                .with_cause(Cause::new(DRIVER).with_code("CONC-821").with_text("a failure of libmariadb"))
                .with_transient(false),
        ),
        NO_COLUMN | 1136 | 1176 | 1265 | 1366 | 1364 => Failure::answered(
            made(
                ErrorKind::Unavailable,
                "the table is not as the migrations made it",
                "a column is missing or differs",
            )
            .with_transient(false),
        ),
        1406 => Failure::answered(made(ErrorKind::Encode, "the value is longer than its column takes", "data too long")),
        PACKET | 2020 | TOO_LARGE => {
            let text = "larger than max_allowed_packet";
            let error = made(ErrorKind::Encode, "the value is longer than the server takes", text);
            Failure { error, broken: number != TOO_LARGE }
        }
        LOCK_TIMEOUT | 3572 => {
            Failure::answered(made(ErrorKind::Timeout, "another connection kept a lock", "the lock wait timeout is over"))
        }
        DEADLOCK | CHANGED => {
            Failure::answered(bare(ErrorKind::Timeout, "the transaction was undone so that others could go on"))
        }
        1969 | 3024 => {
            Failure::answered(bare(ErrorKind::Timeout, "the statement took longer than the statement timeout"))
        }
        1317 => Failure::answered(bare(ErrorKind::Unavailable, "the statement was ended by KILL QUERY")),
        1044 | 1045 | 1130 | 1142 | 1143 | 1227 | 1370 | 1698 | 1820 | 1862 | 3118 | 4151 => {
            Failure::answered(bare(ErrorKind::Denied, "the user has not the right to do this"))
        }
        // A server that was demoted stays so: what comes next had better find the new one.
        1290 | 1792 | 1836 | 1874 => {
            Failure::broken(made(ErrorKind::Denied, "the server can only be read", "an attempt to write"))
        }
        1040 | 1203 | 1226 => Failure::broken(bare(ErrorKind::Unavailable, "too many connections")),
        PREPARED => Failure::broken(
            made(ErrorKind::Unavailable, "the server has no room for another prepared statement", "too many of them")
                .with_hint("raise max_prepared_stmt_count on the server, or find the clients that keep so many"),
        ),
        // Waiting does not make room; somebody has to.
        3 | 1021 | 1026 | 1114 => Failure::answered(
            made(ErrorKind::Unavailable, "the disk is full, or the table has reached its greatest size", "no room")
                .with_transient(false),
        ),
        1665 => Failure::answered(
            bare(ErrorKind::Unavailable, "the binary log can only take statements")
                .with_hint("set binlog_format to MIXED or ROW")
                .with_transient(false),
        ),
        1047 | 1053 | 1077 | 1079 | 1080 | 1152..=1161 | 1184 | 1927 | 2006 | LOST | 2055 | 4031 => {
            Failure::broken(bare(ErrorKind::Unavailable, "the connection was lost, or the server is going down"))
        }
        _ => Failure::answered(bare(ErrorKind::Unavailable, "a failure that is not in the list of known ones")),
    }
}

/// The failure to connect. There is no connection to ask for a number.
pub(super) fn connecting(error: &ConnectionError) -> Error {
    let with = |kind: ErrorKind, code: &'static str, text: &'static str| {
        Error::new(kind).with_cause(Cause::new(DRIVER).with_code(code).with_text(text))
    };
    let text = match error {
        ConnectionError::BadConnection(text) => text,
        ConnectionError::CouldntSetupConfiguration(error) => {
            // diesel's own statements on a new connection, of which nothing can be asked.
            let number = match error {
                DriverError::DatabaseError(DatabaseErrorKind::Unknown, said) => number_by_text(said.message()),
                _ => None,
            };
            return number.map_or_else(|| of(error), of_number).error;
        }
        ConnectionError::InvalidConnectionUrl(_) | ConnectionError::InvalidCString(_) => {
            return Error::new(ErrorKind::Configuration).with_detail("diesel does not take the URL");
        }
        _ => return with(ErrorKind::Unavailable, "unknown", "a failure that is not in the list of known ones"),
    };
    let has = |words: &str| text.contains(words);
    // The client library's own words come first: they are never translated, and may quote a path with an @ in it.
    if has("Can't connect to") || has("Unknown server host") || has("Unknown MySQL server host") {
        return with(ErrorKind::Unavailable, "2003", "nobody answers there");
    }
    if has("Lost connection") || has("gone away") || has("Error in server handshake") {
        return with(ErrorKind::Unavailable, "2013", "the server hung up");
    }
    if has("SSL connection error") || has("TLS") || has("SSL") {
        return with(ErrorKind::Unavailable, "2026", "TLS could not be agreed on").with_transient(false);
    }
    if has("uthentication plugin") {
        return with(ErrorKind::Denied, "1251", "the client library does not know the user's way to log in");
    }
    // The server's words may be in any language. Those about a user name him as 'who'@'from'.
    if has("'@'") || has("Access denied") {
        return with(ErrorKind::Denied, "1045", "the user, the password or the database was refused");
    }
    if has("is not allowed to connect") {
        return with(ErrorKind::Denied, "1130", "this host may not connect");
    }
    if has("is blocked because of many connection errors") {
        return with(ErrorKind::Unavailable, "1129", "this host is blocked after many failures to connect");
    }
    if has("Unknown database") {
        return with(ErrorKind::Unavailable, "1049", "the database does not exist")
            .with_hint("create it")
            .with_transient(false);
    }
    if has("Too many connections") || has("max_user_connections") || has("max_connections_per_hour") {
        return with(ErrorKind::Unavailable, "1040", "too many connections");
    }
    with(ErrorKind::Unavailable, "unknown", "a failure that is not in the list of known ones")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_known_number_has_its_kind() {
        use ErrorKind::{Denied, Encode, NotMigrated, Timeout, Unavailable};

        // The number, its kind, whether it may pass by itself, whether the connection goes.
        for (number, kind, transient, broken) in [
            (1146, NotMigrated, false, false),
            (u16::MAX, NotMigrated, false, false),
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
            let failure = of(&numbered(number));
            let found = (failure.error.kind(), failure.error.is_transient(), failure.broken);
            assert_eq!(found, (kind, transient, broken), "{number}");
            let cause = failure.error.cause().expect("a cause").to_string();
            let shown = if number == OLDER { NO_COLUMN } else { number };
            assert!(cause.starts_with(&format!("mysql {shown}: ")), "{cause}");
        }
    }

    #[test]
    fn a_client_library_that_misreads_is_no_absence_and_will_not_pass() {
        let Failure { error, broken } = of(&numbered(MISREAD));
        assert_eq!((error.kind(), error.is_transient(), broken), (ErrorKind::Unavailable, false, true));
        assert!(error.to_string().contains("10.11.19"), "{error:?}");
    }

    #[test]
    fn failures_to_connect_are_told_by_their_text() {
        use ErrorKind::{Denied, Unavailable};

        for (text, kind, transient) in [
            ("Access denied for user 'hunter2'@'::1' (using password: YES)", Denied, false),
            ("Benutzer 'hunter2'@'::1' hat keine Zugriffsberechtigung (verwendetes Passwort: JA)", Denied, false),
            ("Host 'hunter2' is not allowed to connect to this MariaDB server", Denied, false),
            ("Plugin hunter2 could not be loaded: Authentication plugin", Denied, false),
            ("Can't connect to server on 'hunter2' (115)", Unavailable, true),
            ("Can't connect to local server through socket '/h'@'unter2' (2)", Unavailable, true),
            ("Can't connect to MySQL server on 'hunter2:3306' (111)", Unavailable, true),
            ("Unknown server host 'hunter2' (-2)", Unavailable, true),
            ("Lost connection to server at 'handshake: reading initial communication packet'", Unavailable, true),
            ("SSL connection error: hunter2", Unavailable, false),
            ("Unknown database 'hunter2'", Unavailable, false),
            ("Too many connections", Unavailable, true),
            ("Zu viele Verbindungen, hunter2", Unavailable, true),
        ] {
            let error = connecting(&ConnectionError::BadConnection(text.to_owned()));
            assert_eq!((error.kind(), error.is_transient()), (kind, transient), "{text}");
            let shown = format!("{0} {0:?} {1:?}", error, error.cause().map(ToString::to_string));
            assert!(!shown.contains("hunter2"), "{shown}");
        }
    }

    #[test]
    fn some_texts_are_known_without_the_server() {
        for (text, number) in [
            ("Server has gone away", Some(2013)),
            ("MySQL server has gone away", Some(2013)),
            ("Lost connection to MySQL server during query", Some(2013)),
            ("Can't create more than max_prepared_stmt_count statements (current value: 0)", Some(1461)),
            ("Kann nicht mehr Anweisungen als max_prepared_stmt_count erzeugen (aktueller Wert: 0)", Some(1461)),
            ("Empfangenes Paket ist größer als 'max_allowed_packet' Bytes", Some(1153)),
            ("Table 'x' doesn't exist", None),
        ] {
            assert_eq!(number_by_text(text), number, "{text}");
        }
    }
}
