//! Reading many keys, and what is read.

use diesel::RunQueryDsl;
use diesel::deserialize::{self, FromSql};
use diesel::mysql::{Mysql, MysqlConnection, MysqlValue};
use diesel::query_builder::{AstPass, Query, QueryFragment, QueryId};
use diesel::result::QueryResult;
use diesel::sql_types::{Binary, Nullable, Text};

use super::{LONG, failure};
use crate::dialect::Verbs;
use crate::layout::{self, Layout, Wording};
use crate::query::{Bound, Clash, KeyParam, statement};
use crate::schema::{FoundKey, FoundValue, Row, Tables};

/// How many keys a statement takes as parameters at most: the server takes 65,535 of those, and a row to store has two.
const MOST: usize = 32_768;

/// Whether rows are only read, or locked until the transaction ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Look {
    Read,
    Lock,
}

/// The rows of these keys, from one statement.
pub(super) fn load(
    connection: &mut MysqlConnection,
    tables: &Tables,
    keys: &[&str],
    look: Look,
) -> QueryResult<Vec<Row>> {
    let mut keys: Vec<KeyParam<'_>> = keys.iter().copied().map(KeyParam).collect();
    let Some(last) = keys.last().copied() else {
        return Ok(Vec::new());
    };
    // A number of keys is a statement of its own. Filled up to a power of two by saying the last key again, any number
    // needs fifteen of them, which are soon prepared.
    let spelled = keys.len() > MOST;
    if !spelled {
        keys.resize(keys.len().next_power_of_two(), last);
    }
    RowsOf { tables, keys, look, spelled }.load(connection)
}

/// The rows of a list of keys.
#[derive(Debug)]
struct RowsOf<'a> {
    tables: &'a Tables,
    keys: Vec<KeyParam<'a>>,
    look: Look,
    /// Whether the keys are in its text, for more of them than a statement has parameters.
    spelled: bool,
}

statement!(RowsOf, (Text, Nullable<Binary>));

impl QueryFragment<Mysql> for RowsOf<'_> {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Mysql>) -> QueryResult<()> {
        if self.spelled {
            out.unsafe_to_cache_prepared();
        }
        let layout = self.tables.layout;
        out.push_sql("SELECT `key`, ");
        layout::value_column(layout, out.reborrow())?;
        out.push_sql(" FROM ");
        out.push_identifier(&self.tables.settings)?;
        out.push_sql(" WHERE `key` IN (");
        for (place, key) in self.keys.iter().enumerate() {
            out.push_sql(if place == 0 { "" } else { "," });
            if self.spelled {
                // Digits and letters only, so that nothing in a key can end it.
                let digits: String = key.0.bytes().map(|byte| format!("{byte:02x}")).collect();
                out.push_sql(if layout == Layout::Own { "x'" } else { "_utf8mb4 x'" });
                out.push_sql(&digits);
                out.push_sql("'");
            } else {
                Mysql::key(layout, key, out.reborrow())?;
            }
        }
        // In Django's table this may give rows of other keys as well, which nobody looks for. Locked in the order of the keys. It is also what keeps the optimizer from walking a small table as a whole, and
        // locking all of it.
        out.push_sql(match self.look {
            Look::Read => ")",
            Look::Lock => ") ORDER BY `key` FOR UPDATE",
        });
        Ok(())
    }
}

/// Stores all of these by one statement. `false`: it would be too long for one, and nothing was stored.
pub(super) fn set_all(connection: &mut MysqlConnection, tables: &Tables, rows: &[(&str, &[u8])]) -> QueryResult<bool> {
    let length: usize = rows.iter().map(|(key, value)| key.len() + value.len() + 32).sum();
    if rows.len() > MOST || length > LONG {
        return Ok(false);
    }
    let rows = rows.iter().map(|(key, value)| (KeyParam(key), Bound(value))).collect();
    let done = SetAll { tables, rows, clash: Clash::Replace(tables) }.execute(connection);
    failure::ask(connection, done).map(|_| true)
}

/// An insert of several rows. They are locked in the order in which they stand there.
#[derive(Debug)]
struct SetAll<'a> {
    tables: &'a Tables,
    rows: Vec<(KeyParam<'a>, Bound<'a>)>,
    clash: Clash<'a>,
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
            out.push_bind_param::<Binary, Bound<'_>>(value)?;
            out.push_sql(",1,");
            out.push_sql(MysqlConnection::NOW);
            out.push_sql(")");
        }
        self.clash.walk_ast(out)
    }
}

impl QueryFragment<Mysql> for Clash<'_> {
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
