//! The certificates that libpq would use, for a connection of the `postgres` crate.

use std::fs;
use std::path::{Path, PathBuf};

use native_tls::{Certificate, Identity, Protocol, TlsConnector, TlsConnectorBuilder};
use postgres_native_tls::MakeTlsConnector;

use super::Why;
use super::config::env;

/// Variables for TLS that libpq reads and the listener does not support.
const ENVIRONMENT: &[&str] =
    &["PGSSLCERTMODE", "PGSSLCRL", "PGSSLCRLDIR", "PGSSLMAXPROTOCOLVERSION", "PGSSLMINPROTOCOLVERSION", "PGSSLSNI"];

/// The files that the URL and the environment name.
#[derive(Default)]
pub(super) struct Files {
    roots: Option<String>,
    certificate: Option<String>,
    key: Option<String>,
    /// Whether something was said that the listener cannot follow.
    is_unsupported: bool,
}

/// What the server's certificate has to be.
#[derive(Debug, PartialEq)]
enum Trust {
    /// Any certificate will do.
    Any,
    /// Signed by an authority of the file, for whatever host.
    Authority(PathBuf),
    /// Signed by an authority of the file, for this host.
    Host(PathBuf),
    /// Signed by an authority that the system trusts, for this host.
    System,
}

impl Files {
    pub(super) fn of_environment() -> Self {
        Self {
            roots: env("PGSSLROOTCERT"),
            certificate: env("PGSSLCERT"),
            key: env("PGSSLKEY"),
            is_unsupported: ENVIRONMENT.iter().any(|name| env(name).is_some()),
        }
    }

    /// Takes a parameter of the URL, if it is about TLS.
    pub(super) fn take(&mut self, name: &str, value: &str) -> bool {
        let place = match (name, value) {
            ("sslrootcert", _) => &mut self.roots,
            ("sslcert", _) => &mut self.certificate,
            ("sslkey", _) => &mut self.key,
            // As it is here anyway, or stricter.
            ("ssl_min_protocol_version", "TLSv1" | "TLSv1.1" | "TLSv1.2") => return true,
            ("sslcompression", _) | ("sslsni", "1") | ("sslnegotiation", "postgres") => return true,
            _ if name.starts_with("ssl") => {
                // Where TLS is not spoken it does not matter.
                self.is_unsupported = true;
                return true;
            }
            _ => return false,
        };
        // libpq takes an empty value for the default.
        *place = Some(value.to_owned()).filter(|value| !value.is_empty());
        true
    }

    /// Whether the authorities are those of the system, which makes `verify-full` the default.
    pub(super) fn is_system(&self) -> bool {
        self.roots.as_deref() == Some("system")
    }

    /// What speaks TLS as libpq would with these files.
    pub(super) fn connector(&self, mode: Option<&str>) -> Result<MakeTlsConnector, Why> {
        if self.is_unsupported {
            return Err("the URL or the environment says something about TLS that the listener does not know");
        }
        let folder = folder();
        let mut builder = TlsConnector::builder();
        builder.min_protocol_version(Some(Protocol::Tlsv12));
        match self.trust(mode, folder.as_deref())? {
            Trust::Any => {
                builder.danger_accept_invalid_certs(true).danger_accept_invalid_hostnames(true);
            }
            Trust::Authority(roots) => {
                only(&mut builder, &roots)?.danger_accept_invalid_hostnames(true);
            }
            Trust::Host(roots) => {
                only(&mut builder, &roots)?;
            }
            Trust::System => {}
        }
        if let Some(identity) = self.identity(folder.as_deref())? {
            builder.identity(identity);
        }
        builder.build().map(MakeTlsConnector::new).map_err(|_| "TLS cannot be set up for the listener")
    }

    fn trust(&self, mode: Option<&str>, folder: Option<&Path>) -> Result<Trust, Why> {
        if self.is_system() {
            return match mode {
                None | Some("verify-full") => Ok(Trust::System),
                Some(_) => Err("with the authorities of the system there is no sslmode but verify-full"),
            };
        }
        let roots = named_or(self.roots.as_deref(), folder, "root.crt");
        let revoked = folder.is_some_and(|folder| folder.join("root.crl").exists());
        match (mode, roots.filter(|path| path.exists())) {
            (_, Some(_)) if revoked => Err("the listener knows no lists of revoked certificates"),
            (Some("verify-full"), Some(roots)) => Ok(Trust::Host(roots)),
            // libpq looks at the certificate wherever it has something to hold it against.
            (_, Some(roots)) => Ok(Trust::Authority(roots)),
            (Some("verify-ca" | "verify-full"), None) => Err("the file of authorities is missing"),
            (_, None) => Ok(Trust::Any),
        }
    }

