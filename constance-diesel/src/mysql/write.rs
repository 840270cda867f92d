//! Changes the settings table.

use diesel::RunQueryDsl;
use diesel::dsl::sql;
use diesel::mysql::{Mysql, MysqlConnection};
use diesel::query_builder::{AstPass, QueryFragment, QueryId};
use diesel::result::QueryResult;
use diesel::sql_types::{BigInt, Binary};

use super::django;
use super::numbers::TOO_LARGE;
use super::read::MAX_KEYS;
use crate::dialect::{Run, Statement, WriteSettings};
use crate::failure::{Failure, Reason};
use crate::layout::Layout;
use crate::query::{ColumnSql, Delete, Insert, KeyParam, OnConflict, UpdateIf, ValueParam, statement};
use crate::schema::Tables;

/// From this length on, a value is compared with what the server takes before it is sent: the server hangs up on more, and
/// whether what it said before is still read is a matter of luck.
const LONG_VALUE: usize = 1 << 20;

impl WriteSettings for MysqlConnection {
    const NOW: &'static str = "CURRENT_TIMESTAMP(6)";

    fn insert(&mut self, statement: Insert<'_>) -> Result<bool, Failure> {
        check_length(self, statement.value.0.len())?;
        if statement.tables.layout == Layout::Django {
            return django::insert(self, &statement);
        }
        let keep = matches!(statement.on_conflict, OnConflict::Keep);
        match self.execute(statement.tables, statement) {
            Err(failure) if keep && failure.is_unique_violation() => Ok(false),
            // How many rows it was tells nothing: diesel asks for rows found, not for rows changed.
            done => done.map(|_| true),
        }
    }

    fn update_if(&mut self, statement: UpdateIf<'_>) -> Result<bool, Failure> {
        let (old, new) = (length(&statement.old), statement.value.0.len());
        if !fits(self, old + new)? {
            // Both travel in one packet. A transaction compares without sending the old one.
            return check_length(self, new).map(|()| false);
        }
        self.execute(statement.tables, statement)
    }

    fn delete(&mut self, statement: Delete<'_>) -> Result<bool, Failure> {
        if !fits(self, length(&statement.old))? {
            return Ok(false);
        }
        self.execute(statement.tables, statement)
    }

    fn set_all(&mut self, tables: &Tables, rows: &[(&str, &[u8])]) -> Result<bool, Failure> {
        let length: usize = rows.iter().map(|(key, value)| key.len() + value.len() + 32).sum();
        // In Django's table it would take the row of another key for this one's, see `django::insert`.
        if tables.layout == Layout::Django || rows.len() > MAX_KEYS || length > LONG_VALUE {
            return Ok(false);
        }
        let rows = rows.iter().map(|(key, value)| (KeyParam(key), ValueParam(value))).collect();
        self.execute(tables, SetAll { tables, rows, on_conflict: OnConflict::Replace(tables) }).map(|_| true)
    }
}

fn length(value: &Option<ValueParam<'_>>) -> usize {
    value.as_ref().map_or(0, |value| value.0.len())
}

/// Whether the server takes values of this length in one statement.
fn fits(connection: &mut MysqlConnection, length: usize) -> Result<bool, Failure> {
    if length < LONG_VALUE {
        return Ok(true);
    }
    let most = connection.run_for_rows(Statement::Other, |connection| {
        sql::<BigInt>("SELECT CAST(@@max_allowed_packet AS SIGNED)").get_result::<i64>(connection)
    })?;
    // Beside the values there is the key, and the statement around them.
    Ok(length <= usize::try_from(most).unwrap_or(usize::MAX).saturating_sub(1024))
}

/// Refuses a value that the server does not take.
fn check_length(connection: &mut MysqlConnection, length: usize) -> Result<(), Failure> {
    if fits(connection, length)? { Ok(()) } else { Err(Reason::Number(TOO_LARGE).into()) }
}

/// An insert of several rows. They are locked in the order in which they stand there.
#[derive(Debug)]
struct SetAll<'a> {
    tables: &'a Tables,
    rows: Vec<(KeyParam<'a>, ValueParam<'a>)>,
    on_conflict: OnConflict<'a>,
}

statement!(SetAll);

impl QueryFragment<Mysql> for SetAll<'_> {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Mysql>) -> QueryResult<()> {
        // Each number of rows is another text, and none can stand there twice to fill it up: that would be two changes.
        out.unsafe_to_cache_prepared();
        out.push_sql("INSERT INTO ");
        out.push_identifier(&self.tables.settings)?;
        out.push_sql(" (`key`, `value`, `revision`, `changed_at`) VALUES ");
        for (place, (key, value)) in self.rows.iter().enumerate() {
            out.push_sql(if place == 0 { "(" } else { ",(" });
            Mysql::key(Layout::Own, key, out.reborrow())?;
            out.push_sql(",");
            out.push_bind_param::<Binary, ValueParam<'_>>(value)?;
            out.push_sql(",1,");
            out.push_sql(MysqlConnection::NOW);
            out.push_sql(")");
        }
        self.on_conflict.walk_ast(out)
    }
}

impl QueryFragment<Mysql> for OnConflict<'_> {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Mysql>) -> QueryResult<()> {
        // A plain insert fails where the key has a row. `INSERT IGNORE` would pass over other failures as well.
        if let Self::Replace(_) = self {
            out.push_sql(
                " ON DUPLICATE KEY UPDATE `value` = VALUES(`value`), `revision` = `revision` + 1, \
                 `changed_at` = VALUES(`changed_at`)",
            );
        }
        Ok(())
    }
}
