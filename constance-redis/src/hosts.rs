//! URLs that name several hosts, which the driver refuses.

use constance_core::{Error, ErrorKind, Result};
use redis::ConnectionInfo;

use crate::target;

/// The parts of `redis+kind://login@host:port,host:port/path?query`, where each host has the same login and query.
pub(crate) struct Hosts<'u> {
    /// The scheme of one of them.
    scheme: String,
    /// With its `@`, or empty.
    login: &'u str,
    hosts: Vec<&'u str>,
    /// What follows the hosts, without the first `/`.
    pub(crate) path: &'u str,
    /// With its `?`, or empty.
    query: &'u str,
}

impl<'u> Hosts<'u> {
    /// The parts, where the scheme ends in this kind.
    pub(crate) fn of(url: &'u str, kind: &str) -> Option<Self> {
        let (scheme, rest) = url.split_once("://")?;
        let scheme = scheme.strip_suffix(kind)?.strip_suffix('+')?;
        let (rest, query) = rest.split_at(rest.find('?').unwrap_or(rest.len()));
        // A password may hold an unescaped `/` or `@`; a host holds neither.
        let (login, rest) = rest.split_at(rest.rfind('@').map_or(0, |at| at + 1));
        let (hosts, path) = rest.split_once('/').unwrap_or((rest, ""));
        Some(Self { scheme: scheme.to_owned(), login, hosts: hosts.split(',').collect(), path, query })
    }

    /// What the driver needs for each host, those that name no port having this one.
    ///
    /// # Errors
    ///
    /// `Configuration`; the URL is never shown.
    pub(crate) fn infos(&self, port: u16, db: &str) -> Result<Vec<ConnectionInfo>> {
        let infos = self.hosts.iter().map(|host| {
            if host.is_empty() {
                return Err(Error::new(ErrorKind::Configuration).with_detail("the URL names a host that is empty"));
            }
            let Self { scheme, login, query, .. } = self;
            let port = if has_port(host) { String::new() } else { format!(":{port}") };
            target::parse(&format!("{scheme}://{login}{host}{port}/{db}{query}"))
        });
        infos.collect()
    }
}

/// Whether a port follows the name; an address in brackets has colons of its own.
fn has_port(host: &str) -> bool {
    host.rsplit_once(']').map_or(host, |(_, rest)| rest).contains(':')
}

/// The host and the port of an address that is one of TCP.
#[cfg(any(test, feature = "cluster"))]
pub(crate) fn place(addr: &redis::ConnectionAddr) -> Option<(&str, u16)> {
    match addr {
        redis::ConnectionAddr::Tcp(host, port) | redis::ConnectionAddr::TcpTls { host, port, .. } => {
            Some((host, *port))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn infos(url: &str) -> Vec<ConnectionInfo> {
        Hosts::of(url, "sentinel").expect("the kind").infos(26379, "2").expect("a valid URL")
    }

    #[test]
    fn each_host_has_the_login_and_a_port() {
        let infos = infos("redis+sentinel://user:p%40ss@one:1,two,[::1]:3,[::1]/mymaster/2?protocol=resp3");
        let places: Vec<_> = infos.iter().map(|info| place(info.addr()).expect("TCP")).collect();
        assert_eq!(places, [("one", 1), ("two", 26379), ("::1", 3), ("::1", 26379)]);
        for info in &infos {
            let login = info.redis_settings();
            assert_eq!((login.username(), login.password(), login.db()), (Some("user"), Some("p@ss"), 2));
        }
    }

    #[test]
    fn another_kind_is_none() {
        assert!(Hosts::of("redis+cluster://one", "sentinel").is_none());
        assert!(Hosts::of("redis://one", "sentinel").is_none());
        assert!(Hosts::of("sentinel", "sentinel").is_none());
    }

    #[test]
    fn what_cannot_be_read_is_refused_without_being_shown() {
        for url in ["redis+sentinel://:hunter2@one,,two/m", "redis+sentinel:///m", "http+sentinel://:hunter2@one/m"] {
            let error = Hosts::of(url, "sentinel").expect("the kind").infos(1, "0").expect_err("no URL");
            assert_eq!(error.kind(), ErrorKind::Configuration, "{error}");
            assert!(!format!("{error} {error:?}").contains("hunter2"), "{error:?}");
        }
    }
}
