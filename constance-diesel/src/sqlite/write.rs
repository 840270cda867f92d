//! Changes the settings table.

use diesel::query_builder::{AstPass, QueryFragment};
use diesel::result::QueryResult;
use diesel::sqlite::{Sqlite, SqliteConnection};

use crate::dialect::{Run, WriteSettings};
use crate::failure::Failure;
use crate::query::{Delete, Insert, OnConflict, UpdateIf};

impl WriteSettings for SqliteConnection {
    const NOW: &'static str = "strftime('%Y-%m-%dT%H:%M:%fZ', 'now')";

    fn insert(&mut self, statement: Insert<'_>) -> Result<bool, Failure> {
        self.execute(statement.tables, statement)
    }

    fn update_if(&mut self, statement: UpdateIf<'_>) -> Result<bool, Failure> {
        self.execute(statement.tables, statement)
    }

    fn delete(&mut self, statement: Delete<'_>) -> Result<bool, Failure> {
        self.execute(statement.tables, statement)
    }
}

impl QueryFragment<Sqlite> for OnConflict<'_> {
    fn walk_ast<'b>(&'b self, out: AstPass<'_, 'b, Sqlite>) -> QueryResult<()> {
        self.push_on_conflict(out)
    }
}
