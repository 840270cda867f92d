//! Options of a pool.

use std::time::Duration;

use crate::{Manager, Pool};

/// A million seconds, about 11 days: what a backend takes for any longer timeout, since the clock need not be able to add that up.
pub const LONGEST_TIMEOUT: Duration = Duration::from_secs(1_000_000);

/// How large a pool is and how long it waits; opens it.
#[derive(Debug, Clone)]
#[must_use]
pub struct PoolOptions {
    pub(crate) max_size: u32,
    pub(crate) acquire_timeout: Duration,
    pub(crate) connect_timeout: Duration,
}

impl PoolOptions {
    /// The defaults.
    pub fn new() -> Self {
        let patience = Duration::from_secs(3);
        Self { max_size: 4, acquire_timeout: patience, connect_timeout: patience }
    }

    /// The greatest number of connections; zero counts as 1. Default: 4. They are made when they are needed.
    pub fn max_size(mut self, connections: u32) -> Self {
        self.max_size = connections.max(1);
        self
    }

    /// How long a call waits for a connection that others use or make before it fails with `Timeout`. Default: 3
    /// seconds.
    pub fn acquire_timeout(mut self, timeout: Duration) -> Self {
        self.acquire_timeout = timeout;
        self
    }

    /// What [`Manager::connect`] is given for making a connection, and [`Manager::check`] for a sign of life. Default: 3 seconds.
    pub fn connect_timeout(mut self, timeout: Duration) -> Self {
        self.connect_timeout = timeout;
        self
    }

    /// A pool without a connection yet. No I/O, and no thread.
    pub fn open<M: Manager>(self, manager: M) -> Pool<M> {
        Pool::new(manager, self)
    }
}

impl Default for PoolOptions {
    fn default() -> Self {
        Self::new()
    }
}
