//! Certificates that the tests make, and servers with TLS.

use std::fs;
use std::path::{Path, PathBuf};

#[cfg(any(feature = "tls-rustls", feature = "tls-native-tls"))]
use constance_redis::redis::{Client, Connection, TlsCertificates};
use constance_testserver::Certificates;

use super::Server;

/// A server that accepts only TLS, and with `strict` only clients with a certificate.
pub fn server(strict: bool) -> Option<(Server, &'static Path)> {
    let folder = folder()?;
    let mut arguments = arguments(folder);
    arguments.extend(["--tls-auth-clients".to_owned(), if strict { "yes" } else { "no" }.to_owned()]);
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let server = Server::with(&arguments)?;
    Some((server, folder))
}

pub fn pem(folder: &Path, name: &str) -> Vec<u8> {
    fs::read(folder.join(name)).expect("a file")
}

/// The folder with the certificates, or `None` with a message where none can be made.
pub fn folder() -> Option<&'static Path> {
    Certificates::make()?.ca.parent()
}

/// The folder with certificates of another authority.
pub fn other_folder() -> PathBuf {
    let made = Certificates::try_make(None).expect("openssl works here");
    made.ca.parent().expect("a folder").to_owned()
}

/// Arguments of a server that accepts only TLS.
pub fn arguments(folder: &Path) -> Vec<String> {
    let file = |name: &str| folder.join(name).display().to_string();
    let own = ["--tls-port", "{port}", "--port", "0", "--tls-cert-file", &file("server.crt")].map(str::to_owned);
    let others = ["--tls-key-file", &file("server.key"), "--tls-ca-cert-file", &file("ca.crt")].map(str::to_owned);
    own.into_iter().chain(others).collect()
}

/// A TLS connection of the administrator, without the backend.
#[cfg(any(feature = "tls-rustls", feature = "tls-native-tls"))]
pub fn raw(port: u16) -> Connection {
    // The driver needs a crypto provider. It fails where one is installed already.
    #[cfg(feature = "tls-rustls")]
    let _ = rustls::crypto::ring::default_provider().install_default();
    let root = pem(folder().expect("certificates"), "ca.crt");
    let certificates = TlsCertificates { client_tls: None, root_cert: Some(root) };
    let client = Client::build_with_tls(format!("rediss://localhost:{port}/0"), certificates).expect("a valid URL");
    client.get_connection().expect("a secure connection")
}
