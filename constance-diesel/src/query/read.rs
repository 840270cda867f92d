//! The statements that read the settings table.

use diesel::RunQueryDsl;
use diesel::backend::Backend;
use diesel::query_builder::{AstPass, Query, QueryFragment, QueryId};
use diesel::result::QueryResult;
use diesel::serialize::ToSql;
use diesel::sql_types::{BigInt, Binary, HasSqlType, Nullable, Text};

use super::{ColumnSql, KeyParam, column_sql, statement};
use crate::schema::Tables;

/// The value under one key.
#[derive(Debug)]
pub struct ValueOf<'a> {
    pub(crate) tables: &'a Tables,
    pub(crate) key: KeyParam<'a>,
}

/// The rows whose keys lie from `low` to `high`, both included, at most `limit`.
#[derive(Debug)]
pub struct RowsIn<'a> {
    pub(crate) tables: &'a Tables,
    pub(crate) low: KeyParam<'a>,
    pub(crate) high: KeyParam<'a>,
    pub(crate) limit: i64,
}

/// The keys that lie from `low` to `high`, both included, in the order of their bytes, at most `limit`.
#[derive(Debug)]
pub struct KeysIn<'a> {
    pub(crate) tables: &'a Tables,
    pub(crate) low: KeyParam<'a>,
    pub(crate) high: KeyParam<'a>,
    pub(crate) limit: i64,
}

statement!(ValueOf, Nullable<Binary>);
statement!(RowsIn, (Text, Nullable<Binary>));
statement!(KeysIn, Text);

/// A statement over the tables of the default names: its type alone says what its text is, so diesel finds it in its cache
/// without writing the text first, which is a good part of the price of reading one key.
#[derive(Debug)]
pub struct DefaultTable<Q>(Q);

impl<'a> DefaultTable<ValueOf<'a>> {
    /// The statement, if its tables have the default names.
    pub(crate) fn of(statement: ValueOf<'a>) -> Result<Self, ValueOf<'a>> {
        if statement.tables.have_default_names() { Ok(Self(statement)) } else { Err(statement) }
    }
}

impl QueryId for DefaultTable<ValueOf<'_>> {
    type QueryId = DefaultTable<ValueOf<'static>>;
    const HAS_STATIC_QUERY_ID: bool = true;
}

impl<Q: Query> Query for DefaultTable<Q> {
    type SqlType = Q::SqlType;
}

impl<Q, C> RunQueryDsl<C> for DefaultTable<Q> {}

impl<DB: Backend, Q: QueryFragment<DB>> QueryFragment<DB> for DefaultTable<Q> {
    fn walk_ast<'b>(&'b self, out: AstPass<'_, 'b, DB>) -> QueryResult<()> {
        self.0.walk_ast(out)
    }
}

impl<DB: ColumnSql> QueryFragment<DB> for ValueOf<'_> {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, DB>) -> QueryResult<()> {
        let layout = self.tables.layout;
        out.push_sql("SELECT ");
        column_sql::value_column(layout, out.reborrow())?;
        out.push_sql(" FROM ");
        out.push_identifier(&self.tables.settings)?;
        out.push_sql(" WHERE ");
        DB::is_key(layout, &self.key, out)
    }
}

impl<DB> QueryFragment<DB> for RowsIn<'_>
where
    DB: ColumnSql + HasSqlType<BigInt>,
    i64: ToSql<BigInt, DB>,
{
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, DB>) -> QueryResult<()> {
        let layout = self.tables.layout;
        out.push_sql("SELECT ");
        out.push_identifier("key")?;
        out.push_sql(", ");
        column_sql::value_column(layout, out.reborrow())?;
        out.push_sql(" FROM ");
        out.push_identifier(&self.tables.settings)?;
        out.push_sql(" WHERE ");
        DB::is_between(layout, &self.low, &self.high, out.reborrow())?;
        out.push_sql(" LIMIT ");
        out.push_bind_param::<BigInt, i64>(&self.limit)
    }
}

impl<DB> QueryFragment<DB> for KeysIn<'_>
where
    DB: ColumnSql + HasSqlType<BigInt>,
    i64: ToSql<BigInt, DB>,
{
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, DB>) -> QueryResult<()> {
        let layout = self.tables.layout;
        out.push_sql("SELECT ");
        out.push_identifier("key")?;
        out.push_sql(" FROM ");
        out.push_identifier(&self.tables.settings)?;
        out.push_sql(" WHERE ");
        DB::is_between(layout, &self.low, &self.high, out.reborrow())?;
        out.push_sql(" ORDER BY ");
        out.push_sql(DB::order(layout));
        out.push_sql(" LIMIT ");
        out.push_bind_param::<BigInt, i64>(&self.limit)
    }
}
