//! Settings inside a transaction of the application's.

use std::fmt;
use std::num::NonZeroU32;
use std::time::Duration;

use constance_core::{
    Backend, Error, ErrorKind, Prefix, Result, Warning,
    backend::{Applied, Batch, Capability, Encoded, Key, Portion, Stored},
};
use constance_pool::Purpose;
use diesel::connection::TransactionManager;
use parking_lot::Mutex;

use crate::DieselBackend;
use crate::dialect::Dialect;
use crate::error::MIGRATE;
use crate::failure::Failure;
use crate::layout::Layout;
use crate::migrate::Harness;
use crate::schema::Tables;
use crate::store::Store;

/// Settings as a transaction of the application's sees them; from [`DieselBackend::within`].
///
/// Every call is a savepoint in that transaction, reads too: one that fails is undone and leaves the transaction as it was,
/// which on PostgreSQL it would not be otherwise; so a call costs two statements more, and a write three on MySQL and MariaDB.
/// Several threads take turns. There is no feed of changes, and [`Backend::migrate`] refuses where something is pending:
/// migrating is a transaction of its own.
///
/// MySQL and MariaDB undo more than the call where it was the one to give way in a deadlock: the whole transaction, with what the
/// application did in it. Then the error says so, every further call fails, and so does the commit, even where the error is
/// passed over; nothing is stored. diesel counts the connection as broken from there on: a pool drops it, and without a pool the
/// application opens another one to begin again.
///
/// It holds the connection for as long as it lives, and cannot leave the transaction's closure:
///
/// ```compile_fail,E0521
/// # use constance_core::Backend;
/// # use constance_diesel::{DieselBackend, Dialect, InTransaction};
/// # use constance_diesel::diesel::result::Error;
/// fn leak<C: Dialect>(backend: &DieselBackend<C>, connection: &mut C) {
///     let mut leaked = None;
///     let _ = connection.transaction(|connection| {
///         leaked = Some(backend.within(connection));
///         Ok::<_, Error>(())
///     });
/// }
/// ```
pub struct InTransaction<'t, C: Dialect> {
    backend: &'t DieselBackend<C>,
    /// Held for one call at a time, while it speaks to the database: a connection can do no more. Never while a visitor runs.
    connection: Mutex<&'t mut C>,
}

impl<C: Dialect> DieselBackend<C> {
    /// The settings inside a transaction that the application has begun on a connection of its own: read and written there,
    /// stored when it commits, gone when it rolls back. No I/O.
    ///
    /// It has the table and the default prefix of this backend, and needs none of its connections. For typed settings give
    /// it to [`Config::within`](constance_core::Config::within): `live()`, caches and handlers then learn of the change after
    /// the commit, and not before.
    ///
    /// ```
    /// # #[cfg(feature = "sqlite")] {
    /// # let dir = tempfile::tempdir().unwrap();
    /// # let path = format!("{}/app.sqlite3", dir.path().display());
    /// use std::sync::Arc;
    ///
    /// use constance_core::{Config, Settings};
    /// use constance_diesel::SqliteBackend;
    /// use constance_diesel::diesel::connection::SimpleConnection;
    /// use constance_diesel::diesel::{Connection, SqliteConnection};
    ///
    /// #[derive(Clone, Settings)]
    /// struct Shop {
    ///     #[setting(default = 42)]
    ///     the_answer: i64,
    /// }
    ///
    /// let backend = Arc::new(SqliteBackend::from_url(&format!("sqlite://{path}"))?);
    /// backend.migrate()?;
    /// let config = Config::<Shop>::new(Arc::clone(&backend));
    ///
    /// let mut connection = SqliteConnection::establish(&path)?;
    /// let written = connection.immediate_transaction(|connection| {
    ///     connection.batch_execute("CREATE TABLE orders (id INTEGER)")?; // the application's own work
    ///     let store = backend.within(connection);
    ///     let settings = config.within(&store);
    ///     settings.set(Shop::THE_ANSWER, 43)?;
    ///     Ok::<_, Box<dyn std::error::Error>>(settings.into_changes())
    /// })?;
    /// config.committed(written)?;
    /// assert_eq!(config.get(Shop::THE_ANSWER)?, 43);
    /// # }
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// On a connection without a transaction each call is one of its own.
    ///
    /// On SQLite begin with `immediate_transaction`: one that reads before it writes fails at once where another
    /// connection wrote in between, whatever the busy timeout.
    pub fn within<'t>(&'t self, connection: &'t mut C) -> InTransaction<'t, C> {
        InTransaction { backend: self, connection: Mutex::new(connection) }
    }
}

