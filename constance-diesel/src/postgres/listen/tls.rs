//! No TLS, where the other connection has none either.

use std::error::Error as StdError;
use std::fmt;
use std::future::{Ready, ready};

use postgres::tls::{MakeTlsConnect, NoTlsStream, TlsConnect};

/// Where libpq would encrypt the connection if the server offers it, this asks the server too, and gives up if it does: the
/// listener must not send in the clear what libpq would not.
#[derive(Debug, Clone, Copy)]
pub(super) struct Refusing;

/// The server offered TLS.
#[derive(Debug)]
pub(super) struct Offered;

impl fmt::Display for Offered {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the server offers TLS")
    }
}

impl StdError for Offered {}

impl Refusing {
    /// Whether an attempt to connect was given up for this.
    pub(super) fn is_why(error: &postgres::Error) -> bool {
        error.source().is_some_and(<dyn StdError>::is::<Offered>)
    }
}

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
