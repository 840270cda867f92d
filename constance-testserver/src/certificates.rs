//! Certificates for servers with TLS.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::LazyLock;

use crate::error::{Result, StartError};
use crate::folder;
use crate::programs::find;
use crate::tool;
use crate::user::User;

/// Our own configuration: what the system's contains differs from one to the next.
const CONFIG: &str = "\
[req]
distinguished_name = name
prompt = no
[name]
CN = constance
[ca]
basicConstraints = critical, CA:TRUE
keyUsage = critical, keyCertSign, cRLSign
subjectKeyIdentifier = hash
[server]
basicConstraints = critical, CA:FALSE
keyUsage = critical, digitalSignature
extendedKeyUsage = serverAuth, clientAuth
subjectAltName = IP:127.0.0.1, DNS:localhost
[client]
basicConstraints = critical, CA:FALSE
keyUsage = critical, digitalSignature
extendedKeyUsage = clientAuth
";

/// An authority, and a certificate for a server and for a client, made with the `openssl` command. The server is
/// `localhost` and `127.0.0.1`, and may be a client too, as the nodes of a cluster are. They are valid for two days. The fields are paths of PEM files, which are removed when the
/// process ends.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Certificates {
    /// The certificate of the authority.
    pub ca: PathBuf,
    /// The certificate of the server.
    pub server: PathBuf,
    /// The key of the server.
    pub server_key: PathBuf,
    /// The certificate of the client.
    pub client: PathBuf,
    /// The key of the client.
    pub client_key: PathBuf,
}

impl Certificates {
    /// Certificates for a server that runs as ourselves, the same for each call. `None` (and a message) where `openssl` is
    /// not installed.
    ///
    /// # Panics
    ///
    /// Where they cannot be made, or `openssl` is missing and has to be there: see [`skip`](crate::skip).
    #[must_use]
    pub fn make() -> Option<&'static Self> {
        static OWN: LazyLock<Result<Certificates>> = LazyLock::new(|| Certificates::try_make(None));
        crate::required::or_skip(OWN.as_ref().map_err(StartError::clone))
    }

    /// New certificates. Where we are root, the files belong to the user of this name, such as
    /// [`PostgresServer::USER`](crate::PostgresServer::USER).
    ///
    /// # Errors
    ///
    /// Where `openssl` is not installed or fails.
    pub fn try_make(user: Option<&str>) -> Result<Self> {
        find("openssl").ok_or_else(|| StartError::missing("openssl"))?;
        let user = user.map_or(Ok(None), User::instead_of_root)?;
        let folder = folder::new(user)?;
        folder::write(&folder.join("openssl.conf"), CONFIG, user)?;
        openssl(&folder, user, "req -x509 -days 2 -extensions ca", "ca", "-out ca.crt")?;
        for (serial, name) in [(1, "server"), (2, "client")] {
            openssl(&folder, user, "req", name, &format!("-out {name}.csr"))?;
            let mut sign = Command::new("openssl");
            sign.args("x509 -req -days 2 -CA ca.crt -CAkey ca.key -extfile openssl.conf".split(' '));
            let names = format!("-set_serial {serial} -extensions {name} -in {name}.csr -out {name}.crt");
            sign.args(names.split(' '));
            tool::run(sign, user, &folder)?;
        }
        let path = |name: &str| folder.join(name);
        Ok(Self {
            ca: path("ca.crt"),
            server: path("server.crt"),
            server_key: path("server.key"),
            client: path("client.crt"),
            client_key: path("client.key"),
        })
    }
}

/// A new key on a curve, which takes no time to make, and a request or certificate for it.
fn openssl(folder: &Path, user: Option<User>, what: &str, name: &str, out: &str) -> Result<()> {
    let mut command = Command::new("openssl");
    command.args(what.split(' ')).args("-config openssl.conf -newkey ec -nodes".split(' '));
    command.args(["-pkeyopt", "ec_paramgen_curve:P-256", "-subj", &format!("/CN=constance {name}")]);
    command.args(format!("-keyout {name}.key {out}").split(' '));
    tool::run(command, user, folder)
}
