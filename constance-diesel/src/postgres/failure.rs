//! What went wrong in PostgreSQL.
//!
//! diesel gives a code for a few failures only. The server's text is searched for what it says in English; what is not found
//! is found out by asking the database, and by how long the statement took.

use std::time::Duration;

use constance_core::{Error, ErrorKind, backend::Cause};
use diesel::RunQueryDsl;
use diesel::dsl::sql;
use diesel::pg::PgConnection;
use diesel::result::{DatabaseErrorKind, Error as DriverError, QueryResult};
use diesel::sql_types::{BigInt, Bool, Text};

use super::catalog::IS_HIDDEN;
use super::context::{Doing, Known, is_hidden, is_nowhere, known};
use super::messages::{self, says};
use super::policies::{self, Rows};
use crate::error::{Failure, common, not_migrated};

pub(super) const DRIVER: &str = "postgres";

pub(super) fn cause(code: &'static str, text: &'static str) -> Cause {
    Cause::new(DRIVER).with_code(code).with_text(text)
}

/// The failure of a statement.
pub(super) fn of(connection: &mut PgConnection, error: &DriverError) -> Failure {
    match error {
        DriverError::RollbackErrorOnCommit { commit_error, .. } => {
            Failure { broken: true, ..of(connection, commit_error) }
        }
        DriverError::DatabaseError(DatabaseErrorKind::ReadOnlyTransaction, _) => read_only(),
        _ if is_hidden(error) => hidden(),
        _ if is_nowhere(error) => nowhere(),
        DriverError::SerializationError(_) => Failure::answered(
            Error::new(ErrorKind::Encode)
                .with_detail("the value is longer than PostgreSQL can store")
                .with_cause(cause("54000", "the limit is 1 GiB for a row")),
        ),
        _ => match known(error) {
            Some(known) => unknown(connection, &known).unwrap_or_else(|| common(DRIVER, error)),
            None => common(DRIVER, error),
        },
    }
}

/// Who begins again at once takes the row before the other one has woken up, and the two of them meet again. To see that they
/// wait for each other has taken the server a second.
const PAUSE: Duration = Duration::from_millis(50);

/// Whether the server undid the whole transaction so that others can go on.
pub(super) fn is_undone(connection: &mut PgConnection, error: &DriverError) -> bool {
    if let DriverError::DatabaseError(DatabaseErrorKind::SerializationFailure, _) = error {
        return true;
    }
    let Some(known) = known(error) else { return false };
    if says(known.message, messages::DEADLOCK) {
        std::thread::sleep(PAUSE);
        return true;
    }
    // In another language than English a deadlock is what took as long as the server waits before it looks for one, and not
    // as long as a timeout. If it is something else, beginning again costs time and nothing else: nothing was applied.
    known.doing == Doing::Writing
        && by_message(known.message).is_none()
        && Times::ask(connection).is_ok_and(|times| times.reason(known.doing, known.after) == Some(Reason::Deadlock))
}

/// A server that was the primary and is a replica now takes no writes ever again: the connection goes, so that the next one is
/// made to whatever is the primary then.
fn read_only() -> Failure {
    Failure::broken(
        Error::new(ErrorKind::Denied)
            .with_detail("the database can only be read")
            .with_cause(cause("25006", "a read-only transaction or a replica")),
    )
}

fn denied(detail: &'static str, hint: &'static str) -> Failure {
    let error = Error::new(ErrorKind::Denied).with_detail(detail).with_hint(hint);
    Failure::answered(error.with_cause(cause("42501", "insufficient privilege")))
}

fn hidden() -> Failure {
    denied("the user may not use the schema of the table", "GRANT USAGE on the schema to the user")
}

/// Who mends it does so for sessions that begin later: the connection goes.
fn nowhere() -> Failure {
    Failure::broken(
        Error::new(ErrorKind::Configuration)
            .with_detail("the search_path of the session leads to no schema, so that there is no place for the table")
            .with_hint("name one: ?options=-c%20search_path%3Dpublic in the URL, or ALTER ROLE … SET search_path")
            .with_cause(cause("3F000", "no schema has been selected")),
    )
}

fn unknown(connection: &mut PgConnection, known: &Known<'_>) -> Option<Failure> {
    let by_message = by_message(known.message);
    if by_message.is_some() {
        return by_message;
    }
    // Where even asking fails, the connection is no good.
    let asked = by_asking(connection, known).ok()?;
    asked.or_else(|| by_time(connection, known)).or_else(|| by_policies(connection, known))
}

