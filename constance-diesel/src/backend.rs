//! The backend.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use constance_core::{
    Backend, Prefix, Result, Warning,
    backend::{Applied, Batch, Capability, Encoded, Key, Portion, Stored, Watch},
};
use constance_pool::Purpose;
use r2d2::ManageConnection;

use crate::Builder;
use crate::dialect::{ConnectTarget, Dialect};
use crate::failure::Failure;
use crate::layout::Layout;
use crate::options::Options;
use crate::pool::Pool;
use crate::schema::Tables;
use crate::store::Store;
use crate::watch::{PoolProbe, located, polling};

/// Settings in a database that diesel speaks to, by the type of its connection.
///
/// ```
/// # #[cfg(feature = "sqlite")] {
/// # let dir = tempfile::tempdir().unwrap();
/// # let url = format!("sqlite://{}/settings.sqlite3", dir.path().display());
/// use constance_core::{backend::{Batch, Change, Encoded}, Backend, Prefix};
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
    /// Where changes are watched for over a pool of the application.
    watch_target: Option<C::Target>,
    /// Which table of which database, where that is known.
    identity: Option<String>,
    target_warnings: Vec<Warning>,
}

impl<C: Dialect> DieselBackend<C> {
    pub(crate) fn new(pool: Pool<C>, tables: Tables, options: Options, prefix: Prefix) -> Self {
        Self { pool, tables, options, prefix, watch_target: None, identity: None, target_warnings: Vec::new() }
    }

    pub(crate) fn with_watch_target(self, watch_target: Option<C::Target>) -> Self {
        let target_warnings = watch_target.as_ref().map(C::Target::warnings).unwrap_or_default();
        Self { watch_target, target_warnings, ..self }
    }

    /// Adds what the URL of its own pool says.
    pub(crate) fn with_target(self, target: &C::Target) -> Self {
        let identity = target.identity();
        let identity = identity.map(|database| format!("{} {database} {}", C::NAME, self.tables.settings));
        Self { identity, target_warnings: target.warnings(), ..self }
    }

    /// A backend for the database that a URL names, with a pool of its own. No I/O.
    ///
    /// The URL is one that the database's own tools and drivers understand, and may have three more parameters, which are taken
    /// out before a driver sees it:
    ///
    /// | parameter | meaning | default |
    /// |---|---|---|
    /// | `layout=own`, `layout=django` | [whose table it is](crate::Layout) | `own` |
    /// | `table=name` | [the table's name](Builder::table), percent-encoded | that of the layout |
    /// | `call_timeout=2` | [how long a call may take](Builder::call_timeout), in whole seconds | no bound |
    ///
    /// ```
    /// # #[cfg(feature = "sqlite")] {
    /// use constance_core::ErrorKind;
    /// use constance_diesel::SqliteBackend;
    ///
    /// let backend = SqliteBackend::from_url("sqlite:///srv/shop/db.sqlite3?layout=django")?;
    /// let error = SqliteBackend::from_url("sqlite:///srv/shop/db.sqlite3?layout=flask").unwrap_err();
    /// assert_eq!(error.kind(), ErrorKind::Configuration);
    /// assert!(error.to_string().ends_with("names no layout; write layout=own or layout=django"));
    /// # }
    /// # Ok::<(), constance_core::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// `Configuration` where the URL is not one of this database, or a parameter of it is wrong. It is never shown.
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
    /// stays the application's, and so do these things that a pool of our own does:
    ///
    /// - Leave `test_on_check_out` at its default, `true`. diesel's manager keeps a connection that has failed, and
    ///   without the test every later call would be handed the same dead one. It costs one statement per call, which is
    ///   why a pool of our own marks the connections that failed in its place.
    /// - On PostgreSQL, MySQL and MariaDB call [`init_openssl`](crate::init_openssl) before the pool is built.
    /// - Make it after forking. A child that uses a connection of its parent's reads its answers, and one that closes it ends the
    ///   parent's session; on SQLite it damages the file.
    /// - On SQLite set a `busy_timeout` in a connection customizer. SQLite's default is zero, and then two writers at the
    ///   same moment are one `Timeout`.
    /// - On MySQL and MariaDB set `autocommit = 1` and a strict `sql_mode` there, unless the server has both: without the one a
    ///   set is acknowledged and never committed, without the other a value that is too long is cut off.
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
    /// assert_eq!(backend.migrate()?.len(), 2);
    /// # }
    /// # Ok::<(), constance_core::Error>(())
    /// ```
    pub fn with_pool<M>(pool: r2d2::Pool<M>) -> Self
    where
        M: ManageConnection<Connection = C>,
    {
        Builder::over(Arc::new(pool))
    }

    fn run<T>(&self, purpose: Purpose, work: impl Fn(&mut Store<'_, C>) -> Result<T, Failure>) -> Result<T> {
        let tables = &self.tables;
        let done = self.pool.run(purpose, |connection| work(&mut Store { connection, tables, in_transaction: false }));
        done.map_err(|error| tables.layout.add_hint(error))
    }

    /// The same where calls are bounded. What `work` needs is its own, since it may go on when nobody waits for it any more.
    fn run_within<T: Send + 'static>(
        &self,
        within: Duration,
        purpose: Purpose,
        work: impl Fn(&mut Store<'_, C>) -> Result<T, Failure> + Send + Sync + 'static,
    ) -> Result<T> {
        let tables = self.tables.clone();
        let work = move |connection: &mut C| work(&mut Store { connection, tables: &tables, in_transaction: false });
        let done = self.pool.run_within(within, purpose, work);
        done.map_err(|error| self.tables.layout.add_hint(error))
    }
}

impl<C: Dialect> Backend for DieselBackend<C> {
    fn name(&self) -> &str {
        C::NAME
    }

