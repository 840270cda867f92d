//! An authority, a server's and a client's certificate, made with the `openssl` command.

use std::fs;
use std::path::{Path, PathBuf};

use crate::command::Cmd;
use crate::error::{Error, Result};

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
extendedKeyUsage = serverAuth
subjectAltName = IP:127.0.0.1, DNS:localhost
[client]
basicConstraints = critical, CA:FALSE
keyUsage = critical, digitalSignature
extendedKeyUsage = clientAuth
";

/// Paths of PEM files.
#[derive(Debug)]
pub(super) struct Certificates {
    pub(super) ca: PathBuf,
    pub(super) server: PathBuf,
    pub(super) server_key: PathBuf,
    pub(super) client: PathBuf,
    pub(super) client_key: PathBuf,
}

impl Certificates {
    /// Makes them in `folder`, valid for two days.
    pub(super) fn make(folder: &Path) -> Result<Self> {
        fs::write(folder.join("openssl.conf"), CONFIG)
            .map_err(|error| Error::failed(format!("cannot write into {}: {error}", folder.display())))?;
        openssl(folder, "req -x509 -days 2 -extensions ca", "ca", "-out ca.crt")?;
        for (serial, name) in ["server", "client"].into_iter().enumerate() {
            openssl(folder, "req", name, &format!("-out {name}.csr"))?;
            let sign = Cmd::new("openssl").words("x509 -req -days 2 -CA ca.crt -CAkey ca.key -extfile openssl.conf");
            let serial = serial + 1;
            let sign = sign.words(&format!("-set_serial {serial} -extensions {name} -in {name}.csr -out {name}.crt"));
            sign.output(folder)?;
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
fn openssl(folder: &Path, what: &str, name: &str, out: &str) -> Result<()> {
    let command = Cmd::new("openssl").words(what).words("-config openssl.conf -newkey ec -nodes");
    let command = command.words("-pkeyopt ec_paramgen_curve:P-256").args(["-subj", &format!("/CN=constance {name}")]);
    command.words(&format!("-keyout {name}.key {out}")).output(folder).map(|_| ())
}
