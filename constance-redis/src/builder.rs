//! Options of the backend.

use std::fmt;
use std::time::Duration;

use constance_core::{Error, ErrorKind, Prefix, Result};
use redis::ConnectionInfo;

use crate::connections::Connections;
use crate::manager::Door;
use crate::pool::Pool;
use crate::target::{self, Target};
use crate::tls::{Certificates, Pem};
use crate::{NAME, RedisBackend, RedisOptions};

/// The server where none is named.
const DEFAULT_URL: &str = "redis://127.0.0.1:6379/0";

/// The prefix where none is named: the one of django-constance.
pub(crate) fn default_prefix() -> Prefix {
    // It ends in a separator, so that it is never refused.
    Prefix::new("constance:").unwrap_or_default()
}

/// Builds a [`RedisBackend`]; made by [`RedisBackend::builder`].
///
/// ```
/// use std::time::Duration;
///
/// use constance_core::Prefix;
/// use constance_redis::RedisBackend;
///
/// let backend = RedisBackend::builder()
///     .url("redis://shop:hunter2@redis.internal:6379/0")
///     .pool_size(8)
///     .connect_timeout(Duration::from_millis(500))
///     .response_timeout(Duration::from_millis(500))
///     .default_prefix(Prefix::new("shop:")?)
///     .build()?;
/// # Ok::<(), constance_core::Error>(())
/// ```
#[must_use]
pub struct Builder {
    server: Server,
    certificates: Certificates,
    pool_size: u32,
    connect_timeout: Duration,
    response_timeout: Duration,
    acquire_timeout: Duration,
    prefix: Prefix,
}

/// Which way the server was named last.
enum Server {
    Url(String),
    Options(Box<RedisOptions>),
    Info(Box<ConnectionInfo>),
    Brought(Box<dyn Connections>),
}

impl Builder {
    pub(crate) fn new() -> Self {
        Self {
            server: Server::Url(DEFAULT_URL.to_owned()),
            certificates: Certificates::default(),
            pool_size: 8,
            connect_timeout: Duration::from_secs(2),
            response_timeout: Duration::from_secs(2),
            acquire_timeout: Duration::from_secs(3),
            prefix: default_prefix(),
        }
    }

    /// The server's URL. Default: `redis://127.0.0.1:6379/0`.
    ///
    /// `redis://user:password@host:6379/0`, `rediss://…` for TLS, `redis+unix:///path?db=0&user=…&pass=…` for a Unix
    /// socket. Special characters in a password are written as `%40` and the like.
    pub fn url(mut self, url: impl Into<String>) -> Self {
        self.server = Server::Url(url.into());
        self
    }

    /// The server, field by field, in place of a URL. Default: none.
    pub fn options(mut self, options: RedisOptions) -> Self {
        self.server = Server::Options(Box::new(options));
        self
    }

    /// The server in the driver's own words, in place of a URL; also from `redis::Client::get_connection_info`. Default:
    /// none.
    pub fn connection_info(mut self, info: ConnectionInfo) -> Self {
        self.server = Server::Info(Box::new(info));
        self
    }

    /// Connections of the application's own, in place of a URL. Default: none.
    ///
    /// Every option but [`default_prefix`](Self::default_prefix) is then the source's own business.
    pub fn connections(mut self, source: impl Connections + 'static) -> Self {
        self.server = Server::Brought(Box::new(source));
        self
    }

    /// Certificates to trust in place of the system's, in PEM format. Default: those of the system.
    pub fn root_certificates(mut self, pem: impl Into<Vec<u8>>) -> Self {
        self.certificates.roots = Some(Pem::Text(pem.into()));
        self
    }

    /// A certificate to show to the server, and its key, in PEM format. Default: none.
    pub fn client_certificate(mut self, pem: impl Into<Vec<u8>>, key: impl Into<Vec<u8>>) -> Self {
        self.certificates.client = Some((Pem::Text(pem.into()), Pem::Text(key.into())));
        self
    }

