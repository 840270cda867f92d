//! Where a MySQL or MariaDB server is.

use std::fmt;
use std::path::Path;
use std::sync::Arc;

use constance_core::url::UrlParameters;
use constance_core::{Error, ErrorKind, Result, Warning, identity};

/// What a URL names.
#[derive(Clone)]
pub struct Target {
    /// What diesel is given; it holds the password.
    pub(super) url: Arc<str>,
    /// Whether a connection without TLS is refused.
    pub(super) encrypted: bool,
}

impl fmt::Debug for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { url: _, encrypted } = self;
        f.debug_struct("Target").field("encrypted", encrypted).finish_non_exhaustive()
    }
}

/// libmariadb does not know `ssl_mode`: what diesel tells it of one has no effect, and no error either.
const KNOWS_SSL_MODE: bool = mysqlclient_sys::SUPPORTS_MYSQL_SSL_MODE;

const SHAPE: &str = "write mysql://user:password@host:port/database";
const ESCAPE: &str = "write : / ? # [ ] @ % in a name or a password as %3A %2F %3F %23 %5B %5D %40 %25";

impl Target {
    /// Reads `mysql://user:password@host:port/database`, or the same with `mariadb`, with the parameters that diesel knows.
    ///
    /// diesel reads it again. What it would pass over in silence is an error here.
    pub(super) fn parse(url: &str) -> Result<Self> {
        Self::parse_for(url, KNOWS_SSL_MODE)
    }

    fn parse_for(url: &str, knows_ssl_mode: bool) -> Result<Self> {
        let Some(rest) = ["mysql://", "mariadb://"].into_iter().find_map(|scheme| url.strip_prefix(scheme)) else {
            return wrong("the URL is not one of MySQL or MariaDB", SHAPE);
        };
        if rest.chars().any(|c| c.is_control() || c.is_whitespace()) {
            return wrong("the URL holds white space or a control character", "write it as % and its two digits");
        }
        if rest.contains('#') {
            return wrong("the URL has a fragment", ESCAPE);
        }
        let (place, query) = rest.split_once('?').unwrap_or((rest, ""));
        let (authority, database) = place.split_once('/').unwrap_or((place, ""));
        let (user, host) = authority.rsplit_once('@').unwrap_or(("", authority));
        if user.contains('@') {
            return wrong("the user or password in the URL holds an @", ESCAPE);
        }
        let port = check_host(host)?;
        match database {
            "" => return wrong("the URL names no database", SHAPE),
            name if name.contains('/') => return wrong("the URL names more than a database", SHAPE),
            // diesel takes the name as it is written there.
            name if !name.is_ascii() || name.contains('%') => {
                return wrong("the database's name holds more than ASCII characters", "diesel cannot name such a one");
            }
            _ => {}
        }
        let tls = Tls::asked_for(query, knows_ssl_mode)?;
        let is_local = host.split(':').next() == Some("localhost");
        if tls.has_socket && (!is_local || port.is_some()) {
            // The client library would take one of the two, and say nothing.
            return wrong("the URL names a server and a Unix socket", "for a socket write localhost, without a port");
        }
        let query = tls.parameters.join("&");
        // For this name the client library takes the socket of the system, whatever the port, and so perhaps another server.
        let place = match port {
            Some(port) if is_local => {
                let at = place.len() - host.len() - database.len() - 1;
                format!("{}127.0.0.1:{port}/{database}", &place[..at])
            }
            _ => place.to_owned(),
        };
        let url = format!("mysql://{place}{}{query}", if query.is_empty() { "" } else { "?" });
        Ok(Self { url: url.into(), encrypted: tls.encrypted })
    }
}

/// What a URL says of the place.
struct Parts<'u> {
    host: &'u str,
    port: &'u str,
    socket: Option<&'u str>,
    database: &'u str,
}

impl Target {
    /// The host, the port and the database, or the local socket in place of the first two.
    pub(super) fn identity(&self) -> Option<String> {
        let Parts { host, port, socket, database } = self.parts()?;
        let server = match socket {
            Some(path) => identity::of_path(Path::new(path))?,
            None => format!("{}:{port}", identity::of_host(host)?),
        };
        Some(format!("{server}/{database}"))
    }

    /// The host and the port, or the socket.
    pub(super) fn location(&self) -> Option<String> {
        let Parts { host, port, socket, database: _ } = self.parts()?;
        Some(socket.map_or_else(|| format!("{host}:{port}"), str::to_owned))
    }

