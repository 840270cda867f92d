//! The parameters of a URL.

use constance_core::Result;
use constance_core::url::UrlParameters;

use super::wrong;

/// The parameters of a URL, as the client library can keep them.
pub(super) struct Parameters<'a> {
    /// What diesel is given.
    pub(super) kept: Vec<&'a str>,
    /// Whether a connection without TLS is refused.
    pub(super) encrypted: bool,
    pub(super) has_socket: bool,
}

const KNOWN: &[&str] = &["unix_socket", "ssl_mode", "ssl_ca", "ssl_cert", "ssl_key", "layout", "table", "call_timeout"];

impl<'a> Parameters<'a> {
    /// What cannot be kept is an error: a connection is never made with less than was asked for.
    pub(super) fn of_query(query: &'a str, knows_ssl_mode: bool) -> Result<Self> {
        // diesel would take the last of two, and a space for a +.
        let mut read = UrlParameters::parse(query)?;
        let has_socket =
            ["unix_socket", "ssl_mode", "ssl_ca", "ssl_cert", "ssl_key"].map(|name| read.take(name))[0].is_some();
        read.finish(KNOWN)?;
        let (mut kept, mut mode, mut files) = (Vec::new(), None, Vec::new());
        for parameter in query.split('&').filter(|parameter| !parameter.is_empty()) {
            match parameter.split_once('=').unwrap_or((parameter, "")) {
                ("ssl_mode", value) => mode = Some((parameter, value.to_ascii_lowercase())),
                ("unix_socket", _) => kept.push(parameter),
                _ => files.push(parameter),
            }
        }
        let (parameter, mode) = mode.map_or((None, String::new()), |(parameter, mode)| (Some(parameter), mode));
        let required = match mode.as_str() {
            "disabled" => {
                // With a file of certificates libmariadb would use TLS all the same.
                kept.extend(parameter.filter(|_| knows_ssl_mode));
                return Ok(Self { kept, encrypted: false, has_socket });
            }
            "" | "preferred" => false,
            "required" => true,
            "verify_ca" | "verify_identity" if knows_ssl_mode => true,
            "verify_ca" | "verify_identity" => {
                return wrong(
                    "this program is linked with libmariadb, which cannot be told to check the server's certificate",
                    "link libmysqlclient, or reach the server through a tunnel that checks it",
                );
            }
            _ => {
                return wrong(
                    "the ssl_mode is not known",
                    "write disabled, preferred, required, verify_ca or verify_identity",
                );
            }
        };
        // A file of certificates says that TLS is meant. libmariadb would do without where the server has none.
        let encrypted = required || !files.is_empty();
        kept.extend(files);
        kept.extend(parameter.filter(|_| knows_ssl_mode));
        Ok(Self { kept, encrypted, has_socket })
    }
}

#[cfg(test)]
mod tests {
    use super::super::Target;
    use super::*;

    #[test]
    fn libmariadb_is_given_no_mode() -> Result<()> {
        for (query, given, encrypted) in [
            ("?ssl_mode=required", "", true),
            ("?ssl_mode=preferred", "", false),
            ("?ssl_mode=disabled&ssl_ca=/ca.pem", "", false),
            ("?ssl_ca=/ca.pem&ssl_mode=required", "?ssl_ca=/ca.pem", true),
        ] {
            let target = Target::parse_for(&format!("mysql://u@h/d{query}"), false)?;
            assert_eq!((&*target.url, target.encrypted), (&*format!("mysql://u@h/d{given}"), encrypted), "{query}");
        }
        for mode in ["verify_ca", "verify_identity"] {
            let url = format!("mysql://u@h/d?ssl_mode={mode}");
            assert!(Target::parse_for(&url, false).is_err(), "{mode} would be a promise that nobody keeps");
            assert!(Target::parse_for(&url, true)?.encrypted);
        }
        Ok(())
    }
}
