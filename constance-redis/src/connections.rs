//! Where connections come from.

use std::time::Duration;

use constance_core::{Error, ErrorKind, Result};
use r2d2::ManageConnection;
use redis::{ConnectionLike, RedisResult};

use crate::error::fault;

/// Anything that hands out connections to Redis.
///
/// It is there for an `r2d2::Pool` of the application's own (over any manager whose connections are Redis connections),
/// for a `redis::Client` (a new connection for each call), and for a closure that gives a connection, which is also the
/// way to a test double.
///
/// ```
/// use constance_core::{Backend, Prefix, Stored};
/// use constance_redis::RedisBackend;
/// use constance_redis::redis::{ConnectionLike, RedisResult, Value};
///
/// /// A server that holds nothing.
/// struct Empty;
///
/// impl ConnectionLike for Empty {
///     fn req_packed_command(&mut self, _: &[u8]) -> RedisResult<Value> {
///         Ok(Value::Nil)
///     }
///     fn req_packed_commands(&mut self, _: &[u8], _: usize, count: usize) -> RedisResult<Vec<Value>> {
///         Ok(vec![Value::Nil; count])
///     }
///     fn get_db(&self) -> i64 {
///         0
///     }
///     fn check_connection(&mut self) -> bool {
///         true
///     }
///     fn is_open(&self) -> bool {
///         true
///     }
/// }
///
/// let backend = RedisBackend::with_connections(|| Ok(Empty));
/// let key = Prefix::new("constance:")?.key("theme")?;
/// assert_eq!(backend.read(&[&key])?, [Stored::Absent]);
/// # Ok::<(), constance_core::Error>(())
/// ```
pub trait Connections: Send + Sync {
    /// A connection for one call; it goes back when it is dropped.
    ///
    /// # Errors
    ///
    /// Where there is none, such as `Unavailable` where the server is down or `Timeout` where all are in use.
    fn lend(&self) -> Result<Box<dyn Lease + '_>>;

    /// A connection for one call that may change something, and so is not made again when its connection breaks: the source
    /// may look first whether it is still there. Default: as [`lend`](Self::lend).
    ///
    /// # Errors
    ///
    /// As [`lend`](Self::lend).
    fn lend_for_change(&self) -> Result<Box<dyn Lease + '_>> {
        self.lend()
    }

    /// Whether [`dedicate`](Self::dedicate) can give a connection. Default: no.
    fn can_dedicate(&self) -> bool {
        false
    }

    /// A connection that is nobody else's and speaks RESP3, for a feed of changes.
    ///
    /// # Errors
    ///
    /// `Unsupported` where the source has none to give; `live()` then polls. This is the default.
    fn dedicate(&self) -> Result<redis::Connection> {
        Err(Error::new(ErrorKind::Unsupported)
            .with_detail("the application's connections cannot be kept for a feed of changes"))
    }

    /// What it is, for a `Debug`; no password. Default: says that it is the application's.
    fn describe(&self) -> String {
        "the application's".to_owned()
    }

    /// Whether one command may have any keys, so that a batch of several is applied as a whole. Default: yes. A proxy that
    /// spreads keys over servers says no.
    fn supports_atomic_batch(&self) -> bool {
        true
    }
}

/// A connection that was lent for one call.
pub trait Lease {
    /// The connection.
    fn connection(&mut self) -> &mut dyn ConnectionLike;

    /// Whether it has served a call before. If so, it may have died since, and a read that finds it dead is made again on
    /// another connection. Default: it has.
    fn is_used(&self) -> bool {
        true
    }

    /// Told that the connection failed, other than by a clean answer of the server. It must not serve again. `gone` says
    /// that the other side has closed it, as when the server was restarted; then those lent at the same time are likely
    /// gone as well.
    fn failed(&mut self, gone: bool) {
        let _ = gone;
    }
}

/// A lease of a connection that is known by its own type.
struct Lent<C> {
    connection: C,
    used: bool,
}

impl<C: ConnectionLike> Lease for Lent<C> {
    fn connection(&mut self) -> &mut dyn ConnectionLike {
        &mut self.connection
    }

    fn is_used(&self) -> bool {
        self.used
    }
}

/// A pool that the application made. Its manager decides which connections may serve again.
impl<M> Connections for r2d2::Pool<M>
where
    M: ManageConnection,
    M::Connection: ConnectionLike,
{
    fn lend(&self) -> Result<Box<dyn Lease + '_>> {
        Ok(Box::new(Pooled(constance_pool::external::get(self)?)))
    }
}

/// A lease from a pool of the application's own.
struct Pooled<M: ManageConnection>(r2d2::PooledConnection<M>);

impl<M> Lease for Pooled<M>
where
    M: ManageConnection,
    M::Connection: ConnectionLike,
{
    fn connection(&mut self) -> &mut dyn ConnectionLike {
        &mut *self.0
    }
}

/// How long a connection that is made for one call may take to be made, and to answer.
const PATIENCE: Duration = Duration::from_secs(3);

/// A new connection for each call, within 3 seconds, and 3 seconds for an answer. [`Builder::connection_info`] puts a pool
/// in front of the same server.
///
/// [`Builder::connection_info`]: crate::Builder::connection_info
impl Connections for redis::Client {
    fn lend(&self) -> Result<Box<dyn Lease + '_>> {
        let connection = crate::manager::connect(self.get_connection_info(), PATIENCE, PATIENCE)?;
        Ok(Box::new(Lent { connection, used: false }))
    }

    fn can_dedicate(&self) -> bool {
        true
    }

    fn dedicate(&self) -> Result<redis::Connection> {
        crate::manager::dedicate(self.get_connection_info(), PATIENCE)
    }
}

/// Connections from the first, and those for feeds of changes from the second, within 3 seconds: so that `live()` need not
/// poll where a pool or a closure hands out the connections.
///
/// ```
/// use constance_redis::{RedisBackend, redis};
///
/// let client = redis::Client::open("redis://127.0.0.1:6379/0")?;
/// let pool = r2d2::Pool::builder().build_unchecked(client.clone());
/// let backend = RedisBackend::with_connections((pool, client));
/// # Ok::<(), redis::RedisError>(())
/// ```
impl<S: Connections> Connections for (S, redis::Client) {
    fn lend(&self) -> Result<Box<dyn Lease + '_>> {
        self.0.lend()
    }

    fn lend_for_change(&self) -> Result<Box<dyn Lease + '_>> {
        self.0.lend_for_change()
    }

    fn can_dedicate(&self) -> bool {
        true
    }

    fn dedicate(&self) -> Result<redis::Connection> {
        self.1.dedicate()
    }

    fn describe(&self) -> String {
        self.0.describe()
    }

    fn supports_atomic_batch(&self) -> bool {
        self.0.supports_atomic_batch()
    }
}

/// Called for each call; what it gives is dropped after it.
impl<F, C> Connections for F
where
    F: Fn() -> RedisResult<C> + Send + Sync,
    C: ConnectionLike + 'static,
{
    fn lend(&self) -> Result<Box<dyn Lease + '_>> {
        let connection = self().map_err(|error| fault(&error).error)?;
        Ok(Box::new(Lent { connection, used: true }))
    }
}
