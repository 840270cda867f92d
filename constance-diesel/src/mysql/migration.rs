//! The tables, and how they are made.

use diesel::RunQueryDsl;
use diesel::connection::SimpleConnection;
use diesel::dsl::sql;
use diesel::mysql::MysqlConnection;
use diesel::result::QueryResult;
use diesel::sql_types::{BigInt, Nullable, Text};

use super::failure;
use crate::dialect::Options;
use crate::migrate::Step;
use crate::schema::{Column, Tables, quoted};

/// The server commits each of these by itself, so that each is one statement, and may be run again.
pub(super) fn steps(tables: &Tables) -> Vec<Step> {
    let table = quoted(&tables.settings, '`');
    vec![
        Step {
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
        Step {
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

pub(super) fn create_versions(tables: &Tables) -> String {
    format!(
        "CREATE TABLE IF NOT EXISTS {} (\
             `version` VARCHAR(50) CHARACTER SET ascii COLLATE ascii_bin NOT NULL PRIMARY KEY, \
             `applied_at` TIMESTAMP(6) NOT NULL DEFAULT CURRENT_TIMESTAMP(6)\
         ) ENGINE = InnoDB",
        quoted(&tables.versions, '`')
    )
}

/// Locks the tables for this connection. A transaction would not do: changing a table ends it.
pub(super) fn keep_writers_out(connection: &mut MysqlConnection, tables: &Tables) -> QueryResult<()> {
    let [settings, versions] = [&tables.settings, &tables.versions].map(|name| quoted(name, '`'));
    let locked = connection.batch_execute(&format!("LOCK TABLES {settings} WRITE, {versions} WRITE"));
    failure::ask(connection, locked)
}

/// Runs `work` under a lock of the server's that has the tables' name.
pub(super) fn migrating<T>(
    connection: &mut MysqlConnection,
    tables: &Tables,
    options: &Options,
    work: impl FnOnce(&mut MysqlConnection) -> QueryResult<T>,
) -> QueryResult<T> {
    let name = lock_name(connection, tables)?;
    let seconds = i64::try_from(options.busy_timeout.as_millis().div_ceil(1000)).unwrap_or(i64::MAX).min(1_000_000);
    let locked = sql::<Nullable<BigInt>>("SELECT CAST(GET_LOCK(")
        .bind::<Text, _>(&name)
        .sql(", ")
        .bind::<BigInt, _>(seconds)
        .sql(") AS SIGNED)")
        .get_result::<Option<i64>>(connection);
    if failure::ask_of_rows(connection, locked)? != Some(1) {
        return Err(failure::numbered(failure::LOCK_TIMEOUT));
    }
    let done = work(connection);
    // The number of what failed has to be asked for before anything else is.
    let done = failure::ask(connection, done);
    // On every way out: on a pooled connection it would be kept for ever. Failing that, the connection is dead and the lock
    // gone with it.
    let opened = connection.batch_execute("UNLOCK TABLES");
    let released = sql::<Nullable<BigInt>>("SELECT CAST(RELEASE_LOCK(")
        .bind::<Text, _>(&name)
        .sql(") AS SIGNED)")
        .get_result::<Option<i64>>(connection);
    let released = failure::ask_of_rows(connection, released);
    let done = done?;
    opened.and(released).map(|_| done)
}

/// A lock belongs to the whole server and has 64 characters, so that the database's name and the table's are hashed.
fn lock_name(connection: &mut MysqlConnection, tables: &Tables) -> QueryResult<String> {
    let name = sql::<Text>("SELECT CONCAT('constance:', LEFT(SHA2(CONCAT_WS('/', DATABASE(), ")
        .bind::<Text, _>(&*tables.settings)
        .sql("), 256), 50))")
        .get_result(connection);
    failure::ask_of_rows(connection, name)
}

pub(super) fn has_table(connection: &mut MysqlConnection, name: &str) -> QueryResult<bool> {
    sql::<BigInt>("SELECT COUNT(*) FROM information_schema.tables WHERE table_schema = DATABASE() AND table_name = ")
        .bind::<Text, _>(name)
        .get_result::<i64>(connection)
        .map(|count| count > 0)
}

/// A table's columns.
pub(super) fn columns(connection: &mut MysqlConnection, table: &str) -> QueryResult<Vec<Column>> {
    let rows = sql::<(Text, Text, Text, BigInt, BigInt, BigInt)>(
        "SELECT CAST(c.column_name AS CHAR), LOWER(CAST(c.data_type AS CHAR)), LOWER(CAST(c.column_type AS CHAR)), \
         c.is_nullable = 'YES', c.column_default IS NOT NULL OR c.extra LIKE '%auto_increment%', \
         EXISTS (SELECT 1 FROM information_schema.statistics s \
             WHERE s.table_schema = c.table_schema AND s.table_name = c.table_name AND s.non_unique = 0 \
             GROUP BY s.index_name HAVING COUNT(*) = 1 AND MAX(s.column_name) = c.column_name) \
         FROM information_schema.columns c WHERE c.table_schema = DATABASE() AND c.table_name = ",
    )
    .bind::<Text, _>(table)
    .sql(" ORDER BY c.ordinal_position")
    .load::<(String, String, String, i64, i64, i64)>(connection)?;
    Ok(rows
        .into_iter()
        .map(|(name, kind, whole, nullable, has_default, unique)| Column {
            name,
            // The width of an integer says nothing, and MySQL has stopped writing it. All other lengths count.
            kind: if kind.ends_with("int") { kind } else { whole },
            nullable: nullable != 0,
            has_default: has_default != 0,
            unique: unique != 0,
        })
        .collect())
}
