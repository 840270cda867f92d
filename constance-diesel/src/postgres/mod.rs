//! PostgreSQL.

mod catalog;
mod connect;
mod connect_failure;
mod context;
mod failure;
#[cfg(feature = "listen")]
mod listen;
mod messages;
mod migration;
mod parameters;
mod policies;
mod probe;
mod statements;
mod target;
mod watch;

use constance_core::{
    Result, Warning,
    backend::{Stored, Watch},
};
use diesel::RunQueryDsl;
use diesel::pg::PgConnection;
use diesel::result::{Error as DriverError, OptionalExtension, QueryResult};

use self::context::{Doing, with_context};
use self::statements::{Replace, RowsOf, SetAll, Take};
use self::target::Target;
use crate::DieselBackend;
use crate::dialect::{Options, Purpose, Verbs};
use crate::error::Failure;
use crate::layout::{self, Layout};
use crate::migrate::Step;
use crate::query::{
    AnyKey, Bound, Clash, Delete, Forget, Insert, KeyParam, KeysIn, Record, RowsIn, UpdateIf, Usual, ValueOf, Versions,
};
use crate::schema::{Column, FoundKey, FoundValue, Row, Tables};

/// Settings in a PostgreSQL database.
pub type PostgresBackend = DieselBackend<PgConnection>;

/// The time of a change.
const NOW: &str = "CURRENT_TIMESTAMP";

/// The longest value, in bytes. PostgreSQL ends a row and a message at 1 GiB, and this leaves room for the rest of both.
const LONGEST: usize = (1 << 30) - (1 << 16);

