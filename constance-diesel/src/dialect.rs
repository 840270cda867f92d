//! What differs between databases.

use std::time::Duration;

use constance_core::{Result, Watch};
use diesel::r2d2::R2D2Connection;
use diesel::result::QueryResult;

use crate::error::Fault;
use crate::migrate::Step;
use crate::query::{Delete, Forget, Record, RowsIn, Upsert, ValueOf, Versions};
use crate::schema::{FoundValue, Row, Tables};

/// A diesel connection type that settings can be stored through.
///
/// It is sealed: what it asks of a database may grow. Implemented for `diesel::SqliteConnection` with the feature
/// `sqlite`.
pub trait Dialect: Verbs {}

impl<C: Verbs> Dialect for C {}

/// What one database does otherwise than another.
pub trait Verbs: R2D2Connection + Send + 'static {
    /// The backend's name in errors.
    const NAME: &'static str;
    /// The least number of keys for which reading the range that holds them beats looking each one up.
    const RANGE_FROM: usize;

    /// Where the database is, as its URL says.
    type Target: Clone + Send + Sync + 'static;
    /// Tells whether what an open connection leads to is still what the target names.
    type Mark: PartialEq + Send + 'static;

    /// Reads a URL. No I/O.
    fn target(url: &str) -> Result<Self::Target>;
    /// Where a connection that somebody else opened leads to.
    fn target_of(&mut self) -> Result<Self::Target, Fault>;
    /// Looks at what the target names now.
    fn mark(target: &Self::Target) -> Self::Mark;
    /// Opens a connection and readies it.
    fn open(target: &Self::Target, purpose: Purpose, options: &Options) -> Result<Self>;

    /// Begins a transaction that reads first and then writes.
    fn begin_write(&mut self) -> QueryResult<()>;
    /// Runs a [`ValueOf`].
    fn value_of(&mut self, statement: ValueOf<'_>) -> QueryResult<Option<FoundValue>>;
    /// Runs a [`RowsIn`].
    fn rows_in(&mut self, statement: RowsIn<'_>) -> QueryResult<Vec<Row>>;
    /// The rows of these keys, each by its key, in one statement however many there are.
    fn rows_of(&mut self, tables: &Tables, keys: &[&str]) -> QueryResult<Vec<Row>>;
    /// Runs an [`Upsert`], or what the database has in its place.
    fn upsert(&mut self, statement: Upsert<'_>) -> QueryResult<usize>;
    /// Runs a [`Delete`].
    fn delete(&mut self, statement: Delete<'_>) -> QueryResult<usize>;
    /// The expression for the time of a change.
    const NOW: &'static str;

    /// Whether a table exists.
    fn has_table(&mut self, name: &str) -> QueryResult<bool>;
    /// Runs a [`Versions`].
    fn versions(&mut self, statement: Versions<'_>) -> QueryResult<Vec<String>>;
    /// Runs a [`Record`].
    fn record(&mut self, statement: Record<'_>) -> QueryResult<usize>;
    /// Runs a [`Forget`].
    fn forget(&mut self, statement: Forget<'_>) -> QueryResult<usize>;
    /// The migrations, oldest first.
    fn steps(tables: &Tables) -> Vec<Step>;
    /// The statement that creates the table of versions where it is missing.
    fn create_versions(tables: &Tables) -> String;
    /// Readies the database for the tables, outside any transaction; safe to repeat.
    fn prepare(&mut self, options: &Options) -> QueryResult<()>;
    /// Begins the transaction of the migrations, which keeps every other migration out.
    fn begin_migration(&mut self) -> QueryResult<()>;

    /// Opens a feed of changes.
    fn feed(target: &Self::Target, tables: &Tables, options: &Options) -> Result<Box<dyn Watch>>;

    /// Puts a failure into words of our own.
    fn fault(&mut self, error: &diesel::result::Error) -> Fault;
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

/// The times that a connection is opened with.
#[derive(Debug, Clone)]
pub struct Options {
    pub(crate) busy_timeout: Duration,
    pub(crate) watch_interval: Duration,
}
