//! The statements, as fragments that diesel caches.
//!
//! `sql_query`, the usual way to a table whose name is known at run time, is prepared anew each time. A fragment of our
//! own with `push_identifier` is cached under its text.

use std::fmt;

use diesel::RunQueryDsl;
use diesel::backend::Backend;
use diesel::query_builder::{AstPass, Query, QueryFragment, QueryId};
use diesel::result::QueryResult;
use diesel::serialize::{self, Output, ToSql};
use diesel::sql_types::{BigInt, Binary, HasSqlType, Nullable, Text};

use crate::schema::Tables;

/// A value on its way into the database.
///
/// The application may have set an instrumentation that logs every query with its parameters; this one shows as its
/// length there.
pub(crate) struct Bound<'a>(pub(crate) &'a [u8]);

impl fmt::Debug for Bound<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} bytes", self.0.len())
    }
}

impl<DB: Backend> ToSql<Binary, DB> for Bound<'_>
where
    [u8]: ToSql<Binary, DB>,
{
    fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, DB>) -> serialize::Result {
        self.0.to_sql(out)
    }
}

/// The value under one key.
#[derive(Debug)]
pub struct ValueOf<'a> {
    pub(crate) tables: &'a Tables,
    pub(crate) key: &'a str,
}

/// The rows whose keys lie from `low` to `high`, both included, at most `limit`.
#[derive(Debug)]
pub struct RowsIn<'a> {
    pub(crate) tables: &'a Tables,
    pub(crate) low: &'a str,
    pub(crate) high: &'a str,
    pub(crate) limit: i64,
}

/// Stores a value, whatever is there, in one statement.
#[derive(Debug)]
pub struct Upsert<'a> {
    pub(crate) tables: &'a Tables,
    pub(crate) key: &'a str,
    pub(crate) value: Bound<'a>,
    /// The dialect's expression for the time of the change.
    pub(crate) now: &'static str,
}

/// Removes the row of a key, if there is one.
#[derive(Debug)]
pub struct Delete<'a> {
    pub(crate) tables: &'a Tables,
    pub(crate) key: &'a str,
}

/// The versions of the migrations that were applied.
#[derive(Debug)]
pub struct Versions<'a> {
    pub(crate) tables: &'a Tables,
}

/// Notes that a migration was applied.
#[derive(Debug)]
pub struct Record<'a> {
    pub(crate) tables: &'a Tables,
    pub(crate) version: &'a str,
}

/// Notes that a migration was reverted.
#[derive(Debug)]
pub struct Forget<'a> {
    pub(crate) tables: &'a Tables,
    pub(crate) version: &'a str,
}

/// Gives a statement the traits that diesel asks for: its result columns, and its text as the key in diesel's cache (the
/// type alone would not do, since the table's name is a value).
macro_rules! statement {
    ($name:ident $(, $columns:ty)?) => {
        impl QueryId for $name<'_> {
            type QueryId = ();
            const HAS_STATIC_QUERY_ID: bool = false;
        }

        impl<C> RunQueryDsl<C> for $name<'_> {}

        $(impl Query for $name<'_> {
            type SqlType = $columns;
        })?
    };
}
pub(crate) use statement;

/// A statement over the tables of the usual names: its type alone says what its text is, so diesel finds it in its cache
/// without writing the text first, which is a good part of the price of reading one key.
#[derive(Debug)]
pub(crate) struct Usual<Q>(Q);

impl<'a> Usual<ValueOf<'a>> {
    /// The statement, if its tables have the usual names.
    pub(crate) fn of(statement: ValueOf<'a>) -> Result<Self, ValueOf<'a>> {
        if statement.tables.are_usual() { Ok(Self(statement)) } else { Err(statement) }
    }
}

impl QueryId for Usual<ValueOf<'_>> {
    type QueryId = Usual<ValueOf<'static>>;
    const HAS_STATIC_QUERY_ID: bool = true;
}

impl<Q: Query> Query for Usual<Q> {
    type SqlType = Q::SqlType;
}

impl<Q, C> RunQueryDsl<C> for Usual<Q> {}

impl<DB: Backend, Q: QueryFragment<DB>> QueryFragment<DB> for Usual<Q> {
    fn walk_ast<'b>(&'b self, out: AstPass<'_, 'b, DB>) -> QueryResult<()> {
        self.0.walk_ast(out)
    }
}

statement!(ValueOf, Nullable<Binary>);
statement!(RowsIn, (Text, Nullable<Binary>));
statement!(Upsert);
statement!(Delete);
statement!(Versions, Text);
statement!(Record);
statement!(Forget);

