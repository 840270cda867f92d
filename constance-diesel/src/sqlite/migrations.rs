//! The migrations, and the lock that keeps others out.

use std::time::Instant;

use diesel::RunQueryDsl;
use diesel::connection::SimpleConnection;
use diesel::dsl::sql;
use diesel::sql_types::{BigInt, Text};
use diesel::sqlite::SqliteConnection;

use super::{columns, connect, diagnose};
use crate::dialect::{Migrations, Transactions, WriteSettings};
use crate::failure::Failure;
use crate::migrate::MigrationStep;
use crate::options::Options;
use crate::schema::{Column, Tables, quoted};

impl Migrations for SqliteConnection {
    const TRANSACTIONAL_DDL: bool = true;
    const COLUMNS: [(&'static str, &'static [&'static str]); 4] =
        [("key", &["text"]), ("value", &["blob"]), ("revision", &["integer"]), ("changed_at", &["text"])];
    const DJANGO_COLUMNS: [(&'static str, &'static [&'static str]); 2] =
        [("key", &["varchar(255)"]), ("value", &["text"])];

    fn table_name_error(name: &str) -> Option<&'static str> {
        // That of the table of versions begins with this name and `_`.
        let reserved = format!("{name}_").get(..7).is_some_and(|start| start.eq_ignore_ascii_case("sqlite_"));
        reserved.then_some(
            "the table's name, or that of its migrations, begins with sqlite_, which SQLite keeps for itself",
        )
    }

    fn migrations(tables: &Tables) -> Vec<MigrationStep> {
        let (table, now) = (quoted(&tables.settings, '"'), Self::NOW);
        vec![
            MigrationStep {
                version: "0001_settings",
                // Keys are text so that people can read the file; the default collation compares bytes. Without a row
                // id the key is the tree itself: one search per read instead of two.
                up: format!(
                    "CREATE TABLE {table} (\
                         \"key\" TEXT NOT NULL PRIMARY KEY, \
                         \"value\" BLOB NOT NULL\
                     ) WITHOUT ROWID"
                ),
                down: format!("DROP TABLE {table}"),
                columns: 2,
            },
            MigrationStep {
                version: "0002_revisions",
                // SQLite adds a column that may not be null only with a constant default.
                up: format!(
                    "ALTER TABLE {table} ADD COLUMN \"revision\" INTEGER NOT NULL DEFAULT 1; \
                     ALTER TABLE {table} ADD COLUMN \"changed_at\" TEXT NOT NULL DEFAULT '1970-01-01T00:00:00.000Z'; \
                     UPDATE {table} SET \"changed_at\" = {now}"
                ),
                down: format!(
                    "ALTER TABLE {table} DROP COLUMN \"changed_at\"; ALTER TABLE {table} DROP COLUMN \"revision\""
                ),
                columns: 4,
            },
        ]
    }

    fn create_versions_table(tables: &Tables) -> String {
        format!(
            "CREATE TABLE IF NOT EXISTS {} (\
                 \"version\" TEXT NOT NULL PRIMARY KEY, \
                 \"applied_at\" TEXT NOT NULL DEFAULT ({})\
             )",
            quoted(&tables.versions, '"'),
            Self::NOW
        )
    }

    fn columns(&mut self, table: &str) -> Result<Vec<Column>, Failure> {
        Ok(columns::of(self, table)?)
    }

    fn has_table(&mut self, name: &str) -> Result<bool, Failure> {
        let query = sql::<BigInt>("SELECT count(*) FROM sqlite_master WHERE type IN ('table', 'view') AND name = ");
        Ok(query.bind::<Text, _>(name).get_result::<i64>(self)? > 0)
    }

    fn with_migration_lock<T>(
        &mut self,
        _: &Tables,
        options: &Options,
        work: impl FnOnce(&mut Self) -> Result<T, Failure>,
    ) -> Result<T, Failure> {
        use_write_ahead_log(self, options)?;
        self.begin("BEGIN EXCLUSIVE")?;
        self.finish_transaction(work, |_| true)
    }
}

/// Changes the file's mode. That needs the file alone, and SQLite does not always wait for it. An exclusive transaction does; after
/// one it is tried again.
fn use_write_ahead_log(connection: &mut SqliteConnection, options: &Options) -> Result<(), Failure> {
    let end = Instant::now().checked_add(options.busy_timeout);
    loop {
        match connect::journal_mode(connection, "PRAGMA journal_mode = WAL").map_err(Failure::from) {
            Err(failure) if diagnose::is_busy(&failure) && end.is_none_or(|end| Instant::now() < end) => {
                connection.batch_execute("BEGIN EXCLUSIVE; COMMIT")?;
            }
            // An application's pool for tests lends connections inside a transaction.
            Err(failure) if diagnose::is_in_transaction(&failure) => return Ok(()),
            // A file system that cannot do it says which mode it keeps. Everything works there, only slower.
            other => return other.map(drop),
        }
    }
}
