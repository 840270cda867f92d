//! Options of the backend.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use constance_core::{Error, ErrorKind, Prefix, Result};
use r2d2::ManageConnection;

use crate::DieselBackend;
use crate::dialect::Dialect;
use crate::layout::Layout;
use crate::options::Options;
use crate::poll_interval::PollInterval;
use crate::pool::{ExternalPool, Pool};
use crate::schema::Tables;
use crate::url_parameters::OwnParameters;

/// Builds a [`DieselBackend`]; made by [`DieselBackend::builder`].
///
/// ```
/// # #[cfg(feature = "sqlite")] {
/// use std::time::Duration;
///
/// use constance_core::Prefix;
/// use constance_diesel::SqliteBackend;
///
/// let backend = SqliteBackend::builder()
///     .url("sqlite:///var/lib/shop/settings.sqlite3")
///     .pool_size(2)
///     .busy_timeout(Duration::from_millis(500))
///     .default_prefix(Prefix::new("shop:")?)
///     .build()?;
/// # }
/// # Ok::<(), constance_core::Error>(())
/// ```
#[must_use]
pub struct Builder<C: Dialect> {
    url: Option<String>,
    external: Option<Arc<dyn ExternalPool<C>>>,
    watch_url: Option<String>,
    pool_size: u32,
    acquire_timeout: Duration,
    options: Options,
    prefix: Prefix,
    table: Option<String>,
    layout: Option<Layout>,
}

impl<C: Dialect> Builder<C> {
    pub(crate) fn new() -> Self {
        if C::HAS_NETWORK {
            // Before the client library's first connection, and before whatever the application does with it afterwards.
            crate::init_openssl();
        }
        Self {
            url: None,
            external: None,
            watch_url: None,
            pool_size: 4,
            acquire_timeout: Duration::from_secs(3),
            options: Options {
                connect_timeout: Duration::from_secs(3),
                busy_timeout: Duration::from_secs(5),
                statement_timeout: Duration::from_secs(10),
                poll_interval: PollInterval::default_for(C::HAS_NETWORK),
                call_timeout: None,
                file_mode: 0o600,
                table: None,
            },
            prefix: Prefix::empty(),
            table: None,
            layout: None,
        }
    }

    /// The URL of the database. Default: none; this or [`pool`](Self::pool) is needed.
    ///
    /// Its parameters `layout`, `table` and `call_timeout` (in whole seconds) say what [`layout`](Self::layout),
    /// [`table`](Self::table) and [`call_timeout`](Self::call_timeout) do. The others are the database's.
    pub fn url(mut self, url: impl Into<String>) -> Self {
        self.url = Some(url.into());
        self
    }

    /// A pool of the application's own. Default: none; this or [`url`](Self::url) is needed.
    ///
    /// See [`DieselBackend::with_pool`] for what such a pool has to do. The pool's own options hold, and
    /// [`pool_size`](Self::pool_size), [`acquire_timeout`](Self::acquire_timeout) and, but for migrations and the feed of
    /// changes, [`busy_timeout`](Self::busy_timeout) mean nothing.
    pub fn pool<M>(mut self, pool: r2d2::Pool<M>) -> Self
    where
        M: ManageConnection<Connection = C>,
    {
        self.external = Some(Arc::new(pool));
        self
    }

    /// Where the feed of changes connects when there is a [`pool`](Self::pool): the URL of the same database. Default: none.
    ///
    /// A pool of a database with a network does not tell where it leads. Without this the feed polls over the pool's own
    /// connections. OwnParameters `layout` and `table` of this URL hold for the whole backend, as those of [`url`](Self::url).
    pub fn watch_url(mut self, url: impl Into<String>) -> Self {
        self.watch_url = Some(url.into());
        self
    }

    /// The greatest number of connections, at least 1. Default: 4.
    ///
    /// They are made when they are needed. A feed of changes has one more of its own.
    pub fn pool_size(mut self, connections: u32) -> Self {
        self.pool_size = connections;
        self
    }

    /// How long a call waits for a free connection before it fails with `Timeout`, more than zero. Default: 3 seconds.
    ///
    /// A database that cannot be opened fails at once and does not wait for this.
    pub fn acquire_timeout(mut self, timeout: Duration) -> Self {
        self.acquire_timeout = timeout;
        self
    }

