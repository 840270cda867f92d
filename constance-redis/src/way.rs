//! The way to the server that connections are made to.

use std::fmt;
use std::time::Duration;

use constance_core::Result;
use redis::Connection;

use crate::manager::{self, Session};
#[cfg(feature = "sentinel")]
use crate::sentinel::Sentinels;
use crate::target::Target;

/// Straight to a server, or to the one that sentinels name.
pub(crate) enum Way {
    Server(Box<Target>),
    #[cfg(feature = "sentinel")]
    Master(Box<Sentinels>),
}

impl Way {
    /// A connection for calls, made within one timeout.
    pub(crate) fn connect(&self, within: Duration, response_timeout: Duration) -> Result<Session> {
        match self {
            Self::Server(target) => manager::connect(&target.info()?, within, response_timeout),
            #[cfg(feature = "sentinel")]
            Self::Master(sentinels) => sentinels.connect(within, response_timeout),
        }
    }

    /// A connection for a feed.
    pub(crate) fn dedicate(&self, within: Duration) -> Result<Connection> {
        match self {
            Self::Server(target) => manager::dedicate(&target.info()?, within),
            #[cfg(feature = "sentinel")]
            Self::Master(sentinels) => sentinels.dedicate(within),
        }
    }
}

impl From<Target> for Way {
    fn from(target: Target) -> Self {
        Self::Server(Box::new(target))
    }
}

#[cfg(feature = "sentinel")]
impl From<Sentinels> for Way {
    fn from(sentinels: Sentinels) -> Self {
        Self::Master(Box::new(sentinels))
    }
}

impl fmt::Debug for Way {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Server(target) => target.fmt(f),
            #[cfg(feature = "sentinel")]
            Self::Master(sentinels) => sentinels.fmt(f),
        }
    }
}
