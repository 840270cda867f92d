//! memcached.

mod error;
mod pool;
mod server;

use std::fmt;
use std::time::Duration;

use constance_core::url::normalize;
use constance_core::{Error, ErrorKind, Result};
use constance_pool::MAX_TIMEOUT;

use self::server::Server;
use super::{CacheStore, Seen, Swap, Version};
use crate::shared::stable_hash;

/// Keeps entries in memcached, one server or several.
///
/// It speaks the meta protocol, which memcached has since 1.6, in plain text over TCP. Every key lies on one server, which
/// all processes find alike as long as they name the same servers in the same words; their order does not matter. A server
/// that is down costs its own keys only: they are read from the store.
///
/// A name leads to one server. Where it has several addresses, they are all taken for that server's, and one that does not
/// answer makes way for the next: over a name that leads to several servers, processes would read and clear different ones,
/// and serve old values. Each server is named by itself.
///
/// Talk to the servers directly. Through a proxy, and with `memory_file`, a server that was restarted looks like the one
/// before, and what makes a lease safe is that it does not.
///
/// ```
/// use constance_cache::MemcachedStore;
///
/// let store = MemcachedStore::from_url("memcache://10.0.0.1:11211,10.0.0.2")?;
/// assert!(MemcachedStore::from_url("http://10.0.0.1").is_err());
/// # Ok::<(), constance_core::Error>(())
/// ```
pub struct MemcachedStore {
    servers: Vec<Server>,
    max_len: usize,
}

/// Options of a [`MemcachedStore`].
#[derive(Debug, Clone)]
pub struct MemcachedBuilder {
    servers: Vec<String>,
    connect_timeout: Duration,
    response_timeout: Duration,
    max_idle: usize,
    max_len: usize,
}

const PORT: u16 = 11_211;

impl MemcachedStore {
    /// The servers of a URL: `memcache://host:port,host:port`. No I/O. The port is 11211 where none is given.
    ///
    /// # Errors
    ///
    /// `Configuration` where the URL is another.
    pub fn from_url(url: &str) -> Result<Self> {
        Self::builder().url(url)?.build()
    }

    /// Options, where the defaults will not do.
    #[must_use]
    pub fn builder() -> MemcachedBuilder {
        MemcachedBuilder {
            servers: Vec::new(),
            connect_timeout: Duration::from_millis(250),
            response_timeout: Duration::from_millis(250),
            max_idle: 64,
            max_len: 1_000_000,
        }
    }
}

impl MemcachedBuilder {
    /// The servers of a URL, as in [`MemcachedStore::from_url`].
    ///
    /// # Errors
    ///
    /// `Configuration` where the URL is another.
    pub fn url(mut self, url: &str) -> Result<Self> {
        let url = normalize(url);
        let hosts = ["memcache://", "memcached://"].iter().find_map(|scheme| url.strip_prefix(scheme));
        let hosts = hosts.ok_or_else(|| configuration("the URL of memcached does not begin with memcache://"))?;
        for host in hosts.strip_suffix('/').unwrap_or(hosts).split(',') {
            if host.contains('@') {
                return Err(configuration("the URL of memcached holds a user or a password, and nobody logs in there"));
            }
            if host.contains(['/', '?', '#']) {
                return Err(configuration("the URL of memcached holds more than hosts and ports"));
            }
            self.servers.push(address(host.trim())?);
        }
        Ok(self)
    }

    /// Adds a server: `host:port`, or a host alone.
    ///
    /// # Errors
    ///
    /// `Configuration` where it is neither.
    pub fn server(mut self, address: &str) -> Result<Self> {
        self.servers.push(self::address(address)?);
        Ok(self)
    }

    /// How long a connection may take to make, the look-up of the name included. Default: 250 ms.
    #[must_use]
    pub fn connect_timeout(mut self, timeout: Duration) -> Self {
        self.connect_timeout = timeout;
        self
    }

    /// How long a server may take to answer. Default: 250 ms.
    #[must_use]
    pub fn response_timeout(mut self, timeout: Duration) -> Self {
        self.response_timeout = timeout;
        self
    }

    /// How many connections to a server are kept while nobody uses them. It should be as many as there are threads that read at
    /// once: what was found over a connection that is no longer there cannot be filled. Default: 64.
    #[must_use]
    pub fn max_idle(mut self, connections: usize) -> Self {
        self.max_idle = connections;
        self
    }

    /// The longest entry in bytes; what is longer is read from the store each time. It has to be below what the server takes
    /// (`-I`, 1 MiB by default) with some room for the key. Default: 1,000,000.
    #[must_use]
    pub fn max_len(mut self, bytes: usize) -> Self {
        self.max_len = bytes;
        self
    }