    /// How long a connection may take to be made, name look-up and handshake included (but for the look-up on PostgreSQL, which
    /// libpq does not bound), in whole seconds and at least one. Default: 3 seconds. SQLite has no network and ignores it.
    pub fn connect_timeout(mut self, timeout: Duration) -> Self {
        self.options.connect_timeout = timeout;
        self
    }

    /// How long a statement may take in all before it fails with `Timeout` and its connection is given up, in whole seconds
    /// and at least one. Default: 10 seconds. SQLite has no network and ignores it.
    pub fn statement_timeout(mut self, timeout: Duration) -> Self {
        self.options.statement_timeout = timeout;
        self
    }

    /// How long a call may take before it fails with `Timeout`, whatever the server does: waiting for a connection, making it,
    /// and every statement. More than zero. Default: what the URL says
    /// (`?call_timeout=2`), else not bounded but by the other timeouts.
    ///
    /// It is for servers that stand still: a process that is stopped, a machine that is gone without a word. The client
    /// libraries wait for those for ever, or until the system gives the connection up. With it each connection has a thread, where
    /// its calls run, which costs a call two changes of threads. A call that takes longer leaves its connection behind in that
    /// thread; there are at most 64 of those in a process, and beyond that calls fail at once. Whether a write
    /// that took too long was done, nobody knows. Over a [`pool`](Self::pool) of the application's each call starts a thread. A feed
    /// of changes ends where a look for them takes longer. Migrating, adopting and reverting are not bounded, nor is what the
    /// application does with a connection of its own.
    pub fn call_timeout(mut self, timeout: Duration) -> Self {
        self.options.call_timeout = Some(timeout);
        self
    }

    /// Whose table it is. Default: what the URL says (`?layout=django`), else [`Layout::Own`].
    ///
    /// Where the URL says it as well, it has to say the same: neither wins.
    ///
    /// ```
    /// # #[cfg(feature = "sqlite")] {
    /// use constance_core::ErrorKind;
    /// use constance_diesel::{Layout, SqliteBackend};
    ///
    /// # let dir = tempfile::tempdir().unwrap();
    /// # let url = format!("sqlite://{}/db.sqlite3", dir.path().display());
    /// let backend = SqliteBackend::builder().url(url).layout(Layout::Django).build()?;
    /// let error = backend.migrate().unwrap_err(); // Django makes the table
    /// assert_eq!(error.kind(), ErrorKind::NotMigrated);
    /// assert!(error.to_string().ends_with("run Django's manage.py migrate"));
    /// # }
    /// # Ok::<(), constance_core::Error>(())
    /// ```
    pub fn layout(mut self, layout: Layout) -> Self {
        self.layout = Some(layout);
        self
    }

    /// The name of the table, at most 48 bytes. Default: what the URL says (`?table=name`), else `constance_settings`, or
    /// `constance_constance` with [`Layout::Django`].
    ///
    /// It has to be one that the database takes: on MySQL and MariaDB without characters beyond U+FFFF, such as an emoji, and
    /// without a space at its end; on SQLite not beginning with `sqlite_`.
    ///
    /// Where the URL says it as well, it has to say the same: neither wins.
    ///
    /// Versions of the migrations are kept in a table of this name with `_migrations` behind it.
    pub fn table(mut self, name: impl Into<String>) -> Self {
        self.table = Some(name.into());
        self
    }

    /// How long a statement waits for a lock that another connection holds before it fails with `Timeout`; whole
    /// milliseconds count. Default: 5 seconds. Zero: not at all.
    pub fn busy_timeout(mut self, timeout: Duration) -> Self {
        self.options.busy_timeout = timeout;
        self
    }

    /// How often a feed looks for changes where the database does not push them, at least 1 millisecond. Default: on SQLite every
    /// 25 milliseconds, and once a second while the system tells that nobody writes to the file; else every 250 milliseconds,
    /// and once a second where nothing has changed for a minute.
    pub fn watch_interval(mut self, interval: Duration) -> Self {
        self.options.poll_interval = PollInterval::every(interval);
        self
    }

