//! The asynchronous backend.

use std::fmt;
use std::sync::atomic::AtomicBool;

use constance_core::aio::{AsyncBackend, AsyncWatch, BoxFuture};
use constance_core::{
    Error, ErrorKind, Prefix, Result, Warning,
    backend::{Applied, Batch, Capability, Key, Portion, Stored},
};
use redis::RedisResult;
use redis::aio::ConnectionLike;

use super::AsyncRedisBackendBuilder;
use super::connection::{Connection, Source};
use super::operations::{apply, list, read_many, read_one, scan_portion};
use super::watch::AsyncRedisWatch;
use crate::builder::default_prefix;
use crate::command;
use crate::error::classify;
use crate::request;
use crate::scan::ScanCursor;
use crate::watch::unsupported_if_denied;
use crate::{NAME, RedisOptions};

/// Settings in Redis, over one connection that all tasks share.
///
/// The first call connects, and so does the first call after the connection has failed. Tasks that need a connection at
/// that time share one attempt. A read in flight when the server closes the connection is sent once more. A write is sent
/// once and fails as `Unavailable`, since nobody can tell whether the server has applied it. Where the server has not
/// replied for a second, a write sends a `PING` first, so that it does not fail on a closed connection.
///
/// A write is one command: where its future is dropped, it is done or not done, never in part. The driver matches replies
/// to requests, also where a request's future is dropped.
///
/// Call the backend from one tokio runtime: the connection lives in the runtime that it was made in. Where that runtime has
/// ended, the next call connects in its own.
///
/// ```no_run
/// use constance_core::aio::AsyncBackend;
/// use constance_core::backend::{Batch, Change, Encoded};
/// use constance_redis::aio::AsyncRedisBackend;
///
/// # async fn example() -> constance_core::Result<()> {
/// let backend = AsyncRedisBackend::from_url("redis://127.0.0.1:6379/0")?;
/// let key = backend.default_prefix().key("theme")?;
/// backend.write(&Batch::one(Change::set(key.clone(), Encoded::from(b"dark".to_vec())))).await?;
/// assert_eq!(backend.read(&[&key]).await?[0].value().map(Encoded::as_bytes), Some(&b"dark"[..]));
/// # Ok(())
/// # }
/// ```
pub struct AsyncRedisBackend {
    source: Source,
    prefix: Prefix,
    /// Whether the last read of many keys found one without a string.
    saw_missing: AtomicBool,
}

impl AsyncRedisBackend {
    pub(crate) fn new(source: Source, prefix: Prefix) -> Self {
        Self { source, prefix, saw_missing: AtomicBool::new(false) }
    }

    /// A backend for the server that a URL names. No I/O, and no runtime is needed. See [`AsyncRedisBackendBuilder::url`].
    ///
    /// # Errors
    ///
    /// `Configuration` where the URL is not one of a Redis server, or needs TLS that is not built in. The error does not
    /// show it.
    ///
    /// ```
    /// use constance_redis::aio::AsyncRedisBackend;
    ///
    /// let backend = AsyncRedisBackend::from_url("redis://user:hunter2@127.0.0.1:6379/0")?;
    /// assert!(!format!("{backend:?}").contains("hunter2"));
    /// assert!(AsyncRedisBackend::from_url("http://127.0.0.1").is_err());
    /// # Ok::<(), constance_core::Error>(())
    /// ```
    pub fn from_url(url: &str) -> Result<Self> {
        Self::builder().url(url).build()
    }

    /// A backend for the server that options name. No I/O.
    ///
    /// # Errors
    ///
    /// `Configuration` where the options contradict each other, or need TLS that is not built in.
    pub fn from_options(options: RedisOptions) -> Result<Self> {
        Self::builder().options(options).build()
    }

    /// A builder, for options other than the defaults.
    pub fn builder() -> AsyncRedisBackendBuilder {
        AsyncRedisBackendBuilder::new()
    }

    /// A backend over a connection of the application: a `MultiplexedConnection`, the driver's `ConnectionManager`, or a
    /// test double. Each call clones it. No I/O.
    ///
    /// The application sets timeouts and reconnects; a `MultiplexedConnection` that has failed stays failed. There is no
    /// feed of changes, so `live()` polls. For a feed, give the builder the options of the application's client:
    /// [`AsyncRedisBackendBuilder::connection_info`].
    ///
    /// ```no_run
    /// use constance_redis::{aio::AsyncRedisBackend, redis};
    ///
    /// # async fn example() -> redis::RedisResult<()> {
    /// let client = redis::Client::open("redis://127.0.0.1:6379/0")?;
    /// let backend = AsyncRedisBackend::with_connection(client.get_multiplexed_async_connection().await?);
    /// # Ok(())
    /// # }
    /// ```
    pub fn with_connection(connection: impl ConnectionLike + Clone + Send + Sync + 'static) -> Self {
        Self::new(Source::External(Box::new(connection)), default_prefix())
    }

