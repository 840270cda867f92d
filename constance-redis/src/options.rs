//! The options of a connection, as in a configuration file.

use std::fmt;
use std::path::PathBuf;

use constance_core::{Error, ErrorKind, Result};
use redis::{ConnectionAddr, ConnectionInfo, IntoConnectionInfo, RedisConnectionInfo};
use serde::Deserialize;

use crate::login::Login;
use crate::tls::{self, Certificates, Pem};

/// Where a Redis server is and how to log in, field by field.
///
/// It can be read from a configuration file. A field that is missing has its default, and an unknown field is an error.
/// The names of the Python client work too.
///
/// ```
/// use constance_redis::{RedisBackend, RedisOptions};
///
/// let options: RedisOptions = serde_json::from_str(r#"{ "host": "redis.internal", "db": 1, "password": "hunter2" }"#)?;
/// assert_eq!(options.port, 6379);
/// assert!(!format!("{options:?}").contains("hunter2"));
/// let backend = RedisBackend::builder().options(options).build()?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[non_exhaustive]
#[derive(Clone, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct RedisOptions {
    /// The server's name or address. Default: `localhost`.
    pub host: String,
    /// Its port. Default: 6379.
    pub port: u16,
    /// The number of the database. Default: 0.
    pub db: u32,
    /// The user's name, for a server with an access list. Default: none.
    pub username: Option<String>,
    /// The password. Default: none.
    pub password: Option<String>,
    /// The server's Unix socket, instead of host and port. Default: none. Also `unix_socket_path`.
    #[serde(alias = "unix_socket_path")]
    pub unix_socket: Option<PathBuf>,
    /// Whether to use TLS, which needs a feature of this crate. Default: no. Also `ssl`.
    #[serde(alias = "ssl")]
    pub tls: bool,
    /// A file with the certificates to trust instead of the system's. Default: none. Also `ssl_ca_certs`.
    #[serde(alias = "ssl_ca_certs")]
    pub root_certificates: Option<PathBuf>,
    /// A file with the client certificate. Default: none. Also `ssl_certfile`.
    #[serde(alias = "ssl_certfile")]
    pub client_certificate: Option<PathBuf>,
    /// A file with the key of the client certificate. Default: none. Also `ssl_keyfile`.
    #[serde(alias = "ssl_keyfile")]
    pub client_key: Option<PathBuf>,
}

impl Default for RedisOptions {
    fn default() -> Self {
        Self {
            host: "localhost".to_owned(),
            port: 6379,
            db: 0,
            username: None,
            password: None,
            unix_socket: None,
            tls: false,
            root_certificates: None,
            client_certificate: None,
            client_key: None,
        }
    }
}

impl RedisOptions {
    pub(crate) fn resolve(self) -> Result<(ConnectionInfo, Certificates)> {
        let wrong = |detail: &'static str| Error::new(ErrorKind::Configuration).with_detail(detail);
        let Self { host, port, db, username, password, unix_socket, tls, .. } = self;
        let addr = match (unix_socket, tls) {
            (Some(_), true) => return Err(wrong("a Unix socket has no TLS")),
            (Some(path), false) => ConnectionAddr::Unix(path),
            (None, _) if host.is_empty() => return Err(wrong("the host is empty")),
            (None, true) if !tls::BUILT_IN => return Err(tls::not_built_in()),
            (None, true) => ConnectionAddr::TcpTls { host, port, insecure: false, tls_params: None },
            (None, false) => ConnectionAddr::Tcp(host, port),
        };
        let client = match (self.client_certificate, self.client_key) {
            (Some(certificate), Some(key)) => Some((Pem::File(certificate), Pem::File(key))),
            (None, None) => None,
            _ => return Err(wrong("a client certificate and its key are given together or not at all")),
        };
        let settings = Login { username, password }.apply_to(RedisConnectionInfo::default().set_db(i64::from(db)));
        let info = addr.into_connection_info().map_err(|_| wrong("the address cannot be used"))?;
        Ok((info.set_redis_settings(settings), Certificates { roots: self.root_certificates.map(Pem::File), client }))
    }
}

impl fmt::Debug for RedisOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            host,
            port,
            db,
            username,
            password,
            unix_socket,
            tls,
            root_certificates,
            client_certificate,
            client_key,
        } = self;
        f.debug_struct("RedisOptions")
            .field("host", host)
            .field("port", port)
            .field("db", db)
            .field("username", username)
            .field("password", &password.as_ref().map(|_| "…"))
            .field("unix_socket", unix_socket)
            .field("tls", tls)
            .field("root_certificates", root_certificates)
            .field("client_certificate", client_certificate)
            .field("client_key", client_key)
            .finish()
    }
}
