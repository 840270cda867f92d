//! URLs of servers.
//!
//! The driver ignores parameters that it does not know: with `?db=3` it would use database 0. So we parse the URL, and an
//! unknown parameter is an error.

mod scheme;

use std::net::IpAddr;
use std::path::PathBuf;

use constance_core::url::{UrlParameters, UrlParts, normalize};
use constance_core::{Error, ErrorKind, Result};
use redis::{ConnectionAddr, ConnectionInfo, IntoConnectionInfo, ProtocolVersion, RedisConnectionInfo};

pub(crate) use self::scheme::{SCHEMES, Scheme, SchemeKind};
use crate::limits::Limits;
use crate::login::Login;
use crate::tls::{Certificates, Pem};

/// A parsed URL.
pub(crate) struct Url {
    pub(crate) kind: SchemeKind,
    /// The servers, with the same login and database.
    pub(crate) servers: Vec<ConnectionInfo>,
    /// The name of the master at the sentinels.
    #[cfg_attr(not(feature = "sentinel"), expect(dead_code, reason = "it is for sentinels"))]
    pub(crate) master: String,
    /// The login for the sentinels.
    #[cfg_attr(not(feature = "sentinel"), expect(dead_code, reason = "it is for sentinels"))]
    pub(crate) sentinel_login: Login,
    pub(crate) certificates: Certificates,
    pub(crate) limits: Limits,
}

/// The known parameters, for messages. All but the last two are those of the Python client.
const KNOWN: &[&str] = &[
    "db",
    "username (or user)",
    "password (or pass)",
    "protocol",
    "socket_timeout",
    "socket_connect_timeout",
    "timeout",
    "max_connections",
    "ssl_ca_certs",
    "ssl_certfile",
    "ssl_keyfile",
    "ssl_cert_reqs",
    "ssl_check_hostname",
    "and for sentinels sentinel_username",
    "sentinel_password",
];

impl Url {
    /// Parses a URL.
    ///
    /// # Errors
    ///
    /// `Configuration` where it is not one of Redis, or has an unknown part. The error does not show it.
    pub(crate) fn parse(url: &str) -> Result<Self> {
        let url = normalize(url);
        let Scheme { kind, is_secure, .. } = Scheme::of(&url)?;
        // With this fragment the driver checks no certificate.
        let bare = if is_secure { url.strip_suffix("#insecure") } else { None };
        let mut parts = UrlParts::parse(bare.unwrap_or(&url))?;
        let (username, password) = parts.take_login()?;
        let tls = TlsParameters::take(&mut parts.parameters, is_secure, bare.is_some())?;
        let addresses = match kind {
            SchemeKind::Socket => vec![socket(&mut parts)?],
            SchemeKind::Server | SchemeKind::Cluster => tls.addresses(&mut parts, 6379)?,
            SchemeKind::Sentinels => tls.addresses(&mut parts, 26379)?,
        };
        let (mut master, mut sentinel_login) = (String::new(), Login::default());
        if kind == SchemeKind::Sentinels {
            master = take_master(&mut parts)?;
            sentinel_login.username = parts.parameters.take("sentinel_username");
            sentinel_login.password = parts.parameters.take("sentinel_password");
        }
        let db = parts.take_database()?;
        let mut parameters = parts.parameters;
        let limits = Limits {
            pool_size: parameters.take_number("max_connections")?,
            connect_timeout: parameters.take_seconds("socket_connect_timeout")?,
            response_timeout: parameters.take_seconds("socket_timeout")?,
            acquire_timeout: parameters.take_seconds("timeout")?,
        };
        let settings = RedisConnectionInfo::default().set_db(i64::from(db)).set_protocol(protocol(&mut parameters)?);
        let settings = Login { username, password }.apply_to(settings);
        parameters.finish(KNOWN)?;
        match kind {
            SchemeKind::Server if addresses.len() > 1 => {
                return wrong(
                    "the URL names several servers",
                    "use redis+cluster://, redis+sentinel://, or one server",
                );
            }
            SchemeKind::Cluster if db != 0 => {
                return wrong("a cluster has no database but 0", "leave the number out of the URL");
            }
            _ => {}
        }
        let info = |address: ConnectionAddr| match address.into_connection_info() {
            Ok(info) => Ok(info.set_redis_settings(settings.clone())),
            Err(_) => wrong("the address in the URL cannot be used", "write redis://host:6379/0"),
        };
        let servers = addresses.into_iter().map(info).collect::<Result<_>>()?;
        Ok(Self { kind, servers, master, sentinel_login, certificates: tls.certificates, limits })
    }
}

fn wrong<T>(detail: &'static str, hint: &'static str) -> Result<T> {
    Err(Error::new(ErrorKind::Configuration).with_detail(detail).with_hint(hint))
}

