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

use crate::layout::{self, Layout, Wording};
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

/// A key on its way into a statement. Each dialect binds it as the type of its column: [`Wording::key`].
#[derive(Debug, Clone, Copy)]
pub struct KeyParam<'a>(pub(crate) &'a str);

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

/// Stores a value under a key that has none; what happens to one that has is the dialect's word for a [`Clash`].
#[derive(Debug)]
pub struct Insert<'a> {
    pub(crate) tables: &'a Tables,
    pub(crate) key: KeyParam<'a>,
    pub(crate) value: Bound<'a>,
    /// The dialect's expression for the time of the change.
    pub(crate) now: &'static str,
    pub(crate) clash: Clash<'a>,
}

/// The end of an [`Insert`]: what happens where the key has a row already.
#[derive(Debug)]
pub enum Clash<'a> {
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
    pub(crate) old: Option<Bound<'a>>,
    pub(crate) value: Bound<'a>,
    /// The dialect's expression for the time of the change.
    pub(crate) now: &'static str,
}

/// Removes the row of a key, if there is one.
#[derive(Debug)]
pub struct Delete<'a> {
    pub(crate) tables: &'a Tables,
    pub(crate) key: KeyParam<'a>,
    /// Only where this is its value.
    pub(crate) old: Option<Bound<'a>>,
}

/// Any key, if there is a row.
#[derive(Debug)]
pub struct AnyKey<'a> {
    pub(crate) tables: &'a Tables,
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
statement!(KeysIn, Text);
statement!(Insert);
statement!(UpdateIf);
statement!(Delete);
statement!(AnyKey, Text);
statement!(Versions, Text);
statement!(Record);
statement!(Forget);

impl<DB: Wording> QueryFragment<DB> for ValueOf<'_> {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, DB>) -> QueryResult<()> {
        let layout = self.tables.layout;
        out.push_sql("SELECT ");
        layout::value_column(layout, out.reborrow())?;
        out.push_sql(" FROM ");
        out.push_identifier(&self.tables.settings)?;
        out.push_sql(" WHERE ");
        DB::is_key(layout, &self.key, out)
    }
}

impl<DB> QueryFragment<DB> for RowsIn<'_>
where
    DB: Wording + HasSqlType<BigInt>,
    i64: ToSql<BigInt, DB>,
{
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, DB>) -> QueryResult<()> {
        let layout = self.tables.layout;
        out.push_sql("SELECT ");
        out.push_identifier("key")?;
        out.push_sql(", ");
        layout::value_column(layout, out.reborrow())?;
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
    DB: Wording + HasSqlType<BigInt>,
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

impl<'a, DB> QueryFragment<DB> for Insert<'a>
where
    DB: Wording,
    Clash<'a>: QueryFragment<DB>,
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
        layout::value(layout, &self.value, out.reborrow())?;
        if layout == Layout::Own {
            out.push_sql(", 1, ");
            out.push_sql(self.now);
        }
        out.push_sql(")");
        self.clash.walk_ast(out)
    }
}

#[cfg(any(feature = "postgres", feature = "sqlite"))]
impl Clash<'_> {
    /// The words of SQLite and PostgreSQL.
    pub(crate) fn on_conflict<'b, DB: Backend>(&'b self, mut out: AstPass<'_, 'b, DB>) -> QueryResult<()> {
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
    DB: Wording,
    [u8]: ToSql<Binary, DB>,
{
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, DB>) -> QueryResult<()> {
        let layout = self.tables.layout;
        out.push_sql("UPDATE ");
        out.push_identifier(&self.tables.settings)?;
        out.push_sql(" SET ");
        out.push_identifier("value")?;
        out.push_sql(" = ");
        layout::value(layout, &self.value, out.reborrow())?;
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
    old: Option<&'b Bound<'_>>,
    mut out: AstPass<'_, 'b, DB>,
) -> QueryResult<()>
where
    DB: Wording,
    [u8]: ToSql<Binary, DB>,
{
    DB::is_key(tables.layout, key, out.reborrow())?;
    let Some(old) = old else { return Ok(()) };
    out.push_sql(" AND ");
    layout::is_value(tables.layout, old, out)
}

impl<DB> QueryFragment<DB> for Delete<'_>
where
    DB: Wording,
    [u8]: ToSql<Binary, DB>,
{
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, DB>) -> QueryResult<()> {
        out.push_sql("DELETE FROM ");
        out.push_identifier(&self.tables.settings)?;
        out.push_sql(" WHERE ");
        where_is(self.tables, &self.key, self.old.as_ref(), out)
    }
}

impl<DB: Backend> QueryFragment<DB> for AnyKey<'_> {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, DB>) -> QueryResult<()> {
        out.push_sql("SELECT ");
        out.push_identifier("key")?;
        out.push_sql(" FROM ");
        out.push_identifier(&self.tables.settings)?;
        out.push_sql(" LIMIT 1");
        Ok(())
    }
}

impl<DB: Backend> QueryFragment<DB> for Versions<'_> {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, DB>) -> QueryResult<()> {
        out.push_sql("SELECT ");
        out.push_identifier("version")?;
        out.push_sql(" FROM ");
        out.push_identifier(&self.tables.versions)
    }
}

impl<DB> QueryFragment<DB> for Record<'_>
where
    DB: Backend + HasSqlType<Text>,
    str: ToSql<Text, DB>,
{
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, DB>) -> QueryResult<()> {
        out.push_sql("INSERT INTO ");
        out.push_identifier(&self.tables.versions)?;
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
        out.push_identifier(&self.tables.versions)?;
        out.push_sql(" WHERE ");
        out.push_identifier("version")?;
        out.push_sql(" = ");
        out.push_bind_param::<Text, str>(self.version)
    }
}
