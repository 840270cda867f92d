//! Options of the backend.

use std::fmt;
use std::time::Duration;

use constance_core::{Error, ErrorKind, Prefix, Result};
use redis::ConnectionInfo;

#[cfg(feature = "cluster")]
use crate::cluster;
use crate::connections::Connections;
use crate::manager::Door;
use crate::pool::Pool;
use crate::replicas::Replicas;
#[cfg(feature = "sentinel")]
use crate::sentinel;
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
    replicas: u32,
    #[cfg(feature = "sentinel")]
    sentinel_login: sentinel::Login,
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
            pool_size: 8,
            connect_timeout: Duration::from_secs(2),
            response_timeout: Duration::from_secs(2),
            acquire_timeout: Duration::from_secs(3),
            replicas: 0,
            #[cfg(feature = "sentinel")]
            sentinel_login: sentinel::Login::default(),
            prefix: default_prefix(),
        }
    }

    /// The server's URL. Default: `redis://127.0.0.1:6379/0`.
    ///
    /// `redis://user:password@host:6379/0`, `rediss://…` for TLS, `redis+unix:///path?db=0&user=…&pass=…` for a Unix
    /// socket. Special characters in a password are written as `%40` and the like.
    ///
    /// With the feature `sentinel`, `redis+sentinel://user:password@host:26379,host:26379/name/0` is the master that these
    /// sentinels know by this name; with the feature `cluster`, `redis+cluster://user:password@host:6379,host:6379` is a
    /// cluster. `rediss+…` is the same with TLS.
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
    /// `Configuration` where the URL is not one of a Redis server (it is never shown), where TLS is asked for and not
    /// built in, and where the pool's size or a timeout is zero.
    pub fn build(self) -> Result<RedisBackend> {
        self.assemble().map_err(|error| error.with_backend(NAME))
    }

    fn assemble(self) -> Result<RedisBackend> {
        let replicas = self.replicas();
        if !matches!(self.server, Server::Brought(_)) {
            self.check()?;
        }
        let several = match &self.server {
            Server::Url(url) => self.several(url)?,
            _ => None,
        };
        let (connections, identity): Identified = match (several, self.server) {
            (Some(several), _) => several,
            (None, Server::Brought(connections)) => (connections, None),
            (None, named) => {
                let target = one_server(named, self.certificates)?;
                let identity = target.identity();
                let door = Door::new(target, self.connect_timeout, self.response_timeout);
                (Box::new(Pool::open(door, self.pool_size, self.acquire_timeout)), identity)
            }
        };
        Ok(RedisBackend::new(connections, self.prefix).waiting(replicas).identified(identity))
    }

    fn replicas(&self) -> Option<Replicas> {
        (self.replicas > 0).then_some(Replicas { count: self.replicas, within: self.response_timeout / 2 })
    }

    /// The connections to a group of servers, and its identity, where the URL names one.
    #[cfg_attr(
        not(any(feature = "sentinel", feature = "cluster")),
        expect(
            unused_variables,
            clippy::unused_self,
            clippy::unnecessary_wraps,
            reason = "there is none without a feature"
        )
    )]
    fn several(&self, url: &str) -> Result<Option<Identified>> {
        #[cfg(feature = "sentinel")]
        if let Some(sentinels) = sentinel::parse(url, &self.sentinel_login, &self.certificates)? {
            let identity = sentinels.identity();
            let door = Door::new(sentinels, self.connect_timeout, self.response_timeout);
            return Ok(Some((Box::new(Pool::open(door, self.pool_size, self.acquire_timeout)), identity)));
        }
        #[cfg(feature = "cluster")]
        {
            let options = cluster::Options {
                pool_size: self.pool_size,
                connect_timeout: self.connect_timeout,
                response_timeout: self.response_timeout,
                acquire_timeout: self.acquire_timeout,
                replicas: self.replicas(),
                prefix: self.prefix.clone(),
            };
            if let Some(cluster) = cluster::parse(url, &self.certificates, &options)? {
                let identity = cluster.identity();
                return Ok(Some((Box::new(cluster), identity)));
            }
        }
        Ok(None)
    }

    /// The prefix where the application names none.
    #[cfg(feature = "aio")]
    pub(crate) fn prefix(&self) -> &Prefix {
        &self.prefix
    }

    /// The one server that is named, with the timeouts for connecting to it and for its answers.
    #[cfg(feature = "aio")]
    pub(crate) fn target(self) -> Result<(Target, Duration, Duration)> {
        self.check()?;
        Ok((one_server(self.server, self.certificates)?, self.connect_timeout, self.response_timeout))
    }

    /// What a pool of our own is made with.
    fn check(&self) -> Result<()> {
        let wrong = |detail: &'static str| Err(Error::new(ErrorKind::Configuration).with_detail(detail));
        if self.pool_size == 0 {
            return wrong("the pool size is zero");
        }
        for (timeout, detail) in [
            (self.connect_timeout, "the connect timeout is zero"),
            (self.response_timeout, "the response timeout is zero"),
            (self.acquire_timeout, "the acquire timeout is zero"),
        ] {
            if timeout.is_zero() {
                return wrong(detail);
            }
        }
        Ok(())
    }
}

/// Where one server is, and how to log in there.
fn one_server(server: Server, given: Certificates) -> Result<Target> {
    let (info, certificates) = match server {
        Server::Brought(_) => return Err(Error::new(ErrorKind::Configuration).with_detail("no server is named")),
        Server::Url(url) => (target::parse(&url)?, Certificates::default()),
        Server::Info(info) => (*info, Certificates::default()),
        Server::Options(options) => options.resolve()?,
    };
    let certificates =
        Certificates { roots: given.roots.or(certificates.roots), client: given.client.or(certificates.client) };
    Target::new(info, certificates)
}

impl fmt::Debug for Builder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            server,
            certificates,
            pool_size,
            connect_timeout,
            response_timeout,
            acquire_timeout,
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
            .field("pool_size", pool_size)
            .field("connect_timeout", connect_timeout)
            .field("response_timeout", response_timeout)
            .field("acquire_timeout", acquire_timeout)
            .field("replicas", replicas)
            .field("prefix", prefix);
        #[cfg(feature = "sentinel")]
        shown.field("sentinel_login", sentinel_login);
        shown.finish()
    }
}