fn protocol(parameters: &mut UrlParameters) -> Result<ProtocolVersion> {
    match parameters.take("protocol").as_deref() {
        None | Some("2" | "resp2") => Ok(ProtocolVersion::RESP2),
        Some("3" | "resp3") => Ok(ProtocolVersion::RESP3),
        Some(_) => wrong("the parameter protocol of the URL names none", "write 2 or 3"),
    }
}

/// The TLS options of a URL.
struct TlsParameters {
    is_secure: bool,
    is_checked: bool,
    certificates: Certificates,
}

impl TlsParameters {
    fn take(parameters: &mut UrlParameters, is_secure: bool, unchecked: bool) -> Result<Self> {
        let mut file = |name: &str| parameters.take(name).map(|path| Pem::File(PathBuf::from(path)));
        let roots = file("ssl_ca_certs");
        let client = match (file("ssl_certfile"), file("ssl_keyfile")) {
            (Some(certificate), Some(key)) => Some((certificate, key)),
            (None, None) => None,
            _ => return wrong("a client certificate and its key are given together or not at all", "give both files"),
        };
        let (requirement, host) = (parameters.take("ssl_cert_reqs"), parameters.take("ssl_check_hostname"));
        let is_given = roots.is_some() || client.is_some() || requirement.is_some() || host.is_some();
        if is_given && !is_secure {
            return wrong("a parameter of the URL is about TLS, and the scheme is one without", "use rediss://");
        }
        let is_checked = match requirement.as_deref() {
            None => !unchecked,
            // For a client they mean the same.
            Some("required" | "optional") if !unchecked => true,
            Some("none") => false,
            _ => return wrong("the parameter ssl_cert_reqs of the URL is not understood", "write required or none"),
        };
        if !is_checked && !cfg!(all(feature = "tls-native-tls", not(feature = "tls-rustls"))) {
            return wrong(
                "the URL asks for no check of the server's certificate, which rustls does not do without here",
                "give the authority's certificate by ssl_ca_certs",
            );
        }
        match host.as_deref() {
            None => {}
            Some(value) if is_checked && ["true", "yes", "1"].contains(&value.to_ascii_lowercase().as_str()) => {}
            Some(_) => {
                return wrong(
                    "the name of the host in a certificate is always checked",
                    "leave ssl_check_hostname out",
                );
            }
        }
        Ok(Self { is_secure, is_checked, certificates: Certificates { roots, client } })
    }

    fn addresses(&self, parts: &mut UrlParts, port: u16) -> Result<Vec<ConnectionAddr>> {
        if parts.hosts.is_empty() {
            return wrong("the URL names no host", "write redis://user:password@host:6379/0");
        }
        let address = |(host, given): (String, Option<u16>)| {
            if host.parse::<IpAddr>().is_ok_and(|address| address.is_unspecified()) {
                return wrong("nobody can connect to the address 0.0.0.0 or ::", "name the server's own");
            }
            let port = given.unwrap_or(port);
            Ok(match self.is_secure {
                true => ConnectionAddr::TcpTls { host, port, insecure: !self.is_checked, tls_params: None },
                false => ConnectionAddr::Tcp(host, port),
            })
        };
        parts.hosts.drain(..).map(address).collect()
    }
}

fn socket(parts: &mut UrlParts) -> Result<ConnectionAddr> {
    let shape = "write redis+unix:///path/to/the.sock?db=0&username=user&password=password";
    if parts.hosts.iter().any(|(host, port)| host != "localhost" || port.is_some()) {
        return wrong("the URL of a Unix socket names a host", shape);
    }
    let path = std::mem::take(&mut parts.path);
    if path.is_empty() || path.ends_with('/') {
        return wrong("the URL names no socket", shape);
    }
    if !cfg!(unix) {
        return wrong("there are no Unix sockets on this system", "use redis://");
    }
    Ok(ConnectionAddr::Unix(PathBuf::from(path)))
}

/// Takes the name of the master out of the path. The number of the database stays.
fn take_master(parts: &mut UrlParts) -> Result<String> {
    let path = std::mem::take(&mut parts.path);
    let path = path.strip_prefix('/').unwrap_or(&path);
    let (name, db) = path.split_once('/').unwrap_or((path, ""));
    // The characters that sentinels allow in a name.
    if name.is_empty() || !name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"._-".contains(&byte)) {
        return wrong(
            "the URL does not name the master as sentinels do",
            "it looks like redis+sentinel://user:password@host:26379,host:26379/name/0",
        );
    }
    db.clone_into(&mut parts.path);
    Ok(name.to_owned())
}

#[cfg(test)]
mod tests;
