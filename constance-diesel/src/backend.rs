//! The backend.

use std::fmt;

use constance_core::{
    Applied, Backend, Batch, Capability, Change, Encoded, Expect, Key, Prefix, Result, Stored, To, Watch,
};
use diesel::Connection;
use diesel::connection::TransactionManager;
use diesel::result::QueryResult;
use r2d2::ManageConnection;

use crate::Builder;
use crate::dialect::{Dialect, Options};
use crate::pool::{For, Pool};
use crate::query::{Bound, Delete, RowsIn, Upsert, ValueOf};
use crate::schema::{FoundValue, Row, Tables};

/// Settings in a database that diesel speaks to, by the type of its connection.
///
/// ```
/// # #[cfg(feature = "sqlite")] {
/// # let dir = tempfile::tempdir().unwrap();
/// # let url = format!("sqlite://{}/settings.sqlite3", dir.path().display());
/// use constance_core::{Backend, Batch, Change, Encoded, Prefix};
/// use constance_diesel::DieselBackend;
/// use diesel::SqliteConnection;
///
/// let backend = DieselBackend::<SqliteConnection>::from_url(&url)?;
/// backend.migrate()?;
///
/// let key = Prefix::empty().key("theme")?;
/// backend.write(&Batch::one(Change::set(key.clone(), Encoded::from(b"dark".to_vec()))))?;
/// assert_eq!(backend.read(&[&key])?[0].value().map(Encoded::as_bytes), Some(&b"dark"[..]));
/// # }
/// # Ok::<(), constance_core::Error>(())
/// ```
pub struct DieselBackend<C: Dialect> {
    pub(crate) pool: Pool<C>,
    pub(crate) tables: Tables,
    pub(crate) options: Options,
    prefix: Prefix,
}

impl<C: Dialect> DieselBackend<C> {
    pub(crate) fn new(pool: Pool<C>, tables: Tables, options: Options, prefix: Prefix) -> Self {
        Self { pool, tables, options, prefix }
    }

    /// A backend for the database that a URL names, with a pool of its own. No I/O.
    ///
    /// # Errors
    ///
    /// `Configuration` where the URL is not one of this database. It is never shown.
    pub fn from_url(url: &str) -> Result<Self> {
        Self::builder().url(url).build()
    }

    /// Options, where the defaults will not do.
    pub fn builder() -> Builder<C> {
        Builder::new()
    }

    /// A backend over a pool that the application has already. No I/O.
    ///
    /// Any manager will do whose connection is the diesel connection, such as `diesel::r2d2::ConnectionManager`. The pool
    /// stays the application's, and so do two things that a pool of our own does:
    ///
    /// - Leave `test_on_check_out` at its default, `true`. diesel's manager keeps a connection that has failed, and
    ///   without the test every later call would be handed the same dead one. It costs one statement per call, which is
    ///   why a pool of our own marks the connections that failed in its place.
    /// - On SQLite set a `busy_timeout` in a connection customizer. SQLite's default is zero, and then two writers at the
    ///   same moment are one `Timeout`.
    ///
    /// ```
    /// # #[cfg(feature = "sqlite")] {
    /// # let dir = tempfile::tempdir().unwrap();
    /// # let path = format!("{}/app.sqlite3", dir.path().display());
    /// use constance_diesel::SqliteBackend;
    /// use diesel::SqliteConnection;
    /// use diesel::r2d2::{ConnectionManager, Pool};
    ///
    /// let pool = Pool::builder().build_unchecked(ConnectionManager::<SqliteConnection>::new(path));
    /// let backend = SqliteBackend::with_pool(pool.clone());
    /// assert_eq!(backend.migrate()?.len(), 1);
    /// # }
    /// # Ok::<(), constance_core::Error>(())
    /// ```
    pub fn with_pool<M>(pool: r2d2::Pool<M>) -> Self
    where
        M: ManageConnection<Connection = C>,
    {
        Builder::over(Box::new(pool))
    }

