//! The migrations, and the lock that keeps others out.

use diesel::RunQueryDsl;
use diesel::connection::SimpleConnection;
use diesel::dsl::sql;
use diesel::pg::PgConnection;
use diesel::sql_types::{BigInt, Bool, Integer, Text};

use super::columns;
use crate::dialect::{Migrations, Run, Statement, Transactions, WriteSettings};
use crate::failure::Failure;
use crate::migrate::MigrationStep;
use crate::options::Options;
use crate::schema::{self, Column, Tables};

/// The time of a change.
const NOW: &str = PgConnection::NOW;

/// The migration that makes the trigger.
const NOTIFY: &str = "0003_notify";

impl Migrations for PgConnection {
    const TRANSACTIONAL_DDL: bool = true;
    const COLUMNS: [(&'static str, &'static [&'static str]); 4] = [
        ("key", &["text COLLATE \"C\"", "character varying COLLATE \"C\"", "character varying(255) COLLATE \"C\""]),
        ("value", &["bytea"]),
        ("revision", &["bigint", "integer"]),
        ("changed_at", &["timestamp with time zone"]),
    ];
    const DJANGO_COLUMNS: [(&'static str, &'static [&'static str]); 2] = [
        ("key", &["character varying(255) COLLATE \"default\"", "character varying(255) COLLATE \"C\""]),
        ("value", &["text"]),
    ];

    fn migrations(tables: &Tables) -> Vec<MigrationStep> {
        let table = quoted(&tables.settings);
        let (function, trigger) = (quoted(&format!("{}_notify", tables.settings)), quoted(&trigger(tables)));
        vec![
            MigrationStep {
                version: "0001_settings",
                // Keys are compared as bytes whatever the database's collation: equal means equal, and a prefix is a range.
                up: format!(
                    "CREATE TABLE {table} (\
                         \"key\" text COLLATE \"C\" NOT NULL PRIMARY KEY, \
                         \"value\" bytea NOT NULL\
                     )"
                ),
                down: format!("DROP TABLE {table}"),
                columns: 2,
            },
            MigrationStep {
                version: "0002_revisions",
                // The time of the migration stands for that of the changes before it.
                up: format!(
                    "ALTER TABLE {table} \
                         ADD COLUMN \"revision\" bigint NOT NULL DEFAULT 1, \
                         ADD COLUMN \"changed_at\" timestamptz NOT NULL DEFAULT {NOW}"
                ),
                down: format!("ALTER TABLE {table} DROP COLUMN \"changed_at\", DROP COLUMN \"revision\""),
                columns: 4,
            },
            MigrationStep {
                version: NOTIFY,
                // Whoever changes the table wakes those who listen, when they commit. The payload says nothing, so that several
                // statements of one transaction are one notification. The channel is a hash: names may be too long for one, and
                // then the write would fail.
                up: format!(
                    "CREATE OR REPLACE FUNCTION {function}() RETURNS trigger LANGUAGE plpgsql AS $notify$ \
                     BEGIN \
                         PERFORM pg_catalog.pg_notify({channel}, ''); \
                         RETURN NULL; \
                     END $notify$; \
                     CREATE TRIGGER {trigger} AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON {table} \
                     FOR EACH STATEMENT EXECUTE PROCEDURE {function}()",
                    channel = channel("TG_TABLE_SCHEMA", "TG_TABLE_NAME"),
                ),
                down: format!("DROP TRIGGER IF EXISTS {trigger} ON {table}; DROP FUNCTION IF EXISTS {function}()"),
                columns: 4,
            },
        ]
    }

    fn create_versions_table(tables: &Tables) -> String {
        format!(
            "CREATE TABLE IF NOT EXISTS {} (\
                 \"version\" text NOT NULL PRIMARY KEY, \
                 \"applied_at\" timestamptz NOT NULL DEFAULT {NOW}\
             )",
            quoted(&tables.versions)
        )
    }

    fn columns(&mut self, table: &str) -> Result<Vec<Column>, Failure> {
        columns::of(self, table)
    }

    fn has_table(&mut self, name: &str) -> Result<bool, Failure> {
        columns::has_table(self, name)
    }

    fn has_objects_of(&mut self, tables: &Tables, version: &str) -> Result<bool, Failure> {
        if version != NOTIFY {
            return Ok(true);
        }
        Ok(sql::<Bool>("SELECT EXISTS (SELECT 1 FROM pg_trigger WHERE tgrelid = to_regclass(quote_ident(")
            .bind::<Text, _>(&*tables.settings)
            .sql(")) AND tgname = ")
            .bind::<Text, _>(trigger(tables))
            .sql(")")
            .get_result(self)?)
    }

    /// The lock belongs to the transaction and not to the session, so that it also works through a pooler that lends a connection
    /// for one transaction, and goes with the connection.
    fn with_migration_lock<T>(
        &mut self,
        tables: &Tables,
        _: &Options,
        work: impl FnOnce(&mut Self) -> Result<T, Failure>,
    ) -> Result<T, Failure> {
        let key = lock_key(&tables.settings);
        self.run(Statement::Migrates(tables), |connection| {
            connection.begin(Self::BEGIN_WRITE)?;
            connection.finish_transaction(
                |connection| {
                    let lock = sql::<Integer>("SELECT 1 FROM (SELECT pg_advisory_xact_lock(").bind::<BigInt, _>(key);
                    lock.sql(")) AS locked").execute(connection)?;
                    work(connection)
                },
                |_| true,
            )
        })
    }

    fn lock_out_writers(&mut self, tables: &Tables) -> Result<(), Failure> {
        Ok(self.batch_execute(&format!("LOCK TABLE {} IN ACCESS EXCLUSIVE MODE", quoted(&tables.settings)))?)
    }
}

/// A name as an identifier.
pub(super) fn quoted(name: &str) -> String {
    schema::quoted(name, '"')
}

/// The name of the trigger that tells of changes.
fn trigger(tables: &Tables) -> String {
    format!("{}_changed", tables.settings)
}

/// The channel of a table, as an expression over the names of its schema and its own.
pub(super) fn channel(schema: &str, table: &str) -> String {
    format!("pg_catalog.concat('constance_', pg_catalog.md5(pg_catalog.concat({schema}, '.', {table})))")
}

/// The same in every version of this crate (FNV-1a): old and new may migrate at the same time.
fn lock_key(table: &str) -> i64 {
    let hash = b"constance migrates "
        .iter()
        .chain(table.as_bytes())
        .fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| (hash ^ u64::from(*byte)).wrapping_mul(0x0000_0100_0000_01b3));
    hash.cast_signed()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_lock_is_the_same_for_ever() {
        assert_eq!(lock_key("constance_settings"), 8_255_661_478_319_095_221);
        assert_ne!(lock_key("constance_settings"), lock_key("constance_setting"));
    }

    #[test]
    fn names_are_identifiers() {
        assert_eq!(quoted("a\"; DROP TABLE b; --"), "\"a\"\"; DROP TABLE b; --\"");
    }
}
