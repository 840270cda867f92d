//! SQLite.

mod failure;
#[cfg(target_os = "linux")]
mod file_events;
#[cfg(target_os = "linux")]
mod file_watch;
mod target;
mod watch;

use constance_core::{Error, ErrorKind, Result, backend::Watch, identity};
use diesel::connection::{AnsiTransactionManager, SimpleConnection, TransactionManager};
use diesel::deserialize::{self, FromSql};
use diesel::dsl::sql;
use diesel::query_builder::{AstPass, Query, QueryFragment, QueryId};
use diesel::result::{Error as DriverError, OptionalExtension, QueryResult};
use diesel::sql_types::{BigInt, Binary, Bool, Nullable, Text};
use diesel::sqlite::{Sqlite, SqliteConnection, SqliteType, SqliteValue};
use diesel::{Connection, RunQueryDsl};

use self::target::{FileId, Target};
use crate::DieselBackend;
use crate::dialect::{Options, Purpose, Verbs};
use crate::error::Failure;
use crate::layout::{Layout, Wording};
use crate::migrate::Step;
use crate::query::{
    AnyKey, Clash, Delete, Forget, Insert, KeyParam, KeysIn, Record, RowsIn, UpdateIf, Usual, ValueOf, Versions,
    statement,
};
use crate::schema::{Column, FoundKey, FoundValue, Row, Tables, quoted};
use crate::store::finish;

/// Settings in an SQLite file.
pub type SqliteBackend = DieselBackend<SqliteConnection>;