impl<C: Dialect> InTransaction<'_, C> {
    fn run<T>(&self, purpose: Purpose, work: impl FnOnce(&mut C, &Tables) -> Result<T, Failure>) -> Result<T> {
        let mut held = self.connection.lock();
        let connection: &mut C = &mut held;
        let advised =
            |connection: &mut C, failure| self.backend.tables.layout.add_hint(connection.diagnose(&failure).error);
        let outside = connection.depth().map_err(|failure| transaction_ended(advised(connection, failure)))?;
        C::TransactionManager::begin_transaction(connection).map_err(|error| advised(connection, error.into()))?;
        // The application may have ignored a failure that ended its transaction. What is written then is stored at once.
        if purpose == Purpose::Write && has_ended(connection, outside) {
            return Err(transaction_ended(Error::new(ErrorKind::Unavailable)));
        }
        let done = connection.finish_transaction(|connection| work(connection, &self.backend.tables), |_| true);
        done.map_err(|failure| {
            // Asked after the savepoint is undone: before, PostgreSQL would not answer.
            let error = advised(connection, failure);
            if has_ended(connection, outside) { transaction_ended(error) } else { error }
        })
    }

    fn store<T>(&self, purpose: Purpose, work: impl FnOnce(&mut Store<'_, C>) -> Result<T, Failure>) -> Result<T> {
        self.run(purpose, |connection, tables| work(&mut Store { connection, tables, in_transaction: true }))
    }
}

/// Whether the transaction that a call is in has ended. Then its commit is made to fail: diesel takes it for open, and the
/// database would commit nothing without an error.
fn has_ended<C: Dialect>(connection: &mut C, outside: Option<NonZeroU32>) -> bool {
    let ended = outside.is_some_and(|depth| connection.has_ended_transaction(depth));
    if ended {
        C::TransactionManager::transaction_manager_status_mut(connection).set_in_error();
    }
    ended
}

/// The error of a call whose transaction has ended; no call in it can succeed.
fn transaction_ended(error: Error) -> Error {
    error
        .with_detail("the database has ended the whole transaction, or its connection was lost")
        .with_hint("roll back, and begin again on another connection")
        .with_transient(false)
}

#[deny(clippy::missing_trait_methods)]
impl<C: Dialect> Backend for InTransaction<'_, C> {
    fn name(&self) -> &str {
        C::NAME
    }

    /// Neither persistent nor shared, while the transaction is not committed.
    fn capability(&self) -> Capability {
        Capability::new().with_binary(self.backend.tables.layout == Layout::Own)
    }

    fn read(&self, keys: &[&Key]) -> Result<Vec<Stored>> {
        if keys.is_empty() {
            return Ok(Vec::new());
        }
        self.store(Purpose::Read, |store| store.many(keys))
    }

    fn list(&self, prefix: &Prefix) -> Result<Vec<(Key, Stored)>> {
        self.store(Purpose::Read, |store| store.list(prefix))
    }

    fn write(&self, batch: &Batch) -> Result<Applied> {
        if batch.changes().is_empty() {
            return Ok(Applied::Done(Vec::new()));
        }
        self.backend.tables.layout.check_values(batch)?;
        self.store(Purpose::Write, |store| store.write(batch))
    }

    fn visit(&self, key: &Key, visitor: &mut dyn FnMut(Option<&[u8]>)) -> Result<()> {
        let stored = self.store(Purpose::Read, |store| store.connection.stored(store.tables, key))?;
        visitor(stored.bytes()?.map(Encoded::as_bytes));
        Ok(())
    }

    fn read_with_age(&self, keys: &[&Key]) -> Result<(Vec<Stored>, Duration)> {
        Ok((self.read(keys)?, Duration::ZERO))
    }

    fn watch(&self, _: &Prefix) -> Result<Box<dyn constance_core::backend::Watch>> {
        Err(Error::new(ErrorKind::Unsupported).with_detail("a transaction has no feed of changes"))
    }

    fn default_prefix(&self) -> Prefix {
        self.backend.default_prefix()
    }

    fn declare(&self, _: &[Key]) {}

    fn forget(&self, _: &[&Key]) -> Result<()> {
        Ok(())
    }

    fn keys_from(&self, prefix: &Prefix, from: Option<&[u8]>) -> Result<Portion> {
        self.store(Purpose::Read, |store| store.keys_from(prefix, from))
    }

    /// None: other backends cannot see what is not committed.
    fn identity(&self) -> Option<String> {
        None
    }

    fn warnings(&self) -> Result<Vec<Warning>> {
        self.backend.warnings()
    }

    fn ping(&self) -> Result<()> {
        let key = self.default_prefix().key("constance.ping")?;
        self.read(&[&key]).map(drop)
    }

    fn migrate(&self) -> Result<()> {
        if self.backend.tables.layout == Layout::Django {
            return self
                .run(Purpose::Read, |connection, tables| Harness { connection, tables }.check_django_table())?;
        }
        if self.run(Purpose::Read, |connection, tables| Harness { connection, tables }.pending())??.is_empty() {
            return Ok(());
        }
        Err(Error::new(ErrorKind::Unsupported)
            .with_detail("migrations do not run inside another transaction")
            .with_hint(MIGRATE))
    }
}

impl<C: Dialect> fmt::Debug for InTransaction<'_, C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { backend, connection: _ } = self;
        f.debug_struct("InTransaction").field("backend", backend).finish_non_exhaustive()
    }
}
