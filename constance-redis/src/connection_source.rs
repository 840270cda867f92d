//! Where the backend gets its connections from.

use std::time::Duration;

use constance_core::{Error, ErrorKind, Result};
use r2d2::ManageConnection;
use redis::{ConnectionLike, RedisResult};

use crate::error::classify;

/// Gives the backend its connections to Redis.
///
/// It is implemented for an `r2d2::Pool` (with any manager whose connections are Redis connections), for a
/// `redis::Client` (a new connection for each call), and for a closure that returns a connection, such as a test double.
///
/// ```
/// use constance_core::{backend::Stored, Backend, Prefix};
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
pub trait ConnectionSource: Send + Sync {
    /// A connection for one call. Dropping the connection gives it back.
    ///
    /// # Errors
    ///
    /// Where there is none: `Unavailable` where the server is down, `Timeout` where all are in use.
    fn connection(&self) -> Result<Box<dyn BorrowedConnection + '_>>;

    /// A connection for a write, which runs only once, so that the source may check the connection first. Default: as
    /// [`connection`](Self::connection).
    ///
    /// # Errors
    ///
    /// As [`connection`](Self::connection).
    fn connection_for_write(&self) -> Result<Box<dyn BorrowedConnection + '_>> {
        self.connection()
    }

    /// Whether [`dedicated_connection`](Self::dedicated_connection) returns connections. Default: no.
    fn has_dedicated_connections(&self) -> bool {
        false
    }

    /// A connection with RESP3 for a feed of changes alone.
    ///
    /// # Errors
    ///
    /// `Unsupported` where the source has none, which is the default. Then `live()` polls.
    fn dedicated_connection(&self) -> Result<redis::Connection> {
        Err(Error::new(ErrorKind::Unsupported)
            .with_detail("the application's connections cannot be kept for a feed of changes"))
    }

    /// Where the server is, `host:port` or the path of a socket, for errors of a feed. Default: not known.
    fn location(&self) -> Option<String> {
        None
    }

    /// A description for `Debug`, without a password. Default: `the application's`.
    fn describe(&self) -> String {
        "the application's".to_owned()
    }

    /// Whether one command may have any keys, so that a batch is applied as a whole. Default: yes. Say no for a proxy that
    /// distributes keys over servers.
    fn supports_atomic_batch(&self) -> bool {
        true
    }
}

/// A connection for one call.
pub trait BorrowedConnection {
    /// The connection.
    fn connection(&mut self) -> &mut dyn ConnectionLike;

    /// Whether the connection has been used before. A used one may be closed by now, and then a read runs again on
    /// another one. Default: yes.
    fn is_used(&self) -> bool {
        true
    }

    /// Where the connection leads to, `host:port` or the path of a socket, for errors. Default: not known.
    fn location(&self) -> Option<&str> {
        None
    }

    /// Called after the connection has failed. It must not be used again. An error that the server has replied with is no
    /// such failure. `closed` says that the server has closed the connection, as at a restart: then the others are likely
    /// closed too.
    fn mark_broken(&mut self, closed: bool) {
        let _ = closed;
    }
}

/// A connection that is made for one call.
struct Single<C> {
    connection: C,
    used: bool,
}

impl<C: ConnectionLike> BorrowedConnection for Single<C> {
    fn connection(&mut self) -> &mut dyn ConnectionLike {
        &mut self.connection
    }

    fn is_used(&self) -> bool {
        self.used
    }
}

/// A pool of the application. Its manager decides which connections are used again.
impl<M> ConnectionSource for r2d2::Pool<M>
where
    M: ManageConnection,
    M::Connection: ConnectionLike,
{
    fn connection(&self) -> Result<Box<dyn BorrowedConnection + '_>> {
        Ok(Box::new(Pooled(constance_pool::external::get(self)?)))
    }
}

struct Pooled<M: ManageConnection>(r2d2::PooledConnection<M>);

impl<M> BorrowedConnection for Pooled<M>
where
    M: ManageConnection,
    M::Connection: ConnectionLike,
{
    fn connection(&mut self) -> &mut dyn ConnectionLike {
        &mut *self.0
    }
}

/// The connect timeout and the response timeout of a connection that is made for one call.
const PER_CALL_TIMEOUT: Duration = Duration::from_secs(3);

/// A new connection for each call, with a connect timeout and a response timeout of 3 seconds.
/// [`RedisBackendBuilder::connection_info`] has a pool for the same server.
///
/// [`RedisBackendBuilder::connection_info`]: crate::RedisBackendBuilder::connection_info
impl ConnectionSource for redis::Client {
    fn connection(&self) -> Result<Box<dyn BorrowedConnection + '_>> {
        let connection = crate::connect::connect(self.get_connection_info(), PER_CALL_TIMEOUT, PER_CALL_TIMEOUT)?;
        Ok(Box::new(Single { connection, used: false }))
    }

    fn has_dedicated_connections(&self) -> bool {
        true
    }

    fn dedicated_connection(&self) -> Result<redis::Connection> {
        crate::connect::connect_for_watch(self.get_connection_info(), PER_CALL_TIMEOUT)
    }
}

/// Connections for calls from the first, and for feeds of changes from the second, with a connect timeout of 3 seconds.
/// So `live()` does not poll with a pool or a closure.
///
/// ```
/// use constance_redis::{RedisBackend, redis};
///
/// let client = redis::Client::open("redis://127.0.0.1:6379/0")?;
/// let pool = r2d2::Pool::builder().build_unchecked(client.clone());
/// let backend = RedisBackend::with_connections((pool, client));
/// # Ok::<(), redis::RedisError>(())
/// ```
impl<S: ConnectionSource> ConnectionSource for (S, redis::Client) {
    fn connection(&self) -> Result<Box<dyn BorrowedConnection + '_>> {
        self.0.connection()
    }

    fn connection_for_write(&self) -> Result<Box<dyn BorrowedConnection + '_>> {
        self.0.connection_for_write()
    }

    fn has_dedicated_connections(&self) -> bool {
        true
    }

    fn dedicated_connection(&self) -> Result<redis::Connection> {
        self.1.dedicated_connection()
    }

    fn describe(&self) -> String {
        self.0.describe()
    }

    fn supports_atomic_batch(&self) -> bool {
        self.0.supports_atomic_batch()
    }
}

/// Called once for each call. The connection is dropped after the call.
impl<F, C> ConnectionSource for F
where
    F: Fn() -> RedisResult<C> + Send + Sync,
    C: ConnectionLike + 'static,
{
    fn connection(&self) -> Result<Box<dyn BorrowedConnection + '_>> {
        let connection = self().map_err(|error| classify(&error).error)?;
        Ok(Box::new(Single { connection, used: true }))
    }
}