impl Verbs for SqliteConnection {
    const NAME: &'static str = "sqlite";
    // Measured, keys looked up one by one / as a range without others in it: 32 keys 18 / 18 us, 100 keys 55 / 41,
    // 1,000 keys 574 / 367.
    const RANGE_FROM: usize = 64;
    const NETWORK: bool = false;
    const UNDOES_CHANGES_OF_TABLES: bool = true;
    const COLUMNS: [(&'static str, &'static [&'static str]); 4] =
        [("key", &["text"]), ("value", &["blob"]), ("revision", &["integer"]), ("changed_at", &["text"])];
    const COLUMNS_OF_DJANGO: [(&'static str, &'static [&'static str]); 2] =
        [("key", &["varchar(255)"]), ("value", &["text"])];
    const NOW: &'static str = "strftime('%Y-%m-%dT%H:%M:%fZ', 'now')";

    type Target = Target;
    type Mark = Option<FileId>;
    // The file is watched over a connection of its own.
    type Seen = ();

    fn target(url: &str) -> Result<Target> {
        Target::parse(url)
    }

    fn refuses_table(name: &str) -> Option<&'static str> {
        // That of the table of versions begins with this name and `_`.
        let reserved = format!("{name}_").get(..7).is_some_and(|start| start.eq_ignore_ascii_case("sqlite_"));
        reserved.then_some(
            "the table's name, or that of its migrations, begins with sqlite_, which SQLite keeps for itself",
        )
    }

    fn target_of(&mut self) -> Result<Option<Target>, Failure> {
        let file = sql::<Text>("SELECT file FROM pragma_database_list WHERE name = 'main'").get_result::<String>(self);
        match file {
            Ok(file) if !file.is_empty() => Ok(Some(Target::at(&file))),
            Ok(_) => Err(Failure::answered(
                Error::new(ErrorKind::Unsupported).with_detail("a database without a file has no feed of changes"),
            )),
            Err(error) => Err(self.failure(&error)),
        }
    }

    fn location(target: &Target) -> Option<String> {
        Some(target.path().display().to_string())
    }

    fn identity(target: &Target) -> Option<String> {
        identity::of_path(target.path())
    }

    fn mark(target: &Target) -> Option<FileId> {
        target.file_id()
    }

    fn open(target: &Target, purpose: Purpose, options: &Options) -> Result<Self> {
        if target.creates(purpose) {
            target.create(options.file_mode);
        }
        let mut connection =
            SqliteConnection::establish(&target.uri(purpose)).map_err(|error| failure::connecting(&error, target))?;
        connection.ready(purpose, options).map_err(|error| failure::readying(&error, target))?;
        Ok(connection)
    }

    fn begin_write(&mut self) -> QueryResult<()> {
        // A plain BEGIN that reads first and then writes fails at once when another writer came in between, whatever the
        // busy timeout.
        match AnsiTransactionManager::begin_transaction_sql(self, "BEGIN IMMEDIATE") {
            // An application's pool for tests lends connections inside a transaction that is never committed.
            Err(DriverError::AlreadyInTransaction) => AnsiTransactionManager::begin_transaction(self),
            begun => begun,
        }
    }

    fn value_of(&mut self, statement: ValueOf<'_>) -> QueryResult<Option<FoundValue>> {
        match Usual::of(statement) {
            Ok(usual) => usual.get_result(self),
            Err(statement) => statement.get_result(self),
        }
        .optional()
    }

    fn rows_in(&mut self, statement: RowsIn<'_>) -> QueryResult<Vec<Row>> {
        statement.load(self)
    }

    fn keys_in(&mut self, statement: KeysIn<'_>) -> QueryResult<Vec<FoundKey>> {
        statement.load(self)
    }

    fn rows_of(&mut self, tables: &Tables, keys: &[&str]) -> QueryResult<Vec<Row>> {
        RowsOf { tables, keys: json_array(keys) }.load(self)
    }

    fn rows_locked(&mut self, tables: &Tables, keys: &[&str]) -> QueryResult<Vec<Row>> {
        // BEGIN IMMEDIATE locks the whole file.
        self.rows_of(tables, keys)
    }

    fn insert(&mut self, statement: Insert<'_>) -> QueryResult<bool> {
        statement.execute(self).map(|rows| rows > 0)
    }

    fn update_if(&mut self, statement: UpdateIf<'_>) -> QueryResult<bool> {
        statement.execute(self).map(|rows| rows > 0)
    }

    fn undone(&mut self, _: &DriverError) -> bool {
        // A transaction has the file for itself; what it waited for in vain is not worth another wait.
        false
    }

    fn delete(&mut self, statement: Delete<'_>) -> QueryResult<bool> {
        statement.execute(self).map(|rows| rows > 0)
    }

    fn columns(&mut self, table: &str) -> QueryResult<Vec<Column>> {
        columns(self, table)
    }

    fn has_table(&mut self, name: &str) -> QueryResult<bool> {
        let query = sql::<BigInt>("SELECT count(*) FROM sqlite_master WHERE type IN ('table', 'view') AND name = ");
        query.bind::<Text, _>(name).get_result::<i64>(self).map(|count| count > 0)
    }

    fn versions(&mut self, statement: Versions<'_>) -> QueryResult<Vec<String>> {
        statement.load(self)
    }

    fn record(&mut self, statement: Record<'_>) -> QueryResult<usize> {
        statement.execute(self)
    }

    fn forget(&mut self, statement: Forget<'_>) -> QueryResult<usize> {
        statement.execute(self)
    }

    fn has_rows(&mut self, statement: AnyKey<'_>) -> QueryResult<bool> {
        statement.load::<FoundKey>(self).map(|rows| !rows.is_empty())
    }

    fn keep_writers_out(&mut self, _: &Tables) -> QueryResult<()> {
        // BEGIN EXCLUSIVE locks the whole file.
        Ok(())
    }

    fn steps(tables: &Tables) -> Vec<Step> {
        let (table, now) = (quoted(&tables.settings, '"'), Self::NOW);
        vec![
            Step {
                version: "0001_settings",
                // Keys are text for the eyes of whoever opens the file; the default collation compares bytes. Without a row
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
            Step {
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

    fn create_versions(tables: &Tables) -> String {
        format!(
            "CREATE TABLE IF NOT EXISTS {} (\
                 \"version\" TEXT NOT NULL PRIMARY KEY, \
                 \"applied_at\" TEXT NOT NULL DEFAULT ({})\
             )",
            quoted(&tables.versions, '"'),
            Self::NOW
        )
    }

    fn migrating<T>(
        &mut self,
        _: &Tables,
        options: &Options,
        work: impl FnOnce(&mut Self) -> QueryResult<T>,
    ) -> QueryResult<T> {
        use_write_ahead_log(self, options)?;
        match AnsiTransactionManager::begin_transaction_sql(self, "BEGIN EXCLUSIVE") {
            Err(DriverError::AlreadyInTransaction) => AnsiTransactionManager::begin_transaction(self)?,
            begun => begun?,
        }
        finish(self, work, |_| true)
    }

    fn feed(target: &Target, tables: &Tables, options: &Options) -> Result<Box<dyn Watch>> {
        watch::open(target, tables, options)
    }

    fn failure(&mut self, error: &DriverError) -> Failure {
        failure::of(error)
    }
}

/// What a connection is told before it is used.
trait Ready {
    fn ready(&mut self, purpose: Purpose, options: &Options) -> QueryResult<()>;
}

impl Ready for SqliteConnection {
    fn ready(&mut self, purpose: Purpose, options: &Options) -> QueryResult<()> {
        // A feed rather asks again in a moment than waits where nobody can interrupt it.
        let busy = if purpose == Purpose::Watch { 0 } else { options.busy_timeout.as_millis().min(i32::MAX as u128) };
        // First of all, since everything after it may meet a lock.
        self.batch_execute(&format!("PRAGMA busy_timeout = {busy}"))?;
        // Only looked at: the mode is written into the file, which is a matter of migrating, not of reading. With the
        // write-ahead log NORMAL loses no consistency, and a write need not wait for the disk.
        if journal_mode(self, "PRAGMA journal_mode")? == "wal" {
            self.batch_execute("PRAGMA synchronous = NORMAL")?;
        }
        Ok(())
    }
}

fn use_write_ahead_log(connection: &mut SqliteConnection, options: &Options) -> QueryResult<()> {
    // The change to the write-ahead log needs the file alone, and SQLite does not always wait for that. An exclusive
    // transaction does; whoever gets one tries again.
    let end = std::time::Instant::now().checked_add(options.busy_timeout);
    loop {
        match journal_mode(connection, "PRAGMA journal_mode = WAL") {
            Err(error) if failure::is_busy(&error) && end.is_none_or(|end| std::time::Instant::now() < end) => {
                connection.batch_execute("BEGIN EXCLUSIVE; COMMIT")?;
            }
            // An application's pool for tests lends connections inside a transaction.
            Err(error) if failure::is_in_transaction(&error) => return Ok(()),
            // A file system that cannot do it says which mode it keeps. Everything works there, only slower.
            other => return other.map(drop),
        }
    }
}

fn journal_mode(connection: &mut SqliteConnection, pragma: &str) -> QueryResult<String> {
    sql::<Text>(pragma).get_result(connection)
}

/// Django's column `value` as bytes, of the table `s` that is joined with a list.
const BYTES_OF_TEXT_IN_S: &str =
    "CASE typeof(s.\"value\") WHEN 'text' THEN CAST(s.\"value\" AS BLOB) ELSE s.\"value\" END";

impl Wording for Sqlite {
    const BYTES_OF_TEXT: &'static str =
        "CASE typeof(\"value\") WHEN 'text' THEN CAST(\"value\" AS BLOB) ELSE \"value\" END";
    const TEXT_OF_BYTES: [&'static str; 2] = ["CAST(", " AS TEXT)"];

    fn order(_: Layout) -> &'static str {
        "\"key\""
    }

    fn key<'b>(_: Layout, key: &'b KeyParam<'_>, mut out: AstPass<'_, 'b, Self>) -> QueryResult<()> {
        out.push_bind_param::<Text, str>(key.0)
    }
}

impl QueryFragment<Sqlite> for Clash<'_> {
    fn walk_ast<'b>(&'b self, out: AstPass<'_, 'b, Sqlite>) -> QueryResult<()> {
        self.on_conflict(out)
    }
}

/// The rows of the keys in a JSON array: one cached statement, and one parameter, for any number of keys.
#[derive(Debug)]
struct RowsOf<'a> {
    tables: &'a Tables,
    keys: String,
}

statement!(RowsOf, (Text, Nullable<Binary>));

impl QueryFragment<Sqlite> for RowsOf<'_> {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Sqlite>) -> QueryResult<()> {
        out.push_sql("SELECT s.\"key\", ");
        out.push_sql(match self.tables.layout {
            Layout::Own => "s.\"value\"",
            Layout::Django => BYTES_OF_TEXT_IN_S,
        });
        out.push_sql(" FROM json_each(");
        out.push_bind_param::<Text, String>(&self.keys)?;
        // CROSS keeps the order: walk the array, look each key up.
        out.push_sql(") AS wanted CROSS JOIN ");
        out.push_identifier(&self.tables.settings)?;
        out.push_sql(" AS s ON s.\"key\" = wanted.value");
        Ok(())
    }
}

/// A table's columns.
fn columns(connection: &mut SqliteConnection, table: &str) -> QueryResult<Vec<Column>> {
    let column = |(name, kind, collation, nullable, has_default, unique): (_, String, Option<String>, _, _, _)| {
        // A key that compares otherwise than byte for byte would be another key's.
        let kind = collation.map_or(kind.clone(), |collation| format!("{kind} collate {collation}"));
        Column { name, kind, nullable, has_default, unique }
    };
    let rows = sql::<(Text, Text, Nullable<Text>, Bool, Bool, Bool)>(
        "WITH indices AS MATERIALIZED (\
             SELECT i.origin, i.\"unique\" AND NOT i.partial AS is_unique, \
                 (SELECT count(*) FROM pragma_index_info(i.name)) AS width, x.name, x.coll \
             FROM pragma_index_list(",
    )
    .bind::<Text, _>(table)
    .sql(
        ") AS i JOIN pragma_index_xinfo(i.name) AS x ON x.key\
         ) \
         SELECT c.name, lower(c.type), \
             (SELECT lower(min(coll)) FROM indices WHERE name = c.name AND is_unique AND width = 1 \
                 GROUP BY name HAVING sum(coll = 'BINARY') = 0), \
             c.\"notnull\" = 0 AND c.pk = 0, \
             c.dflt_value IS NOT NULL OR (c.pk = 1 AND lower(c.type) = 'integer' \
                 AND NOT EXISTS (SELECT 1 FROM indices WHERE origin = 'pk')), \
             EXISTS (SELECT 1 FROM indices WHERE name = c.name AND is_unique AND width = 1) \
         FROM pragma_table_info(",
    )
    .bind::<Text, _>(table)
    .sql(") AS c ORDER BY c.cid")
    .load::<(String, String, Option<String>, bool, bool, bool)>(connection)?;
    Ok(rows.into_iter().map(column).collect())
}

fn json_array(keys: &[&str]) -> String {
    let mut json = String::with_capacity(keys.iter().map(|key| key.len() + 3).sum::<usize>() + 2);
    for (at, key) in keys.iter().enumerate() {
        json.push_str(if at == 0 { "[\"" } else { ",\"" });
        for c in key.chars() {
            match c {
                '"' | '\\' => json.extend(['\\', c]),
                c if c < ' ' => json.push_str(&format!("\\u{:04x}", u32::from(c))),
                c => json.push(c),
            }
        }
        json.push('"');
    }
    json.push_str(if keys.is_empty() { "[]" } else { "]" });
    json
}

/// A column declared for bytes may hold anything in SQLite.
impl FromSql<Nullable<Binary>, Sqlite> for FoundValue {
    fn from_sql(mut value: SqliteValue<'_, '_, '_>) -> deserialize::Result<Self> {
        Ok(match value.value_type() {
            Some(SqliteType::Binary) => Self::bytes(value.read_blob()),
            Some(SqliteType::Text) => Self::foreign("a text"),
            Some(SqliteType::Integer | SqliteType::SmallInt | SqliteType::Long) => Self::foreign("an integer"),
            Some(SqliteType::Float | SqliteType::Double) => Self::foreign("a real number"),
            None => Self::foreign("an SQL NULL"),
        })
    }

    fn from_nullable_sql(value: Option<SqliteValue<'_, '_, '_>>) -> deserialize::Result<Self> {
        match value {
            Some(value) => FromSql::<Nullable<Binary>, Sqlite>::from_sql(value),
            None => Ok(Self::foreign("an SQL NULL")),
        }
    }
}

impl FromSql<Text, Sqlite> for FoundKey {
    fn from_sql(mut value: SqliteValue<'_, '_, '_>) -> deserialize::Result<Self> {
        // What is not UTF-8 is read with replacement characters. That makes no other key of it: a row is found by its
        // bytes, so that only the name can be replaced, and a name is ASCII.
        Ok(Self(value.read_text().as_bytes().into()))
    }
}

#[cfg(test)]
mod tests {
    use super::json_array;

    #[test]
    fn keys_are_escaped_in_json() {
        assert_eq!(json_array(&["a", "q\"\\:b", "t\u{1}:\u{e9}"]), "[\"a\",\"q\\\"\\\\:b\",\"t\\u0001:\u{e9}\"]");
        assert_eq!(json_array(&[]), "[]");
    }
}
