//! A Redis server for a test.

use std::ops::{Deref, DerefMut};

use constance_redis::redis::{Client, Connection};
use constance_testserver::RedisServer;

/// A server, with connections that do not use the backend. It stops when it is dropped, or when the test program ends.
pub struct Server {
    server: RedisServer,
    is_secure: bool,
}

impl Server {
    /// A plain server, or `None` with a message where none is installed.
    pub fn start() -> Option<Self> {
        Self::with(&[])
    }

    /// A server with further arguments, as [`RedisServer::with`] has them.
    pub fn with(arguments: &[&str]) -> Option<Self> {
        let is_secure = arguments.contains(&"--tls-port");
        RedisServer::with(arguments).map(|server| Self { server, is_secure })
    }

    /// A connection of the administrator, without the backend.
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
    // A server that becomes a replica closes its connections, also new ones.
    for _ in 0..20 {
        if let Ok(connection) = client.get_connection() {
            return connection;
        }
    }
    client.get_connection().expect("a connection")
}