    /// The client's own certificate, if it has one.
    fn identity(&self, folder: Option<&Path>) -> Result<Option<Identity>, Why> {
        let certificate = named_or(self.certificate.as_deref(), folder, "postgresql.crt");
        let Some(certificate) = certificate.filter(|path| path.exists()) else { return Ok(None) };
        let key = named_or(self.key.as_deref(), folder, "postgresql.key");
        let read = |path: &Path| fs::read(path).map_err(|_| "the client's certificate or its key cannot be read");
        let (certificate, key) = (read(&certificate)?, read(&key.unwrap_or_default())?);
        let identity = Identity::from_pkcs8(&certificate, &key);
        identity.map(Some).map_err(|_| "the client's certificate is not one, or its key is not an open one of PKCS #8")
    }
}

/// Trusts the authorities of this file and no others.
fn only<'a>(builder: &'a mut TlsConnectorBuilder, roots: &Path) -> Result<&'a mut TlsConnectorBuilder, Why> {
    let pem = fs::read(roots).map_err(|_| "the file of authorities cannot be read")?;
    let roots = Certificate::stack_from_pem(&pem).map_err(|_| "the file of authorities holds something else")?;
    if roots.is_empty() {
        return Err("the file of authorities holds none");
    }
    for root in roots {
        builder.add_root_certificate(root);
    }
    Ok(builder.disable_built_in_roots(true))
}

/// The file of this name where there is one, otherwise that in the folder.
fn named_or(name: Option<&str>, folder: Option<&Path>, other: &str) -> Option<PathBuf> {
    name.map(PathBuf::from).or_else(|| folder.map(|folder| folder.join(other)))
}

/// Where libpq looks for files that nobody names.
fn folder() -> Option<PathBuf> {
    if cfg!(windows) {
        return env("APPDATA").map(|folder| Path::new(&folder).join("postgresql"));
    }
    std::env::home_dir().map(|home| home.join(".postgresql"))
}

#[cfg(test)]
mod tests {
    use super::*;

    const MODES: [Option<&str>; 6] =
        [None, Some("allow"), Some("prefer"), Some("require"), Some("verify-ca"), Some("verify-full")];

    fn files(parameters: &[(&str, &str)]) -> Files {
        let mut files = Files::default();
        for (name, value) in parameters {
            assert!(files.take(name, value), "{name}");
        }
        files
    }

    fn trusts(files: &Files, folder: Option<&Path>) -> [Option<Trust>; 6] {
        MODES.map(|mode| files.trust(mode, folder).ok())
    }

    #[test]
    fn every_mode_trusts_whom_libpq_does() -> std::io::Result<()> {
        let home = tempfile::tempdir()?;
        let folder = Some(home.path());
        let (default, named) = (home.path().join("root.crt"), home.path().join("named.crt"));
        let name = named.to_string_lossy().into_owned();
        let any = || Some(Trust::Any);
        let nothing = [any(), any(), any(), any(), None, None];
        let held_against = |path: &Path| {
            let authority = || Some(Trust::Authority(path.to_owned()));
            [authority(), authority(), authority(), authority(), authority(), Some(Trust::Host(path.to_owned()))]
        };
        let (silent, naming, empty) = (files(&[]), files(&[("sslrootcert", &name)]), files(&[("sslrootcert", "")]));
        for files in [&silent, &naming, &empty] {
            assert_eq!(trusts(files, folder), nothing);
            assert_eq!(trusts(files, None), nothing);
        }
        fs::write(&default, "")?;
        assert_eq!(trusts(&silent, folder), held_against(&default));
        assert_eq!(trusts(&empty, folder), held_against(&default));
        assert_eq!(trusts(&naming, folder), nothing, "the default is not looked at");
        fs::write(&named, "")?;
        assert_eq!(trusts(&naming, folder), held_against(&named));
        let system = trusts(&files(&[("sslrootcert", "system")]), folder);
        assert_eq!(system, [Some(Trust::System), None, None, None, None, Some(Trust::System)]);
        fs::write(home.path().join("root.crl"), "")?;
        assert_eq!(trusts(&silent, folder), [const { None }; 6]);
        Ok(())
    }

    #[test]
    fn what_it_cannot_do_is_not_tried() -> std::io::Result<()> {
        let home = tempfile::tempdir()?;
        let path = home.path().join("file");
        fs::write(&path, "no certificate")?;
        let path = &*path.to_string_lossy();
        let require = Some("require");
        assert!(files(&[]).connector(require).is_ok(), "unless this user's home has certificates");
        for parameter in ["sslcrl", "sslcrldir", "sslpassword", "sslcertmode", "ssl_max_protocol_version", "sslnew"] {
            assert!(files(&[(parameter, "x")]).connector(require).is_err(), "{parameter}");
        }
        for (parameter, value) in [
            ("ssl_min_protocol_version", "TLSv1.3"),
            ("sslsni", "0"),
            ("sslnegotiation", "direct"),
            ("sslrootcert", path),
            ("sslcert", path),
        ] {
            assert!(files(&[(parameter, value)]).connector(require).is_err(), "{parameter}={value}");
        }
        assert!(!Files::default().take("krbsrvname", "x"));
        Ok(())
    }
}
