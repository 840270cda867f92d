//! Runs statements, and asks for the numbers of their errors.
//!
//! diesel gives no number, and the server's texts follow `lc_messages`. So the server is asked for the number at once, while
//! it still knows.

use diesel::RunQueryDsl;
use diesel::connection::{CacheSize, Connection, SimpleConnection};
use diesel::dsl::sql;
use diesel::mysql::MysqlConnection;
use diesel::result::Error as DriverError;
use diesel::sql_types::{BigInt, Text};

use super::client_check;
use super::numbers::{LOST, NO_COLUMN, PACKET, PREPARED};
use crate::dialect::{Run, Statement};
use crate::failure::{Failure, Reason};

impl Run for MysqlConnection {
    fn run<T, E: Into<Failure>>(
        &mut self,
        _: Statement<'_>,
        work: impl FnOnce(&mut Self) -> Result<T, E>,
    ) -> Result<T, Failure> {
        work(self).map_err(|failure| with_number(self, failure.into()))
    }

    /// In libmariadb a statement whose rows ended in an error (a deadlock, a lock that was not to be had, `KILL QUERY`) is left
    /// as one with rows to come, and waits for them for ever when it is run again. So all that are kept are prepared anew.
    fn run_for_rows<T, E: Into<Failure>>(
        &mut self,
        statement: Statement<'_>,
        work: impl FnOnce(&mut Self) -> Result<T, E>,
    ) -> Result<T, Failure> {
        let result = self.run(statement, work);
        match &result {
            // A connection of the application's has not been checked yet.
            Ok(_) => client_check::check(self)?,
            Err(failure) if is_of_database(&failure.reason) => {
                self.set_prepared_statement_cache_size(CacheSize::Disabled);
                self.set_prepared_statement_cache_size(CacheSize::Unbounded);
            }
            Err(_) => {}
        }
        result
    }
}

fn is_of_database(reason: &Reason) -> bool {
    match reason {
        Reason::Driver(error) => matches!(error, DriverError::DatabaseError(..)),
        _ => true,
    }
}

/// Puts the server's number in the place of its text, where diesel has made nothing of it.
fn with_number(connection: &mut MysqlConnection, failure: Failure) -> Failure {
    let Some(text) = failure.message() else { return failure };
    let reason = number_by_text(text).map(Reason::Number).or_else(|| reason_by_server(connection, text));
    match reason {
        Some(reason) => Failure { reason, ..failure },
        None => failure,
    }
}

/// What the client library says itself is never translated. A packet that is too large and a statement too many have the
/// same variable's name in them in every language, and the server could not be asked: it hangs up after the one, and the
/// question would be a statement more.
pub(super) fn number_by_text(text: &str) -> Option<u16> {
    if text.contains("gone away") || text.contains("Lost connection") {
        return Some(LOST);
    }
    [("max_allowed_packet", PACKET), ("max_prepared_stmt_count", PREPARED)]
        .into_iter()
        .find_map(|(variable, number)| text.contains(variable).then_some(number))
}

/// The number that the server still knows.
fn reason_by_server(connection: &mut MysqlConnection, text: &str) -> Option<Reason> {
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
    let is_later = number == NO_COLUMN && ["revision", "changed_at"].iter().any(|column| text.contains(column));
    Some(if is_later { Reason::OlderTable } else { Reason::Number(number) })
}

#[cfg(test)]
mod tests {
    use super::*;

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