impl Verbs for PgConnection {
    const NAME: &'static str = "postgres";
    const NETWORK: bool = true;
    const UNDOES_CHANGES_OF_TABLES: bool = true;
    // Measured, keys looked up one by one / as a range without others in it: 2 keys 62 / 51 us, 13 keys 181 / 122, 32 keys
    // 194 / 75, 100 keys 492 / 203. A range full of others costs a second statement, which few keys are not worth.
    const RANGE_FROM: usize = 16;
    const NOW: &'static str = NOW;
    const COLUMNS: [(&'static str, &'static [&'static str]); 4] = [
        ("key", &["text COLLATE \"C\"", "character varying COLLATE \"C\"", "character varying(255) COLLATE \"C\""]),
        ("value", &["bytea"]),
        ("revision", &["bigint", "integer"]),
        ("changed_at", &["timestamp with time zone"]),
    ];
    const COLUMNS_OF_DJANGO: [(&'static str, &'static [&'static str]); 2] = [
        ("key", &["character varying(255) COLLATE \"default\"", "character varying(255) COLLATE \"C\""]),
        ("value", &["text"]),
    ];

    type Target = Target;
    // A name is looked up for each connection, and what it led to is closed where it goes.
    type Mark = ();
    type Seen = probe::Seen;

    fn target(url: &str) -> Result<Target> {
        Target::parse(url)
    }

    fn target_of(&mut self) -> Result<Option<Target>, Failure> {
        Ok(None)
    }

    fn location(target: &Target) -> Option<String> {
        target.location()
    }

    fn identity(target: &Target) -> Option<String> {
        target.identity()
    }

    fn warnings(&mut self, tables: &Tables) -> QueryResult<Vec<Warning>> {
        policies::warnings(self, tables)
    }

    fn mark(_: &Target) {}

    fn open(target: &Target, purpose: Purpose, options: &Options) -> Result<Self> {
        connect::open(target, purpose, options)
    }

    fn begin_write(&mut self) -> QueryResult<()> {
        migration::begin(self)
    }

    fn value_of(&mut self, statement: ValueOf<'_>) -> QueryResult<Option<FoundValue>> {
        with_context(self, statement.tables, Doing::Reading, |connection| {
            match Usual::of(statement) {
                Ok(usual) => usual.get_result(connection),
                Err(statement) => statement.get_result(connection),
            }
            .optional()
        })
    }

    fn rows_in(&mut self, statement: RowsIn<'_>) -> QueryResult<Vec<Row>> {
        with_context(self, statement.tables, Doing::Reading, |connection| statement.load(connection))
    }

    fn keys_in(&mut self, statement: KeysIn<'_>) -> QueryResult<Vec<FoundKey>> {
        with_context(self, statement.tables, Doing::Reading, |connection| statement.load(connection))
    }

    fn rows_of(&mut self, tables: &Tables, keys: &[&str]) -> QueryResult<Vec<Row>> {
        let statement = RowsOf { tables, keys, locked: false };
        with_context(self, tables, Doing::Reading, |connection| statement.load(connection))
    }

    fn rows_locked(&mut self, tables: &Tables, keys: &[&str]) -> QueryResult<Vec<Row>> {
        let statement = RowsOf { tables, keys, locked: true };
        with_context(self, tables, Doing::Writing, |connection| statement.load(connection))
    }

    fn insert(&mut self, statement: Insert<'_>) -> QueryResult<bool> {
        fits([&statement.value])?;
        if let Some(update) = layout::update_first(&statement)
            && self.update_if(update)?
        {
            return Ok(true);
        }
        with_context(self, statement.tables, Doing::Writing, |connection| {
            statement.execute(connection).map(|rows| rows > 0)
        })
    }

    fn update_if(&mut self, statement: UpdateIf<'_>) -> QueryResult<bool> {
        fits(statement.old.iter().chain([&statement.value]))?;
        with_context(self, statement.tables, Doing::Writing, |connection| {
            statement.execute(connection).map(|rows| rows > 0)
        })
    }

    fn delete(&mut self, statement: Delete<'_>) -> QueryResult<bool> {
        fits(&statement.old)?;
        with_context(self, statement.tables, Doing::Writing, |connection| {
            statement.execute(connection).map(|rows| rows > 0)
        })
    }

    fn replace(&mut self, tables: &Tables, key: &str, value: &[u8]) -> QueryResult<Option<Stored>> {
        fits([&Bound(value)])?;
        let key = KeyParam(key);
        let statement = Replace { tables, key, value: Bound(value) };
        let replaced = with_context(self, tables, Doing::Writing, |connection| {
            statement.get_result::<FoundValue>(connection).optional()
        })?;
        if let Some(FoundValue(stored)) = replaced {
            return Ok(Some(stored));
        }
        let insert = Insert { tables, key, value: Bound(value), now: NOW, clash: Clash::Keep };
        Ok(self.insert(insert)?.then_some(Stored::Absent))
    }

    fn take(&mut self, tables: &Tables, key: &str) -> QueryResult<Option<Stored>> {
        let statement = Take { tables, key: KeyParam(key) };
        let taken = with_context(self, tables, Doing::Writing, |connection| {
            statement.get_result::<FoundValue>(connection).optional()
        })?;
        Ok(Some(taken.map_or(Stored::Absent, |FoundValue(stored)| stored)))
    }

    fn set_all(&mut self, tables: &Tables, rows: &[(&str, &[u8])]) -> QueryResult<bool> {
        // Each row of one statement would take a number for `id`, see `update_first`.
        if tables.layout == Layout::Django {
            return Ok(false);
        }
        // All of it is one message.
        if rows.iter().map(|(key, value)| key.len() + value.len() + 16).sum::<usize>() > LONGEST {
            return Ok(false);
        }
        let (keys, values) = rows.iter().map(|(key, value)| (*key, Bound(value))).unzip();
        let statement = SetAll { tables, keys, values, clash: Clash::Replace(tables) };
        with_context(self, tables, Doing::Writing, |connection| statement.execute(connection).map(|_| true))
    }

    fn undone(&mut self, error: &DriverError) -> bool {
        failure::is_undone(self, error)
    }

    fn columns(&mut self, table: &str) -> QueryResult<Vec<Column>> {
        catalog::columns(self, table)
    }

    fn has_table(&mut self, name: &str) -> QueryResult<bool> {
        catalog::has_table(self, name)
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

    fn keep_writers_out(&mut self, tables: &Tables) -> QueryResult<()> {
        migration::lock(self, tables)
    }

    fn made(&mut self, tables: &Tables, version: &str) -> QueryResult<bool> {
        if version == migration::NOTIFY { migration::has_trigger(self, tables) } else { Ok(true) }
    }

    fn steps(tables: &Tables) -> Vec<Step> {
        migration::steps(tables)
    }

    fn create_versions(tables: &Tables) -> String {
        migration::create_versions(tables)
    }

    fn migrating<T>(
        &mut self,
        tables: &Tables,
        _: &Options,
        work: impl FnOnce(&mut Self) -> QueryResult<T>,
    ) -> QueryResult<T> {
        with_context(self, tables, Doing::Migrating, |connection| migration::alone(connection, tables, work))
    }

    fn changed(&mut self, tables: &Tables, seen: &mut probe::Seen) -> QueryResult<bool> {
        with_context(self, tables, Doing::Reading, |connection| probe::changed(connection, tables, seen))
    }

    fn feed(target: &Target, tables: &Tables, options: &Options) -> Result<Box<dyn Watch>> {
        watch::open(target, tables, options)
    }

    fn failure(&mut self, error: &DriverError) -> Failure {
        failure::of(self, error)
    }
}

/// The server closes a connection on which it is sent more than it can take.
fn fits<'v>(values: impl IntoIterator<Item = &'v Bound<'v>>) -> QueryResult<()> {
    if values.into_iter().map(|value| value.0.len()).sum::<usize>() > LONGEST {
        return Err(DriverError::SerializationError("too long".into()));
    }
    Ok(())
}