fn by_message(message: &str) -> Option<Failure> {
    let timeout = |detail: &'static str, cause: Cause| {
        Some(Failure::answered(Error::new(ErrorKind::Timeout).with_detail(detail).with_cause(cause)))
    };
    if says(message, messages::LOCKED) {
        return timeout(LOCKED, cause("55P03", "lock_timeout is over"));
    }
    if says(message, messages::SLOW) {
        return timeout(SLOW, cause("57014", "statement_timeout is over"));
    }
    if says(message, messages::CANCELLED) {
        return timeout("somebody cancelled the statement", cause("57014", "cancelled by request"));
    }
    if says(message, messages::DEADLOCK) {
        return timeout(DEADLOCK, cause("40P01", "deadlock detected"));
    }
    if says(message, messages::FULL) {
        let error = Error::new(ErrorKind::Unavailable)
            .with_detail("the disk of the server is full or fails")
            // Waiting does not make room; somebody has to.
            .with_transient(false);
        return Some(Failure::answered(error.with_cause(cause("53100", "a file cannot be written"))));
    }
    None
}

const LOCKED: &str = "another connection kept the row or the table locked";
const SLOW: &str = "the statement took longer than it may";
const DEADLOCK: &str = "each of several transactions waited for another";

fn by_asking(connection: &mut PgConnection, known: &Known<'_>) -> QueryResult<Option<Failure>> {
    let Some(table) = known.table else { return Ok(None) };
    let rights = match known.doing {
        Doing::Reading => "SELECT",
        Doing::Writing | Doing::Migrating => "SELECT INSERT UPDATE DELETE",
    };
    let asked =
        sql::<(Bool, Bool, Bool, Bool, Bool, Bool, BigInt)>("SELECT t.oid IS NOT NULL, coalesce((SELECT bool_and(")
            .sql("has_table_privilege(t.oid, p)) FROM unnest(string_to_array(")
            .bind::<Text, _>(rights)
            .sql(&format!(", ' ')) AS p), false), {IS_HIDDEN}"))
            .bind::<Text, _>(table)
            .sql(
                "), \
             coalesce(has_schema_privilege(current_schema(), 'CREATE'), false), \
             pg_is_in_recovery() OR current_setting('transaction_read_only')::bool, current_schema() IS NULL, \
             (SELECT count(*) FROM pg_attribute AS a WHERE a.attrelid = t.oid AND NOT a.attisdropped \
             AND a.attname IN ('revision', 'changed_at')) \
             FROM (SELECT to_regclass(quote_ident(",
            )
            .bind::<Text, _>(table)
            .sql("))::oid AS oid) AS t");
    let (there, allowed, is_hidden, may_create, read_only_now, is_nowhere, later_columns) =
        asked.get_result::<(bool, bool, bool, bool, bool, bool, i64)>(connection)?;
    let hint = "GRANT SELECT, INSERT, UPDATE, DELETE on it to the user";
    Ok(match known.doing {
        Doing::Reading | Doing::Writing if !there && is_hidden => Some(hidden()),
        _ if !there && is_nowhere => Some(nowhere()),
        Doing::Reading | Doing::Writing if !there => {
            Some(Failure::answered(not_migrated(cause("42P01", "there is no such table in the search path"))))
        }
        Doing::Reading | Doing::Writing if !allowed => Some(denied("the user has no right to the table", hint)),
        // Those came with a later migration, and only writing needs them.
        Doing::Writing if known.own && later_columns < 2 => Some(Failure::answered(
            not_migrated(cause("42703", "no such column")).with_detail("the table is one of an older version"),
        )),
        Doing::Writing | Doing::Migrating if read_only_now => Some(read_only()),
        Doing::Migrating if !there && !may_create => {
            Some(denied("the user may not create tables in the schema", "GRANT CREATE on the schema to the user"))
        }
        Doing::Reading | Doing::Writing | Doing::Migrating => None,
    })
}

/// The connection goes: one that is made anew is asked first whether a policy says what the user may see.
fn by_policies(connection: &mut PgConnection, known: &Known<'_>) -> Option<Failure> {
    match Rows::ask(connection, known.table?).ok()? {
        Rows::All => None,
        Rows::OfPolicies if known.doing == Doing::Reading => Some(Failure::broken(
            Error::new(ErrorKind::Unavailable)
                .with_detail("the table has got row level security since the connection was made")
                .with_cause(cause("42501", "row_security is off")),
        )),
        Rows::OfPolicies | Rows::None => Some(Failure::broken(policies::hides())),
    }
}

