//! What differs in Django's table, whose unique index takes keys that differ in case for one.

use std::io::Write as _;

use diesel::RunQueryDsl;
use diesel::mysql::{Mysql, MysqlConnection};
use diesel::query_builder::{AstPass, Query, QueryFragment, QueryId};
use diesel::result::QueryResult;
use diesel::serialize::{self, IsNull, Output, ToSql};
use diesel::sql_types::{Binary, Text};

use crate::dialect::{Run, Statement, WriteSettings};
use crate::failure::{Failure, Reason};
use crate::layout::Layout;
use crate::query::{ColumnSql, Insert, KeyParam, OnConflict, ValueParam, statement, update_first};
use crate::schema::{FoundKey, Tables};

/// How often another connection may come in between.
const MAX_ATTEMPTS: usize = 8;

/// Django's column `key` as the bytes of its UTF-8, whatever the table's character set is.
const BYTES_OF_KEY: &str = "CAST(CONVERT(`key` USING utf8mb4) AS BINARY)";

impl ColumnSql for Mysql {
    const BYTES_OF_TEXT: &'static str = "CAST(CONVERT(`value` USING utf8mb4) AS BINARY)";
    const TEXT_OF_BYTES: [&'static str; 2] = ["CONVERT(", " USING utf8mb4)"];

    fn key<'b>(layout: Layout, key: &'b KeyParam<'_>, mut out: AstPass<'_, 'b, Self>) -> QueryResult<()> {
        match layout {
            // So that no character set and no collation has a say.
            Layout::Own => out.push_bind_param::<Binary, KeyParam<'_>>(key),
            Layout::Django => out.push_bind_param::<Text, KeyParam<'_>>(key),
        }
    }

    fn order(layout: Layout) -> &'static str {
        match layout {
            Layout::Own => "`key`",
            Layout::Django => BYTES_OF_KEY,
        }
    }

    fn is_key<'b>(layout: Layout, key: &'b KeyParam<'_>, mut out: AstPass<'_, 'b, Self>) -> QueryResult<()> {
        out.push_sql("`key` = ");
        Self::key(layout, key, out.reborrow())?;
        if layout == Layout::Django {
            // The first comparison is the one that the index knows, the second the one that is meant.
            out.push_sql(" AND ");
            out.push_sql(BYTES_OF_KEY);
            out.push_sql(" = ");
            out.push_bind_param::<Binary, KeyParam<'_>>(key)?;
        }
        Ok(())
    }

    fn is_between<'b>(
        layout: Layout,
        low: &'b KeyParam<'_>,
        high: &'b KeyParam<'_>,
        mut out: AstPass<'_, 'b, Self>,
    ) -> QueryResult<()> {
        let column = if layout == Layout::Own { "`key`" } else { BYTES_OF_KEY };
        for (place, (sign, key)) in [(" >= ", low), (" <= ", high)].into_iter().enumerate() {
            out.push_sql(if place == 0 { "" } else { " AND " });
            out.push_sql(column);
            out.push_sql(sign);
            out.push_bind_param::<Binary, KeyParam<'_>>(key)?;
        }
        Ok(())
    }
}

impl ToSql<Binary, Mysql> for KeyParam<'_> {
    fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, Mysql>) -> serialize::Result {
        out.write_all(self.0.as_bytes())?;
        Ok(IsNull::No)
    }
}

impl ToSql<Text, Mysql> for KeyParam<'_> {
    fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, Mysql>) -> serialize::Result {
        <Self as ToSql<Binary, Mysql>>::to_sql(self, out)
    }
}

/// Whose row prevents the insert of a new one.
enum Holder {
    /// The key's own.
    Itself,
    /// That of a key which differs only in what the table's collation does not tell apart.
    Another,
    /// Nobody's: it is gone again.
    Nobody,
}

/// Runs an [`Insert`]. `ON DUPLICATE KEY UPDATE` would take the row of another key for this one's.
pub(super) fn insert(connection: &mut MysqlConnection, statement: &Insert<'_>) -> Result<bool, Failure> {
    let Insert { tables, key, value: ValueParam(value), now, on_conflict } = statement;
    let keep = matches!(on_conflict, OnConflict::Keep);
    for _ in 0..MAX_ATTEMPTS {
        if let Some(update) = update_first(statement)
            && connection.update_if(update)?
        {
            return Ok(true);
        }
        let (value, on_conflict) = (ValueParam(value), OnConflict::Keep);
        match connection.execute(tables, Insert { tables, key: *key, value, now, on_conflict }) {
            Err(failure) if failure.is_unique_violation() => {}
            done => return done.map(|_| true),
        }
        match holder(connection, tables, *key)? {
            Holder::Another => return Err(Reason::KeyTakenForAnother.into()),
            Holder::Itself | Holder::Nobody if keep => return Ok(false),
            Holder::Itself | Holder::Nobody => {}
        }
    }
    Err(Reason::Overtaken.into())
}

fn holder(connection: &mut MysqlConnection, tables: &Tables, key: KeyParam<'_>) -> Result<Holder, Failure> {
    let found = connection.run_for_rows(Statement::Writes(tables), |connection| {
        SameInIndex { tables, key }.load::<FoundKey>(connection)
    })?;
    Ok(match found.as_slice() {
        [] => Holder::Nobody,
        keys if keys.iter().any(|found| found.0.as_slice() == key.0.as_bytes()) => Holder::Itself,
        _ => Holder::Another,
    })
}

/// The keys that the unique index takes for this one. Locked, since a transaction may not see what was stored since it began.
#[derive(Debug)]
struct SameInIndex<'a> {
    tables: &'a Tables,
    key: KeyParam<'a>,
}

statement!(SameInIndex, Text);

impl QueryFragment<Mysql> for SameInIndex<'_> {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Mysql>) -> QueryResult<()> {
        out.push_sql("SELECT `key` FROM ");
        out.push_identifier(&self.tables.settings)?;
        out.push_sql(" WHERE `key` = ");
        Mysql::key(Layout::Django, &self.key, out.reborrow())?;
        out.push_sql(" FOR UPDATE");
        Ok(())
    }
}
