//! Options of the backend.

use std::fmt;
use std::time::Duration;

use constance_core::{Prefix, Result};
use redis::ConnectionInfo;

use super::AsyncRedisBackend;
use super::connection::Source;
use super::opener::Opener;
use super::shared::Shared;
use crate::{Builder, NAME, RedisOptions};

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
pub struct AsyncBuilder {
    /// Names the server by the same rules as the synchronous backend's.
    common: Builder,
}

impl AsyncBuilder {
    pub(crate) fn new() -> Self {
        Self { common: Builder::new() }
    }

    /// The server's URL. Default: `redis://127.0.0.1:6379/0`.
    ///
    /// `redis://user:password@host:6379/0`, `rediss://…` for TLS (feature `tls-rustls`), `redis+unix:///path?db=0` for a
    /// Unix socket, with the parameters of [`Builder::url`]; there is one connection, which nobody
    /// waits for, whatever `max_connections` and `timeout` allow. With `?protocol=resp3` the end of a connection is noticed while
    /// it lies idle, so that the write after it does not fail.
    pub fn url(self, url: impl Into<String>) -> Self {
        self.map(|common| common.url(url))
    }

    /// The server, field by field, in place of a URL. Default: none.
    pub fn options(self, options: RedisOptions) -> Self {
        self.map(|common| common.options(options))
    }

    /// The server in the driver's own words, in place of a URL; also from `redis::Client::get_connection_info`. Default:
    /// none.
    pub fn connection_info(self, info: ConnectionInfo) -> Self {
        self.map(|common| common.connection_info(info))
    }

    /// Certificates to trust in place of the system's, in PEM format. Default: those of the system.
    pub fn root_certificates(self, pem: impl Into<Vec<u8>>) -> Self {
        self.map(|common| common.root_certificates(pem))
    }

    /// A certificate to show to the server, and its key, in PEM format. Default: none.
    pub fn client_certificate(self, pem: impl Into<Vec<u8>>, key: impl Into<Vec<u8>>) -> Self {
        self.map(|common| common.client_certificate(pem, key))
    }

    /// How long making the connection may take, with everything that belongs to it: looking the name up, TLS, logging in.
    /// More than zero. Default: 2 seconds.
    pub fn connect_timeout(self, timeout: Duration) -> Self {
        self.map(|common| common.connect_timeout(timeout))
    }

    /// How long a call waits for the server's answer before it fails with `Timeout`, more than zero. Default: 2 seconds.
    ///
    /// Calls after that go over a new connection.
    pub fn response_timeout(self, timeout: Duration) -> Self {
        self.map(|common| common.response_timeout(timeout))
    }

    /// The prefix of keys where the application names none. Default: `constance:`.
    pub fn default_prefix(self, prefix: Prefix) -> Self {
        self.map(|common| common.default_prefix(prefix))
    }

    /// Makes the backend. No I/O, and no runtime is needed.
    ///
    /// # Errors
    ///
    /// `Configuration` where the URL is not one of a Redis server (it is never shown), where TLS is asked for and not
    /// built in, and where a timeout is zero.
    pub fn build(self) -> Result<AsyncRedisBackend> {
        let prefix = self.common.prefix().clone();
        let opener =
            self.common.target().and_then(|(target, connect, response)| Opener::new(target, connect, response));
        let shared = Shared::new(opener.map_err(|error| error.with_backend(NAME))?);
        Ok(AsyncRedisBackend::new(Source::Own(shared), prefix))
    }

    fn map(self, change: impl FnOnce(Builder) -> Builder) -> Self {
        Self { common: change(self.common) }
    }
}

impl fmt::Debug for AsyncBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { common } = self;
        f.debug_tuple("AsyncBuilder").field(common).finish()
    }
}
