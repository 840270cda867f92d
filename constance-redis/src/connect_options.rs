//! How to connect to one server.

use std::fmt;

use constance_core::{Error, ErrorKind, Result, identity};
use redis::{ConnectionAddr, ConnectionInfo};

use crate::login::Login;
use crate::tls::{self, Certificates};

/// The address, the login and the certificates, checked.
#[derive(Clone)]
pub(crate) struct ConnectOptions {
    info: ConnectionInfo,
    certificates: Certificates,
}

impl ConnectOptions {
    pub(crate) fn new(info: ConnectionInfo, certificates: Certificates) -> Result<Self> {
        Login::from_settings(info.redis_settings()).check()?;
        match info.addr() {
            ConnectionAddr::TcpTls { tls_params, .. } => {
                if !tls::BUILT_IN {
                    return Err(tls::not_built_in());
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
        // The driver's CLIENT SETINFO is unknown to older servers, and each refusal by an ACL is an entry in its log.
        let settings = info.redis_settings().clone().set_skip_set_lib_name();
        // Requests are small, and each waits for its reply.
        let tcp = info.tcp_settings().clone().set_nodelay(true);
        Ok(Self { info: info.set_redis_settings(settings).set_tcp_settings(tcp), certificates })
    }

    /// Without certificates, so that no file is read.
    #[cfg(any(feature = "aio", feature = "sentinel"))]
    pub(crate) fn without_certificates(&self) -> &ConnectionInfo {
        &self.info
    }

    /// The same login at another address.
    #[cfg(any(feature = "sentinel", feature = "cluster"))]
    pub(crate) fn with_address(&self, host: &str, port: u16) -> Self {
        let mut addr = self.info.addr().clone();
        match &mut addr {
            ConnectionAddr::TcpTls { host: name, port: number, .. } => (*name, *number) = (host.to_owned(), port),
            other => *other = ConnectionAddr::Tcp(host.to_owned(), port),
        }
        Self { info: self.info.clone().set_addr(addr), certificates: self.certificates.clone() }
    }

    /// The same address with another login, and no database.
    #[cfg(feature = "sentinel")]
    pub(crate) fn with_login(&self, login: &Login) -> Self {
        let settings = redis::RedisConnectionInfo::default()
            .set_protocol(self.info.redis_settings().protocol())
            .set_skip_set_lib_name();
        let settings = login.apply_to(settings);
        Self { info: self.info.clone().set_redis_settings(settings), certificates: self.certificates.clone() }
    }

    /// The identity of the server and the database.
    pub(crate) fn identity(&self) -> Option<String> {
        let address = match self.info.addr() {
            ConnectionAddr::Tcp(host, port) | ConnectionAddr::TcpTls { host, port, .. } => {
                address_identity(host, *port)?
            }
            ConnectionAddr::Unix(path) => identity::of_path(path)?,
            _ => return None,
        };
        Some(format!("redis {address} {}", self.info.redis_settings().db()))
    }

    /// The driver's options. Reads the certificate files.
    /// The address of the server, for errors.
    pub(crate) fn location(&self) -> String {
        crate::connect::location(self.info.addr())
    }

    pub(crate) fn connection_info(&self) -> Result<ConnectionInfo> {
        if self.certificates.is_empty() {
            return Ok(self.info.clone());
        }
        self.certificates.apply(&self.info)
    }
}

/// The address of a server, as identities have it.
pub(crate) fn address_identity(host: &str, port: u16) -> Option<String> {
    Some(format!("{}:{port}", identity::of_host(host)?))
}

impl fmt::Debug for ConnectOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { info, certificates } = self;
        f.debug_struct("ConnectOptions")
            .field("addr", &info.addr().to_string())
            .field("db", &info.redis_settings().db())
            .field("username", &info.redis_settings().username())
            .field("password", &info.redis_settings().password().map(|_| "…"))
            .field("certificates", certificates)
            .finish()
    }
}