    fn capability(&self) -> Capability {
        let binary = self.tables.layout == Layout::Own;
        Capability::new().with_binary(binary).with_watch(true).with_persistent(true).with_shared(true)
    }

    fn read(&self, keys: &[&Key]) -> Result<Vec<Stored>> {
        if keys.is_empty() {
            return Ok(Vec::new());
        }
        if let Some(within) = self.options.call_timeout {
            let keys: Vec<Key> = keys.iter().map(|key| (*key).clone()).collect();
            return self.run_within(within, Purpose::Read, move |store| store.many(&keys.iter().collect::<Vec<_>>()));
        }
        self.run(Purpose::Read, |store| store.many(keys))
    }

    fn list(&self, prefix: &Prefix) -> Result<Vec<(Key, Stored)>> {
        if let Some(within) = self.options.call_timeout {
            let prefix = prefix.clone();
            return self.run_within(within, Purpose::Read, move |store| store.list(&prefix));
        }
        self.run(Purpose::Read, |store| store.list(prefix))
    }

    fn write(&self, batch: &Batch) -> Result<Applied> {
        if batch.changes().is_empty() {
            return Ok(Applied::Done(Vec::new()));
        }
        self.tables.layout.check_values(batch)?;
        if let Some(within) = self.options.call_timeout {
            let batch = batch.clone();
            return self.run_within(within, Purpose::Write, move |store| store.write(&batch));
        }
        self.run(Purpose::Write, |store| store.write(batch))
    }

    fn visit(&self, key: &Key, visitor: &mut dyn FnMut(Option<&[u8]>)) -> Result<()> {
        // The connection is back in the pool before the visitor runs: with a pool of one, a visitor that reads would wait
        // for itself.
        let stored = match self.options.call_timeout {
            Some(within) => {
                let key = key.clone();
                self.run_within(within, Purpose::Read, move |store| store.connection.stored(store.tables, &key))?
            }
            None => self.run(Purpose::Read, |store| store.connection.stored(store.tables, key))?,
        };
        visitor(stored.bytes()?.map(Encoded::as_bytes));
        Ok(())
    }

    fn watch(&self, _: &Prefix) -> Result<Box<dyn Watch>> {
        let (tables, options) = (self.tables.clone(), self.options.clone());
        let known = match &self.pool {
            Pool::Own(pool) => Ok(pool.manager().target.clone()),
            Pool::External(external) => self.watch_target.clone().ok_or_else(|| Arc::clone(external)),
        };
        let open = move || match known {
            Ok(target) => located(C::open_feed(&target, &tables, &options), target.location()),
            Err(external) => {
                // Given back before it is asked for again: the pool may have no other.
                let target = external.get()?.target_of_connection().map_err(|diagnosis| diagnosis.error)?;
                match target {
                    Some(target) => located(C::open_feed(&target, &tables, &options), target.location()),
                    None => Ok(polling(PoolProbe::new(external, tables)?, &options)),
                }
            }
        };
        let feed = match self.options.call_timeout {
            Some(within) => constance_pool::run_with_timeout(within, open),
            None => open(),
        };
        feed.map_err(|error| self.tables.layout.add_hint(error))
    }

    fn default_prefix(&self) -> Prefix {
        self.prefix.clone()
    }

    fn keys_from(&self, prefix: &Prefix, from: Option<&[u8]>) -> Result<Portion> {
        if let Some(within) = self.options.call_timeout {
            let (prefix, from) = (prefix.clone(), from.map(<[u8]>::to_vec));
            return self.run_within(within, Purpose::Read, move |store| store.keys_from(&prefix, from.as_deref()));
        }
        self.run(Purpose::Read, |store| store.keys_from(prefix, from))
    }

    fn identity(&self) -> Option<String> {
        self.identity.clone()
    }

    fn warnings(&self) -> Result<Vec<Warning>> {
        let mut warnings = self.target_warnings.clone();
        warnings.extend(match self.options.call_timeout {
            Some(within) => {
                self.run_within(within, Purpose::Read, |store| store.connection.table_warnings(store.tables))?
            }
            None => self.run(Purpose::Read, |store| store.connection.table_warnings(store.tables))?,
        });
        Ok(warnings)
    }

    fn migrate(&self) -> Result<()> {
        Self::migrate(self).map(drop)
    }
}

impl<C: Dialect> fmt::Debug for DieselBackend<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Where to watch may hold a password.
        let Self { pool, tables, options, prefix, watch_target: _, identity: _, target_warnings: _ } = self;
        f.debug_struct("DieselBackend")
            .field("database", &C::NAME)
            .field("pool", pool)
            .field("tables", tables)
            .field("options", options)
            .field("prefix", prefix)
            .finish()
    }
}
