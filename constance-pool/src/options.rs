//! Options of a pool.

use std::time::Duration;

use crate::{Manager, Pool};

/// A million seconds, about 11 days. A backend uses it in the place of any longer timeout, which added to the current time might
/// overflow.
pub const MAX_TIMEOUT: Duration = Duration::from_secs(1_000_000);

/// The size and the timeouts of a [`Pool`].
#[derive(Debug, Clone)]
#[must_use]
pub struct PoolOptions {
    pub(crate) max_size: u32,
    pub(crate) acquire_timeout: Duration,
    pub(crate) connect_timeout: Duration,
}

impl PoolOptions {
    /// The default options.
    pub fn new() -> Self {
        let timeout = Duration::from_secs(3);
        Self { max_size: 4, acquire_timeout: timeout, connect_timeout: timeout }
    }

    /// The largest number of connections; zero counts as 1. Default: 4. Connections are made when they are needed.
    pub fn max_size(mut self, connections: u32) -> Self {
        self.max_size = connections.max(1);
        self
    }

    /// How long a call waits for a connection that other calls use or make before it fails with `Timeout`. Default: 3 seconds.
    pub fn acquire_timeout(mut self, timeout: Duration) -> Self {
        self.acquire_timeout = timeout;
        self
    }

    /// The timeout of [`Manager::connect`] and of [`Manager::check`]. Default: 3 seconds.
    pub fn connect_timeout(mut self, timeout: Duration) -> Self {
        self.connect_timeout = timeout;
        self
    }

    /// Makes the pool, which has no connection yet. No I/O, and no thread is started.
    pub fn open<M: Manager>(self, manager: M) -> Pool<M> {
        Pool::new(manager, self)
    }
}

impl Default for PoolOptions {
    fn default() -> Self {
        Self::new()
    }
}