    /// The permissions of a database file that migrating makes, such as `0o640` so that a group may read the settings, secrets
    /// included. The umask takes nothing from them. Default: `0o600`, the user alone.
    ///
    /// What SQLite makes beside the file (`-wal`, `-shm`) has the same. A file that is there keeps its own. It is for SQLite on
    /// Unix; elsewhere it means nothing.
    ///
    /// ```
    /// # #[cfg(all(feature = "sqlite", unix))] {
    /// use std::os::unix::fs::PermissionsExt;
    ///
    /// use constance_core::Backend;
    /// use constance_diesel::SqliteBackend;
    ///
    /// # let dir = tempfile::tempdir().unwrap();
    /// let path = dir.path().join("settings.sqlite3");
    /// let backend = SqliteBackend::builder().url(format!("sqlite://{}", path.display())).file_mode(0o640).build()?;
    /// backend.migrate()?;
    /// assert_eq!(std::fs::metadata(path).unwrap().permissions().mode() & 0o777, 0o640);
    /// # }
    /// # Ok::<(), constance_core::Error>(())
    /// ```
    pub fn file_mode(mut self, mode: u32) -> Self {
        self.options.file_mode = mode;
        self
    }

    /// The prefix of keys where the application names none. Default: empty.
    pub fn default_prefix(mut self, prefix: Prefix) -> Self {
        self.prefix = prefix;
        self
    }

    /// Makes the backend. No I/O.
    ///
    /// # Errors
    ///
    /// `Configuration` where there is no URL or pool, or both; where a URL is not one of this database, or says another
    /// [`layout`](Self::layout) or [`table`](Self::table) than was said here; where the pool's size, the acquire timeout or the
    /// call timeout is zero.
    pub fn build(mut self) -> Result<DieselBackend<C>> {
        let wrong =
            |detail: &'static str| Error::new(ErrorKind::Configuration).with_backend(C::NAME).with_detail(detail);
        let named = |error: Error| error.with_backend(C::NAME);
        if self.options.call_timeout.is_some_and(|timeout| timeout.is_zero()) {
            return Err(wrong("the call timeout is zero"));
        }
        let call_timeout = self.options.call_timeout;
        let given = OwnParameters { layout: self.layout, table: self.table, call_timeout };
        let (tables, pool, watched) = match (self.external, self.url, self.watch_url) {
            (None, _, Some(_)) => return Err(wrong("a URL to watch is given without a pool")),
            (None, None, None) => return Err(wrong("neither a URL nor a pool is given")),
            (Some(_), Some(_), _) => return Err(wrong("both a URL and a pool are given")),
            (Some(external), None, None) => (given.tables::<C>().map_err(named)?, Pool::External(external), None),
            (Some(external), None, Some(url)) => {
                let (given, target) = OwnParameters::of_url::<C>(given, &url).map_err(named)?;
                self.options.call_timeout = given.call_timeout;
                (given.tables::<C>().map_err(named)?, Pool::External(external), Some(target))
            }
            (None, Some(url), None) => {
                if self.pool_size == 0 {
                    return Err(wrong("the pool size is zero"));
                }
                if self.acquire_timeout.is_zero() {
                    return Err(wrong("the acquire timeout is zero"));
                }
                let (given, target) = OwnParameters::of_url::<C>(given, &url).map_err(named)?;
                let call_timeout = given.call_timeout;
                let tables = given.tables::<C>().map_err(named)?;
                let options = Options { table: Some(Arc::clone(&tables.settings)), call_timeout, ..self.options };
                let pool = Pool::open(target.clone(), self.pool_size, self.acquire_timeout, options.clone());
                return Ok(DieselBackend::new(pool, tables, options, self.prefix).with_target(&target));
            }
        };
        // Where the feed connects, it is asked whether the table may be seen.
        let options = Options { table: Some(Arc::clone(&tables.settings)), ..self.options };
        Ok(DieselBackend::new(pool, tables, options, self.prefix).with_watch_target(watched))
    }

    /// Makes the backend over a pool, with every other option at its default.
    pub(crate) fn over(external: Arc<dyn ExternalPool<C>>) -> DieselBackend<C> {
        let Self { options, prefix, .. } = Self::new();
        DieselBackend::new(Pool::External(external), Tables::default_names(Layout::Own), options, prefix)
    }
}

impl<C: Dialect> fmt::Debug for Builder<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { url, external, watch_url, pool_size, acquire_timeout, options, prefix, table, layout } = self;
        f.debug_struct("Builder")
            // Whether there is one: it may hold a password.
            .field("url", &url.is_some())
            .field("pool", &external.is_some())
            .field("watch_url", &watch_url.is_some())
            .field("pool_size", pool_size)
            .field("acquire_timeout", acquire_timeout)
            .field("options", options)
            .field("prefix", prefix)
            .field("table", table)
            .field("layout", layout)
            .finish()
    }
}
