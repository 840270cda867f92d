//! The backend.

use std::fmt;
use std::sync::atomic::AtomicBool;

use constance_core::aio::{AsyncBackend, AsyncWatch, BoxFuture};
use constance_core::{Applied, Batch, Capability, Error, ErrorKind, Key, Portion, Prefix, Result, Stored, Warning};
use redis::RedisResult;
use redis::aio::ConnectionLike;

use super::AsyncBuilder;
use super::calls::{all, apply, many, one, portion};
use super::connection::{Connection, Source};
use super::feed::Feed;
use crate::builder::default_prefix;
use crate::command;
use crate::error::fault;
use crate::plan;
use crate::scan::Place;
use crate::watch::without_right;
use crate::{NAME, RedisOptions};

/// Settings in Redis, over one connection that all tasks share.
///
/// The connection is made at the first call, and again after it failed. Of many tasks that need it meanwhile one attempt
/// is made. A read that was under way when the server closed the connection is sent once more; a write is not, since nobody
/// can tell whether the server had taken it, and fails as `Unavailable`. So that a write is not what finds a connection
/// dead, it asks first whether the server is there where nothing was answered for a second.
///
/// A write is one command, so that a dropped future leaves it done or not done, never in part. Replies are matched to
/// requests by the driver, also where a request's future is dropped.
///
/// All calls belong into one tokio runtime: the connection lives in the one that it was made in. Where that runtime has
/// ended, the next call notices and connects in its own.
///
/// ```no_run
/// use constance_core::aio::AsyncBackend;
/// use constance_core::{Batch, Change, Encoded};
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
    /// Whether the last read of many keys met one without a string.
    gaps: AtomicBool,
}

impl AsyncRedisBackend {
    pub(crate) fn new(source: Source, prefix: Prefix) -> Self {
        Self { source, prefix, gaps: AtomicBool::new(false) }
    }

    /// A backend for the server that a URL names. No I/O, and no runtime is needed. See [`AsyncBuilder::url`].
    ///
    /// # Errors
    ///
    /// `Configuration` where the URL is not one of a Redis server, or asks for TLS that is not built in. It is never shown.
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
    /// `Configuration` where the options contradict each other, or ask for TLS that is not built in.
    pub fn from_options(options: RedisOptions) -> Result<Self> {
        Self::builder().options(options).build()
    }

    /// Options, where the defaults will not do.
    pub fn builder() -> AsyncBuilder {
        AsyncBuilder::new()
    }

    /// A backend over a connection that the application has already, of which each call takes a handle: a
    /// `MultiplexedConnection`, the driver's `ConnectionManager`, or a test double. No I/O.
    ///
    /// Timeouts and connecting again are the business of whoever made it; a `MultiplexedConnection` that has failed stays
    /// so. There is no feed of changes: `live()` polls. To have both, give the builder the options of the client that the
    /// application connects with: [`AsyncBuilder::connection_info`].
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
        Self::new(Source::Brought(Box::new(connection)), default_prefix())
    }

    /// Sends what only reads. Where the connection turns out to be closed, it is sent once more on a fresh one.
    async fn look<T, F>(&self, work: impl Fn(Connection) -> F) -> Result<T>
    where
        F: Future<Output = RedisResult<T>>,
    {
        let mut tries = 0;
        loop {
            tries += 1;
            match self.once(&work).await? {
                Err(_) if tries < 2 => {}
                result => return result,
            }
        }
    }

    /// One try. The outer error is final; the inner one is the connection's fault alone.
    async fn once<T, F>(&self, work: impl Fn(Connection) -> F) -> Result<Result<T>>
    where
        F: Future<Output = RedisResult<T>>,
    {
        let (number, connection) = self.source.connection().await?;
        let error = match work(connection).await {
            Ok(value) => {
                self.source.answered();
                return Ok(Ok(value));
            }
            Err(error) => error,
        };
        let fault = fault(&error);
        if fault.broken {
            self.source.failed(number);
        }
        // A reply that was cut short together with the connection is one that cannot be read.
        let cut = error.kind() == redis::ErrorKind::Parse;
        if fault.gone || cut { Ok(Err(fault.error)) } else { Err(fault.error) }
    }
}

