//! Makes connections.

use std::time::Duration;

use constance_core::{Error, ErrorKind, Result};
use redis::aio::{AsyncPushSender, MultiplexedConnection};
use redis::{AsyncConnectionConfig, Client, ConnectionAddr, ProtocolVersion};

use crate::error::fault;
use crate::manager::{location, unreached};
use crate::target::Target;

/// How many requests may lie in front of the driver. With its own 50, the tasks beyond wait for a place and are woken once more
/// for each request. Waiting there counts as waiting for the answer.
const QUEUE: usize = 1000;

/// How to connect, and how long anything may take.
#[derive(Debug)]
pub(crate) struct Opener {
    target: Target,
    connect_timeout: Duration,
    response_timeout: Duration,
}

impl Opener {
    /// # Errors
    ///
    /// `Configuration` where the target asks for TLS that is not built in.
    pub(crate) fn new(target: Target, connect_timeout: Duration, response_timeout: Duration) -> Result<Self> {
        // The driver's asynchronous half makes secure connections by rustls, whatever else is built in, and rustls panics
        // where no cryptography was chosen, which that feature does.
        let secure = matches!(target.server().addr(), ConnectionAddr::TcpTls { .. });
        if secure && !cfg!(feature = "tls-rustls") {
            return Err(Error::new(ErrorKind::Configuration)
                .with_detail("asynchronous connections have TLS by rustls alone")
                .with_hint("enable the feature tls-rustls"));
        }
        Ok(Self { target, connect_timeout, response_timeout })
    }

    /// Which server it leads to.
    pub(crate) fn identity(&self) -> Option<String> {
        self.target.identity()
    }

    pub(crate) fn connect_timeout(&self) -> Duration {
        self.connect_timeout
    }

    /// Whether the server says by itself that a connection ends. With the older protocol the next reply tells.
    pub(crate) fn speaks_resp3(&self) -> bool {
        self.target.server().redis_settings().protocol() == ProtocolVersion::RESP3
    }

    /// A connection for requests.
    pub(crate) async fn open(&self, pushes: Option<impl AsyncPushSender>) -> Result<MultiplexedConnection> {
        let config = self.config(self.response_timeout);
        self.connect(
            None,
            match pushes {
                Some(pushes) => config.set_push_sender(pushes),
                None => config,
            },
        )
        .await
    }

    /// A connection of its own for a feed.
    pub(crate) async fn open_for_pushes(
        &self,
        response_timeout: Duration,
        pushes: impl AsyncPushSender,
    ) -> Result<MultiplexedConnection> {
        let config = self.config(response_timeout).set_push_sender(pushes);
        self.connect(Some(ProtocolVersion::RESP3), config).await
    }

    fn config(&self, response_timeout: Duration) -> AsyncConnectionConfig {
        AsyncConnectionConfig::new()
            .set_connection_timeout(Some(self.connect_timeout))
            .set_response_timeout(Some(response_timeout))
            .set_pipeline_buffer_size(QUEUE)
    }

    async fn connect(
        &self,
        protocol: Option<ProtocolVersion>,
        config: AsyncConnectionConfig,
    ) -> Result<MultiplexedConnection> {
        let mut info = self.target.info()?;
        if let Some(protocol) = protocol {
            let settings = info.redis_settings().clone().set_protocol(protocol);
            info = info.set_redis_settings(settings);
        }
        crate::tls::prepare(info.addr());
        let location = location(info.addr());
        let client = Client::open(info).map_err(|error| fault(&error).error)?;
        client
            .get_multiplexed_async_connection_with_config(&config)
            .await
            .map_err(|error| unreached(fault(&error).error, &location))
    }
}