    fn parts(&self) -> Option<Parts<'_>> {
        let rest = self.url.strip_prefix("mysql://")?;
        let (place, query) = rest.split_once('?').unwrap_or((rest, ""));
        let (authority, database) = place.split_once('/')?;
        let host = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
        let (host, port) = match host.rfind(']') {
            Some(end) => (&host[..=end], host[end + 1..].strip_prefix(':')),
            None => host.split_once(':').map_or((host, None), |(host, port)| (host, Some(port))),
        };
        let socket = query.split('&').find_map(|parameter| parameter.strip_prefix("unix_socket="));
        Some(Parts { host, port: port.unwrap_or("3306"), socket, database })
    }

    /// What TLS over the client library at hand does not protect from.
    pub(super) fn cautions(&self) -> Vec<Warning> {
        self.cautions_of(KNOWS_SSL_MODE)
    }

    fn cautions_of(&self, knows_ssl_mode: bool) -> Vec<Warning> {
        if !self.encrypted || knows_ssl_mode {
            return Vec::new();
        }
        vec![
            Warning::new(
                "over libmariadb TLS protects from listeners only: the server's certificate is not checked, and a server in \
                 the place of the right one can obtain the password, also in clear text before the connection is refused",
            )
            .with_hint("link libmysqlclient and write ssl_mode=verify_identity, or use a tunnel that checks the server"),
        ]
    }
}

fn wrong<T>(detail: &'static str, hint: &'static str) -> Result<T> {
    Err(Error::new(ErrorKind::Configuration).with_detail(detail).with_hint(hint))
}

/// The port, where there is one.
fn check_host(host: &str) -> Result<Option<u16>> {
    let (name, port) = match host.rfind(']') {
        // An address of IPv6 stands in brackets and has colons of its own.
        Some(end) => (&host[..=end], &host[end + 1..]),
        None => host.split_at(host.find(':').unwrap_or(host.len())),
    };
    if name.is_empty() {
        return wrong("the URL names no host", "for a Unix socket write localhost, and ?unix_socket=/path");
    }
    match port.strip_prefix(':').map(str::parse) {
        None if port.is_empty() => Ok(None),
        Some(Ok(port)) if port > 0 => Ok(Some(port)),
        _ => wrong("the port in the URL is no number from 1 to 65535", ESCAPE),
    }
}

/// The parameters of a URL, as the client library can keep them.
struct Tls<'a> {
    parameters: Vec<&'a str>,
    encrypted: bool,
    has_socket: bool,
}

const KNOWN: &[&str] = &["unix_socket", "ssl_mode", "ssl_ca", "ssl_cert", "ssl_key", "layout", "table", "call_timeout"];

