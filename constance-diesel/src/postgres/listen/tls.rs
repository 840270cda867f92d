//! How the listener's connection is encrypted, or that it is not.

use std::error::Error as StdError;
use std::fmt;
use std::future::{Ready, ready};

use postgres::tls::{MakeTlsConnect, NoTlsStream, TlsConnect};
use postgres::{Client, Config};

use super::Why;

/// What happens where the server offers TLS.
pub(super) enum Tls {
    /// The connection fails.
    Refused,
    /// The connection is encrypted.
    #[cfg(feature = "listen-tls")]
    Taken(postgres_native_tls::MakeTlsConnector),
}

impl Tls {
    /// Connects. `config` says in which cases the server is asked for TLS.
    pub(super) fn connect(&self, config: &Config) -> Result<Client, postgres::Error> {
        match self {
            Self::Refused => config.connect(RefuseTls),
            #[cfg(feature = "listen-tls")]
            Self::Taken(connector) => config.connect(connector.clone()),
        }
    }

    /// Why an attempt to connect ended, where TLS was the reason.
    pub(super) fn is_why(error: &postgres::Error) -> Option<Why> {
        let source = error.source()?;
        if source.is::<TlsOffered>() {
            return Some(
                "the server offers TLS, which the listener speaks with the feature `listen-tls`; with sslmode=disable it does \
                 without",
            );
        }
        #[cfg(feature = "listen-tls")]
        if source.is::<native_tls::Error>() {
            return Some("TLS between the listener and the server fails, as with a certificate that does not hold");
        }
        None
    }
}

/// Where libpq would encrypt the connection if the server offers it, this asks the server too, and gives up if it does: the
/// listener must not send in the clear what libpq would not.
#[derive(Debug, Clone, Copy)]
struct RefuseTls;

/// The server offered TLS.
#[derive(Debug)]
struct TlsOffered;

impl fmt::Display for TlsOffered {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the server offers TLS")
    }
}

impl StdError for TlsOffered {}

impl<S> MakeTlsConnect<S> for RefuseTls {
    type Stream = NoTlsStream;
    type TlsConnect = Self;
    type Error = TlsOffered;

    fn make_tls_connect(&mut self, _: &str) -> Result<Self, TlsOffered> {
        Ok(Self)
    }
}

impl<S> TlsConnect<S> for RefuseTls {
    type Stream = NoTlsStream;
    type Error = TlsOffered;
    type Future = Ready<Result<NoTlsStream, TlsOffered>>;

    fn connect(self, _: S) -> Self::Future {
        ready(Err(TlsOffered))
    }
}
