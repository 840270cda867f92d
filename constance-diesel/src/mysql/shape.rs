//! The tables, and how they are made.

use diesel::RunQueryDsl;
use diesel::dsl::sql;
use diesel::mysql::MysqlConnection;
use diesel::result::QueryResult;
use diesel::sql_types::{BigInt, Nullable, Text};

use super::fault;
use crate::dialect::{Options, Verbs};
use crate::migrate::Step;
use crate::query::Versions;
use crate::schema::{Column, Tables};

/// A name in the quotes of MySQL.
fn quoted(name: &str) -> String {
    format!("`{}`", name.replace('`', "``"))
}

/// The server commits each of these by itself, so that each may be run again where the next one failed.
pub(super) fn steps(tables: &Tables) -> Vec<Step> {
    let table = quoted(&tables.settings);
    vec![Step {
        version: "0001_settings",
        // Bytes for the key: every collation of text takes some keys for the same, if only those that end in spaces. BLOB
        // ends at 64 KiB. The index is what makes looking for changes cheap.
        up: format!(
            "CREATE TABLE IF NOT EXISTS {table} (\
                 `key` VARBINARY(255) NOT NULL PRIMARY KEY, \
                 `value` LONGBLOB NOT NULL, \
                 `revision` BIGINT NOT NULL DEFAULT 1, \
                 `changed_at` TIMESTAMP(6) NOT NULL DEFAULT CURRENT_TIMESTAMP(6) ON UPDATE CURRENT_TIMESTAMP(6), \
                 KEY `changed_at` (`changed_at`)\
             ) ENGINE = InnoDB"
        ),
        down: format!("DROP TABLE IF EXISTS {table}"),
    }]
}

pub(super) fn create_versions(tables: &Tables) -> String {
    format!(
        "CREATE TABLE IF NOT EXISTS {} (\
             `version` VARCHAR(50) CHARACTER SET ascii COLLATE ascii_bin NOT NULL PRIMARY KEY, \
             `applied_at` TIMESTAMP(6) NOT NULL DEFAULT CURRENT_TIMESTAMP(6)\
         ) ENGINE = InnoDB",
        quoted(&tables.versions)
    )
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
    if fault::ask_of_rows(connection, locked)? != Some(1) {
        return Err(fault::numbered(fault::LOCK_TIMEOUT));
    }
    let done = is_ours_or_absent(connection, tables).and_then(|()| work(connection));
    // The number of what failed has to be asked for before anything else is.
    let done = fault::ask(connection, done);
    // On every way out: on a pooled connection it would be kept for ever. Failing that, the connection is dead and the lock
    // gone with it.
    let released = sql::<Nullable<BigInt>>("SELECT CAST(RELEASE_LOCK(")
        .bind::<Text, _>(&name)
        .sql(") AS SIGNED)")
        .get_result::<Option<i64>>(connection);
    let released = fault::ask_of_rows(connection, released);
    let done = done?;
    released.map(|_| done)
}

/// A lock belongs to the whole server and has 64 characters, so that the database's name and the table's are hashed.
fn lock_name(connection: &mut MysqlConnection, tables: &Tables) -> QueryResult<String> {
    let name = sql::<Text>("SELECT CONCAT('constance:', LEFT(SHA2(CONCAT_WS('/', DATABASE(), ")
        .bind::<Text, _>(&*tables.settings)
        .sql("), 256), 50))")
        .get_result(connection);
    fault::ask_of_rows(connection, name)
}

/// `IF NOT EXISTS` is content with any table of the name, so that one which is not ours must be seen before.
fn is_ours_or_absent(connection: &mut MysqlConnection, tables: &Tables) -> QueryResult<()> {
    if connection.has_table(&tables.versions)? && !connection.versions(Versions { tables })?.is_empty() {
        return Ok(());
    }
    let columns = connection.columns(&tables.settings)?;
    let fits = |(name, kinds): &(&str, &[&str])| {
        columns.iter().any(|column| column.name == *name && kinds.contains(&column.kind.as_str()))
    };
    if columns.is_empty() || MysqlConnection::COLUMNS.iter().all(fits) {
        Ok(())
    } else {
        Err(fault::numbered(fault::TABLE_EXISTS))
    }
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
