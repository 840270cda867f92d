//! How the listener's connection is encrypted, or that it is not.

use std::error::Error as StdError;
use std::fmt;
use std::future::{Ready, ready};

use postgres::tls::{MakeTlsConnect, NoTlsStream, TlsConnect};
use postgres::{Client, Config};

use super::Why;

/// What is done where the server offers TLS.
pub(super) enum Tls {
    /// The attempt is given up.
    Refused,
    /// It is taken.
    #[cfg(feature = "listen-tls")]
    Taken(postgres_native_tls::MakeTlsConnector),
}

impl Tls {
    /// Connects. In which cases the server is asked for TLS at all, `config` says.
    pub(super) fn connect(&self, config: &Config) -> Result<Client, postgres::Error> {
        match self {
            Self::Refused => config.connect(Refusing),
            #[cfg(feature = "listen-tls")]
            Self::Taken(connector) => config.connect(connector.clone()),
        }
    }

    /// Why an attempt to connect ended, where TLS was the reason.
    pub(super) fn is_why(error: &postgres::Error) -> Option<Why> {
        let source = error.source()?;
        if source.is::<Offered>() {
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
struct Refusing;

/// The server offered TLS.
#[derive(Debug)]
struct Offered;

impl fmt::Display for Offered {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the server offers TLS")
    }
}

impl StdError for Offered {}

impl<S> MakeTlsConnect<S> for Refusing {
    type Stream = NoTlsStream;
    type TlsConnect = Self;
    type Error = Offered;

    fn make_tls_connect(&mut self, _: &str) -> Result<Self, Offered> {
        Ok(Self)
    }
}

impl<S> TlsConnect<S> for Refusing {
    type Stream = NoTlsStream;
    type Error = Offered;
    type Future = Ready<Result<NoTlsStream, Offered>>;

    fn connect(self, _: S) -> Self::Future {
        ready(Err(Offered))
    }
}
