//! Cache servers of the tests' own.

use constance_testserver::{MemcachedServer, RedisServer};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Program {
    Memcached,
    Redis,
}

/// It ends with this value, or with the test program.
pub enum Server {
    Memcached(MemcachedServer),
    Redis(RedisServer),
}

/// Calls the same on whichever it is.
macro_rules! either {
    ($server:expr, $call:ident) => {
        match $server {
            Server::Memcached(server) => server.$call(),
            Server::Redis(server) => server.$call(),
        }
    };
}

impl Program {
    /// A server, or `None` (and a word about it) where none is installed.
    pub fn start(self) -> Option<Server> {
        match self {
            Self::Memcached => MemcachedServer::start().map(Server::Memcached),
            Self::Redis => RedisServer::start().map(Server::Redis),
        }
    }
}

impl Server {
    pub fn url(&self) -> String {
        either!(self, url)
    }

    pub fn port(&self) -> u16 {
        either!(self, port)
    }

    /// Ends it at once, as a crash would.
    pub fn kill(&mut self) {
        either!(self, kill);
    }

    /// Starts it again after [`kill`](Self::kill), on the same port, empty.
    pub fn restart(&mut self) {
        either!(self, restart);
    }

    /// Stops it in its tracks; connections stay open, and nothing answers.
    pub fn pause(&self) {
        either!(self, pause);
    }

    /// Lets it go on.
    pub fn resume(&self) {
        either!(self, resume);
    }
}
