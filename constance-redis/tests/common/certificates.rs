//! Certificates that the tests make, and servers with TLS.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::LazyLock;

#[cfg(any(feature = "tls-rustls", feature = "tls-native-tls"))]
use constance_redis::redis::{Client, Connection, TlsCertificates};
use tempfile::TempDir;

use super::Server;

/// Makes certificates for an authority, a server and a client in a folder.
pub static FOLDER: LazyLock<Option<TempDir>> = LazyLock::new(|| {
    let folder = TempDir::new_in(env!("CARGO_TARGET_TMPDIR")).expect("a temporary folder");
    make(folder.path()).then_some(folder)
});

pub fn make(folder: &Path) -> bool {
    let openssl = |arguments: &str| {
        let mut command = Command::new("openssl");
        command.args(arguments.split(' ')).current_dir(folder).stdout(Stdio::null()).stderr(Stdio::null());
        command.status().is_ok_and(|status| status.success())
    };
    fs::write(folder.join("names"), "subjectAltName=DNS:localhost,IP:127.0.0.1\n").expect("a file");
    let key = "-newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes";
    let authority = format!("req -x509 {key} -keyout ca.key -out ca.pem -days 2 -subj /CN=authority");
    let signed = |name: &str| {
        openssl(&format!("req {key} -keyout {name}.key -out {name}.csr -subj /CN={name}"))
            && openssl(&format!(
                "x509 -req -in {name}.csr -CA ca.pem -CAkey ca.key -CAcreateserial -out {name}.pem -days 2 -extfile names"
            ))
    };
    openssl(&authority) && signed("server") && signed("client")
}

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
    let folder = FOLDER.as_ref().map(TempDir::path);
    if folder.is_none() {
        assert!(std::env::var_os("CONSTANCE_REQUIRE_SERVICES").is_none_or(|v| v != "1"), "openssl cannot be run");
        eprintln!("skipped: openssl cannot be run");
    }
    folder
}

/// Arguments of a server that accepts only TLS.
pub fn arguments(folder: &Path) -> Vec<String> {
    let file = |name: &str| folder.join(name).display().to_string();
    let own = ["--tls-port", "{port}", "--port", "0", "--tls-cert-file", &file("server.pem")].map(str::to_owned);
    let others = ["--tls-key-file", &file("server.key"), "--tls-ca-cert-file", &file("ca.pem")].map(str::to_owned);
    own.into_iter().chain(others).collect()
}

/// A TLS connection of the administrator, without the backend.
#[cfg(any(feature = "tls-rustls", feature = "tls-native-tls"))]
pub fn raw(port: u16) -> Connection {
    // The driver needs a crypto provider. It fails where one is installed already.
    #[cfg(feature = "tls-rustls")]
    let _ = rustls::crypto::ring::default_provider().install_default();
    let root = pem(folder().expect("certificates"), "ca.pem");
    let certificates = TlsCertificates { client_tls: None, root_cert: Some(root) };
    let client = Client::build_with_tls(format!("rediss://localhost:{port}/0"), certificates).expect("a valid URL");
    client.get_connection().expect("a secure connection")
}
