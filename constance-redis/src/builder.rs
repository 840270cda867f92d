//! Options of the backend.

use std::fmt;
use std::time::Duration;

#[cfg(feature = "sentinel")]
use constance_core::url::agree;
use constance_core::{Error, ErrorKind, Prefix, Result};
use redis::ConnectionInfo;

#[cfg(feature = "cluster")]
use crate::cluster;
use crate::connections::Connections;
use crate::limits::Limits;
#[cfg(feature = "sentinel")]
use crate::login::Login;
use crate::replicas::Replicas;
#[cfg(feature = "sentinel")]
use crate::sentinel;
use crate::server::ServerBackend;
use crate::target::Target;
use crate::tls::{Certificates, Pem};
#[cfg(any(feature = "aio", feature = "cluster", feature = "sentinel"))]
use crate::url::Place;
use crate::url::Url;
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
    limits: Limits,
    replicas: u32,
    #[cfg(feature = "sentinel")]
    sentinel_login: Login,
    prefix: Prefix,
}

/// Connections, and the identity of what they lead to.
type Identified = (Box<dyn Connections>, Option<String>);

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
            limits: Limits::default(),
            replicas: 0,
            #[cfg(feature = "sentinel")]
            sentinel_login: Login::default(),
            prefix: default_prefix(),
        }
    }

    /// The server's URL. Default: `redis://127.0.0.1:6379/0`.
    ///
    /// `redis://user:password@host:6379/0`, `rediss://…` for TLS, `redis+unix:///path?db=0&username=…&password=…` for a Unix
    /// socket. Special characters in a password are written as `%40` and the like.
    ///
    /// With the feature `sentinel`, `redis+sentinel://user:password@host:26379,host:26379/name/0` is the master that these
    /// sentinels know by this name; with the feature `cluster`, `redis+cluster://user:password@host:6379,host:6379` is a
    /// cluster. `rediss+…` is the same with TLS.
    ///
    /// Parameters that the Python client takes and that mean something here are honoured, any other is refused:
    ///
    /// | parameter | meaning |
    /// |---|---|
    /// | `db`, `username` (`user`), `password` (`pass`) | the same as in front of the `?` |
    /// | `protocol` | 2 or 3 |
    /// | `socket_connect_timeout`, `socket_timeout`, `timeout` | seconds for [connecting](Self::connect_timeout), for [an answer](Self::response_timeout), for [a free connection](Self::acquire_timeout) |
    /// | `max_connections` | the [pool's size](Self::pool_size) |
    /// | `ssl_ca_certs`, `ssl_certfile`, `ssl_keyfile` | files in PEM format: [whom to trust](Self::root_certificates), [what to show](Self::client_certificate) |
    /// | `ssl_cert_reqs` | `required`; `none` checks nothing, which TLS by rustls refuses |
    /// | `sentinel_username`, `sentinel_password` | the login of the sentinels themselves |
    ///
    /// What a URL says twice, and what the builder says as well, has to be the same.
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

    /// The greatest number of connections, of a cluster those to each node, at least 1. Default: 8.
    ///
    /// They are made when they are needed. A feed of changes has one more of its own.
    pub fn pool_size(mut self, connections: u32) -> Self {
        self.limits.pool_size = Some(connections);
        self
    }

    /// How long making a connection may take, with everything that belongs to it: looking the name up, TLS, logging in.
    /// More than zero. Default: 2 seconds.
    pub fn connect_timeout(mut self, timeout: Duration) -> Self {
        self.limits.connect_timeout = Some(timeout);
        self
    }

    /// How long a call waits for the server's answer before it fails with `Timeout`, more than zero. Default: 2 seconds.
    pub fn response_timeout(mut self, timeout: Duration) -> Self {
        self.limits.response_timeout = Some(timeout);
        self
    }

    /// How long a call waits for a free connection before it fails with `Timeout`, more than zero. Default: 3 seconds.
    ///
    /// A server that cannot be reached fails at once and does not wait for this.
    pub fn acquire_timeout(mut self, timeout: Duration) -> Self {
        self.limits.acquire_timeout = Some(timeout);
        self
    }

    /// How many replicas must have a change before its write is a success. Default: 0, which is what Redis does.
    ///
    /// Redis tells a writer that a change is made when the master has it. A master that dies before it has passed the
    /// change on takes it along. With a number here, each write waits on the same connection (`WAIT`) until so many replicas
    /// have confirmed it, for at most half of the [response timeout](Self::response_timeout), at the price of their round
    /// trip. Too few are a `Timeout`: the master **has** the change, and its replicas may get it later; nothing is undone.
    ///
    /// A write that was confirmed by one replica outlives its master where that replica, or one that has as much, takes
    /// over; sentinels prefer the replica that has most, among those they can reach. It is not consensus: a replica keeps
    /// in memory what it confirms, and two failures at once can lose it. A master that is cut off together with its clients
    /// goes on accepting writes without this option.
    ///
    /// With [connections of the application's own](Self::connections), their read timeout has to be longer than half of
    /// the response timeout given here.
    pub fn wait_replicas(mut self, replicas: u32) -> Self {
        self.replicas = replicas;
        self
    }

    /// The user's name at the sentinels themselves. Default: none. The one in the URL is for the master.
    #[cfg(feature = "sentinel")]
    pub fn sentinel_username(mut self, username: impl Into<String>) -> Self {
        self.sentinel_login.username = Some(username.into());
        self
    }

    /// The password of the sentinels themselves. Default: none. The one in the URL is for the master.
    #[cfg(feature = "sentinel")]
    pub fn sentinel_password(mut self, password: impl Into<String>) -> Self {
        self.sentinel_login.password = Some(password.into());
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
    /// `Configuration` where the URL is not one of a Redis server (it is never shown), says something that is not known, or
    /// contradicts itself or the builder; where a user has no password; where TLS is asked for and not built in; and where
    /// the pool's size or a timeout is zero.
    pub fn build(self) -> Result<RedisBackend> {
        self.assemble().map_err(|error| error.with_backend(NAME))
    }

    fn assemble(mut self) -> Result<RedisBackend> {
        let url = self.read_url()?;
        let replicas = self.replicas();
        if !matches!(self.server, Server::Brought(_)) {
            self.limits.check()?;
        }
        let place = url.as_ref().map(|url| url.place);
        let (connections, identity): Identified = match (place, url, self.server) {
            (_, _, Server::Brought(connections)) => (connections, None),
            #[cfg(feature = "cluster")]
            (Some(Place::Cluster), Some(url), _) => {
                let options = cluster::Options { limits: self.limits, replicas, prefix: self.prefix };
                return Ok(RedisBackend::new(cluster::open(url, &self.certificates, options)?));
            }
            #[cfg(feature = "sentinel")]
            (Some(Place::Sentinels), Some(url), _) => {
                let sentinels = sentinel::open(url, &self.sentinel_login, &self.certificates)?;
                let identity = sentinels.identity();
                (Box::new(self.limits.open(sentinels)), identity)
            }
            (_, url, named) => {
                let target = one_server(url, named, self.certificates)?;
                let identity = target.identity();
                (Box::new(self.limits.open(target)), identity)
            }
        };
        Ok(RedisBackend::new(ServerBackend { replicas, identity, ..ServerBackend::new(connections, self.prefix) }))
    }

    /// Reads the URL, if there is one, and takes over what it says of the options.
    fn read_url(&mut self) -> Result<Option<Url>> {
        let Server::Url(url) = &self.server else { return Ok(None) };
        let mut url = Url::read(url)?;
        let limits = std::mem::take(&mut url.limits);
        self.limits = limits.agreeing(std::mem::take(&mut self.limits))?;
        self.certificates = std::mem::take(&mut url.certificates).with(std::mem::take(&mut self.certificates))?;
        #[cfg(feature = "sentinel")]
        {
            let Login { username, password } = std::mem::take(&mut url.sentinel_login);
            let given = std::mem::take(&mut self.sentinel_login);
            self.sentinel_login = Login {
                username: agree("sentinel_username", username, given.username)?,
                password: agree("sentinel_password", password, given.password)?,
            };
        }
        Ok(Some(url))
    }

    fn replicas(&self) -> Option<Replicas> {
        let within = self.limits.response_timeout() / 2;
        (self.replicas > 0).then_some(Replicas { count: self.replicas, within })
    }

    /// The prefix where the application names none.
    #[cfg(feature = "aio")]
    pub(crate) fn prefix(&self) -> &Prefix {
        &self.prefix
    }

    /// The one server that is named, with the timeouts for connecting to it and for its answers.
    #[cfg(feature = "aio")]
    pub(crate) fn target(mut self) -> Result<(Target, Duration, Duration)> {
        let url = self.read_url()?;
        self.limits.check()?;
        if url.as_ref().is_some_and(|url| matches!(url.place, Place::Cluster | Place::Sentinels)) {
            return Err(Error::new(ErrorKind::Configuration)
                .with_detail("the asynchronous backend connects to one server, and the URL names a group")
                .with_hint("use RedisBackend through constance_core::aio::Blocking"));
        }
        let (connect, response) = (self.limits.connect_timeout(), self.limits.response_timeout());
        Ok((one_server(url, self.server, self.certificates)?, connect, response))
    }
}

/// Where one server is, and how to log in there.
fn one_server(url: Option<Url>, server: Server, given: Certificates) -> Result<Target> {
    let no_server = || Error::new(ErrorKind::Configuration).with_detail("no server is named");
    let (info, certificates) = match (url, server) {
        (Some(url), _) => (url.servers.into_iter().next().ok_or_else(no_server)?, Certificates::default()),
        (None, Server::Info(info)) => (*info, Certificates::default()),
        (None, Server::Options(options)) => options.resolve()?,
        (None, Server::Url(_) | Server::Brought(_)) => return Err(no_server()),
    };
    Target::new(info, certificates.with(given)?)
}

impl fmt::Debug for Builder {
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
        let mut shown = f.debug_struct("Builder");
        shown
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
