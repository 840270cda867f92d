//! Reads keys, and what the columns hold.

use diesel::RunQueryDsl;
use diesel::deserialize::{self, FromSql};
use diesel::mysql::{Mysql, MysqlConnection, MysqlValue};
use diesel::query_builder::{AstPass, Query, QueryFragment, QueryId};
use diesel::result::QueryResult;
use diesel::sql_types::{Binary, Nullable, Text};

use crate::dialect::{ReadManyKeys, Run, Statement};
use crate::failure::Failure;
use crate::layout::Layout;
use crate::query::{ColumnSql, KeyParam, column_sql, statement};
use crate::schema::{FoundKey, FoundValue, Row, Tables};

/// How many keys a statement takes as parameters at most: the server takes 65,535 of those, and a row to store has two.
pub(super) const MAX_KEYS: usize = 32_768;

impl ReadManyKeys for MysqlConnection {
    const MIN_KEYS_FOR_RANGE: usize = 16;

    fn rows_of(&mut self, tables: &Tables, keys: &[&str]) -> Result<Vec<Row>, Failure> {
        self.run_for_rows(Statement::Reads(tables), |connection| load(connection, tables, keys, false))
    }

    fn lock_rows_of(&mut self, tables: &Tables, keys: &[&str]) -> Result<Vec<Row>, Failure> {
        self.run_for_rows(Statement::Writes(tables), |connection| load(connection, tables, keys, true))
    }
}

/// The rows of these keys, from one statement.
fn load(connection: &mut MysqlConnection, tables: &Tables, keys: &[&str], locked: bool) -> QueryResult<Vec<Row>> {
    let mut keys: Vec<KeyParam<'_>> = keys.iter().copied().map(KeyParam).collect();
    let Some(last) = keys.last().copied() else {
        return Ok(Vec::new());
    };
    // Each number of keys is a statement of its own. Filled up to a power of two by repeating the last key, any number
    // needs fifteen of them, which are soon prepared.
    let in_text = keys.len() > MAX_KEYS;
    if !in_text {
        keys.resize(keys.len().next_power_of_two(), last);
    }
    RowsOf { tables, keys, locked, in_text }.load(connection)
}

/// The rows of a list of keys.
#[derive(Debug)]
struct RowsOf<'a> {
    tables: &'a Tables,
    keys: Vec<KeyParam<'a>>,
    /// Whether the rows are locked until the transaction ends.
    locked: bool,
    /// Whether the keys are in its text, for more of them than a statement has parameters.
    in_text: bool,
}

statement!(RowsOf, (Text, Nullable<Binary>));

impl QueryFragment<Mysql> for RowsOf<'_> {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Mysql>) -> QueryResult<()> {
        if self.in_text {
            out.unsafe_to_cache_prepared();
        }
        let layout = self.tables.layout;
        out.push_sql("SELECT `key`, ");
        column_sql::value_column(layout, out.reborrow())?;
        out.push_sql(" FROM ");
        out.push_identifier(&self.tables.settings)?;
        out.push_sql(" WHERE `key` IN (");
        for (place, key) in self.keys.iter().enumerate() {
            out.push_sql(if place == 0 { "" } else { "," });
            if self.in_text {
                // Digits and letters only, so that nothing in a key can end it.
                let digits: String = key.0.bytes().map(|byte| format!("{byte:02x}")).collect();
                out.push_sql(if layout == Layout::Own { "x'" } else { "_utf8mb4 x'" });
                out.push_sql(&digits);
                out.push_sql("'");
            } else {
                Mysql::key(layout, key, out.reborrow())?;
            }
        }
        // In Django's table this may give rows of other keys as well, which nobody looks for. The order is that in which rows are
        // locked. It also keeps the optimizer from walking a small table as a whole, and locking all of it.
        out.push_sql(if self.locked { ") ORDER BY `key` FOR UPDATE" } else { ")" });
        Ok(())
    }
}

impl FromSql<Nullable<Binary>, Mysql> for FoundValue {
    fn from_sql(value: MysqlValue<'_>) -> deserialize::Result<Self> {
        Ok(Self::bytes(value.as_bytes()))
    }

    fn from_nullable_sql(value: Option<MysqlValue<'_>>) -> deserialize::Result<Self> {
        Ok(value.map_or(Self::foreign("an SQL NULL"), |value| Self::bytes(value.as_bytes())))
    }
}

/// Bytes, whatever diesel calls them: what is not UTF-8 must not fail the reading of the others.
impl FromSql<Text, Mysql> for FoundKey {
    fn from_sql(value: MysqlValue<'_>) -> deserialize::Result<Self> {
        Ok(Self(value.as_bytes().into()))
    }
}
