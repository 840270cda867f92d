//! Finds out why a statement failed.
//!
//! diesel gives a code for a few failures only. The server's text is searched for what it says in English; what is not found
//! is found out by asking the database, and by how long the statement took.

use std::time::Duration;

use constance_core::{Error, ErrorKind, Warning, backend::Cause};
use diesel::RunQueryDsl;
use diesel::dsl::sql;
use diesel::pg::PgConnection;
use diesel::result::{DatabaseErrorKind, Error as DriverError, QueryResult};
use diesel::sql_types::{BigInt, Bool, Text};

use super::columns::IS_HIDDEN;
use super::messages::{self, says};
use super::row_security::{self, VisibleRows};
use super::timeouts::{Ended, Timeouts};
use crate::diagnosis::Diagnosis;
use crate::dialect::Diagnose;
use crate::error::not_migrated;
use crate::failure::{Access, Context, Failure, Reason};
use crate::layout::Layout;
use crate::schema::Tables;

const DRIVER: &str = "postgres";

/// Whoever begins again at once takes the row before the other one has woken up, and the two of them meet again. To see that they
/// wait for each other has taken the server a second.
const PAUSE: Duration = Duration::from_millis(50);

impl Diagnose for PgConnection {
    fn diagnose(&mut self, failure: &Failure) -> Diagnosis {
        let diagnosis = match &failure.reason {
            Reason::HiddenSchema => hidden_schema(),
            Reason::NoSchema => no_schema(),
            Reason::TooLong | Reason::Driver(DriverError::SerializationError(_)) => Diagnosis::usable(
                Error::new(ErrorKind::Encode)
                    .with_detail("the value is longer than PostgreSQL can store")
                    .with_cause(cause("54000", "the limit is 1 GiB for a row")),
            ),
            Reason::Driver(DriverError::DatabaseError(DatabaseErrorKind::ReadOnlyTransaction, _)) => read_only(),
            _ => without_code(self, failure).unwrap_or_else(|| Diagnosis::common(DRIVER, failure)),
        };
        // A connection that is left in the middle of a transaction goes.
        Diagnosis { broken: diagnosis.broken || failure.rollback_failed, ..diagnosis }
    }

    fn was_rolled_back(&mut self, failure: &Failure) -> bool {
        if failure.is_serialization_failure() {
            return true;
        }
        let Some(message) = failure.message() else { return false };
        if says(message, messages::DEADLOCK) {
            std::thread::sleep(PAUSE);
            return true;
        }
        // In another language than English a deadlock is what took as long as the server waits before it looks for one, and not
        // as long as a timeout. If it is something else, beginning again costs time and nothing else: nothing was applied.
        let Some(context) = failure.context.as_ref().filter(|context| context.access == Access::Write) else {
            return false;
        };
        by_message(message).is_none()
            && Timeouts::ask(self)
                .is_ok_and(|timeouts| timeouts.ended(context.access, context.elapsed) == Some(Ended::Deadlock))
    }

    fn table_warnings(&mut self, tables: &Tables) -> Result<Vec<Warning>, Failure> {
        Ok(row_security::warnings(self, tables)?)
    }
}

pub(super) fn cause(code: &'static str, text: &'static str) -> Cause {
    Cause::new(DRIVER).with_code(code).with_text(text)
}

/// The cause of a failure that diesel gives no code for.
fn without_code(connection: &mut PgConnection, failure: &Failure) -> Option<Diagnosis> {
    let by_message = by_message(failure.message()?);
    if by_message.is_some() {
        return by_message;
    }
    let Some(context) = &failure.context else { return None };
    // Where even asking fails, the connection is no good.
    let asked = by_asking(connection, context).ok()?;
    asked.or_else(|| by_time(connection, context)).or_else(|| by_row_security(connection, context))
}

/// A server that was the primary and is a replica now takes no writes ever again: the connection goes, so that the next one is
/// made to whatever is the primary then.
fn read_only() -> Diagnosis {
    Diagnosis::broken(
        Error::new(ErrorKind::Denied)
            .with_detail("the database can only be read")
            .with_cause(cause("25006", "a read-only transaction or a replica")),
    )
}

fn denied(detail: &'static str, hint: &'static str) -> Diagnosis {
    let error = Error::new(ErrorKind::Denied).with_detail(detail).with_hint(hint);
    Diagnosis::usable(error.with_cause(cause("42501", "insufficient privilege")))
}

fn hidden_schema() -> Diagnosis {
    denied("the user may not use the schema of the table", "GRANT USAGE on the schema to the user")
}

/// Whoever corrects it does so for sessions that begin later: the connection goes.
fn no_schema() -> Diagnosis {
    Diagnosis::broken(
        Error::new(ErrorKind::Configuration)
            .with_detail("the search_path of the session leads to no schema, so that there is no place for the table")
            .with_hint("name one: ?options=-c%20search_path%3Dpublic in the URL, or ALTER ROLE … SET search_path")
            .with_cause(cause("3F000", "no schema has been selected")),
    )
}

