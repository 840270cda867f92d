//! What connections are made to.

use std::fmt;
use std::time::Duration;

use constance_core::Result;
use redis::Connection;

use crate::connect;
use crate::connect_options::ConnectOptions;
use crate::connection::TimedConnection;
#[cfg(feature = "sentinel")]
use crate::sentinel::Sentinels;

/// A server that is named, or the master that sentinels name.
pub(crate) enum Endpoint {
    Server(Box<ConnectOptions>),
    #[cfg(feature = "sentinel")]
    Master(Box<Sentinels>),
}

impl Endpoint {
    /// A connection for calls.
    pub(crate) fn connect(&self, timeout: Duration, response_timeout: Duration) -> Result<TimedConnection> {
        match self {
            Self::Server(options) => connect::connect(&options.connection_info()?, timeout, response_timeout),
            #[cfg(feature = "sentinel")]
            Self::Master(sentinels) => sentinels.connect(timeout, response_timeout),
        }
    }

    /// The address of the server, where it is always the same one.
    pub(crate) fn location(&self) -> Option<String> {
        match self {
            Self::Server(options) => Some(options.location()),
            #[cfg(feature = "sentinel")]
            Self::Master(_) => None,
        }
    }

    /// A connection for a watch.
    pub(crate) fn connect_for_watch(&self, timeout: Duration) -> Result<Connection> {
        match self {
            Self::Server(options) => connect::connect_for_watch(&options.connection_info()?, timeout),
            #[cfg(feature = "sentinel")]
            Self::Master(sentinels) => sentinels.connect_for_watch(timeout),
        }
    }
}

impl From<ConnectOptions> for Endpoint {
    fn from(options: ConnectOptions) -> Self {
        Self::Server(Box::new(options))
    }
}

#[cfg(feature = "sentinel")]
impl From<Sentinels> for Endpoint {
    fn from(sentinels: Sentinels) -> Self {
        Self::Master(Box::new(sentinels))
    }
}

impl fmt::Debug for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Server(options) => options.fmt(f),
            #[cfg(feature = "sentinel")]
            Self::Master(sentinels) => sentinels.fmt(f),
        }
    }
}