    /// Runs a read. It runs once more on a new connection where the server had closed the connection.
    async fn read_with_retry<T, F>(&self, work: impl Fn(Connection) -> F) -> Result<T>
    where
        F: Future<Output = RedisResult<T>>,
    {
        let mut tries = 0;
        loop {
            tries += 1;
            match self.attempt(&work).await? {
                Err(_) if tries < 2 => {}
                result => return result,
            }
        }
    }

    /// Runs `work` once. The outer error is final. The inner one comes from the connection alone, so that a read can run
    /// again.
    async fn attempt<T, F>(&self, work: impl Fn(Connection) -> F) -> Result<Result<T>>
    where
        F: Future<Output = RedisResult<T>>,
    {
        let (generation, connection) = self.source.connection().await?;
        let error = match work(connection).await {
            Ok(value) => {
                self.source.record_reply();
                return Ok(Ok(value));
            }
            Err(error) => error,
        };
        let failure = classify(&error).at(self.source.location().as_deref());
        if failure.is_broken {
            self.source.mark_broken(generation);
        }
        // The driver cannot parse a reply that was cut off when the connection closed.
        let is_cut_off = error.kind() == redis::ErrorKind::Parse;
        if failure.is_closed || is_cut_off { Ok(Err(failure.error)) } else { Err(failure.error) }
    }
}

impl AsyncBackend for AsyncRedisBackend {
    fn name(&self) -> &str {
        NAME
    }

    fn capability(&self) -> Capability {
        request::capability().with_atomic_batch(true).with_watch(matches!(self.source, Source::Own(_)))
    }

    fn read<'a>(&'a self, keys: &'a [&'a Key]) -> BoxFuture<'a, Result<Vec<Stored>>> {
        match keys {
            [] => Box::pin(async { Ok(Vec::new()) }),
            // Separate, so that the future of the most frequent read is small.
            [key] => {
                Box::pin(self.read_with_retry(move |mut connection| async move {
                    Ok(vec![read_one(&mut connection, key).await?])
                }))
            }
            _ => Box::pin(self.read_with_retry(move |mut connection| async move {
                read_many(&mut connection, keys, &self.saw_missing).await
            })),
        }
    }

    fn list<'a>(&'a self, prefix: &'a Prefix) -> BoxFuture<'a, Result<Vec<(Key, Stored)>>> {
        Box::pin(self.read_with_retry(move |mut connection| async move {
            list(&mut connection, prefix, &self.saw_missing).await
        }))
    }

    fn write<'a>(&'a self, batch: &'a Batch) -> BoxFuture<'a, Result<Applied>> {
        Box::pin(async move {
            if batch.changes().is_empty() {
                return Ok(Applied::Done(Vec::new()));
            }
            request::check_value_lengths(batch)?;
            if self.source.is_idle() {
                // A PING can be sent again where the connection is closed; a write cannot. A user without the right to PING
                // gets a reply too.
                match self.ping().await {
                    Err(error) if error.kind() != ErrorKind::Denied => return Err(error),
                    _ => {}
                }
            }
            // Once: where the connection closes, nobody can tell whether the server has applied it.
            self.attempt(move |mut connection| async move { apply(&mut connection, batch).await }).await?
        })
    }

    fn watch<'a>(&'a self, prefix: &'a Prefix) -> BoxFuture<'a, Result<Box<dyn AsyncWatch>>> {
        Box::pin(async move {
            match &self.source {
                Source::Own(shared) => Ok(Box::new(
                    AsyncRedisWatch::open(shared.connector(), prefix).await.map_err(unsupported_if_denied)?,
                ) as _),
                Source::External(_) => Err(Error::new(ErrorKind::Unsupported)
                    .with_detail("the application's connection cannot be kept for a feed of changes")),
            }
        })
    }

    fn default_prefix(&self) -> Prefix {
        self.prefix.clone()
    }

    fn keys_from<'a>(&'a self, prefix: &'a Prefix, from: Option<&'a [u8]>) -> BoxFuture<'a, Result<Portion>> {
        Box::pin(async move {
            let (cursor, _) = ScanCursor::decode(from)?;
            self.read_with_retry(
                move |mut connection| async move { scan_portion(&mut connection, prefix, cursor).await },
            )
            .await?
        })
    }

    fn identity(&self) -> Option<String> {
        match &self.source {
            Source::Own(shared) => shared.connector().identity(),
            Source::External(_) => None,
        }
    }

    fn warnings(&self) -> BoxFuture<'_, Result<Vec<Warning>>> {
        Box::pin(self.read_with_retry(move |mut connection| async move {
            request::eviction_warnings(connection.send(&command::info()).await)
        }))
    }

    fn ping(&self) -> BoxFuture<'_, Result<()>> {
        Box::pin(
            self.read_with_retry(
                move |mut connection| async move { connection.send(&redis::cmd("PING")).await.map(drop) },
            ),
        )
    }
}

impl fmt::Debug for AsyncRedisBackend {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { source, prefix, saw_missing: _ } = self;
        f.debug_struct("AsyncRedisBackend").field("source", source).field("prefix", prefix).finish()
    }
}
