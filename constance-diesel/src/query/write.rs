//! The statements that change the settings table.

use diesel::RunQueryDsl;
#[cfg(any(feature = "postgres", feature = "sqlite"))]
use diesel::backend::Backend;
use diesel::query_builder::{AstPass, QueryFragment, QueryId};
use diesel::result::QueryResult;
use diesel::serialize::ToSql;
use diesel::sql_types::Binary;

use super::{ColumnSql, KeyParam, ValueParam, column_sql, statement};
use crate::layout::Layout;
use crate::schema::Tables;

/// Stores a value under a key that has none; what happens to one that has is what its [`OnConflict`] says.
#[derive(Debug)]
pub struct Insert<'a> {
    pub(crate) tables: &'a Tables,
    pub(crate) key: KeyParam<'a>,
    pub(crate) value: ValueParam<'a>,
    /// The dialect's expression for the time of the change.
    pub(crate) now: &'static str,
    pub(crate) on_conflict: OnConflict<'a>,
}

/// The end of an [`Insert`]: what happens where the key has a row already.
#[derive(Debug)]
pub enum OnConflict<'a> {
    /// The row gets the new value.
    Replace(&'a Tables),
    /// Nothing: no row is counted then, or the statement fails, as the dialect has it.
    Keep,
}

/// Stores a value in the place of exactly this one; of any where none is said.
#[derive(Debug)]
pub struct UpdateIf<'a> {
    pub(crate) tables: &'a Tables,
    pub(crate) key: KeyParam<'a>,
    pub(crate) old: Option<ValueParam<'a>>,
    pub(crate) value: ValueParam<'a>,
    /// The dialect's expression for the time of the change.
    pub(crate) now: &'static str,
}

/// Removes the row of a key, if there is one.
#[derive(Debug)]
pub struct Delete<'a> {
    pub(crate) tables: &'a Tables,
    pub(crate) key: KeyParam<'a>,
    /// Only where this is its value.
    pub(crate) old: Option<ValueParam<'a>>,
}

statement!(Insert);
statement!(UpdateIf);
statement!(Delete);

impl<'a, DB> QueryFragment<DB> for Insert<'a>
where
    DB: ColumnSql,
    OnConflict<'a>: QueryFragment<DB>,
    [u8]: ToSql<Binary, DB>,
{
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, DB>) -> QueryResult<()> {
        let layout = self.tables.layout;
        let columns: &[&str] = match layout {
            Layout::Own => &["key", "value", "revision", "changed_at"],
            Layout::Django => &["key", "value"],
        };
        out.push_sql("INSERT INTO ");
        out.push_identifier(&self.tables.settings)?;
        out.push_sql(" (");
        for (place, column) in columns.iter().enumerate() {
            out.push_sql(if place == 0 { "" } else { ", " });
            out.push_identifier(column)?;
        }
        out.push_sql(") VALUES (");
        DB::key(layout, &self.key, out.reborrow())?;
        out.push_sql(", ");
        column_sql::value(layout, &self.value, out.reborrow())?;
        if layout == Layout::Own {
            out.push_sql(", 1, ");
            out.push_sql(self.now);
        }
        out.push_sql(")");
        self.on_conflict.walk_ast(out)
    }
}

#[cfg(any(feature = "postgres", feature = "sqlite"))]
impl OnConflict<'_> {
    /// As SQLite and PostgreSQL write it.
    pub(crate) fn push_on_conflict<'b, DB: Backend>(&'b self, mut out: AstPass<'_, 'b, DB>) -> QueryResult<()> {
        let Self::Replace(tables) = self else {
            out.push_sql(" ON CONFLICT DO NOTHING");
            return Ok(());
        };
        out.push_sql(" ON CONFLICT (");
        out.push_identifier("key")?;
        out.push_sql(") DO UPDATE SET ");
        out.push_identifier("value")?;
        out.push_sql(" = excluded.");
        out.push_identifier("value")?;
        if tables.layout == Layout::Django {
            return Ok(());
        }
        out.push_sql(", ");
        out.push_identifier("revision")?;
        out.push_sql(" = ");
        out.push_identifier(&tables.settings)?;
        out.push_sql(".");
        out.push_identifier("revision")?;
        out.push_sql(" + 1, ");
        out.push_identifier("changed_at")?;
        out.push_sql(" = excluded.");
        out.push_identifier("changed_at")
    }
}

impl<DB> QueryFragment<DB> for UpdateIf<'_>
where
    DB: ColumnSql,
    [u8]: ToSql<Binary, DB>,
{
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, DB>) -> QueryResult<()> {
        let layout = self.tables.layout;
        out.push_sql("UPDATE ");
        out.push_identifier(&self.tables.settings)?;
        out.push_sql(" SET ");
        out.push_identifier("value")?;
        out.push_sql(" = ");
        column_sql::value(layout, &self.value, out.reborrow())?;
        if layout == Layout::Own {
            out.push_sql(", ");
            out.push_identifier("revision")?;
            out.push_sql(" = ");
            out.push_identifier("revision")?;
            out.push_sql(" + 1, ");
            out.push_identifier("changed_at")?;
            out.push_sql(" = ");
            out.push_sql(self.now);
        }
        out.push_sql(" WHERE ");
        where_is(self.tables, &self.key, self.old.as_ref(), out)
    }
}

/// The row of a key, and only where it has this value if one is given.
fn where_is<'b, DB>(
    tables: &Tables,
    key: &'b KeyParam<'_>,
    old: Option<&'b ValueParam<'_>>,
    mut out: AstPass<'_, 'b, DB>,
) -> QueryResult<()>
where
    DB: ColumnSql,
    [u8]: ToSql<Binary, DB>,
{
    DB::is_key(tables.layout, key, out.reborrow())?;
    let Some(old) = old else { return Ok(()) };
    out.push_sql(" AND ");
    column_sql::is_value(tables.layout, old, out)
}

impl<DB> QueryFragment<DB> for Delete<'_>
where
    DB: ColumnSql,
    [u8]: ToSql<Binary, DB>,
{
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, DB>) -> QueryResult<()> {
        out.push_sql("DELETE FROM ");
        out.push_identifier(&self.tables.settings)?;
        out.push_sql(" WHERE ");
        where_is(self.tables, &self.key, self.old.as_ref(), out)
    }
}

/// The update to try before an insert that may replace: one that finds a row takes a number for `id` all the same, and Django's are
/// of 32 bits.
#[cfg(any(feature = "mysql", feature = "postgres"))]
pub(crate) fn update_first<'a>(statement: &Insert<'a>) -> Option<UpdateIf<'a>> {
    let Insert { tables, key, value: ValueParam(value), now, on_conflict } = statement;
    let replaces = tables.layout == Layout::Django && matches!(on_conflict, OnConflict::Replace(_));
    replaces.then_some(UpdateIf { tables, key: *key, old: None, value: ValueParam(value), now })
}
