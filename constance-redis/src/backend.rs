//! The backend.

use std::fmt;
use std::time::Duration;

use constance_core::{
    Backend, Prefix, Result, Warning,
    backend::{Applied, Batch, Capability, Key, Portion, Stored, Watch},
};

use crate::RedisOptions;
use crate::builder::{RedisBackendBuilder, default_prefix};
use crate::connection_source::ConnectionSource;
use crate::server::ServerBackend;

/// Settings in Redis.
///
/// ```no_run
/// use constance_core::{backend::{Batch, Change, Encoded}, Backend, Prefix};
/// use constance_redis::RedisBackend;
///
/// let backend = RedisBackend::from_url("redis://127.0.0.1:6379/0")?;
/// let key = backend.default_prefix().key("theme")?;
/// backend.write(&Batch::one(Change::set(key.clone(), Encoded::from(b"dark".to_vec()))))?;
/// assert_eq!(backend.read(&[&key])?[0].value().map(Encoded::as_bytes), Some(&b"dark"[..]));
/// # Ok::<(), constance_core::Error>(())
/// ```
pub struct RedisBackend {
    /// The backend of one server or of a cluster, as the builder has chosen.
    inner: Box<dyn Backend>,
}

impl RedisBackend {
    pub(crate) fn new(inner: impl Backend + 'static) -> Self {
        Self { inner: Box::new(inner) }
    }

    /// A backend for the server or the cluster of a URL, with a pool of its own. No I/O. See [`RedisBackendBuilder::url`].
    ///
    /// # Errors
    ///
    /// `Configuration` where the URL is not one of a Redis server, or needs TLS that is not built in. The error does not
    /// show it.
    ///
    /// ```
    /// use constance_redis::RedisBackend;
    ///
    /// let backend = RedisBackend::from_url("redis://user:hunter2@127.0.0.1:6379/0")?;
    /// assert!(!format!("{backend:?}").contains("hunter2"));
    /// assert!(RedisBackend::from_url("http://127.0.0.1").is_err());
    /// # Ok::<(), constance_core::Error>(())
    /// ```
    pub fn from_url(url: &str) -> Result<Self> {
        Self::builder().url(url).build()
    }

    /// A backend for the server that options name, with a pool of its own. No I/O.
    ///
    /// # Errors
    ///
    /// `Configuration` where the options contradict each other, or need TLS that is not built in.
    ///
    /// ```
    /// use constance_redis::{RedisBackend, RedisOptions};
    ///
    /// let mut options = RedisOptions::default();
    /// options.db = 1;
    /// let backend = RedisBackend::from_options(options)?;
    /// # Ok::<(), constance_core::Error>(())
    /// ```
    pub fn from_options(options: RedisOptions) -> Result<Self> {
        Self::builder().options(options).build()
    }

    /// A builder, for options other than the defaults.
    pub fn builder() -> RedisBackendBuilder {
        RedisBackendBuilder::new()
    }

    /// A backend over connections of the application. No I/O. See [`ConnectionSource`] for what can be given.
    ///
    /// The application sets a read and a write timeout on the connections. Leave `test_on_check_out` of an `r2d2` pool at
    /// its default, `true`, unless its manager drops a connection after each failure. A forked child must not use the
    /// connections of its parent: make them after forking.
    ///
    /// ```
    /// use constance_redis::{RedisBackend, redis};
    ///
    /// let client = redis::Client::open("redis://127.0.0.1:6379/0")?;
    /// let one_per_call = RedisBackend::with_connections(client.clone());
    /// let by_closure = RedisBackend::with_connections(move || client.get_connection());
    /// # Ok::<(), redis::RedisError>(())
    /// ```
    pub fn with_connections(source: impl ConnectionSource + 'static) -> Self {
        Self::new(ServerBackend::new(Box::new(source), default_prefix()))
    }
}

#[deny(clippy::missing_trait_methods)]
impl Backend for RedisBackend {
    fn name(&self) -> &str {
        self.inner.name()
    }

    fn capability(&self) -> Capability {
        self.inner.capability()
    }

    fn read(&self, keys: &[&Key]) -> Result<Vec<Stored>> {
        self.inner.read(keys)
    }

    fn list(&self, prefix: &Prefix) -> Result<Vec<(Key, Stored)>> {
        self.inner.list(prefix)
    }

    fn write(&self, batch: &Batch) -> Result<Applied> {
        self.inner.write(batch)
    }

    fn visit(&self, key: &Key, visitor: &mut dyn FnMut(Option<&[u8]>)) -> Result<()> {
        self.inner.visit(key, visitor)
    }

    fn read_with_age(&self, keys: &[&Key]) -> Result<(Vec<Stored>, Duration)> {
        self.inner.read_with_age(keys)
    }

    fn watch(&self, prefix: &Prefix) -> Result<Box<dyn Watch>> {
        self.inner.watch(prefix)
    }

    fn default_prefix(&self) -> Prefix {
        self.inner.default_prefix()
    }

    fn declare(&self, keys: &[Key]) {
        self.inner.declare(keys);
    }

    fn forget(&self, keys: &[&Key]) -> Result<()> {
        self.inner.forget(keys)
    }

    fn ping(&self) -> Result<()> {
        self.inner.ping()
    }

    fn keys_from(&self, prefix: &Prefix, from: Option<&[u8]>) -> Result<Portion> {
        self.inner.keys_from(prefix, from)
    }

    fn identity(&self) -> Option<String> {
        self.inner.identity()
    }

    fn warnings(&self) -> Result<Vec<Warning>> {
        self.inner.warnings()
    }

    fn migrate(&self) -> Result<()> {
        self.inner.migrate()
    }
}

impl fmt::Debug for RedisBackend {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.inner.fmt(f)
    }
}