impl<DB> QueryFragment<DB> for ValueOf<'_>
where
    DB: Backend + HasSqlType<Text>,
    str: ToSql<Text, DB>,
{
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, DB>) -> QueryResult<()> {
        out.push_sql("SELECT ");
        out.push_identifier("value")?;
        out.push_sql(" FROM ");
        out.push_identifier(self.tables.settings)?;
        out.push_sql(" WHERE ");
        out.push_identifier("key")?;
        out.push_sql(" = ");
        out.push_bind_param::<Text, str>(self.key)
    }
}

impl<DB> QueryFragment<DB> for RowsIn<'_>
where
    DB: Backend + HasSqlType<Text> + HasSqlType<BigInt>,
    str: ToSql<Text, DB>,
    i64: ToSql<BigInt, DB>,
{
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, DB>) -> QueryResult<()> {
        out.push_sql("SELECT ");
        out.push_identifier("key")?;
        out.push_sql(", ");
        out.push_identifier("value")?;
        out.push_sql(" FROM ");
        out.push_identifier(self.tables.settings)?;
        out.push_sql(" WHERE ");
        out.push_identifier("key")?;
        out.push_sql(" >= ");
        out.push_bind_param::<Text, str>(self.low)?;
        out.push_sql(" AND ");
        out.push_identifier("key")?;
        out.push_sql(" <= ");
        out.push_bind_param::<Text, str>(self.high)?;
        out.push_sql(" LIMIT ");
        out.push_bind_param::<BigInt, i64>(&self.limit)
    }
}

impl<DB> QueryFragment<DB> for Upsert<'_>
where
    DB: Backend + HasSqlType<Text> + HasSqlType<Binary>,
    str: ToSql<Text, DB>,
    [u8]: ToSql<Binary, DB>,
{
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, DB>) -> QueryResult<()> {
        out.push_sql("INSERT INTO ");
        out.push_identifier(self.tables.settings)?;
        out.push_sql(" (");
        for (place, column) in ["key", "value", "revision", "changed_at"].into_iter().enumerate() {
            out.push_sql(if place == 0 { "" } else { ", " });
            out.push_identifier(column)?;
        }
        out.push_sql(") VALUES (");
        out.push_bind_param::<Text, str>(self.key)?;
        out.push_sql(", ");
        out.push_bind_param::<Binary, Bound<'_>>(&self.value)?;
        out.push_sql(", 1, ");
        out.push_sql(self.now);
        // SQLite and PostgreSQL share this clause; a dialect without it brings its own statement.
        out.push_sql(") ON CONFLICT (");
        out.push_identifier("key")?;
        out.push_sql(") DO UPDATE SET ");
        out.push_identifier("value")?;
        out.push_sql(" = excluded.");
        out.push_identifier("value")?;
        out.push_sql(", ");
        out.push_identifier("revision")?;
        out.push_sql(" = ");
        out.push_identifier(self.tables.settings)?;
        out.push_sql(".");
        out.push_identifier("revision")?;
        out.push_sql(" + 1, ");
        out.push_identifier("changed_at")?;
        out.push_sql(" = excluded.");
        out.push_identifier("changed_at")
    }
}

impl<DB> QueryFragment<DB> for Delete<'_>
where
    DB: Backend + HasSqlType<Text>,
    str: ToSql<Text, DB>,
{
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, DB>) -> QueryResult<()> {
        out.push_sql("DELETE FROM ");
        out.push_identifier(self.tables.settings)?;
        out.push_sql(" WHERE ");
        out.push_identifier("key")?;
        out.push_sql(" = ");
        out.push_bind_param::<Text, str>(self.key)
    }
}

impl<DB: Backend> QueryFragment<DB> for Versions<'_> {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, DB>) -> QueryResult<()> {
        out.push_sql("SELECT ");
        out.push_identifier("version")?;
        out.push_sql(" FROM ");
        out.push_identifier(self.tables.versions)
    }
}

impl<DB> QueryFragment<DB> for Record<'_>
where
    DB: Backend + HasSqlType<Text>,
    str: ToSql<Text, DB>,
{
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, DB>) -> QueryResult<()> {
        out.push_sql("INSERT INTO ");
        out.push_identifier(self.tables.versions)?;
        out.push_sql(" (");
        out.push_identifier("version")?;
        out.push_sql(") VALUES (");
        out.push_bind_param::<Text, str>(self.version)?;
        out.push_sql(")");
        Ok(())
    }
}

impl<DB> QueryFragment<DB> for Forget<'_>
where
    DB: Backend + HasSqlType<Text>,
    str: ToSql<Text, DB>,
{
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, DB>) -> QueryResult<()> {
        out.push_sql("DELETE FROM ");
        out.push_identifier(self.tables.versions)?;
        out.push_sql(" WHERE ");
        out.push_identifier("version")?;
        out.push_sql(" = ");
        out.push_bind_param::<Text, str>(self.version)
    }
}
