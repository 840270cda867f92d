//! What the URL and the environment say about TLS.

use postgres::config::SslMode;

use super::Why;
use super::config::env;
#[cfg(feature = "listen-tls")]
use super::files::Files;
use super::tls::Tls;

/// The parameters of libpq that the listener knows too; what the URL leaves open the environment says.
#[derive(Default)]
pub(super) struct TlsOptions {
    mode: Option<String>,
    #[cfg(feature = "listen-tls")]
    files: Files,
}

impl TlsOptions {
    pub(super) fn of_environment() -> Self {
        Self {
            mode: env("PGSSLMODE"),
            #[cfg(feature = "listen-tls")]
            files: Files::of_environment(),
        }
    }

    /// Takes a parameter of the URL, if it is one of these.
    pub(super) fn take(&mut self, name: &str, value: &str) -> bool {
        if name == "sslmode" {
            self.mode = Some(value.to_owned());
            return true;
        }
        #[cfg(feature = "listen-tls")]
        return self.files.take(name, value);
        #[cfg(not(feature = "listen-tls"))]
        false
    }

    /// When the server is asked for TLS, and what happens then.
    #[cfg(not(feature = "listen-tls"))]
    pub(super) fn mode_and_tls(&self, _only_sockets: bool) -> Result<(SslMode, Tls), Why> {
        match self.mode.as_deref() {
            None | Some("prefer") => Ok((SslMode::Prefer, Tls::Refused)),
            Some("disable" | "allow") => Ok((SslMode::Disable, Tls::Refused)),
            Some(_) => Err("TLS is asked for, which the listener speaks with the feature `listen-tls`"),
        }
    }

    /// When the server is asked for TLS, and how it is then spoken: never with less than libpq would have.
    #[cfg(feature = "listen-tls")]
    pub(super) fn mode_and_tls(&self, only_sockets: bool) -> Result<(SslMode, Tls), Why> {
        // libpq asks for none through a socket, whatever the mode is.
        if only_sockets || self.mode.as_deref() == Some("disable") {
            return Ok((SslMode::Disable, Tls::Refused));
        }
        let mode = match self.mode.as_deref() {
            // Where libpq goes on in the clear when TLS fails, the listener does not. `allow` asks for it first thing.
            None if !self.files.is_system() => SslMode::Prefer,
            Some("allow" | "prefer") => SslMode::Prefer,
            None | Some("require" | "verify-ca" | "verify-full") => SslMode::Require,
            Some(_) => return Err("the listener does not know this sslmode"),
        };
        Ok((mode, Tls::Taken(self.files.connector(self.mode.as_deref())?)))
    }
}

#[cfg(all(test, feature = "listen-tls"))]
mod tests {
    use super::*;

    fn asked(parameters: &[(&str, &str)], only_sockets: bool) -> Option<(SslMode, bool)> {
        let mut options = TlsOptions::default();
        for (name, value) in parameters {
            assert!(options.take(name, value), "{name}");
        }
        let (mode, tls) = options.mode_and_tls(only_sockets).ok()?;
        Some((mode, matches!(tls, Tls::Taken(_))))
    }

    #[test]
    fn no_mode_is_weaker_than_that_of_libpq() {
        let nothing = "/nothing/here";
        let ask = |mode| asked(&[("sslmode", mode), ("sslrootcert", nothing)], false);
        assert_eq!(asked(&[("sslrootcert", nothing)], false), Some((SslMode::Prefer, true)));
        assert_eq!(ask("disable"), Some((SslMode::Disable, false)));
        assert_eq!(ask("allow"), Some((SslMode::Prefer, true)));
        assert_eq!(ask("prefer"), Some((SslMode::Prefer, true)));
        assert_eq!(ask("require"), Some((SslMode::Require, true)));
        for mode in ["verify-ca", "verify-full", "", "Require", "new"] {
            assert_eq!(ask(mode), None, "{mode}");
        }
        assert_eq!(asked(&[("sslrootcert", "system")], false), Some((SslMode::Require, true)));
    }

    #[test]
    fn where_there_is_no_tls_the_rest_does_not_matter() {
        let disabled = Some((SslMode::Disable, false));
        assert_eq!(asked(&[("sslmode", "verify-full"), ("sslcrl", "x")], true), disabled);
        assert_eq!(asked(&[("sslmode", "disable"), ("sslcrl", "x")], false), disabled);
        assert_eq!(asked(&[("sslmode", "prefer"), ("sslcrl", "x")], false), None);
    }
}
