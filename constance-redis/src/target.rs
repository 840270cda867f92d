//! The server that connections lead to.

use std::fmt;

use constance_core::{Error, ErrorKind, Result, identity};
use redis::{ConnectionAddr, ConnectionInfo};

use crate::login::Login;
use crate::tls::{self, Certificates};

/// An address, a way to log in, and certificates.
#[derive(Clone)]
pub(crate) struct Target {
    info: ConnectionInfo,
    certificates: Certificates,
}

impl Target {
    pub(crate) fn new(info: ConnectionInfo, certificates: Certificates) -> Result<Self> {
        Login::of(info.redis_settings()).check()?;
        match info.addr() {
            ConnectionAddr::TcpTls { tls_params, .. } => {
                if !tls::BUILT_IN {
                    return Err(tls::without_feature());
                }
                // With both, the driver makes connections by rustls and does not look for the system's certificates.
                let both = cfg!(all(feature = "tls-rustls", feature = "tls-native-tls"));
                if both && tls_params.is_none() && certificates.roots.is_none() {
                    return Err(Error::new(ErrorKind::Configuration)
                        .with_detail("with both TLS features the driver trusts no certificate of the system")
                        .with_hint("enable one of tls-rustls and tls-native-tls, or give the root certificates"));
                }
            }
            _ if !certificates.is_empty() => {
                return Err(Error::new(ErrorKind::Configuration)
                    .with_detail("certificates are given for a connection without TLS")
                    .with_hint("use rediss://"));
            }
            _ => {}
        }
        // Nobody but newer servers knows the command, and an ACL without it notes each refusal in its log.
        let settings = info.redis_settings().clone().set_skip_set_lib_name();
        // Requests are small, and each waits for its answer.
        let tcp = info.tcp_settings().clone().set_nodelay(true);
        Ok(Self { info: info.set_redis_settings(settings).set_tcp_settings(tcp), certificates })
    }

    /// The server alone, with nothing read from a file.
    #[cfg(any(feature = "aio", feature = "sentinel"))]
    pub(crate) fn server(&self) -> &ConnectionInfo {
        &self.info
    }

    /// The same way to log in at another address.
    #[cfg(any(feature = "sentinel", feature = "cluster"))]
    pub(crate) fn at(&self, host: &str, port: u16) -> Self {
        let mut addr = self.info.addr().clone();
        match &mut addr {
            ConnectionAddr::TcpTls { host: name, port: number, .. } => (*name, *number) = (host.to_owned(), port),
            other => *other = ConnectionAddr::Tcp(host.to_owned(), port),
        }
        Self { info: self.info.clone().set_addr(addr), certificates: self.certificates.clone() }
    }

    /// The same address with another way to log in, and no database.
    #[cfg(feature = "sentinel")]
    pub(crate) fn logging_in(&self, login: &Login) -> Self {
        let settings = redis::RedisConnectionInfo::default()
            .set_protocol(self.info.redis_settings().protocol())
            .set_skip_set_lib_name();
        let settings = login.applied_to(settings);
        Self { info: self.info.clone().set_redis_settings(settings), certificates: self.certificates.clone() }
    }

    /// Which server it is, and which of its databases.
    pub(crate) fn identity(&self) -> Option<String> {
        let place = match self.info.addr() {
            ConnectionAddr::Tcp(host, port) | ConnectionAddr::TcpTls { host, port, .. } => address(host, *port)?,
            ConnectionAddr::Unix(path) => identity::of_path(path)?,
            _ => return None,
        };
        Some(format!("redis {place} {}", self.info.redis_settings().db()))
    }

    /// What the driver needs for a connection.
    pub(crate) fn info(&self) -> Result<ConnectionInfo> {
        if self.certificates.is_empty() {
            return Ok(self.info.clone());
        }
        self.certificates.apply(&self.info)
    }
}

/// Where a server is, in an identity.
pub(crate) fn address(host: &str, port: u16) -> Option<String> {
    Some(format!("{}:{port}", identity::of_host(host)?))
}

impl fmt::Debug for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { info, certificates } = self;
        // The address and the user's name tell which server it is; the password stays here.
        f.debug_struct("Target")
            .field("addr", &info.addr().to_string())
            .field("db", &info.redis_settings().db())
            .field("username", &info.redis_settings().username())
            .field("password", &info.redis_settings().password().map(|_| "…"))
            .field("certificates", certificates)
            .finish()
    }
}
