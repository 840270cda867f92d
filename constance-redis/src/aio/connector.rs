//! Making connections.

use std::time::Duration;

use constance_core::{Error, ErrorKind, Result};
use redis::aio::{AsyncPushSender, MultiplexedConnection};
use redis::{AsyncConnectionConfig, Client, ConnectionAddr, ProtocolVersion};

use crate::connect::{connect_error, location};
use crate::connect_options::ConnectOptions;
use crate::error::classify;

/// How many requests may wait in front of the driver. With its default of 50, further tasks wait for a place and wake
/// once more for each request. The response timeout includes this wait.
const REQUEST_BUFFER: usize = 1000;

/// How to connect, with timeouts.
#[derive(Debug)]
pub(crate) struct Connector {
    options: ConnectOptions,
    connect_timeout: Duration,
    response_timeout: Duration,
}

impl Connector {
    /// # Errors
    ///
    /// `Configuration` where the options need TLS that is not built in.
    pub(crate) fn new(options: ConnectOptions, connect_timeout: Duration, response_timeout: Duration) -> Result<Self> {
        // The driver's asynchronous connections have TLS by rustls, whatever else is built in. rustls panics where no
        // crypto provider is chosen, and only that feature chooses one.
        let secure = matches!(options.without_certificates().addr(), ConnectionAddr::TcpTls { .. });
        if secure && !cfg!(feature = "tls-rustls") {
            return Err(Error::new(ErrorKind::Configuration)
                .with_detail("asynchronous connections have TLS by rustls alone")
                .with_hint("enable the feature tls-rustls"));
        }
        Ok(Self { options, connect_timeout, response_timeout })
    }

    pub(crate) fn identity(&self) -> Option<String> {
        self.options.identity()
    }

    pub(crate) fn connect_timeout(&self) -> Duration {
        self.connect_timeout
    }

    /// Whether the driver reports the end of an idle connection. It does so with RESP3 only.
    pub(crate) fn speaks_resp3(&self) -> bool {
        self.options.without_certificates().redis_settings().protocol() == ProtocolVersion::RESP3
    }

    /// A connection for requests.
    pub(crate) async fn connect(&self, pushes: Option<impl AsyncPushSender>) -> Result<MultiplexedConnection> {
        let config = self.config(self.response_timeout);
        self.connect_with(
            None,
            match pushes {
                Some(pushes) => config.set_push_sender(pushes),
                None => config,
            },
        )
        .await
    }

    /// The address of the server, for errors.
    pub(crate) fn location(&self) -> String {
        self.options.location()
    }

    /// A connection for a watch.
    pub(crate) async fn connect_for_watch(
        &self,
        response_timeout: Duration,
        pushes: impl AsyncPushSender,
    ) -> Result<MultiplexedConnection> {
        let config = self.config(response_timeout).set_push_sender(pushes);
        self.connect_with(Some(ProtocolVersion::RESP3), config).await
    }

    fn config(&self, response_timeout: Duration) -> AsyncConnectionConfig {
        AsyncConnectionConfig::new()
            .set_connection_timeout(Some(self.connect_timeout))
            .set_response_timeout(Some(response_timeout))
            .set_pipeline_buffer_size(REQUEST_BUFFER)
    }

    async fn connect_with(
        &self,
        protocol: Option<ProtocolVersion>,
        config: AsyncConnectionConfig,
    ) -> Result<MultiplexedConnection> {
        let mut info = self.options.connection_info()?;
        if let Some(protocol) = protocol {
            let settings = info.redis_settings().clone().set_protocol(protocol);
            info = info.set_redis_settings(settings);
        }
        crate::tls::install_crypto_provider(info.addr());
        let location = location(info.addr());
        let client = Client::open(info).map_err(|error| classify(&error).error)?;
        client
            .get_multiplexed_async_connection_with_config(&config)
            .await
            .map_err(|error| connect_error(classify(&error).error, &location))
    }
}
