//! The statements of migrations.

use diesel::RunQueryDsl;
use diesel::backend::Backend;
use diesel::query_builder::{AstPass, Query, QueryFragment, QueryId};
use diesel::result::QueryResult;
use diesel::serialize::ToSql;
use diesel::sql_types::{HasSqlType, Text};

use super::statement;
use crate::schema::Tables;

/// Any key, if there is a row.
#[derive(Debug)]
pub struct AnyKey<'a> {
    pub(crate) tables: &'a Tables,
}

/// The versions of the migrations that were applied.
#[derive(Debug)]
pub struct AppliedVersions<'a> {
    pub(crate) tables: &'a Tables,
}

/// Notes that a migration was applied.
#[derive(Debug)]
pub struct RecordVersion<'a> {
    pub(crate) tables: &'a Tables,
    pub(crate) version: &'a str,
}

/// Notes that a migration was reverted.
#[derive(Debug)]
pub struct ForgetVersion<'a> {
    pub(crate) tables: &'a Tables,
    pub(crate) version: &'a str,
}

statement!(AnyKey, Text);
statement!(AppliedVersions, Text);
statement!(RecordVersion);
statement!(ForgetVersion);

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

impl<DB: Backend> QueryFragment<DB> for AppliedVersions<'_> {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, DB>) -> QueryResult<()> {
        out.push_sql("SELECT ");
        out.push_identifier("version")?;
        out.push_sql(" FROM ");
        out.push_identifier(&self.tables.versions)
    }
}

impl<DB> QueryFragment<DB> for RecordVersion<'_>
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

impl<DB> QueryFragment<DB> for ForgetVersion<'_>
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
