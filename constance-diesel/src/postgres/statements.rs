//! The statements that only PostgreSQL has.

use diesel::RunQueryDsl;
use diesel::deserialize::{self, FromSql};
use diesel::pg::{Pg, PgValue};
use diesel::query_builder::{AstPass, QueryFragment};
use diesel::query_builder::{Query, QueryId};
use diesel::result::QueryResult;
use diesel::sql_types::{Array, Binary, Nullable, Text};

use super::NOW;
use crate::layout::{self, Layout, Wording};
use crate::query::{Bound, Clash, KeyParam, statement};
use crate::schema::{FoundKey, FoundValue, Tables};

impl Wording for Pg {
    const BYTES_OF_TEXT: &'static str = "convert_to(\"value\", 'UTF8')";
    const TEXT_OF_BYTES: [&'static str; 2] = ["convert_from(", ", 'UTF8')"];

    /// Keys are compared and sorted by their bytes, also in a table that another hand made with another collation.
    fn key<'b>(_: Layout, key: &'b KeyParam<'_>, mut out: AstPass<'_, 'b, Self>) -> QueryResult<()> {
        out.push_bind_param::<Text, str>(key.0)?;
        out.push_sql(" COLLATE \"C\"");
        Ok(())
    }

    fn order(_: Layout) -> &'static str {
        "\"key\" COLLATE \"C\""
    }

    fn is_key<'b>(layout: Layout, key: &'b KeyParam<'_>, mut out: AstPass<'_, 'b, Self>) -> QueryResult<()> {
        out.push_sql("\"key\" = ");
        match layout {
            Layout::Own => Self::key(layout, key, out),
            // Equal is equal byte for byte under the database's own collation too, and the index has that one.
            Layout::Django => out.push_bind_param::<Text, str>(key.0),
        }
    }
}

impl QueryFragment<Pg> for Clash<'_> {
    fn walk_ast<'b>(&'b self, out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        self.on_conflict(out)
    }
}

/// The rows of these keys: one cached statement, and one parameter, for any number of keys.
#[derive(Debug)]
pub(super) struct RowsOf<'a> {
    pub(super) tables: &'a Tables,
    pub(super) keys: &'a [&'a str],
    /// Whether nobody else may change them until the transaction ends. Then they are locked in the order of their keys.
    pub(super) locked: bool,
}

statement!(RowsOf, (Text, Nullable<Binary>));

impl QueryFragment<Pg> for RowsOf<'_> {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        out.push_sql("SELECT \"key\", ");
        layout::value_column(self.tables.layout, out.reborrow())?;
        out.push_sql(" FROM ");
        out.push_identifier(&self.tables.settings)?;
        out.push_sql(" WHERE \"key\" = ANY(");
        out.push_bind_param::<Array<Text>, [&str]>(self.keys)?;
        out.push_sql(match self.tables.layout {
            Layout::Own => " COLLATE \"C\")",
            Layout::Django => ")",
        });
        if self.locked {
            out.push_sql(" ORDER BY \"key\" COLLATE \"C\" FOR UPDATE");
        }
        Ok(())
    }
}

/// Stores a value in the place of any other, and gives that one.
///
/// The row is locked by the inner query, which waits for whoever has it and then sees what he left. Read without the lock it
/// would be what was there when the statement began.
#[derive(Debug)]
pub(super) struct Replace<'a> {
    pub(super) tables: &'a Tables,
    pub(super) key: KeyParam<'a>,
    pub(super) value: Bound<'a>,
}

statement!(Replace, Nullable<Binary>);

impl QueryFragment<Pg> for Replace<'_> {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        out.push_sql("UPDATE ");
        out.push_identifier(&self.tables.settings)?;
        let layout = self.tables.layout;
        out.push_sql(" AS s SET \"value\" = ");
        layout::value(layout, &self.value, out.reborrow())?;
        if layout == Layout::Own {
            out.push_sql(", \"revision\" = s.\"revision\" + 1, \"changed_at\" = ");
            out.push_sql(NOW);
        }
        out.push_sql(" FROM (SELECT \"key\", ");
        layout::value_column(layout, out.reborrow())?;
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
pub(super) struct Take<'a> {
    pub(super) tables: &'a Tables,
    pub(super) key: KeyParam<'a>,
}

statement!(Take, Nullable<Binary>);

impl QueryFragment<Pg> for Take<'_> {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        out.push_sql("DELETE FROM ");
        out.push_identifier(&self.tables.settings)?;
        out.push_sql(" WHERE ");
        Pg::is_key(self.tables.layout, &self.key, out.reborrow())?;
        out.push_sql(" RETURNING ");
        layout::value_column(self.tables.layout, out)
    }
}

/// Stores many values, in the order of their keys.
#[derive(Debug)]
pub(super) struct SetAll<'a> {
    pub(super) tables: &'a Tables,
    pub(super) keys: Vec<&'a str>,
    pub(super) values: Vec<Bound<'a>>,
    pub(super) clash: Clash<'a>,
}

statement!(SetAll);

impl QueryFragment<Pg> for SetAll<'_> {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        out.push_sql("INSERT INTO ");
        out.push_identifier(&self.tables.settings)?;
        out.push_sql(" (\"key\", \"value\", \"revision\", \"changed_at\") SELECT k, v, 1, ");
        out.push_sql(NOW);
        out.push_sql(" FROM unnest(");
        out.push_bind_param::<Array<Text>, Vec<&str>>(&self.keys)?;
        out.push_sql(", ");
        out.push_bind_param::<Array<Binary>, Vec<Bound<'_>>>(&self.values)?;
        out.push_sql(") AS new (k, v) ORDER BY k COLLATE \"C\"");
        self.clash.walk_ast(out)
    }
}

/// What PostgreSQL calls the type `bytea`.
const BYTEA: u32 = 17;

impl FromSql<Nullable<Binary>, Pg> for FoundValue {
    fn from_sql(value: PgValue<'_>) -> deserialize::Result<Self> {
        // A table that another hand made may have a column of another type.
        Ok(if value.get_oid().get() == BYTEA { Self::bytes(value.as_bytes()) } else { Self::foreign("no bytea") })
    }

    fn from_nullable_sql(value: Option<PgValue<'_>>) -> deserialize::Result<Self> {
        value.map_or_else(|| Ok(Self::foreign("an SQL NULL")), <Self as FromSql<Nullable<Binary>, Pg>>::from_sql)
    }
}

impl FromSql<Text, Pg> for FoundKey {
    fn from_sql(value: PgValue<'_>) -> deserialize::Result<Self> {
        Ok(Self(value.as_bytes().into()))
    }
}