fn by_message(message: &str) -> Option<Diagnosis> {
    let timeout = |detail: &'static str, cause: Cause| {
        Some(Diagnosis::usable(Error::new(ErrorKind::Timeout).with_detail(detail).with_cause(cause)))
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
            // It does not pass by waiting: somebody has to make room.
            .with_transient(false);
        return Some(Diagnosis::usable(error.with_cause(cause("53100", "a file cannot be written"))));
    }
    None
}

const LOCKED: &str = "another connection kept the row or the table locked";
const SLOW: &str = "the statement took longer than it may";
const DEADLOCK: &str = "each of several transactions waited for another";

fn by_asking(connection: &mut PgConnection, context: &Context) -> QueryResult<Option<Diagnosis>> {
    let rights = match context.access {
        Access::Read => "SELECT",
        Access::Write | Access::Migrate => "SELECT INSERT UPDATE DELETE",
    };
    let asked =
        sql::<(Bool, Bool, Bool, Bool, Bool, Bool, BigInt)>("SELECT t.oid IS NOT NULL, coalesce((SELECT bool_and(")
            .sql("has_table_privilege(t.oid, p)) FROM unnest(string_to_array(")
            .bind::<Text, _>(rights)
            .sql(&format!(", ' ')) AS p), false), {IS_HIDDEN}"))
            .bind::<Text, _>(&*context.table)
            .sql(
                "), \
             coalesce(has_schema_privilege(current_schema(), 'CREATE'), false), \
             pg_is_in_recovery() OR current_setting('transaction_read_only')::bool, current_schema() IS NULL, \
             (SELECT count(*) FROM pg_attribute AS a WHERE a.attrelid = t.oid AND NOT a.attisdropped \
             AND a.attname IN ('revision', 'changed_at')) \
             FROM (SELECT to_regclass(quote_ident(",
            )
            .bind::<Text, _>(&*context.table)
            .sql("))::oid AS oid) AS t");
    let (there, allowed, is_hidden, may_create, read_only_now, has_no_schema, later_columns) =
        asked.get_result::<(bool, bool, bool, bool, bool, bool, i64)>(connection)?;
    let hint = "GRANT SELECT, INSERT, UPDATE, DELETE on it to the user";
    Ok(match context.access {
        Access::Read | Access::Write if !there && is_hidden => Some(hidden_schema()),
        _ if !there && has_no_schema => Some(no_schema()),
        Access::Read | Access::Write if !there => {
            Some(Diagnosis::usable(not_migrated(cause("42P01", "there is no such table in the search path"))))
        }
        Access::Read | Access::Write if !allowed => Some(denied("the user has no right to the table", hint)),
        // Those came with a later migration, and only writing needs them.
        Access::Write if context.layout == Layout::Own && later_columns < 2 => Some(Diagnosis::usable(
            not_migrated(cause("42703", "no such column")).with_detail("the table is one of an older version"),
        )),
        Access::Write | Access::Migrate if read_only_now => Some(read_only()),
        Access::Migrate if !there && !may_create => {
            Some(denied("the user may not create tables in the schema", "GRANT CREATE on the schema to the user"))
        }
        Access::Read | Access::Write | Access::Migrate => None,
    })
}

/// The connection goes: one that is made anew is asked first whether a policy says what the user may see.
fn by_row_security(connection: &mut PgConnection, context: &Context) -> Option<Diagnosis> {
    match VisibleRows::ask(connection, &context.table).ok()? {
        VisibleRows::All => None,
        VisibleRows::OfPolicies if context.access == Access::Read => Some(Diagnosis::broken(
            Error::new(ErrorKind::Unavailable)
                .with_detail("the table has got row level security since the connection was made")
                .with_cause(cause("42501", "row_security is off")),
        )),
        VisibleRows::OfPolicies | VisibleRows::None => Some(Diagnosis::broken(row_security::hides_everything())),
    }
}

/// In another language than English, a timeout is what took as long as one.
fn by_time(connection: &mut PgConnection, context: &Context) -> Option<Diagnosis> {
    let times = Timeouts::ask(connection).ok()?;
    let (detail, cause) = match times.ended(context.access, context.elapsed)? {
        Ended::Slow => (SLOW, cause("57014", "statement_timeout is over")),
        Ended::Locked => (LOCKED, cause("55P03", "lock_timeout is over")),
        Ended::Deadlock => {
            (DEADLOCK, cause("40P01", "after as long as the server waits before it looks for a deadlock"))
        }
    };
    Some(Diagnosis::usable(Error::new(ErrorKind::Timeout).with_detail(detail).with_cause(cause)))
}

#[cfg(test)]
mod tests {
    use super::*;

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
            let Diagnosis { error, broken } = by_message(text).expect(text);
            assert_eq!(error.kind(), kind, "{text}");
            assert_eq!(error.cause().and_then(Cause::code), Some(code), "{text}");
            assert!(!broken, "{text}");
            assert_eq!(error.is_transient(), kind == Timeout, "{text}");
            assert!(!format!("{0} {0:?}", error).contains("hunter2"));
        }
        assert!(by_message("hunter2").is_none());
        assert!(by_message("storniere Anfrage wegen Zeitüberschreitung einer Sperre").is_none(), "the server is asked");
    }
}