    /// The store. No I/O.
    ///
    /// # Errors
    ///
    /// `Configuration` where no server is named, one is named twice, or a timeout is zero.
    pub fn build(self) -> Result<MemcachedStore> {
        let Self { mut servers, connect_timeout, response_timeout, max_idle, max_len } = self;
        if servers.is_empty() {
            return Err(configuration("no memcached server is named"));
        }
        if connect_timeout.is_zero() || response_timeout.is_zero() {
            return Err(configuration("a timeout of memcached is zero"));
        }
        servers.sort_unstable();
        if servers.windows(2).any(|pair| pair[0] == pair[1]) {
            return Err(configuration("a memcached server is named twice"));
        }
        let [connect_timeout, response_timeout] =
            [connect_timeout, response_timeout].map(|timeout| timeout.min(MAX_TIMEOUT));
        let open = |address| Server::new(address, connect_timeout, response_timeout, max_idle);
        Ok(MemcachedStore { servers: servers.into_iter().map(open).collect(), max_len })
    }
}

fn configuration(detail: &'static str) -> Error {
    Error::new(ErrorKind::Configuration)
        .with_detail(detail)
        .with_hint("write memcache://host:port, with a comma between servers")
}

/// A server's address with its port, in the words of the application.
fn address(text: &str) -> Result<String> {
    let (host, port) = match text.rsplit_once(':') {
        // The colons of an IPv6 address lie within brackets.
        Some((host, port)) if !port.ends_with(']') => (host, port.parse().ok()),
        _ => (text, Some(PORT)),
    };
    let bare = host.strip_prefix('[').and_then(|host| host.strip_suffix(']'));
    let is_host =
        !host.is_empty() && (bare.is_some() || !host.contains(|c: char| ":[]".contains(c) || !c.is_ascii_graphic()));
    match port {
        Some(port) if is_host && port != 0 => Ok(format!("{host}:{port}")),
        _ => Err(configuration("the address of a memcached server is not host:port")),
    }
}

impl CacheStore for MemcachedStore {
    fn name(&self) -> &str {
        "memcached"
    }

    fn is_shared(&self) -> bool {
        true
    }

    fn read(&self, keys: &[&str]) -> Result<Vec<Seen>> {
        match keys {
            [] => Ok(Vec::new()),
            [first, ..] => self.servers[self.part_of(first)].read(keys),
        }
    }

    fn swap(&self, swaps: &[Swap<'_>]) -> Result<Vec<Option<Version>>> {
        match swaps {
            [] => Ok(Vec::new()),
            [first, ..] => self.servers[self.part_of(first.key)].swap(swaps),
        }
    }

    fn parts(&self) -> usize {
        self.servers.len()
    }

    /// The server with the highest score for the key: a server that comes or goes moves no keys but its own.
    fn part_of(&self, key: &str) -> usize {
        if self.servers.len() == 1 {
            return 0;
        }
        let score = |server: &Server| stable_hash(&[server.address().as_bytes(), b"\0", key.as_bytes()]);
        let scores = self.servers.iter().map(score).enumerate();
        scores.max_by_key(|(_, score)| *score).map_or(0, |(at, _)| at)
    }

    fn max_len(&self) -> Option<usize> {
        Some(self.max_len)
    }
}

impl fmt::Debug for MemcachedStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let servers: Vec<&str> = self.servers.iter().map(Server::address).collect();
        f.debug_struct("MemcachedStore").field("servers", &servers).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn addresses(url: &str) -> Result<Vec<String>> {
        Ok(MemcachedStore::from_url(url)?.servers.iter().map(|server| server.address().to_owned()).collect())
    }

    #[test]
    fn a_url_names_servers() -> Result<()> {
        assert_eq!(addresses("memcache://b,a:1/")?, ["a:1", "b:11211"]);
        assert_eq!(addresses("memcached://[::1],[::2]:7")?, ["[::1]:11211", "[::2]:7"]);
        assert_eq!(addresses(" MemCache://a, b:2\r\n")?, ["a:11211", "b:2"]);
        for url in
            ["memcache://", "memcache://a:x", "memcache://a,a", "memcache://u:p@a", "redis://a", "memcache://a:0"]
                .into_iter()
                .chain(["memcache://a?timeout=1", "memcache://a#b", "memcache://a\nb", "memcache:///run/m.sock"])
        {
            let error = addresses(url).expect_err(url);
            assert_eq!(error.kind(), ErrorKind::Configuration);
            assert!(!error.to_string().contains("u:p"), "{error}");
        }
        Ok(())
    }

    #[test]
    fn keys_are_spread_and_stay_where_they_are() -> Result<()> {
        let three = MemcachedStore::from_url("memcache://a,b,c")?;
        let two = MemcachedStore::from_url("memcache://c,a")?;
        let mut counts = [0; 3];
        for at in 0..3_000 {
            let key = format!("constance:2:k:key-{at}");
            let part = three.part_of(&key);
            counts[part] += 1;
            if part != 1 {
                assert_eq!(two.servers[two.part_of(&key)].address(), three.servers[part].address());
            }
        }
        assert!(counts.iter().all(|count| *count > 800), "{counts:?}");
        Ok(())
    }
}