impl AsyncBackend for AsyncRedisBackend {
    fn name(&self) -> &str {
        NAME
    }

    fn capability(&self) -> Capability {
        plan::capability().with_atomic_batch(true).with_watch(matches!(self.source, Source::Own(_)))
    }

    fn read<'a>(&'a self, keys: &'a [&'a Key]) -> BoxFuture<'a, Result<Vec<Stored>>> {
        match keys {
            [] => Box::pin(async { Ok(Vec::new()) }),
            // By itself: the future of what is read most is then a small one.
            [key] => {
                Box::pin(self.look(move |mut connection| async move { Ok(vec![one(&mut connection, key).await?]) }))
            }
            _ => {
                Box::pin(self.look(move |mut connection| async move { many(&mut connection, keys, &self.gaps).await }))
            }
        }
    }

    fn list<'a>(&'a self, prefix: &'a Prefix) -> BoxFuture<'a, Result<Vec<(Key, Stored)>>> {
        Box::pin(self.look(move |mut connection| async move { all(&mut connection, prefix, &self.gaps).await }))
    }

    fn write<'a>(&'a self, batch: &'a Batch) -> BoxFuture<'a, Result<Applied>> {
        Box::pin(async move {
            if batch.changes().is_empty() {
                return Ok(Applied::Done(Vec::new()));
            }
            plan::check(batch)?;
            if self.source.is_rested() {
                // A question can be sent again, so it is what finds out whether the connection has died. That the user has
                // no right to ask is an answer too.
                match self.ping().await {
                    Err(error) if error.kind() != ErrorKind::Denied => return Err(error),
                    _ => {}
                }
            }
            // Sent once: whether a connection that closed had taken it, nobody can tell.
            self.once(move |mut connection| async move { apply(&mut connection, batch).await }).await?
        })
    }

    fn watch<'a>(&'a self, prefix: &'a Prefix) -> BoxFuture<'a, Result<Box<dyn AsyncWatch>>> {
        Box::pin(async move {
            match &self.source {
                Source::Own(shared) => {
                    Ok(Box::new(Feed::open(shared.opener(), prefix).await.map_err(without_right)?) as _)
                }
                Source::Brought(_) => Err(Error::new(ErrorKind::Unsupported)
                    .with_detail("the application's connection cannot be kept for a feed of changes")),
            }
        })
    }

    fn default_prefix(&self) -> Prefix {
        self.prefix.clone()
    }

    fn keys_from<'a>(&'a self, prefix: &'a Prefix, from: Option<&'a [u8]>) -> BoxFuture<'a, Result<Portion>> {
        Box::pin(async move {
            let (place, _) = Place::parse(from)?;
            self.look(move |mut connection| async move { portion(&mut connection, prefix, place).await }).await?
        })
    }

    fn identity(&self) -> Option<String> {
        match &self.source {
            Source::Own(shared) => shared.opener().identity(),
            Source::Brought(_) => None,
        }
    }

    fn warnings(&self) -> BoxFuture<'_, Result<Vec<Warning>>> {
        Box::pin(self.look(move |mut connection| async move { plan::warnings(connection.ask(&command::info()).await) }))
    }

    fn ping(&self) -> BoxFuture<'_, Result<()>> {
        Box::pin(self.look(move |mut connection| async move { connection.ask(&redis::cmd("PING")).await.map(drop) }))
    }
}

impl fmt::Debug for AsyncRedisBackend {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { source, prefix, gaps: _ } = self;
        f.debug_struct("AsyncRedisBackend").field("source", source).field("prefix", prefix).finish()
    }
}
