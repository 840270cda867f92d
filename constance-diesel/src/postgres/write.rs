//! Changes the settings table.

use constance_core::backend::Stored;
use diesel::pg::{Pg, PgConnection};
use diesel::query_builder::{AstPass, Query, QueryFragment, QueryId};
use diesel::result::QueryResult;
use diesel::sql_types::{Array, Binary, Nullable, Text};
use diesel::{OptionalExtension, RunQueryDsl};

use crate::dialect::{Run, Statement, WriteSettings};
use crate::failure::{Failure, Reason};
use crate::layout::Layout;
use crate::query::{
    ColumnSql, Delete, Insert, KeyParam, OnConflict, UpdateIf, ValueParam, column_sql, statement, update_first,
};
use crate::schema::{FoundValue, Tables};

/// The longest value, in bytes. PostgreSQL ends a row and a message at 1 GiB, and this leaves room for the rest of both.
const MAX_LENGTH: usize = (1 << 30) - (1 << 16);

impl WriteSettings for PgConnection {
    const NOW: &'static str = "CURRENT_TIMESTAMP";

    fn insert(&mut self, statement: Insert<'_>) -> Result<bool, Failure> {
        check_length([&statement.value])?;
        if let Some(update) = update_first(&statement)
            && self.update_if(update)?
        {
            return Ok(true);
        }
        self.execute(statement.tables, statement)
    }

    fn update_if(&mut self, statement: UpdateIf<'_>) -> Result<bool, Failure> {
        check_length(statement.old.iter().chain([&statement.value]))?;
        self.execute(statement.tables, statement)
    }

    fn delete(&mut self, statement: Delete<'_>) -> Result<bool, Failure> {
        check_length(&statement.old)?;
        self.execute(statement.tables, statement)
    }

    fn replace(&mut self, tables: &Tables, key: &str, value: &[u8]) -> Result<Option<Stored>, Failure> {
        check_length([&ValueParam(value)])?;
        let key = KeyParam(key);
        let statement = Replace { tables, key, value: ValueParam(value) };
        let replaced = self.run_for_rows(Statement::Writes(tables), |connection| {
            statement.get_result::<FoundValue>(connection).optional()
        })?;
        if let Some(FoundValue(stored)) = replaced {
            return Ok(Some(stored));
        }
        let (value, on_conflict) = (ValueParam(value), OnConflict::Keep);
        let insert = Insert { tables, key, value, now: Self::NOW, on_conflict };
        Ok(self.insert(insert)?.then_some(Stored::Absent))
    }

    fn take(&mut self, tables: &Tables, key: &str) -> Result<Option<Stored>, Failure> {
        let statement = Take { tables, key: KeyParam(key) };
        let taken = self.run_for_rows(Statement::Writes(tables), |connection| {
            statement.get_result::<FoundValue>(connection).optional()
        })?;
        Ok(Some(taken.map_or(Stored::Absent, |FoundValue(stored)| stored)))
    }

    fn set_all(&mut self, tables: &Tables, rows: &[(&str, &[u8])]) -> Result<bool, Failure> {
        // Each row of one statement would take a number for `id`, see `update_first`.
        if tables.layout == Layout::Django {
            return Ok(false);
        }
        // All of it is one message.
        if rows.iter().map(|(key, value)| key.len() + value.len() + 16).sum::<usize>() > MAX_LENGTH {
            return Ok(false);
        }
        let (keys, values) = rows.iter().map(|(key, value)| (*key, ValueParam(value))).unzip();
        let statement = SetAll { tables, keys, values, on_conflict: OnConflict::Replace(tables) };
        self.execute(tables, statement).map(|_| true)
    }
}

/// Refuses what is too long: the server closes a connection on which it is sent more than it can take.
fn check_length<'v>(values: impl IntoIterator<Item = &'v ValueParam<'v>>) -> Result<(), Failure> {
    if values.into_iter().map(|value| value.0.len()).sum::<usize>() > MAX_LENGTH {
        return Err(Reason::TooLong.into());
    }
    Ok(())
}

impl QueryFragment<Pg> for OnConflict<'_> {
    fn walk_ast<'b>(&'b self, out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        self.push_on_conflict(out)
    }
}

/// Stores a value in the place of any other, and gives that one.
///
/// The row is locked by the inner query, which waits for whoever has it and then sees what that one left. Read without the lock it
/// would be what was there when the statement began.
#[derive(Debug)]
struct Replace<'a> {
    tables: &'a Tables,
    key: KeyParam<'a>,
    value: ValueParam<'a>,
}

statement!(Replace, Nullable<Binary>);

impl QueryFragment<Pg> for Replace<'_> {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        out.push_sql("UPDATE ");
        out.push_identifier(&self.tables.settings)?;
        let layout = self.tables.layout;
        out.push_sql(" AS s SET \"value\" = ");
        column_sql::value(layout, &self.value, out.reborrow())?;
        if layout == Layout::Own {
            out.push_sql(", \"revision\" = s.\"revision\" + 1, \"changed_at\" = ");
            out.push_sql(PgConnection::NOW);
        }
        out.push_sql(" FROM (SELECT \"key\", ");
        column_sql::value_column(layout, out.reborrow())?;
        out.push_sql(" AS \"value\" FROM ");
        out.push_identifier(&self.tables.settings)?;
        out.push_sql(" WHERE ");
        Pg::is_key(layout, &self.key, out.reborrow())?;
        out.push_sql(" FOR UPDATE) AS old WHERE s.\"key\" = old.\"key\" RETURNING old.\"value\"");
        Ok(())
    }
}

/// Removes a row and gives what it held.
#[derive(Debug)]
struct Take<'a> {
    tables: &'a Tables,
    key: KeyParam<'a>,
}

statement!(Take, Nullable<Binary>);

impl QueryFragment<Pg> for Take<'_> {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        out.push_sql("DELETE FROM ");
        out.push_identifier(&self.tables.settings)?;
        out.push_sql(" WHERE ");
        Pg::is_key(self.tables.layout, &self.key, out.reborrow())?;
        out.push_sql(" RETURNING ");
        column_sql::value_column(self.tables.layout, out)
    }
}

/// Stores many values, in the order of their keys.
#[derive(Debug)]
struct SetAll<'a> {
    tables: &'a Tables,
    keys: Vec<&'a str>,
    values: Vec<ValueParam<'a>>,
    on_conflict: OnConflict<'a>,
}

statement!(SetAll);

impl QueryFragment<Pg> for SetAll<'_> {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        out.push_sql("INSERT INTO ");
        out.push_identifier(&self.tables.settings)?;
        out.push_sql(" (\"key\", \"value\", \"revision\", \"changed_at\") SELECT k, v, 1, ");
        out.push_sql(PgConnection::NOW);
        out.push_sql(" FROM unnest(");
        out.push_bind_param::<Array<Text>, Vec<&str>>(&self.keys)?;
        out.push_sql(", ");
        out.push_bind_param::<Array<Binary>, Vec<ValueParam<'_>>>(&self.values)?;
        out.push_sql(") AS new (k, v) ORDER BY k COLLATE \"C\"");
        self.on_conflict.walk_ast(out)
    }
}