    /// The greatest number of connections, at least 1. Default: 8.
    ///
    /// They are made when they are needed. A feed of changes has one more of its own.
    pub fn pool_size(mut self, connections: u32) -> Self {
        self.pool_size = connections;
        self
    }

    /// How long making a connection may take, with everything that belongs to it: looking the name up, TLS, logging in.
    /// More than zero. Default: 2 seconds.
    pub fn connect_timeout(mut self, timeout: Duration) -> Self {
        self.connect_timeout = timeout;
        self
    }

    /// How long a call waits for the server's answer before it fails with `Timeout`, more than zero. Default: 2 seconds.
    pub fn response_timeout(mut self, timeout: Duration) -> Self {
        self.response_timeout = timeout;
        self
    }

    /// How long a call waits for a free connection before it fails with `Timeout`, more than zero. Default: 3 seconds.
    ///
    /// A server that cannot be reached fails at once and does not wait for this.
    pub fn acquire_timeout(mut self, timeout: Duration) -> Self {
        self.acquire_timeout = timeout;
        self
    }

    /// The prefix of keys where the application names none. Default: `constance:`.
    pub fn default_prefix(mut self, prefix: Prefix) -> Self {
        self.prefix = prefix;
        self
    }

    /// Makes the backend. No I/O.
    ///
    /// # Errors
    ///
    /// `Configuration` where the URL is not one of a Redis server (it is never shown), where TLS is asked for and not
    /// built in, and where the pool's size or a timeout is zero.
    pub fn build(self) -> Result<RedisBackend> {
        self.assemble().map_err(|error| error.with_backend(NAME))
    }

    fn assemble(self) -> Result<RedisBackend> {
        let prefix = self.prefix.clone();
        if let Server::Brought(connections) = self.server {
            return Ok(RedisBackend::new(connections, prefix));
        }
        let (size, acquire_timeout) = (self.pool_size, self.acquire_timeout);
        Ok(RedisBackend::new(Box::new(Pool::open(self.door()?, size, acquire_timeout)), prefix))
    }

    /// The prefix where the application names none.
    #[cfg(feature = "aio")]
    pub(crate) fn prefix(&self) -> &Prefix {
        &self.prefix
    }

    /// Where connections to the server that is named come from.
    pub(crate) fn door(self) -> Result<Door> {
        let (info, certificates) = match self.server {
            Server::Brought(_) => {
                return Err(Error::new(ErrorKind::Configuration).with_detail("no server is named"));
            }
            Server::Url(url) => (target::parse(&url)?, Certificates::default()),
            Server::Info(info) => (*info, Certificates::default()),
            Server::Options(options) => options.resolve()?,
        };
        let wrong = |detail: &'static str| Error::new(ErrorKind::Configuration).with_detail(detail);
        if self.pool_size == 0 {
            return Err(wrong("the pool size is zero"));
        }
        for (timeout, detail) in [
            (self.connect_timeout, "the connect timeout is zero"),
            (self.response_timeout, "the response timeout is zero"),
            (self.acquire_timeout, "the acquire timeout is zero"),
        ] {
            if timeout.is_zero() {
                return Err(wrong(detail));
            }
        }
        let certificates = Certificates {
            roots: self.certificates.roots.or(certificates.roots),
            client: self.certificates.client.or(certificates.client),
        };
        Ok(Door::new(Target::new(info, certificates)?, self.connect_timeout, self.response_timeout))
    }
}

impl fmt::Debug for Builder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { server, certificates, pool_size, connect_timeout, response_timeout, acquire_timeout, prefix } = self;
        f.debug_struct("Builder")
            // Which way it is named: a URL may hold a password.
            .field(
                "server",
                &match server {
                    Server::Url(_) => "a URL",
                    Server::Options(_) => "options",
                    Server::Info(_) => "the driver's options",
                    Server::Brought(_) => "connections of the application's own",
                },
            )
            .field("certificates", certificates)
            .field("pool_size", pool_size)
            .field("connect_timeout", connect_timeout)
            .field("response_timeout", response_timeout)
            .field("acquire_timeout", acquire_timeout)
            .field("prefix", prefix)
            .finish()
    }
}
