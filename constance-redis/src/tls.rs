//! TLS.

use std::fmt;
use std::path::PathBuf;

use constance_core::{Error, ErrorKind, Result};
use redis::{ConnectionAddr, ConnectionInfo};

/// A certificate or a key in PEM format.
#[derive(Clone)]
#[cfg_attr(not(any(feature = "tls-rustls", feature = "tls-native-tls")), allow(dead_code))]
pub(crate) enum Pem {
    Text(Vec<u8>),
    /// Read for each new connection, so that a renewed certificate is used.
    File(PathBuf),
}

/// The certificates of a connection. Without root certificates, those of the system are trusted.
#[derive(Clone, Default)]
pub(crate) struct Certificates {
    pub(crate) roots: Option<Pem>,
    /// The certificate and its key.
    pub(crate) client: Option<(Pem, Pem)>,
}

impl Pem {
    #[cfg(any(feature = "tls-rustls", feature = "tls-native-tls"))]
    fn read(&self) -> Result<Vec<u8>> {
        match self {
            Self::Text(text) => Ok(text.clone()),
            Self::File(path) => std::fs::read(path).map_err(|error| {
                Error::new(ErrorKind::Configuration)
                    .with_detail(format!("the certificate file {} cannot be read", path.display()))
                    .with_cause(constance_core::backend::Cause::new("file").with_code(format!("{:?}", error.kind())))
            }),
        }
    }
}

impl Certificates {
    /// These and those of the builder.
    ///
    /// # Errors
    ///
    /// `Configuration` where one is given twice.
    pub(crate) fn merged(self, builder: Self) -> Result<Self> {
        if (self.roots.is_some() && builder.roots.is_some()) || (self.client.is_some() && builder.client.is_some()) {
            return Err(Error::new(ErrorKind::Configuration)
                .with_detail("certificates are given to the builder, and in the URL or the options as well")
                .with_hint("leave one of the two out"));
        }
        Ok(Self { roots: self.roots.or(builder.roots), client: self.client.or(builder.client) })
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.roots.is_none() && self.client.is_none()
    }

    /// Adds the certificates to the driver's options. Reads their files.
    #[cfg(any(feature = "tls-rustls", feature = "tls-native-tls"))]
    pub(crate) fn apply(&self, info: &ConnectionInfo) -> Result<ConnectionInfo> {
        let client_tls = match &self.client {
            Some((certificate, key)) => {
                Some(redis::ClientTlsConfig { client_cert: certificate.read()?, client_key: key.read()? })
            }
            None => None,
        };
        let root_cert = self.roots.as_ref().map(Pem::read).transpose()?;
        let client = redis::Client::build_with_tls(info.clone(), redis::TlsCertificates { client_tls, root_cert });
        let client = client.map_err(|_| {
            // The driver's text can have the content of the file.
            Error::new(ErrorKind::Configuration).with_detail("a certificate or its key is not in PEM format")
        })?;
        Ok(client.get_connection_info().clone())
    }

    #[cfg(not(any(feature = "tls-rustls", feature = "tls-native-tls")))]
    pub(crate) fn apply(&self, _: &ConnectionInfo) -> Result<ConnectionInfo> {
        Err(not_built_in())
    }
}

/// Whether this crate was built with TLS.
pub(crate) const BUILT_IN: bool = cfg!(any(feature = "tls-rustls", feature = "tls-native-tls"));

/// The error where TLS is needed and not built in.
pub(crate) fn not_built_in() -> Error {
    Error::new(ErrorKind::Configuration)
        .with_detail("constance-redis was built without TLS")
        .with_hint("enable its feature tls-rustls or tls-native-tls")
}

/// Installs *ring* as the crypto provider of rustls for this process, where the connection has TLS and the application has
/// installed none. Without one, rustls panics where several are compiled in. It is done as late as possible, so that the
/// application can choose.
pub(crate) fn install_crypto_provider(addr: &ConnectionAddr) {
    #[cfg(feature = "tls-rustls")]
    if matches!(addr, ConnectionAddr::TcpTls { .. }) && rustls::crypto::CryptoProvider::get_default().is_none() {
        // It fails where another thread was first.
        let _ = rustls::crypto::ring::default_provider().install_default();
    }
    let _ = addr;
}

impl fmt::Debug for Certificates {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { roots, client } = self;
        f.debug_struct("Certificates").field("roots", &roots.is_some()).field("client", &client.is_some()).finish()
    }
}
