//! Reads keys, and what the columns hold.

use diesel::RunQueryDsl;
use diesel::deserialize::{self, FromSql};
use diesel::pg::{Pg, PgConnection, PgValue};
use diesel::query_builder::{AstPass, Query, QueryFragment, QueryId};
use diesel::result::QueryResult;
use diesel::sql_types::{Array, Binary, Nullable, Text};

use crate::dialect::{ReadManyKeys, Run, Statement};
use crate::failure::Failure;
use crate::layout::Layout;
use crate::query::{ColumnSql, KeyParam, column_sql, statement};
use crate::schema::{FoundKey, FoundValue, Row, Tables};

impl ReadManyKeys for PgConnection {
    // Measured, keys looked up one by one / as a range without others in it: 2 keys 62 / 51 us, 13 keys 181 / 122, 32 keys
    // 194 / 75, 100 keys 492 / 203. A range full of others costs a second statement, which few keys are not worth.
    const MIN_KEYS_FOR_RANGE: usize = 16;

    fn rows_of(&mut self, tables: &Tables, keys: &[&str]) -> Result<Vec<Row>, Failure> {
        let statement = RowsOf { tables, keys, locked: false };
        self.run_for_rows(Statement::Reads(tables), |connection| statement.load(connection))
    }

    fn lock_rows_of(&mut self, tables: &Tables, keys: &[&str]) -> Result<Vec<Row>, Failure> {
        let statement = RowsOf { tables, keys, locked: true };
        self.run_for_rows(Statement::Writes(tables), |connection| statement.load(connection))
    }
}

/// The rows of these keys: one cached statement, and one parameter, for any number of keys.
#[derive(Debug)]
struct RowsOf<'a> {
    tables: &'a Tables,
    keys: &'a [&'a str],
    /// Whether nobody else may change them until the transaction ends. Then they are locked in the order of their keys.
    locked: bool,
}

statement!(RowsOf, (Text, Nullable<Binary>));

impl QueryFragment<Pg> for RowsOf<'_> {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        out.push_sql("SELECT \"key\", ");
        column_sql::value_column(self.tables.layout, out.reborrow())?;
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

impl ColumnSql for Pg {
    const BYTES_OF_TEXT: &'static str = "convert_to(\"value\", 'UTF8')";
    const TEXT_OF_BYTES: [&'static str; 2] = ["convert_from(", ", 'UTF8')"];

    /// Keys are compared and sorted by their bytes, also in a table that another program made with another collation.
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

/// What PostgreSQL calls the type `bytea`.
const BYTEA: u32 = 17;

impl FromSql<Nullable<Binary>, Pg> for FoundValue {
    fn from_sql(value: PgValue<'_>) -> deserialize::Result<Self> {
        // A table that another program made may have a column of another type.
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
