//! Building the backend.

use std::fmt;
use std::time::Duration;

#[cfg(feature = "sentinel")]
use constance_core::url::merge_option;
use constance_core::{Error, ErrorKind, Prefix, Result};
use redis::ConnectionInfo;

#[cfg(feature = "cluster")]
use crate::cluster;
use crate::connect_options::ConnectOptions;
use crate::connection_source::ConnectionSource;
use crate::limits::Limits;
#[cfg(feature = "sentinel")]
use crate::login::Login;
#[cfg(feature = "sentinel")]
use crate::sentinel;
use crate::server::ServerBackend;
use crate::tls::{Certificates, Pem};
#[cfg(any(feature = "aio", feature = "cluster", feature = "sentinel"))]
use crate::url::SchemeKind;
use crate::url::Url;
use crate::wait_replicas::WaitReplicas;
use crate::{NAME, RedisBackend, RedisOptions};

/// The default server.
const DEFAULT_URL: &str = "redis://127.0.0.1:6379/0";

/// The default prefix, which is the one of django-constance.
pub(crate) fn default_prefix() -> Prefix {
    // A prefix that ends in a separator is always valid.
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
pub struct RedisBackendBuilder {
    server: Server,
    certificates: Certificates,
    limits: Limits,
    replicas: u32,
    #[cfg(feature = "sentinel")]
    sentinel_login: Login,
    prefix: Prefix,
}

/// How the server is named.
enum Server {
    Url(String),
    Options(Box<RedisOptions>),
    Info(Box<ConnectionInfo>),
    External(Box<dyn ConnectionSource>),
}

impl RedisBackendBuilder {
    pub(crate) fn new() -> Self {
        Self {
            server: Server::Url(DEFAULT_URL.to_owned()),
            certificates: Certificates::default(),
            limits: Limits::default(),
            replicas: 0,
            #[cfg(feature = "sentinel")]
            sentinel_login: Login::default(),
            prefix: default_prefix(),
        }
    }

    /// The server's URL. Default: `redis://127.0.0.1:6379/0`.
    ///
    /// `redis://user:password@host:6379/0`, `rediss://…` for TLS, `redis+unix:///path?db=0&username=…&password=…` for a
    /// Unix socket. Special characters in a password are written as `%40` and the like.
    ///
    /// With the feature `sentinel`, `redis+sentinel://user:password@host:26379,host:26379/name/0` is the master that these
    /// sentinels know by this name. With the feature `cluster`, `redis+cluster://user:password@host:6379,host:6379` is a
    /// cluster. `rediss+…` is the same with TLS.
    ///
    /// Parameters are those of the Python client. One that has no meaning here is an error:
    ///
    /// | parameter | meaning |
    /// |---|---|
    /// | `db`, `username` (`user`), `password` (`pass`) | as before the `?` |
    /// | `protocol` | 2 or 3 |
    /// | `socket_connect_timeout`, `socket_timeout`, `timeout` | seconds: [connect](Self::connect_timeout), [response](Self::response_timeout) and [acquire](Self::acquire_timeout) timeout |
    /// | `max_connections` | the [pool size](Self::pool_size) |
    /// | `ssl_ca_certs`, `ssl_certfile`, `ssl_keyfile` | files in PEM format: [root certificates](Self::root_certificates), [client certificate](Self::client_certificate) and its key |
    /// | `ssl_cert_reqs` | `required`, or `none` for no check, which TLS by rustls refuses |
    /// | `sentinel_username`, `sentinel_password` | the login of the sentinels themselves |
    ///
    /// A value that is given twice, in the URL or also to the builder, has to be the same.
    pub fn url(mut self, url: impl Into<String>) -> Self {
        self.server = Server::Url(url.into());
        self
    }

    /// The server, field by field, instead of a URL. Default: none.
    pub fn options(mut self, options: RedisOptions) -> Self {
        self.server = Server::Options(Box::new(options));
        self
    }

    /// The server as the driver's own options, instead of a URL, as from `redis::Client::get_connection_info`. Default:
    /// none.
    pub fn connection_info(mut self, info: ConnectionInfo) -> Self {
        self.server = Server::Info(Box::new(info));
        self
    }

    /// Connections of the application, instead of a URL. Default: none.
    ///
    /// Of the other options, [`default_prefix`](Self::default_prefix) and [`wait_replicas`](Self::wait_replicas) apply. The
    /// application sets timeouts and the rest.
    pub fn connections(mut self, source: impl ConnectionSource + 'static) -> Self {
        self.server = Server::External(Box::new(source));
        self
    }

    /// Root certificates to trust instead of the system's, in PEM format. Default: those of the system.
    pub fn root_certificates(mut self, pem: impl Into<Vec<u8>>) -> Self {
        self.certificates.roots = Some(Pem::Text(pem.into()));
        self
    }

    /// The client certificate and its key, in PEM format. Default: none.
    pub fn client_certificate(mut self, pem: impl Into<Vec<u8>>, key: impl Into<Vec<u8>>) -> Self {
        self.certificates.client = Some((Pem::Text(pem.into()), Pem::Text(key.into())));
        self
    }

    /// The maximum number of connections, in a cluster to each node. At least 1. Default: 8.
    ///
    /// Connections are made when they are needed. A feed of changes has one more.
    pub fn pool_size(mut self, connections: u32) -> Self {
        self.limits.pool_size = Some(connections);
        self
    }

    /// How long connecting may take, with the name lookup, TLS and the login. More than zero. Default: 2 seconds.
    pub fn connect_timeout(mut self, timeout: Duration) -> Self {
        self.limits.connect_timeout = Some(timeout);
        self
    }

    /// How long a call waits for the reply before it fails with `Timeout`. More than zero. Default: 2 seconds.
    pub fn response_timeout(mut self, timeout: Duration) -> Self {
        self.limits.response_timeout = Some(timeout);
        self
    }

    /// How long a call waits for a free connection before it fails with `Timeout`. More than zero. Default: 3 seconds.
    ///
    /// Where the server cannot be reached, a call fails at once.
    pub fn acquire_timeout(mut self, timeout: Duration) -> Self {
        self.limits.acquire_timeout = Some(timeout);
        self
    }

    /// How many replicas must have a change before its write is a success. Default: 0, which is what Redis does.
    ///
    /// Redis acknowledges a write when the master has it. Where the master dies before a replica has the change, the
    /// change is lost. With this option each write waits on the same connection (`WAIT`) until so many replicas have
    /// confirmed it, for at most half of the [response timeout](Self::response_timeout). Too few are a `Timeout`: the
    /// master **has** the change, and replicas may get it later. Nothing is undone.
    ///
    /// A confirmed write survives its master where one of these replicas, or another one that has it, takes over.
    /// Sentinels prefer the replica with the most data among those they can reach. This is not consensus: a replica
    /// confirms what it has in memory, and two failures at once can lose it. Without this option, a master that is cut
    /// off together with its clients keeps accepting writes.
    ///
    /// With [connections of the application](Self::connections), their read timeout has to be longer than half of the
    /// response timeout given here.
    pub fn wait_replicas(mut self, replicas: u32) -> Self {
        self.replicas = replicas;
        self
    }

    /// The username for the sentinels. Default: none. The username in the URL is for the master.
    #[cfg(feature = "sentinel")]
    pub fn sentinel_username(mut self, username: impl Into<String>) -> Self {
        self.sentinel_login.username = Some(username.into());
        self
    }

    /// The password for the sentinels. Default: none. The password in the URL is for the master.
    #[cfg(feature = "sentinel")]
    pub fn sentinel_password(mut self, password: impl Into<String>) -> Self {
        self.sentinel_login.password = Some(password.into());
        self
    }

    /// The prefix of keys where the `Config` has none. Default: `constance:`.
    pub fn default_prefix(mut self, prefix: Prefix) -> Self {
        self.prefix = prefix;
        self
    }

    /// Makes the backend. No I/O.
    ///
    /// # Errors
    ///
    /// `Configuration` where the URL is not one of a Redis server, has an unknown parameter, or contradicts itself or the
    /// builder; where a user has no password; where TLS is needed and not built in; and where the pool size or a timeout is
    /// zero. The error does not show the URL.
    pub fn build(self) -> Result<RedisBackend> {
        self.assemble().map_err(|error| error.with_backend(NAME))
    }

    fn assemble(mut self) -> Result<RedisBackend> {
        let url = self.parse_url()?;
        let replicas = self.replicas();
        if !matches!(self.server, Server::External(_)) {
            self.limits.check()?;
        }
        let kind = url.as_ref().map(|url| url.kind);
        let mut identity = None;
        let connections: Box<dyn ConnectionSource> = match (kind, url, self.server) {
            (_, _, Server::External(connections)) => connections,
            #[cfg(feature = "cluster")]
            (Some(SchemeKind::Cluster), Some(url), _) => {
                let options = cluster::Options { limits: self.limits, replicas, prefix: self.prefix };
                return Ok(RedisBackend::new(cluster::from_url(url, &self.certificates, options)?));
            }
            #[cfg(feature = "sentinel")]
            (Some(SchemeKind::Sentinels), Some(url), _) => {
                let sentinels = sentinel::from_url(url, &self.sentinel_login, &self.certificates)?;
                identity = sentinels.identity();
                Box::new(self.limits.build_pool(sentinels))
            }
            (_, url, server) => {
                let options = connect_options(url, server, self.certificates)?;
                identity = options.identity();
                Box::new(self.limits.build_pool(options))
            }
        };
        Ok(RedisBackend::new(ServerBackend { replicas, identity, ..ServerBackend::new(connections, self.prefix) }))
    }

    /// Parses the URL, if there is one, and merges its options into the builder's.
    fn parse_url(&mut self) -> Result<Option<Url>> {
        let Server::Url(url) = &self.server else { return Ok(None) };
        let mut url = Url::parse(url)?;
        let limits = std::mem::take(&mut url.limits);
        self.limits = limits.merged(std::mem::take(&mut self.limits))?;
        self.certificates = std::mem::take(&mut url.certificates).merged(std::mem::take(&mut self.certificates))?;
        #[cfg(feature = "sentinel")]
        {
            let Login { username, password } = std::mem::take(&mut url.sentinel_login);
            let given = std::mem::take(&mut self.sentinel_login);
            self.sentinel_login = Login {
                username: merge_option("sentinel_username", username, given.username)?,
                password: merge_option("sentinel_password", password, given.password)?,
            };
        }
        Ok(Some(url))
    }

    fn replicas(&self) -> Option<WaitReplicas> {
        let timeout = self.limits.response_timeout() / 2;
        (self.replicas > 0).then_some(WaitReplicas { count: self.replicas, timeout })
    }

    #[cfg(feature = "aio")]
    pub(crate) fn prefix(&self) -> &Prefix {
        &self.prefix
    }

    /// How to connect to the one server, with the connect timeout and the response timeout.
    #[cfg(feature = "aio")]
    pub(crate) fn connect_options(mut self) -> Result<(ConnectOptions, Duration, Duration)> {
        let url = self.parse_url()?;
        self.limits.check()?;
        if url.as_ref().is_some_and(|url| matches!(url.kind, SchemeKind::Cluster | SchemeKind::Sentinels)) {
            return Err(Error::new(ErrorKind::Configuration)
                .with_detail("the asynchronous backend connects to one server, and the URL names a group")
                .with_hint("use RedisBackend through constance_core::aio::Blocking"));
        }
        let (connect, response) = (self.limits.connect_timeout(), self.limits.response_timeout());
        Ok((connect_options(url, self.server, self.certificates)?, connect, response))
    }
}

/// How to connect to one server.
fn connect_options(url: Option<Url>, server: Server, given: Certificates) -> Result<ConnectOptions> {
    let no_server = || Error::new(ErrorKind::Configuration).with_detail("no server is named");
    let (info, certificates) = match (url, server) {
        (Some(url), _) => (url.servers.into_iter().next().ok_or_else(no_server)?, Certificates::default()),
        (None, Server::Info(info)) => (*info, Certificates::default()),
        (None, Server::Options(options)) => options.resolve()?,
        (None, Server::Url(_) | Server::External(_)) => return Err(no_server()),
    };
    ConnectOptions::new(info, certificates.merged(given)?)
}

impl fmt::Debug for RedisBackendBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            server,
            certificates,
            limits,
            replicas,
            #[cfg(feature = "sentinel")]
            sentinel_login,
            prefix,
        } = self;
        let mut shown = f.debug_struct("RedisBackendBuilder");
        shown
            // Not the URL itself, which may have a password.
            .field(
                "server",
                &match server {
                    Server::Url(_) => "a URL",
                    Server::Options(_) => "options",
                    Server::Info(_) => "the driver's options",
                    Server::External(_) => "connections of the application's own",
                },
            )
            .field("certificates", certificates)
            .field("pool_size", &limits.pool_size())
            .field("connect_timeout", &limits.connect_timeout())
            .field("response_timeout", &limits.response_timeout())
            .field("acquire_timeout", &limits.acquire_timeout())
            .field("replicas", replicas)
            .field("prefix", prefix);
        #[cfg(feature = "sentinel")]
        shown.field("sentinel_login", sentinel_login);
        shown.finish()
    }
}
