//! A Redis server of the tests' own.

use std::ops::{Deref, DerefMut};

use constance_redis::redis::{Client, Connection};
use constance_testserver::RedisServer;

/// A server, and connections to it past the backend. It ends with this value, or with the test program.
pub struct Server {
    server: RedisServer,
    is_secure: bool,
}

impl Server {
    /// A plain server, or `None` (and a word about it) where none is installed.
    pub fn start() -> Option<Self> {
        Self::with(&[])
    }

    /// A server with further arguments, as [`RedisServer::with`] has them.
    pub fn with(arguments: &[&str]) -> Option<Self> {
        let is_secure = arguments.contains(&"--tls-port");
        RedisServer::with(arguments).map(|server| Self { server, is_secure })
    }

    /// A connection past the backend, as the administrator.
    pub fn raw(&self) -> Connection {
        #[cfg(any(feature = "tls-rustls", feature = "tls-native-tls"))]
        if self.is_secure {
            return super::certificates::raw(self.port());
        }
        raw(&self.url())
    }
}

impl Deref for Server {
    type Target = RedisServer;

    fn deref(&self) -> &RedisServer {
        &self.server
    }
}

impl DerefMut for Server {
    fn deref_mut(&mut self) -> &mut RedisServer {
        &mut self.server
    }
}

pub fn raw(url: &str) -> Connection {
    let client = Client::open(url).expect("a valid URL");
    // A server that becomes a replica cuts connections off, also those that are being made.
    for _ in 0..20 {
        if let Ok(connection) = client.get_connection() {
            return connection;
        }
    }
    client.get_connection().expect("a connection")
}
