//! The backend of one server, or of the master that sentinels name.

use std::fmt;
use std::sync::atomic::AtomicBool;

use constance_core::{
    Backend, Prefix, Result, Warning,
    backend::{Applied, Batch, Capability, Encoded, Key, Portion, Stored, Watch},
};
use redis::{ConnectionLike, RedisResult};

use crate::NAME;
use crate::command;
use crate::connection_source::{BorrowedConnection, ConnectionSource};
use crate::error::{Failure, MAX_INTERRUPTIONS, classify};
use crate::operations::{apply, list, read_many, read_one, send_pipeline};
use crate::request;
use crate::scan::ScanCursor;
use crate::wait_replicas::WaitReplicas;
use crate::watch::{RedisWatch, unsupported_if_denied};

/// Sends each call over one connection of the source.
pub(crate) struct ServerBackend {
    pub(crate) connections: Box<dyn ConnectionSource>,
    pub(crate) prefix: Prefix,
    /// How many replicas a write waits for.
    pub(crate) replicas: Option<WaitReplicas>,
    /// See [`Backend::identity`]. `None` where the server is not known.
    pub(crate) identity: Option<String>,
    /// Whether the last read of many keys found one without a string.
    pub(crate) saw_missing: AtomicBool,
}

impl ServerBackend {
    /// A backend that does not wait for replicas, on an unknown server.
    pub(crate) fn new(connections: Box<dyn ConnectionSource>, prefix: Prefix) -> Self {
        Self { connections, prefix, replicas: None, identity: None, saw_missing: AtomicBool::new(false) }
    }

    /// Runs a read. It runs again on another connection where the server had closed an idle one (once), and where a signal
    /// interrupted it.
    fn read_with_retry<T>(&self, work: impl Fn(&mut dyn ConnectionLike) -> RedisResult<T>) -> Result<T> {
        let (mut closed, mut interrupted) = (false, 0);
        loop {
            match attempt(self.connections.connection()?, &work)? {
                Ok(value) => return Ok(value),
                Err(failure) if failure.is_interrupted && interrupted < MAX_INTERRUPTIONS => interrupted += 1,
                Err(failure) if failure.is_closed && !closed => closed = true,
                Err(failure) => return Err(failure.error),
            }
        }
    }

    /// Runs a write, once: where the connection closes, nobody can tell whether the server has applied it.
    fn write_once<T>(&self, work: impl Fn(&mut dyn ConnectionLike) -> RedisResult<T>) -> Result<T> {
        attempt(self.connections.connection_for_write()?, work)?.map_err(|failure| failure.error)
    }
}

/// Runs `work` on one connection. The outer error is final. The inner one may come from the connection alone, so that a
/// read can run again.
fn attempt<T>(
    mut connection: Box<dyn BorrowedConnection + '_>,
    work: impl Fn(&mut dyn ConnectionLike) -> RedisResult<T>,
) -> Result<Result<T, Failure>> {
    let error = match work(connection.connection()) {
        Ok(value) => return Ok(Ok(value)),
        Err(error) => error,
    };
    let failure = classify(&error).at(connection.location());
    if failure.is_broken {
        connection.mark_broken(failure.is_closed);
    }
    if failure.is_interrupted || failure.is_closed && connection.is_used() {
        Ok(Err(failure))
    } else {
        Err(failure.error)
    }
}

impl Backend for ServerBackend {
    fn name(&self) -> &str {
        NAME
    }

    fn capability(&self) -> Capability {
        request::capability()
            .with_atomic_batch(self.connections.supports_atomic_batch())
            .with_watch(self.connections.has_dedicated_connections())
    }

    fn read(&self, keys: &[&Key]) -> Result<Vec<Stored>> {
        if keys.is_empty() {
            return Ok(Vec::new());
        }
        self.read_with_retry(|connection| read_many(connection, keys, &self.saw_missing))
    }

    fn list(&self, prefix: &Prefix) -> Result<Vec<(Key, Stored)>> {
        self.read_with_retry(|connection| list(connection, prefix, &self.saw_missing))
    }

    fn write(&self, batch: &Batch) -> Result<Applied> {
        if batch.changes().is_empty() {
            return Ok(Applied::Done(Vec::new()));
        }
        request::check_value_lengths(batch)?;
        self.write_once(|connection| apply(connection, batch, self.replicas))?
    }

    fn visit(&self, key: &Key, visitor: &mut dyn FnMut(Option<&[u8]>)) -> Result<()> {
        let stored = self.read_with_retry(|connection| read_one(connection, key))?;
        visitor(stored.bytes()?.map(Encoded::as_bytes));
        Ok(())
    }

    fn watch(&self, prefix: &Prefix) -> Result<Box<dyn Watch>> {
        let open = |connection| RedisWatch::open(connection, prefix, self.connections.location());
        let watch = self.connections.dedicated_connection().and_then(open);
        Ok(Box::new(watch.map_err(unsupported_if_denied)?))
    }

    fn default_prefix(&self) -> Prefix {
        self.prefix.clone()
    }

    fn keys_from(&self, prefix: &Prefix, from: Option<&[u8]>) -> Result<Portion> {
        let (cursor, _) = ScanCursor::decode(from)?;
        let request = cursor.request(prefix, false);
        self.read_with_retry(|connection| cursor.parse_portion(prefix, send_pipeline(connection, &request)?))?
    }

    fn identity(&self) -> Option<String> {
        self.identity.clone()
    }

    fn warnings(&self) -> Result<Vec<Warning>> {
        self.read_with_retry(|connection| request::eviction_warnings(command::info().query(connection)))
    }

    fn ping(&self) -> Result<()> {
        self.read_with_retry(|connection| redis::cmd("PING").exec(connection))
    }
}

impl fmt::Debug for ServerBackend {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { connections, prefix, replicas, identity: _, saw_missing: _ } = self;
        f.debug_struct("RedisBackend")
            .field("connections", &connections.describe())
            .field("prefix", prefix)
            .field("replicas", replicas)
            .finish()
    }
}