    fn one(&self, connection: &mut C, key: &Key) -> QueryResult<Stored> {
        let found = connection.value_of(ValueOf { tables: &self.tables, key: key.as_str() })?;
        Ok(found.map_or(Stored::Absent, |FoundValue(stored)| stored))
    }

    /// What is stored under these keys, from one statement, so that they are all of one moment.
    fn many(&self, connection: &mut C, keys: &[&Key]) -> QueryResult<Vec<Stored>> {
        match keys {
            [] => return Ok(Vec::new()),
            [key] => return Ok(vec![self.one(connection, key)?]),
            _ => {}
        }
        let mut wanted: Vec<(&str, usize)> = keys.iter().enumerate().map(|(at, key)| (key.as_str(), at)).collect();
        wanted.sort_unstable();
        let rows = match self.range(connection, keys, &wanted)? {
            Some(rows) => rows,
            None => connection.rows_of(&self.tables, &wanted.iter().map(|(key, _)| *key).collect::<Vec<_>>())?,
        };
        let mut answers = vec![Stored::Absent; keys.len()];
        for (key, FoundValue(stored)) in rows {
            let from = wanted.partition_point(|(wanted, _)| wanted.as_bytes() < key.0.as_slice());
            // A key may be asked for twice.
            for (_, at) in wanted[from..].iter().take_while(|(wanted, _)| wanted.as_bytes() == key.0) {
                answers[*at] = stored.clone();
            }
        }
        Ok(answers)
    }

    /// The rows from the least to the greatest of these keys, or `None` where looking each one up is cheaper.
    ///
    /// Between them may lie any number of rows that nobody asked for, so no more than twice as many are read as there are
    /// keys; if that did not reach the end, nothing of it is used, since a second statement would see another moment.
    fn range(&self, connection: &mut C, keys: &[&Key], sorted: &[(&str, usize)]) -> QueryResult<Option<Vec<Row>>> {
        let prefix = keys[0].prefix();
        if keys.len() < C::RANGE_FROM || keys.iter().any(|key| key.prefix() != prefix) {
            return Ok(None);
        }
        let (low, high) = (sorted[0].0, sorted[sorted.len() - 1].0);
        let limit = keys.len() * 2;
        let statement = RowsIn { tables: &self.tables, low, high, limit: limit as i64 };
        let rows = connection.rows_in(statement)?;
        Ok((rows.len() < limit).then_some(rows))
    }

    fn change(&self, connection: &mut C, change: &Change) -> QueryResult<()> {
        let (tables, key) = (&self.tables, change.key.as_str());
        match &change.to {
            To::Set(value) => {
                let value = Bound(value.as_bytes());
                connection.upsert(Upsert { tables, key, value, now: C::NOW }).map(drop)
            }
            To::Remove => connection.delete(Delete { tables, key }).map(drop),
            To::Keep => Ok(()),
        }
    }

    /// Reads what the batch asks about, checks it, and applies the changes. The caller holds the transaction.
    fn apply(&self, connection: &mut C, batch: &Batch) -> QueryResult<Applied> {
        let asked = |change: &Change| batch.want_previous() || change.expect != Expect::Any;
        let keys: Vec<&Key> = batch.changes().iter().filter(|c| asked(c)).map(|c| &c.key).collect();
        let mut found = self.many(connection, &keys)?.into_iter();
        let mut previous = Vec::new();
        for (index, change) in batch.changes().iter().enumerate().filter(|(_, c)| asked(c)) {
            let current = found.next().unwrap_or(Stored::Absent);
            if !change.expect.holds(&current) {
                return Ok(Applied::Conflict { index, current });
            }
            if batch.want_previous() {
                previous.push(current);
            }
        }
        for change in batch.changes() {
            self.change(connection, change)?;
        }
        Ok(Applied::Done(previous))
    }
}

