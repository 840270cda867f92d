//! The migrations, and the lock that keeps others out.

use diesel::RunQueryDsl;
use diesel::connection::{AnsiTransactionManager, SimpleConnection, TransactionManager};
use diesel::dsl::sql;
use diesel::pg::PgConnection;
use diesel::result::{Error as DriverError, QueryResult};
use diesel::sql_types::{BigInt, Bool, Integer, Text};

use super::NOW;
use crate::migrate::Step;
use crate::schema::{self, Tables};
use crate::store::finish;

/// A name as an identifier.
pub(super) fn quoted(name: &str) -> String {
    schema::quoted(name, '"')
}

/// The migration that makes the trigger.
pub(super) const NOTIFY: &str = "0003_notify";

fn trigger(tables: &Tables) -> String {
    format!("{}_changed", tables.settings)
}

/// Keeps everybody else away from the settings table until the transaction ends.
pub(super) fn lock(connection: &mut PgConnection, tables: &Tables) -> QueryResult<()> {
    connection.batch_execute(&format!("LOCK TABLE {} IN ACCESS EXCLUSIVE MODE", quoted(&tables.settings)))
}

/// Whether the table tells of its changes.
pub(super) fn has_trigger(connection: &mut PgConnection, tables: &Tables) -> QueryResult<bool> {
    sql::<Bool>("SELECT EXISTS (SELECT 1 FROM pg_trigger WHERE tgrelid = to_regclass(quote_ident(")
        .bind::<Text, _>(&*tables.settings)
        .sql(")) AND tgname = ")
        .bind::<Text, _>(trigger(tables))
        .sql(")")
        .get_result(connection)
}

pub(super) fn steps(tables: &Tables) -> Vec<Step> {
    let table = quoted(&tables.settings);
    let (function, trigger) = (quoted(&format!("{}_notify", tables.settings)), quoted(&trigger(tables)));
    vec![
        Step {
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
        Step {
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
        Step {
            version: NOTIFY,
            // Whoever changes the table wakes those who listen, when he commits. The payload says nothing, so that several
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

/// The channel of a table, as an expression over the names of its schema and its own.
pub(super) fn channel(schema: &str, table: &str) -> String {
    format!("pg_catalog.concat('constance_', pg_catalog.md5(pg_catalog.concat({schema}, '.', {table})))")
}

pub(super) fn create_versions(tables: &Tables) -> String {
    format!(
        "CREATE TABLE IF NOT EXISTS {} (\
             \"version\" text NOT NULL PRIMARY KEY, \
             \"applied_at\" timestamptz NOT NULL DEFAULT {NOW}\
         )",
        quoted(&tables.versions)
    )
}

/// Runs `work` as one transaction, while nobody else migrates tables of this name.
///
/// The lock belongs to the transaction and not to the session, so that it also works through a pooler that lends a connection
/// for one transaction, and goes with the connection.
pub(super) fn alone<T>(
    connection: &mut PgConnection,
    tables: &Tables,
    work: impl FnOnce(&mut PgConnection) -> QueryResult<T>,
) -> QueryResult<T> {
    begin(connection)?;
    let key = lock_key(&tables.settings);
    finish(
        connection,
        |connection| {
            let lock = sql::<Integer>("SELECT 1 FROM (SELECT pg_advisory_xact_lock(").bind::<BigInt, _>(key);
            lock.sql(")) AS locked").execute(connection)?;
            work(connection)
        },
        |_| true,
    )
}

/// Begins a transaction of our own. Under a stricter level it would not see what was stored while it waited for a lock.
pub(super) fn begin(connection: &mut PgConnection) -> QueryResult<()> {
    match AnsiTransactionManager::begin_transaction_sql(connection, "BEGIN ISOLATION LEVEL READ COMMITTED") {
        // An application's pool for tests lends connections inside a transaction that is never committed.
        Err(DriverError::AlreadyInTransaction) => AnsiTransactionManager::begin_transaction(connection),
        begun => begun,
    }
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