impl<'a> Tls<'a> {
    /// What cannot be kept is an error: a connection is never made with less than was asked for.
    fn asked_for(query: &'a str, knows_ssl_mode: bool) -> Result<Self> {
        // diesel would take the last of two, and a space for a +.
        let mut read = UrlParameters::parse(query)?;
        let has_socket =
            ["unix_socket", "ssl_mode", "ssl_ca", "ssl_cert", "ssl_key"].map(|name| read.take(name))[0].is_some();
        read.finish(KNOWN)?;
        let (mut parameters, mut mode, mut files) = (Vec::new(), None, Vec::new());
        for parameter in query.split('&').filter(|parameter| !parameter.is_empty()) {
            match parameter.split_once('=').unwrap_or((parameter, "")) {
                ("ssl_mode", value) => mode = Some((parameter, value.to_ascii_lowercase())),
                ("unix_socket", _) => parameters.push(parameter),
                _ => files.push(parameter),
            }
        }
        let (parameter, mode) = mode.map_or((None, String::new()), |(parameter, mode)| (Some(parameter), mode));
        let required = match mode.as_str() {
            "disabled" => {
                // With a file of certificates libmariadb would use TLS all the same.
                parameters.extend(parameter.filter(|_| knows_ssl_mode));
                return Ok(Self { parameters, encrypted: false, has_socket });
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
        parameters.extend(files);
        parameters.extend(parameter.filter(|_| knows_ssl_mode));
        Ok(Self { parameters, encrypted, has_socket })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn urls_mean_what_they_mean_to_diesel() -> Result<()> {
        for (url, given, encrypted) in [
            ("mysql://u:p@h/d", "mysql://u:p@h/d", false),
            ("mariadb://u:p@h:3307/d", "mysql://u:p@h:3307/d", false),
            ("mysql://u:p%40@[::1]:3307/d", "mysql://u:p%40@[::1]:3307/d", false),
            ("mysql://h/d", "mysql://h/d", false),
            ("mysql://u@localhost/d?unix_socket=/run/x.sock", "mysql://u@localhost/d?unix_socket=/run/x.sock", false),
            ("mysql://u:p%40@localhost:3307/d", "mysql://u:p%40@127.0.0.1:3307/d", false),
            ("mariadb://localhost:3307/d?ssl_ca=/c", "mysql://127.0.0.1:3307/d?ssl_ca=/c", true),
            (
                "mysql://localhost:localhost@localhost:1/localhost",
                "mysql://localhost:localhost@127.0.0.1:1/localhost",
                false,
            ),
            ("mysql://u@localhost/d", "mysql://u@localhost/d", false),
            ("mysql://u@localhost.example:1/d", "mysql://u@localhost.example:1/d", false),
            ("mysql://u@h/d?ssl_mode=REQUIRED", "mysql://u@h/d?ssl_mode=REQUIRED", true),
            ("mysql://u@h/d?ssl_ca=/ca.pem", "mysql://u@h/d?ssl_ca=/ca.pem", true),
            ("mysql://u@h/d?ssl_ca=/ca.pem&ssl_mode=disabled", "mysql://u@h/d?ssl_mode=disabled", false),
        ] {
            let target = Target::parse_for(url, true)?;
            assert_eq!((&*target.url, target.encrypted), (given, encrypted), "{url}");
        }
        Ok(())
    }

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

    #[test]
    fn what_tls_does_not_protect_from_is_said() -> Result<()> {
        let said = |query: &str, knows_ssl_mode| -> Result<String> {
            let target = Target::parse_for(&format!("mysql://u:hunter2@h/d{query}"), knows_ssl_mode)?;
            Ok(target.cautions_of(knows_ssl_mode).iter().map(ToString::to_string).collect())
        };
        for query in ["?ssl_mode=required", "?ssl_ca=/ca.pem"] {
            let words = said(query, false)?;
            for part in ["listeners only", "obtain the password", "libmysqlclient", "verify_identity"] {
                assert!(words.contains(part), "{words}");
            }
            assert!(!words.contains("hunter2"));
            assert_eq!(said(query, true)?, "", "libmysqlclient sends nothing before the connection is encrypted");
        }
        for query in ["", "?ssl_mode=preferred", "?ssl_mode=disabled"] {
            assert_eq!(said(query, false)?, "", "nothing was promised");
        }
        Ok(())
    }

    #[test]
    fn the_identity_is_the_servers_and_the_databases() -> Result<()> {
        let of = |url: &str| Target::parse_for(url, true).map(|target| target.identity());
        let one = of("mysql://u:hunter2@db.internal/d")?;
        assert_eq!(one.as_deref(), Some("db.internal:3306/d"));
        assert_eq!(one, of("mariadb://other:x@db.internal:3306/d?ssl_mode=required")?);
        for other in ["mysql://u@db.internal:3307/d", "mysql://u@db.internal/e", "mysql://u@db.elsewhere/d"] {
            assert_ne!(one, of(other)?, "{other}");
        }
        assert_eq!(of("mysql://u@db/d")?, None);
        let local = of("mysql://u@localhost/d")?;
        assert_ne!(local, of("mysql://u@localhost/d?unix_socket=/run/x.sock")?);
        assert!(local.is_none_or(|local| local.contains(" on ")));
        Ok(())
    }

    #[test]
    fn the_location_is_the_host_and_the_port_or_the_socket() -> Result<()> {
        for (url, location) in [
            ("mysql://u:hunter2@db.internal/d", "db.internal:3306"),
            ("mysql://u:hunter2@[::1]:3307/d", "[::1]:3307"),
            ("mysql://u:hunter2@localhost/d?unix_socket=/run/x.sock", "/run/x.sock"),
        ] {
            assert_eq!(Target::parse_for(url, true)?.location().as_deref(), Some(location));
        }
        Ok(())
    }

    #[test]
    fn refused_urls_say_why() {
        for (url, words) in [
            ("postgres://u:hunter2@h/d", "not one of MySQL or MariaDB"),
            ("mysql:u:hunter2@h/d", "not one of MySQL or MariaDB"),
            ("mysql://u:hunter2@h", "names no database"),
            ("mysql://u:hunter2@h/", "names no database"),
            ("mysql://u:hunter2@h/d/e", "more than a database"),
            ("mysql://u:hunter2@h/d%20e", "more than ASCII"),
            ("mysql://u:hunter2@/d", "names no host"),
            ("mysql://u:hunter2@h:port/d", "no number"),
            ("mysql://u:hunter2@h:0/d", "no number"),
            ("mysql://u:hunter2/x@h/d", "no number"),
            ("mysql://u:hunter2@x@h/d", "%40"),
            ("mysql://u:hunter2#x@h/d", "fragment"),
            ("mysql://u:hunter2 @h/d", "space"),
            ("mysql://u:hunter2?x@h/d", "%3F"),
            ("mysql://u:hunter2@h/d?sslmode=require", "the parameter sslmode, which is not known"),
            ("mysql://u:hunter2@h/d?ssl_mode=required&ssl_mode=disabled", "twice"),
            ("mysql://u:hunter2@h/d?unix_socket=/run/x.sock", "a server and a Unix socket"),
            ("mysql://u:hunter2@127.0.0.1/d?unix_socket=/run/x.sock", "a server and a Unix socket"),
            ("mysql://u:hunter2@localhost:1/d?unix_socket=/run/x.sock", "a server and a Unix socket"),
            ("mysql://u:hunter2@localhost/d?unix_socket=/run/a+b.sock", "%2B"),
            ("mysql://u:hunter2@h/d?ssl_ca=", "no value"),
            ("mysql://u:hunter2@h/d?ssl_mode=strict", "ssl_mode is not known"),
        ] {
            let error = Target::parse(url).map(drop).expect_err(url);
            assert_eq!(error.kind(), ErrorKind::Configuration);
            assert!(error.to_string().contains(words), "{url}: {error}");
            assert!(!format!("{error} {error:?}").contains("hunter2"));
        }
    }

    #[test]
    fn no_debug_shows_the_url() -> Result<()> {
        assert!(!format!("{:?}", Target::parse("mysql://u:hunter2@h/d")?).contains("hunter2"));
        Ok(())
    }
}