/// In another language than English, a timeout is what took as long as one.
fn by_time(connection: &mut PgConnection, known: &Known<'_>) -> Option<Failure> {
    let times = Times::ask(connection).ok()?;
    let (detail, cause) = match times.reason(known.doing, known.after)? {
        Reason::Slow => (SLOW, cause("57014", "statement_timeout is over")),
        Reason::Locked => (LOCKED, cause("55P03", "lock_timeout is over")),
        Reason::Deadlock => {
            (DEADLOCK, cause("40P01", "after as long as the server waits before it looks for a deadlock"))
        }
    };
    Some(Failure::answered(Error::new(ErrorKind::Timeout).with_detail(detail).with_cause(cause)))
}

/// What ends a statement after a time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Reason {
    Slow,
    Locked,
    Deadlock,
}

fn is_over(timeout: Duration, after: Duration) -> bool {
    !timeout.is_zero() && after >= timeout
}

/// How long the server waits for what.
struct Times {
    lock: Duration,
    statement: Duration,
    deadlock: Duration,
}

impl Times {
    /// What may have ended a statement that failed after so long for no other reason.
    fn reason(&self, doing: Doing, after: Duration) -> Option<Reason> {
        if is_over(self.statement, after) {
            Some(Reason::Slow)
        } else if is_over(self.lock, after) {
            Some(Reason::Locked)
        } else {
            (doing != Doing::Reading && after >= self.deadlock).then_some(Reason::Deadlock)
        }
    }

    fn ask(connection: &mut PgConnection) -> QueryResult<Self> {
        let milliseconds = "(SELECT setting::bigint FROM pg_settings WHERE name = ";
        let text = format!(
            "SELECT {milliseconds}'lock_timeout'), {milliseconds}'statement_timeout'), {milliseconds}'deadlock_timeout')"
        );
        let (lock, statement, deadlock) =
            sql::<(BigInt, BigInt, BigInt)>(&text).get_result::<(i64, i64, i64)>(connection)?;
        let duration = |milliseconds: i64| Duration::from_millis(u64::try_from(milliseconds).unwrap_or_default());
        Ok(Self { lock: duration(lock), statement: duration(statement), deadlock: duration(deadlock) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_time_tells_where_the_words_do_not() {
        let milliseconds = Duration::from_millis;
        let usual = Times { lock: milliseconds(5_000), statement: milliseconds(10_000), deadlock: milliseconds(1_000) };
        for (after, writing, reading) in [
            (999, None, None),
            (1_000, Some(Reason::Deadlock), None),
            (5_000, Some(Reason::Locked), Some(Reason::Locked)),
            (10_000, Some(Reason::Slow), Some(Reason::Slow)),
        ] {
            assert_eq!(usual.reason(Doing::Writing, milliseconds(after)), writing, "{after}");
            assert_eq!(usual.reason(Doing::Reading, milliseconds(after)), reading, "{after}");
        }
        // Zero is no limit.
        let none = Times { lock: Duration::ZERO, statement: Duration::ZERO, deadlock: milliseconds(1_000) };
        assert_eq!(none.reason(Doing::Reading, milliseconds(100_000)), None);
        assert_eq!(none.reason(Doing::Writing, milliseconds(100_000)), Some(Reason::Deadlock));
    }

    #[test]
    fn known_texts_have_their_kind() {
        use ErrorKind::{Timeout, Unavailable};

        for (text, kind, code) in [
            ("canceling statement due to lock timeout", Timeout, "55P03"),
            ("canceling statement due to statement timeout", Timeout, "57014"),
            ("canceling statement due to user request", Timeout, "57014"),
            ("deadlock detected", Timeout, "40P01"),
            ("could not extend file \"base/hunter2\": No space left on device", Unavailable, "53100"),
        ] {
            let failure = by_message(text).expect(text);
            assert_eq!(failure.error.kind(), kind, "{text}");
            assert_eq!(failure.error.cause().and_then(Cause::code), Some(code), "{text}");
            assert!(!failure.broken, "{text}");
            assert_eq!(failure.error.is_transient(), kind == Timeout, "{text}");
            assert!(!format!("{0} {0:?}", failure.error).contains("hunter2"));
        }
        assert!(by_message("hunter2").is_none());
        assert!(by_message("storniere Anfrage wegen Zeitüberschreitung einer Sperre").is_none(), "the server is asked");
    }
}
