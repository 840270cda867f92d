//! The migrations, and the lock that keeps others out.

use diesel::RunQueryDsl;
use diesel::connection::SimpleConnection;
use diesel::dsl::sql;
use diesel::mysql::MysqlConnection;
use diesel::sql_types::{BigInt, Nullable, Text};

use super::columns;
use super::numbers::LOCK_TIMEOUT;
use crate::dialect::{Migrations, Run, Statement};
use crate::failure::{Failure, Reason};
use crate::migrate::MigrationStep;
use crate::options::Options;
use crate::schema::{Column, Tables, quoted};

impl Migrations for MysqlConnection {
    const TRANSACTIONAL_DDL: bool = false;
    const COLUMNS: [(&'static str, &'static [&'static str]); 4] = [
        ("key", &["varbinary(255)"]),
        ("value", &["longblob", "mediumblob"]),
        ("revision", &["bigint"]),
        ("changed_at", &["timestamp(6)"]),
    ];
    const DJANGO_COLUMNS: [(&'static str, &'static [&'static str]); 2] =
        [("key", &["varchar(255)"]), ("value", &["longtext"])];

    fn table_name_error(name: &str) -> Option<&'static str> {
        if name.chars().any(|c| c > '\u{ffff}') {
            return Some(
                "the table's name holds a character beyond U+FFFF, such as an emoji, which MySQL has in no name",
            );
        }
        if name.starts_with("#mysql50#") {
            return Some("the table's name begins with #mysql50#, which MySQL keeps for itself");
        }
        name.ends_with(' ').then_some("the table's name ends in a space, which MySQL has at the end of no name")
    }

    /// The server commits each of these by itself, so that each is one statement, and may be run again.
    fn migrations(tables: &Tables) -> Vec<MigrationStep> {
        let table = quoted(&tables.settings, '`');
        vec![
            MigrationStep {
                version: "0001_settings",
                // Bytes for the key: every collation of text takes some keys for the same, if only those that end in spaces.
                // BLOB ends at 64 KiB.
                up: format!(
                    "CREATE TABLE IF NOT EXISTS {table} (\
                         `key` VARBINARY(255) NOT NULL PRIMARY KEY, \
                         `value` LONGBLOB NOT NULL\
                     ) ENGINE = InnoDB"
                ),
                down: format!("DROP TABLE IF EXISTS {table}"),
                columns: 2,
            },
            MigrationStep {
                version: "0002_revisions",
                // The index is what makes looking for changes cheap.
                up: format!(
                    "ALTER TABLE {table} \
                         ADD COLUMN `revision` BIGINT NOT NULL DEFAULT 1, \
                         ADD COLUMN `changed_at` TIMESTAMP(6) NOT NULL \
                             DEFAULT CURRENT_TIMESTAMP(6) ON UPDATE CURRENT_TIMESTAMP(6), \
                         ADD KEY `changed_at` (`changed_at`)"
                ),
                // The index goes with its only column.
                down: format!("ALTER TABLE {table} DROP COLUMN `changed_at`, DROP COLUMN `revision`"),
                columns: 4,
            },
        ]
    }

    fn create_versions_table(tables: &Tables) -> String {
        format!(
            "CREATE TABLE IF NOT EXISTS {} (\
                 `version` VARCHAR(50) CHARACTER SET ascii COLLATE ascii_bin NOT NULL PRIMARY KEY, \
                 `applied_at` TIMESTAMP(6) NOT NULL DEFAULT CURRENT_TIMESTAMP(6)\
             ) ENGINE = InnoDB",
            quoted(&tables.versions, '`')
        )
    }

    fn columns(&mut self, table: &str) -> Result<Vec<Column>, Failure> {
        self.run_for_rows(Statement::Other, |connection| columns::of(connection, table))
    }

    fn has_table(&mut self, name: &str) -> Result<bool, Failure> {
        self.run_for_rows(Statement::Other, |connection| columns::has_table(connection, name))
    }

    /// Runs `work` under a lock of the server's that has the tables' name.
    fn with_migration_lock<T>(
        &mut self,
        tables: &Tables,
        options: &Options,
        work: impl FnOnce(&mut Self) -> Result<T, Failure>,
    ) -> Result<T, Failure> {
        let name = lock_name(self, tables)?;
        let seconds = options.busy_timeout.as_millis().div_ceil(1000);
        let seconds = i64::try_from(seconds).unwrap_or(i64::MAX).min(1_000_000);
        let locked = self.run_for_rows(Statement::Other, |connection| {
            sql::<Nullable<BigInt>>("SELECT CAST(GET_LOCK(")
                .bind::<Text, _>(&name)
                .sql(", ")
                .bind::<BigInt, _>(seconds)
                .sql(") AS SIGNED)")
                .get_result::<Option<i64>>(connection)
        })?;
        if locked != Some(1) {
            return Err(Reason::Number(LOCK_TIMEOUT).into());
        }
        // The number of what failed has to be asked for before anything else is.
        let done = self.run(Statement::Migrates(tables), work);
        // On every way out: on a pooled connection it would be kept for ever. Failing that, the connection is dead and the lock
        // gone with it.
        let unlocked = self.batch_execute("UNLOCK TABLES").map_err(Failure::from);
        let released = self.run_for_rows(Statement::Other, |connection| {
            sql::<Nullable<BigInt>>("SELECT CAST(RELEASE_LOCK(")
                .bind::<Text, _>(&name)
                .sql(") AS SIGNED)")
                .get_result::<Option<i64>>(connection)
        });
        let done = done?;
        unlocked.and(released).map(|_| done)
    }

    /// Locks the tables for this connection. A transaction would not do: changing a table ends it.
    fn lock_out_writers(&mut self, tables: &Tables) -> Result<(), Failure> {
        let [settings, versions] = [&tables.settings, &tables.versions].map(|name| quoted(name, '`'));
        let lock = format!("LOCK TABLES {settings} WRITE, {versions} WRITE");
        self.run(Statement::Other, |connection| connection.batch_execute(&lock))
    }
}

/// A lock belongs to the whole server and has 64 characters, so that the database's name and the table's are hashed.
fn lock_name(connection: &mut MysqlConnection, tables: &Tables) -> Result<String, Failure> {
    connection.run_for_rows(Statement::Other, |connection| {
        sql::<Text>("SELECT CONCAT('constance:', LEFT(SHA2(CONCAT_WS('/', DATABASE(), ")
            .bind::<Text, _>(&*tables.settings)
            .sql("), 256), 50))")
            .get_result(connection)
    })
}