/// Runs `work` in a transaction that has begun, and ends it: as done where `keep` says so, else undone.
pub(crate) fn finish<C: Connection, T>(
    connection: &mut C,
    work: impl FnOnce(&mut C) -> QueryResult<T>,
    keep: impl FnOnce(&T) -> bool,
) -> QueryResult<T> {
    let done = work(connection);
    if done.as_ref().is_ok_and(keep) {
        C::TransactionManager::commit_transaction(connection)?;
        return done;
    }
    let undone = C::TransactionManager::rollback_transaction(connection);
    // What went wrong first tells more than a rollback of a transaction that the database ended by itself.
    let value = done?;
    undone?;
    Ok(value)
}

impl<C: Dialect> Backend for DieselBackend<C> {
    fn name(&self) -> &str {
        C::NAME
    }

    fn capability(&self) -> Capability {
        Capability::new().with_watch(true).with_persistent(true).with_shared(true)
    }

    fn read(&self, keys: &[&Key]) -> Result<Vec<Stored>> {
        if keys.is_empty() {
            return Ok(Vec::new());
        }
        self.pool.run(For::Reading, |connection| self.many(connection, keys))
    }

    fn list(&self, prefix: &Prefix) -> Result<Vec<(Key, Stored)>> {
        // A name is ASCII, so that every key of the prefix comes before this.
        let (low, high) = (prefix.as_str(), format!("{prefix}\u{7f}"));
        let statement = RowsIn { tables: &self.tables, low, high: &high, limit: i64::MAX };
        let rows = self.pool.run(For::Reading, |connection| connection.rows_in(statement))?;
        Ok(rows.into_iter().filter_map(|(key, FoundValue(stored))| Some((prefix.key_of(&key.0)?, stored))).collect())
    }

    fn write(&self, batch: &Batch) -> Result<Applied> {
        let changes = batch.changes();
        let blind = !batch.want_previous() && changes.iter().all(|change| change.expect == Expect::Any);
        let checks = changes.iter().all(|change| change.to == To::Keep);
        self.pool.run(For::Writing, |connection| {
            if blind && changes.len() <= 1 {
                changes.iter().try_for_each(|change| self.change(connection, change))?;
                return Ok(Applied::Done(Vec::new()));
            }
            if checks {
                // One statement sees one moment; nobody else need wait for that.
                return self.apply(connection, batch);
            }
            connection.begin_write()?;
            finish(
                connection,
                |connection| self.apply(connection, batch),
                |applied| matches!(applied, Applied::Done(_)),
            )
        })
    }

    fn visit(&self, key: &Key, visitor: &mut dyn FnMut(Option<&[u8]>)) -> Result<()> {
        // The connection is back in the pool before the visitor runs: with a pool of one, a visitor that reads would wait
        // for itself.
        let stored = self.pool.run(For::Reading, |connection| self.one(connection, key))?;
        visitor(stored.bytes()?.map(Encoded::as_bytes));
        Ok(())
    }

    fn watch(&self, _: &Prefix) -> Result<Box<dyn Watch>> {
        let target = match &self.pool {
            Pool::Own { door, .. } => door.target.clone(),
            Pool::Brought(_) => {
                let mut lease = self.pool.lease(For::Writing)?;
                lease.connection().target_of().map_err(|fault| lease.finish(fault))?
            }
        };
        C::feed(&target, &self.tables, &self.options)
    }

    fn default_prefix(&self) -> Prefix {
        self.prefix.clone()
    }

    fn migrate(&self) -> Result<()> {
        Self::migrate(self).map(drop)
    }
}

impl<C: Dialect> fmt::Debug for DieselBackend<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { pool, tables, options, prefix } = self;
        f.debug_struct("DieselBackend")
            .field("database", &C::NAME)
            .field("pool", pool)
            .field("tables", tables)
            .field("options", options)
            .field("prefix", prefix)
            .finish()
    }
}
