//! The size of the pool, and timeouts.

use std::time::Duration;

use constance_core::url::merge_option;
use constance_core::{Error, ErrorKind, Result};
use constance_pool::{MAX_TIMEOUT, PoolOptions};

use crate::endpoint::Endpoint;
use crate::pool::{Manager, Pool};

/// What a URL or a builder says. `None` stands for the default.
#[derive(Debug, Clone, Default)]
pub(crate) struct Limits {
    pub(crate) pool_size: Option<u32>,
    pub(crate) connect_timeout: Option<Duration>,
    pub(crate) response_timeout: Option<Duration>,
    pub(crate) acquire_timeout: Option<Duration>,
}

impl Limits {
    /// What the URL and the builder say together.
    ///
    /// # Errors
    ///
    /// `Configuration` where they contradict each other.
    pub(crate) fn merged(self, builder: Self) -> Result<Self> {
        Ok(Self {
            pool_size: merge_option("max_connections", self.pool_size, builder.pool_size)?,
            connect_timeout: merge_option("socket_connect_timeout", self.connect_timeout, builder.connect_timeout)?,
            response_timeout: merge_option("socket_timeout", self.response_timeout, builder.response_timeout)?,
            acquire_timeout: merge_option("timeout", self.acquire_timeout, builder.acquire_timeout)?,
        })
    }

    /// # Errors
    ///
    /// `Configuration` where a value is zero.
    pub(crate) fn check(&self) -> Result<()> {
        let wrong = |detail: &'static str| Err(Error::new(ErrorKind::Configuration).with_detail(detail));
        if self.pool_size() == 0 {
            return wrong("the pool size is zero");
        }
        for (timeout, detail) in [
            (self.connect_timeout(), "the connect timeout is zero"),
            (self.response_timeout(), "the response timeout is zero"),
            (self.acquire_timeout(), "the acquire timeout is zero"),
        ] {
            if timeout.is_zero() {
                return wrong(detail);
            }
        }
        Ok(())
    }

    /// A pool, which makes a connection when the first one is needed.
    pub(crate) fn build_pool(&self, endpoint: impl Into<Endpoint>) -> Pool {
        let (connect_timeout, response_timeout) = (self.connect_timeout(), self.response_timeout());
        let options = PoolOptions::new().max_size(self.pool_size());
        let options = options.acquire_timeout(self.acquire_timeout()).connect_timeout(connect_timeout);
        options.open(Manager { endpoint: endpoint.into(), connect_timeout, response_timeout })
    }

    pub(crate) fn pool_size(&self) -> u32 {
        self.pool_size.unwrap_or(8)
    }

    pub(crate) fn connect_timeout(&self) -> Duration {
        self.connect_timeout.unwrap_or(Duration::from_secs(2)).min(MAX_TIMEOUT)
    }

    pub(crate) fn response_timeout(&self) -> Duration {
        self.response_timeout.unwrap_or(Duration::from_secs(2)).min(MAX_TIMEOUT)
    }

    pub(crate) fn acquire_timeout(&self) -> Duration {
        self.acquire_timeout.unwrap_or(Duration::from_secs(3)).min(MAX_TIMEOUT)
    }
}
