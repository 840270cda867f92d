//! Building the asynchronous backend.

use std::fmt;
use std::time::Duration;

use constance_core::{Prefix, Result};
use redis::ConnectionInfo;

use super::AsyncRedisBackend;
use super::connection::Source;
use super::connector::Connector;
use super::shared_connection::SharedConnection;
use crate::{NAME, RedisBackendBuilder, RedisOptions};

/// Builds an [`AsyncRedisBackend`]; made by [`AsyncRedisBackend::builder`].
///
/// ```
/// use std::time::Duration;
///
/// use constance_core::Prefix;
/// use constance_redis::aio::AsyncRedisBackend;
///
/// let backend = AsyncRedisBackend::builder()
///     .url("redis://shop:hunter2@redis.internal:6379/0")
///     .connect_timeout(Duration::from_millis(500))
///     .response_timeout(Duration::from_millis(500))
///     .default_prefix(Prefix::new("shop:")?)
///     .build()?;
/// # Ok::<(), constance_core::Error>(())
/// ```
#[must_use]
pub struct AsyncRedisBackendBuilder {
    /// Names the server by the same rules as the synchronous backend does.
    common: RedisBackendBuilder,
}

impl AsyncRedisBackendBuilder {
    pub(crate) fn new() -> Self {
        Self { common: RedisBackendBuilder::new() }
    }

    /// The server's URL. Default: `redis://127.0.0.1:6379/0`.
    ///
    /// `redis://user:password@host:6379/0`, `rediss://…` for TLS (feature `tls-rustls`), `redis+unix:///path?db=0` for a
    /// Unix socket, with the parameters of [`RedisBackendBuilder::url`]. There is one connection, so `max_connections`
    /// and `timeout` have no effect. With `?protocol=resp3` the driver notices that an idle connection was closed, so
    /// that the next write does not fail.
    pub fn url(self, url: impl Into<String>) -> Self {
        self.map(|common| common.url(url))
    }

    /// The server, field by field, instead of a URL. Default: none.
    pub fn options(self, options: RedisOptions) -> Self {
        self.map(|common| common.options(options))
    }

    /// The server as the driver's own options, instead of a URL, as from `redis::Client::get_connection_info`. Default:
    /// none.
    pub fn connection_info(self, info: ConnectionInfo) -> Self {
        self.map(|common| common.connection_info(info))
    }

    /// Root certificates to trust instead of the system's, in PEM format. Default: those of the system.
    pub fn root_certificates(self, pem: impl Into<Vec<u8>>) -> Self {
        self.map(|common| common.root_certificates(pem))
    }

    /// The client certificate and its key, in PEM format. Default: none.
    pub fn client_certificate(self, pem: impl Into<Vec<u8>>, key: impl Into<Vec<u8>>) -> Self {
        self.map(|common| common.client_certificate(pem, key))
    }

    /// How long connecting may take, with the name lookup, TLS and the login. More than zero. Default: 2 seconds.
    pub fn connect_timeout(self, timeout: Duration) -> Self {
        self.map(|common| common.connect_timeout(timeout))
    }

    /// How long a call waits for the reply before it fails with `Timeout`. More than zero. Default: 2 seconds.
    ///
    /// After a timeout the backend connects again.
    pub fn response_timeout(self, timeout: Duration) -> Self {
        self.map(|common| common.response_timeout(timeout))
    }

    /// The prefix of keys where the `AsyncConfig` has none. Default: `constance:`.
    pub fn default_prefix(self, prefix: Prefix) -> Self {
        self.map(|common| common.default_prefix(prefix))
    }

    /// Makes the backend. No I/O, and no runtime is needed.
    ///
    /// # Errors
    ///
    /// `Configuration` where the URL is not one of a Redis server, where TLS is needed and not built in, and where a
    /// timeout is zero. The error does not show the URL.
    pub fn build(self) -> Result<AsyncRedisBackend> {
        let prefix = self.common.prefix().clone();
        let connector = self
            .common
            .connect_options()
            .and_then(|(options, connect, response)| Connector::new(options, connect, response));
        let shared = SharedConnection::new(connector.map_err(|error| error.with_backend(NAME))?);
        Ok(AsyncRedisBackend::new(Source::Own(shared), prefix))
    }

    fn map(self, change: impl FnOnce(RedisBackendBuilder) -> RedisBackendBuilder) -> Self {
        Self { common: change(self.common) }
    }
}

impl fmt::Debug for AsyncRedisBackendBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { common } = self;
        f.debug_tuple("AsyncRedisBackendBuilder").field(common).finish()
    }
}
