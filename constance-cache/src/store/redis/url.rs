//! The URL of a Redis server that keeps a cache.

use std::path::PathBuf;
use std::time::Duration;

use constance_core::url::UrlParts;
use constance_core::{Error, ErrorKind, Result};
use redis::{ConnectionAddr, IntoConnectionInfo, ProtocolVersion, RedisConnectionInfo};

/// A parsed URL. The driver would ignore unknown parameters.
pub(super) struct Url {
    pub(super) client: redis::Client,
    pub(super) connect_timeout: Option<Duration>,
    pub(super) response_timeout: Option<Duration>,
    pub(super) pool_size: Option<u32>,
}

const KNOWN: &[&str] = &[
    "db",
    "username (or user)",
    "password (or pass)",
    "protocol",
    "socket_timeout",
    "socket_connect_timeout",
    "max_connections",
];

const SHAPE: &str = "write redis://user:password@host:6379/0 or redis+unix:///path?db=0";

impl Url {
    /// # Errors
    ///
    /// `Configuration` where it is not one of a single Redis server without TLS, or has an unknown part.
    pub(super) fn parse(url: &str) -> Result<Self> {
        let mut parts = UrlParts::parse(url)?;
        let address = match parts.scheme.as_str() {
            "redis" | "valkey" => server(&mut parts)?,
            "redis+unix" | "unix" | "valkey+unix" => socket(&mut parts)?,
            "rediss" | "valkeys" => {
                return wrong(
                    "a cache in Redis is reached without TLS",
                    "use a tunnel, a Unix socket or a network of its own",
                );
            }
            "redis+cluster" | "rediss+cluster" | "redis+sentinel" | "rediss+sentinel" => {
                return wrong("a cache in Redis is one server", "name that server: redis://host:6379/0");
            }
            _ => return wrong("the URL of the shared cache is not one of a Redis server", SHAPE),
        };
        let (username, password) = parts.take_login()?;
        let mut settings = RedisConnectionInfo::default().set_db(i64::from(parts.take_database()?));
        if let Some(username) = username {
            settings = settings.set_username(username);
        }
        if let Some(password) = password {
            settings = settings.set_password(password);
        }
        let mut parameters = parts.parameters;
        match parameters.take("protocol").as_deref() {
            None | Some("2" | "resp2") => {}
            Some("3" | "resp3") => settings = settings.set_protocol(ProtocolVersion::RESP3),
            Some(_) => return wrong("the parameter protocol of the URL names none", "write 2 or 3"),
        }
        let connect_timeout = parameters.take_seconds("socket_connect_timeout")?;
        let response_timeout = parameters.take_seconds("socket_timeout")?;
        let pool_size = parameters.take_number("max_connections")?;
        parameters.finish(KNOWN)?;
        let info = address.into_connection_info().map(|info| info.set_redis_settings(settings));
        match info.and_then(redis::Client::open) {
            Ok(client) => Ok(Self { client, connect_timeout, response_timeout, pool_size }),
            Err(_) => wrong("the address in the URL of the shared cache cannot be used", SHAPE),
        }
    }
}

fn wrong<T>(detail: &'static str, hint: &'static str) -> Result<T> {
    Err(Error::new(ErrorKind::Configuration).with_detail(detail).with_hint(hint))
}

fn server(parts: &mut UrlParts) -> Result<ConnectionAddr> {
    match <[_; 1]>::try_from(std::mem::take(&mut parts.hosts)) {
        Ok([(host, port)]) => Ok(ConnectionAddr::Tcp(host, port.unwrap_or(6379))),
        Err(_) => wrong("the URL of the shared cache does not name one server", SHAPE),
    }
}

fn socket(parts: &mut UrlParts) -> Result<ConnectionAddr> {
    let path = std::mem::take(&mut parts.path);
    if parts.hosts.iter().any(|(host, port)| host != "localhost" || port.is_some()) {
        return wrong("the URL of a Unix socket names a host", SHAPE);
    }
    if path.is_empty() || path.ends_with('/') || !cfg!(unix) {
        return wrong("the URL names no socket", SHAPE);
    }
    Ok(ConnectionAddr::Unix(PathBuf::from(path)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_python_client_knows_is_honoured() -> Result<()> {
        let url =
            "redis://h/3?username=shop&password=p%40ss&socket_timeout=5&socket_connect_timeout=0.5&max_connections=50";
        let found = Url::parse(&format!("{url}&protocol=3"))?;
        let info = found.client.get_connection_info();
        let login = info.redis_settings();
        assert_eq!((info.addr().to_string().as_str(), login.db()), ("h:6379", 3));
        assert_eq!((login.username(), login.password()), (Some("shop"), Some("p@ss")));
        assert_eq!(login.protocol(), ProtocolVersion::RESP3);
        assert_eq!(found.response_timeout, Some(Duration::from_secs(5)));
        assert_eq!((found.connect_timeout, found.pool_size), (Some(Duration::from_millis(500)), Some(50)));
        Ok(())
    }

    #[test]
    #[cfg(unix)]
    fn a_socket_has_a_login_and_a_database() -> Result<()> {
        let found = Url::parse("unix://shop:p%40ss@/run/r.sock?db=3\n")?;
        let info = found.client.get_connection_info();
        let login = info.redis_settings();
        assert_eq!((info.addr().to_string().as_str(), login.db()), ("/run/r.sock", 3));
        assert_eq!((login.username(), login.password()), (Some("shop"), Some("p@ss")));
        Ok(())
    }

    #[test]
    fn what_cannot_be_kept_is_refused() {
        for (url, words) in [
            ("redis://h?decode_responses=True", "the parameter decode_responses, which is not known"),
            ("redis://h?timeout=hunter2", "the parameter timeout, which is not known"),
            ("redis://default:57#hunter2@h", "%23"),
            ("redis://default:57?hunter2@h", "%3F"),
            ("redis+unix:///:hunter2@/run/redis.sock", "%40"),
            ("redis://shop:@h", "the password is empty"),
            ("redis://shop@h", "the password is missing"),
            ("redis://h1,h2", "does not name one server"),
            ("redis+unix://run/r.sock", "names a host"),
            ("rediss://:hunter2@h", "without TLS"),
            ("redis+cluster://:hunter2@h", "one server"),
            ("http://:hunter2@h", "not one of a Redis server"),
        ] {
            let error = Url::parse(url).map(drop).expect_err(url);
            assert_eq!(error.kind(), ErrorKind::Configuration);
            assert!(error.to_string().contains(words), "{url}: {error}");
            assert!(!format!("{error} {error:?}").contains("hunter"), "{error:?}");
        }
    }
}
