//! What differs between databases.

use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::Duration;

use constance_core::{
    Result, Warning,
    backend::{Stored, Watch},
};
use diesel::connection::TransactionManager;
use diesel::r2d2::R2D2Connection;
use diesel::result::{Error as DriverError, QueryResult};

use crate::error::Failure;
use crate::look_interval::LookInterval;
use crate::migrate::Step;
use crate::query::{AnyKey, Delete, Forget, Insert, KeysIn, Record, RowsIn, UpdateIf, ValueOf, Versions};
use crate::schema::{Column, FoundKey, FoundValue, Row, Tables};

/// A diesel connection type that settings can be stored through.
///
/// It is sealed: what it asks of a database may grow. Implemented for `diesel::SqliteConnection` with the feature
/// `sqlite`, for `diesel::PgConnection` with `postgres` and for `diesel::MysqlConnection` with `mysql`.
pub trait Dialect: Verbs {}

impl<C: Verbs> Dialect for C {}

/// What one database does otherwise than another.
pub trait Verbs: R2D2Connection + Send + 'static {
    /// The backend's name in errors.
    const NAME: &'static str;
    /// Whether a connection can die while nobody uses it.
    const NETWORK: bool;
    /// The least number of keys for which reading the range that holds them beats looking each one up.
    const RANGE_FROM: usize;

    /// Where the database is, as its URL says.
    type Target: Clone + Send + Sync + 'static;
    /// Tells whether what an open connection leads to is still what the target names.
    type Mark: PartialEq + Send + 'static;

    /// Where the store is, for errors: host and port, or a file. No user, and nothing else of the URL.
    fn location(target: &Self::Target) -> Option<String>;

    /// Reads a URL. No I/O.
    fn target(url: &str) -> Result<Self::Target>;
    /// Why the database takes no table of this name, where it does not.
    fn refuses_table(name: &str) -> Option<&'static str> {
        let _ = name;
        None
    }
    /// Where a connection that somebody else opened leads to; `None` where it does not tell. Then changes are looked for over
    /// connections of that pool.
    fn target_of(&mut self) -> Result<Option<Self::Target>, Failure>;
    /// Which database the target names, where that can be told: see [`Backend::identity`](constance_core::Backend::identity).
    fn identity(target: &Self::Target) -> Option<String>;
    /// What is to be known of connections to the target, whatever the server says. No I/O. Default: nothing.
    fn cautions(target: &Self::Target) -> Vec<Warning> {
        let _ = target;
        Vec::new()
    }
    /// What is to be known of the table, by what the server says. Default: nothing.
    fn warnings(&mut self, tables: &Tables) -> QueryResult<Vec<Warning>> {
        let _ = tables;
        Ok(Vec::new())
    }
    /// Looks at what the target names now.
    fn mark(target: &Self::Target) -> Self::Mark;
    /// Opens a connection and readies it.
    fn open(target: &Self::Target, purpose: Purpose, options: &Options) -> Result<Self>;

    /// Begins a transaction that reads first and then writes.
    fn begin_write(&mut self) -> QueryResult<()>;
    /// Ends the innermost transaction or savepoint as done; the outermost one is undone where that fails.
    fn commit(&mut self) -> QueryResult<()> {
        Self::TransactionManager::commit_transaction(self)
    }
    /// Runs a [`ValueOf`].
    fn value_of(&mut self, statement: ValueOf<'_>) -> QueryResult<Option<FoundValue>>;
    /// Runs a [`RowsIn`].
    fn rows_in(&mut self, statement: RowsIn<'_>) -> QueryResult<Vec<Row>>;
    /// Runs a [`KeysIn`].
    fn keys_in(&mut self, statement: KeysIn<'_>) -> QueryResult<Vec<FoundKey>>;
    /// The rows of these keys, each by its key, in one statement however many there are.
    fn rows_of(&mut self, tables: &Tables, keys: &[&str]) -> QueryResult<Vec<Row>>;
    /// As [`rows_of`](Self::rows_of), inside a transaction that is going to change them: nobody else can until it ends.
    /// `keys` are sorted, and rows are locked in that order.
    fn rows_locked(&mut self, tables: &Tables, keys: &[&str]) -> QueryResult<Vec<Row>>;
    /// Runs an [`Insert`]; whether it stored the value. With [`Clash::Keep`](crate::query::Clash::Keep) a key that has a row
    /// is `false` and no error; one that another transaction is about to store is waited for.
    fn insert(&mut self, statement: Insert<'_>) -> QueryResult<bool>;
    /// Runs an [`UpdateIf`]; whether there was such a row, also where it had the new value already. `false` as well where the old
    /// and the new value are longer than the database takes in one statement, and the new one alone is not; nothing was changed.
    fn update_if(&mut self, statement: UpdateIf<'_>) -> QueryResult<bool>;
    /// Runs a [`Delete`]; whether there was such a row. `false` as well where the old value is longer than the database takes in
    /// a statement; nothing was changed.
    fn delete(&mut self, statement: Delete<'_>) -> QueryResult<bool>;
    /// Stores a value, whatever is there, and gives what was there, in one statement. `None`: the database cannot, or
    /// somebody came in between; nothing was stored.
    fn replace(&mut self, tables: &Tables, key: &str, value: &[u8]) -> QueryResult<Option<Stored>> {
        let _ = (tables, key, value);
        Ok(None)
    }
    /// Removes a key and gives what was there, in one statement. `None`: the database cannot; nothing was removed.
    fn take(&mut self, tables: &Tables, key: &str) -> QueryResult<Option<Stored>> {
        let _ = (tables, key);
        Ok(None)
    }
    /// Stores all of these, whatever is there, in one statement; the keys are sorted and none is there twice. `false`: the
    /// database cannot; nothing was stored.
    fn set_all(&mut self, tables: &Tables, rows: &[(&str, &[u8])]) -> QueryResult<bool> {
        let _ = (tables, rows);
        Ok(false)
    }
    /// Whether the database undid the whole transaction so that others can go on (a deadlock, a failed serialization), and it
    /// may be begun again.
    fn undone(&mut self, error: &DriverError) -> bool;
    /// Whether the whole transaction of the application's has ended, and not only the savepoint that a call is. `depth` is that of
    /// the transaction outside the call, which has done nothing yet or is undone already. Where it has, nothing that is done next
    /// on this connection is stored.
    fn ended_all(&mut self, depth: NonZeroU32) -> bool {
        let _ = depth;
        false
    }
    /// The expression for the time of a change.
    const NOW: &'static str;

    /// The columns of the settings table, in the order in which migrations made them, each with the types that will do, as
    /// [`Column::kind`] has them.
    const COLUMNS: [(&'static str, &'static [&'static str]); 4];
    /// The same for the columns that Django's migrations make, beside `id`; its values may be null.
    const COLUMNS_OF_DJANGO: [(&'static str, &'static [&'static str]); 2];
    /// The columns of a table; none where there is no such table.
    fn columns(&mut self, table: &str) -> QueryResult<Vec<Column>>;
    /// Whether a table exists.
    fn has_table(&mut self, name: &str) -> QueryResult<bool>;
    /// Runs a [`Versions`].
    fn versions(&mut self, statement: Versions<'_>) -> QueryResult<Vec<String>>;
    /// Runs a [`Record`].
    fn record(&mut self, statement: Record<'_>) -> QueryResult<usize>;
    /// Runs a [`Forget`].
    fn forget(&mut self, statement: Forget<'_>) -> QueryResult<usize>;
    /// Runs an [`AnyKey`]; whether there is a row.
    fn has_rows(&mut self, statement: AnyKey<'_>) -> QueryResult<bool>;
    /// Keeps every other connection from writing to the settings table until [`migrating`](Self::migrating) ends.
    fn keep_writers_out(&mut self, tables: &Tables) -> QueryResult<()>;
    /// Whether what a migration makes beside columns, such as a trigger, is there.
    fn made(&mut self, tables: &Tables, version: &str) -> QueryResult<bool> {
        let _ = (tables, version);
        Ok(true)
    }
    /// Whether a transaction undoes changes of tables. Where not, a migration may have been done and not noted. It is told by
    /// the columns and by [`made`](Self::made), so that each has to be one statement.
    const UNDOES_CHANGES_OF_TABLES: bool;
    /// The migrations, oldest first.
    fn steps(tables: &Tables) -> Vec<Step>;
    /// The statement that creates the table of versions where it is missing.
    fn create_versions(tables: &Tables) -> String;
    /// Runs `work` so that no other migration of these tables runs at the same time, in this process or another. As one
    /// transaction where the database can undo changes of tables; where not, every step is safe to repeat.
    fn migrating<T>(
        &mut self,
        tables: &Tables,
        options: &Options,
        work: impl FnOnce(&mut Self) -> QueryResult<T>,
    ) -> QueryResult<T>;

    /// What [`changed`](Self::changed) remembers.
    type Seen: Default + Send;
    /// Whether anything changed in the settings table since `seen` was asked last, by whomever; `true` the first time. Asked
    /// over any connection, for feeds that have none of their own.
    fn changed(&mut self, tables: &Tables, seen: &mut Self::Seen) -> QueryResult<bool> {
        let _ = (tables, seen);
        Ok(true)
    }
    /// Opens a feed of changes.
    fn feed(target: &Self::Target, tables: &Tables, options: &Options) -> Result<Box<dyn Watch>>;

    /// Puts a failure into words of our own.
    fn failure(&mut self, error: &DriverError) -> Failure;
}

/// What a connection is opened for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// Reading and writing settings.
    Serve,
    /// Creating what is missing.
    Migrate,
    /// Looking for changes.
    Watch,
}

/// What a connection is opened with.
#[derive(Debug, Clone)]
pub struct Options {
    /// How long a connection may take to be made.
    pub(crate) connect_timeout: Duration,
    /// How long a statement waits for a lock.
    pub(crate) busy_timeout: Duration,
    /// How long a statement may take in all, where there is a network; then the connection counts as dead.
    pub(crate) statement_timeout: Duration,
    /// How often a feed looks.
    pub(crate) look_interval: LookInterval,
    /// How long a call may take, with everything that belongs to it.
    pub(crate) call_timeout: Option<Duration>,
    /// The permissions of a file that is made.
    pub(crate) file_mode: u32,
    /// The settings table, where a connection is asked whether it may be seen.
    #[cfg_attr(not(feature = "postgres"), expect(dead_code, reason = "PostgreSQL alone hides rows"))]
    pub(crate) table: Option<Arc<str>>,
}
