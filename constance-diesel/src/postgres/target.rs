//! Where a PostgreSQL server is, and what a connection is told at its start.

use std::fmt;
use std::path::Path;
use std::sync::Arc;

use constance_core::url::decode;
use constance_core::{Error, ErrorKind, Result, identity};

use super::parameters;
use crate::dialect::Options;

/// A database, as its URL names it.
#[derive(Clone)]
pub struct Target {
    /// As the user wrote it: libpq reads it, with its own rules for what is left out.
    url: Arc<str>,
    pub(super) parts: Arc<Parts>,
}

/// What the URL says, part by part.
#[cfg_attr(test, derive(Debug))]
#[derive(Default)]
pub(super) struct Parts {
    /// Each with its port where one is given.
    pub(super) hosts: Vec<(String, Option<u16>)>,
    pub(super) user: Option<String>,
    pub(super) password: Option<String>,
    pub(super) database: Option<String>,
    pub(super) parameters: Vec<(String, String)>,
}

impl fmt::Debug for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // It holds a password.
        f.debug_struct("Target").finish_non_exhaustive()
    }
}

const SHAPE: &str = "write postgres://user:password@host:port/database";
const ESCAPE: &str = "write @ : / ? # % and spaces in a user's name or password as %40 %3A %2F %3F %23 %25 %20";

fn wrong<T>(detail: &'static str, hint: &'static str) -> Result<T> {
    Err(Error::new(ErrorKind::Configuration).with_detail(detail).with_hint(hint))
}

impl Target {
    /// Reads `postgres://user:password@host:port/database?parameter=value`, as libpq does.
    ///
    /// What libpq would not understand is refused here: it quotes what it does not understand, and that may be half of a
    /// password.
    pub(super) fn parse(url: &str) -> Result<Self> {
        let Some(rest) = ["postgres://", "postgresql://"].iter().find_map(|scheme| url.strip_prefix(scheme)) else {
            return wrong("the URL is not one of PostgreSQL", SHAPE);
        };
        if rest.contains(|c: char| c.is_control() || c.is_whitespace()) {
            return wrong("the URL holds white space or a control character", ESCAPE);
        }
        let (rest, query) = rest.split_once('?').map_or((rest, None), |(rest, query)| (rest, Some(query)));
        let (authority, path) = rest.split_once('/').map_or((rest, ""), |(authority, path)| (authority, path));
        if path.contains(['@', '/']) || query.is_some_and(|query| query.contains(['@', '?'])) {
            return wrong("the URL has a character where none can stand", ESCAPE);
        }
        let mut parts = Parts::default();
        let hosts = match authority.split_once('@') {
            Some((user, hosts)) => {
                let (user, password) = user.split_once(':').map_or((user, None), |(user, pass)| (user, Some(pass)));
                if hosts.contains('@') || password.is_some_and(|password| password.contains(':')) {
                    return wrong("the user or the password in the URL is not percent-encoded", ESCAPE);
                }
                parts.user = some(decoded(user)?);
                parts.password = password.map(decoded).transpose()?.and_then(some);
                hosts
            }
            None => authority,
        };
        for host in hosts.split(',').filter(|host| !host.is_empty()) {
            parts.hosts.push(host_and_port(host)?);
        }
        parts.database = some(decoded(path)?);
        for parameter in query.into_iter().flat_map(|query| query.split('&')).filter(|pair| !pair.is_empty()) {
            let Some((name, value)) = parameter.split_once('=') else {
                return wrong("a parameter of the URL has no value", "write ?parameter=value");
            };
            let known = |c: char| c.is_ascii_lowercase() || c == '_';
            if name.is_empty() || !name.chars().all(known) || value.contains('=') {
                return wrong("a parameter of the URL has a name that libpq does not know", ESCAPE);
            }
            let value = decoded(value)?;
            parameters::check(name, &value)?;
            // libpq would take the last one.
            if parts.parameters.iter().any(|(known, _)| known == name) {
                return wrong("the URL has a parameter twice", "leave one of them out");
            }
            parts.parameters.push((name.to_owned(), value));
        }
        Ok(Self { url: url.into(), parts: Arc::new(parts) })
    }

    /// The hosts, the database, and what decides which schema the table is in. What is left out of the URL is decided by the
    /// environment and the files of libpq.
    pub(super) fn identity(&self) -> Option<String> {
        let Parts { hosts, user, password: _, database, parameters } = &*self.parts;
        let elsewhere = ["host", "hostaddr", "port", "dbname", "user", "service", "servicefile"];
        if hosts.is_empty() || parameters.iter().any(|(name, _)| elsewhere.contains(&name.as_str())) {
            return None;
        }
        let place = |(host, port): &(String, Option<u16>)| {
            let server =
                if host.starts_with('/') { identity::of_path(Path::new(host)) } else { identity::of_host(host) };
            Some(format!(
                "{}:{}",
                server?,
                port.map(|port| port.to_string()).or_else(|| std::env::var("PGPORT").ok()).unwrap_or_default()
            ))
        };
        let places = hosts.iter().map(place).collect::<Option<Vec<_>>>()?;
        let options = self.options_of_user().unwrap_or_default();
        let (database, user) = (database.as_deref()?, user.as_deref()?);
        Some(format!("{}/{database} {user} {options}", places.join(",")))
    }

    /// The hosts and ports as libpq finds them, as far as that can be seen without its files.
    pub(super) fn location(&self) -> Option<String> {
        let given = |name: &str, variable: &str| {
            let of_url = self.parts.parameters.iter().find(|(known, _)| known == name).map(|(_, value)| value.clone());
            of_url.or_else(|| std::env::var(variable).ok()).filter(|value| !value.is_empty())
        };
        let port = given("port", "PGPORT").unwrap_or_else(|| "5432".to_owned());
        let place = |host: &str, port: &str| match host {
            // The folder of a socket.
            host if host.starts_with('/') => format!("{host}/.s.PGSQL.{port}"),
            host if host.contains(':') => format!("[{host}]:{port}"),
            host => format!("{host}:{port}"),
        };
        if self.parts.hosts.is_empty() || self.parts.parameters.iter().any(|(name, _)| name == "host") {
            return Some(place(&given("host", "PGHOST")?, &port));
        }
        let hosts = self.parts.hosts.iter();
        let places: Vec<String> =
            hosts.map(|(host, own)| place(host, &own.map_or_else(|| port.clone(), |own| own.to_string()))).collect();
        Some(places.join(", "))
    }

    /// The options of a session that the URL or the environment gives.
    fn options_of_user(&self) -> Option<String> {
        let of_url =
            self.parts.parameters.iter().rev().find(|(name, _)| name == "options").map(|(_, value)| value.clone());
        of_url.or_else(|| std::env::var("PGOPTIONS").ok())
    }

    /// What libpq is given. What the URL or the environment says holds; the options fill in what they leave open.
    ///
    /// `word`: the server is told its part of them at the start of the session, and this to know it by. A pooler may refuse
    /// that.
    pub(super) fn conninfo(&self, options: &Options, word: Option<&str>) -> String {
        let given = |name: &str| self.parts.parameters.iter().any(|(given, _)| given == name);
        let mut url = self.url.to_string();
        let mut add = |name: &str, value: &str| {
            url.push(if url.contains('?') { '&' } else { '?' });
            url.push_str(name);
            url.push('=');
            encode(value, &mut url);
        };
        if !given("fallback_application_name") {
            add("fallback_application_name", "constance");
        }
        if !given("connect_timeout") && std::env::var_os("PGCONNECT_TIMEOUT").is_none() {
            add("connect_timeout", &options.connect_timeout.as_secs().max(1).to_string());
        }
        if self.demands_tls() && !given("gssencmode") && std::env::var_os("PGGSSENCMODE").is_none() {
            // Encryption by GSSAPI would take the place of TLS. And looking for it leads into Kerberos, whose locks go when the process
            // ends: a thread that is inside crashes it.
            add("gssencmode", "disable");
        }
        // The network may lose a server without a word: then nothing that was sent is acknowledged, or nothing comes.
        let patience = options.statement_timeout.as_secs().clamp(1, 3_600);
        for (name, value) in [
            ("keepalives_idle", (patience / 2).max(1)),
            ("keepalives_interval", (patience / 6).max(1)),
            ("keepalives_count", 3),
            ("tcp_user_timeout", patience * 1_000),
        ] {
            if !given(name) {
                add(name, &value.to_string());
            }
        }
        if let Some(word) = word {
            // libpq takes the last one.
            add("options", &self.session_options(options, word));
        }
        url
    }

    fn demands_tls(&self) -> bool {
        let of_url =
            self.parts.parameters.iter().rev().find(|(name, _)| name == "sslmode").map(|(_, mode)| mode.clone());
        let mode = of_url.or_else(|| std::env::var("PGSSLMODE").ok());
        mode.is_some_and(|mode| ["require", "verify-ca", "verify-full"].contains(&mode.as_str()))
    }

    /// What the server is told at the start of a session. The last word on a setting holds, so the user's come after ours.
    fn session_options(&self, options: &Options, word: &str) -> String {
        let milliseconds = |time: std::time::Duration| time.as_millis().clamp(1, i32::MAX as u128);
        let own = format!(
            // Under a stricter level a write would fail wherever another came in between. A row that a policy hides would pass
            // for one that is not there.
            "-c constance.told={word} -c default_transaction_isolation=read\\ committed -c lock_timeout={} -c statement_timeout={} -c row_security=off",
            milliseconds(options.busy_timeout),
            milliseconds(options.statement_timeout),
        );
        match self.options_of_user() {
            Some(theirs) => format!("{own} {theirs}"),
            None => own,
        }
    }
}

fn some(text: String) -> Option<String> {
    (!text.is_empty()).then_some(text)
}

/// `host`, `host:port`, `[address]:port`, or a percent-encoded path to the folder of a socket.
fn host_and_port(text: &str) -> Result<(String, Option<u16>)> {
    let (host, port) = match text.strip_prefix('[') {
        Some(rest) => match rest.split_once(']') {
            Some((host, "")) => (host, None),
            Some((host, port)) if port.starts_with(':') => (host, port.strip_prefix(':')),
            _ => return wrong("an address in brackets in the URL does not end", SHAPE),
        },
        None => text.split_once(':').map_or((text, None), |(host, port)| (host, Some(port))),
    };
    let port = match port {
        None | Some("") => None,
        Some(port) => match port.parse::<u16>() {
            Ok(port) if port > 0 => Some(port),
            // What stands there may be a password with an unescaped character.
            _ => return wrong("the port in the URL is not a number from 1 to 65535", ESCAPE),
        },
    };
    Ok((decoded(host)?, port))
}

fn decoded(text: &str) -> Result<String> {
    // libpq refuses a NUL as well.
    let decoded = decode(text).filter(|text| !text.contains('\0'));
    decoded.map_or_else(|| wrong("the URL is not percent-encoded UTF-8", ESCAPE), Ok)
}

fn encode(text: &str, out: &mut String) {
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-_.".contains(&byte) {
            out.push(char::from(byte));
        } else {
            out.push_str(&format!("%{byte:02X}"));
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::look_interval::LookInterval;

    fn options() -> Options {
        Options {
            connect_timeout: Duration::from_secs(3),
            busy_timeout: Duration::ZERO,
            statement_timeout: Duration::from_secs(10),
            look_interval: LookInterval::usual(true),
            call_timeout: None,
            file_mode: 0o600,
            table: None,
        }
    }

    #[test]
    fn urls_mean_what_they_mean_to_libpq() -> Result<()> {
        let target =
            Target::parse("postgresql://me%40x:p%3Aw@a:1,b,[::1]:2,%2Ftmp/my%20db?sslmode=require&options=-c%20a%3Db")?;
        let Parts { hosts, user, password, database, parameters } = &*target.parts;
        let host = |host: &str, port| (host.to_owned(), port);
        assert_eq!(*hosts, [host("a", Some(1)), host("b", None), host("::1", Some(2)), host("/tmp", None)]);
        assert_eq!(
            (user.as_deref(), password.as_deref(), database.as_deref()),
            (Some("me@x"), Some("p:w"), Some("my db"))
        );
        let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        assert_eq!(*parameters, [pair("sslmode", "require"), pair("options", "-c a=b")]);
        for empty in ["postgres://", "postgres:///", "postgres://@/?"] {
            let parts = Target::parse(empty)?.parts;
            assert!(parts.hosts.is_empty() && parts.user.is_none() && parts.database.is_none(), "{empty}: {parts:?}");
        }
        Ok(())
    }

    #[test]
    fn the_location_is_hosts_and_ports_alone() -> Result<()> {
        for (url, location) in [
            ("postgres://u:hunter2@db.internal:5433/d", "db.internal:5433"),
            ("postgres://u:hunter2@a:1,[::1]:2/d", "a:1, [::1]:2"),
            ("postgres://u:hunter2@%2Frun%2Fpg:7/d", "/run/pg/.s.PGSQL.7"),
            ("postgres://u:hunter2@/d?host=b&port=9", "b:9"),
        ] {
            assert_eq!(Target::parse(url)?.location().as_deref(), Some(location));
        }
        Ok(())
    }

    #[test]
    fn the_identity_is_the_servers_the_databases_and_the_schemas() -> Result<()> {
        let of = |url: &str| Target::parse(url).map(|target| target.identity());
        let one = of("postgres://u:hunter2@db.internal:5432/d")?;
        assert!(one.as_ref().is_some_and(|one| one.contains("db.internal:5432/d u") && !one.contains("hunter2")));
        assert_eq!(one, of("postgresql://u:other@db.internal:5432/d?application_name=x&sslmode=require")?);
        for other in [
            "postgres://u@db.internal:5433/d",
            "postgres://u@db.internal:5432/e",
            "postgres://v@db.internal:5432/d",
            "postgres://u@db.elsewhere:5432/d",
            "postgres://u@db.internal:5432/d?options=-c%20search_path%3Dx",
        ] {
            assert_ne!(one, of(other)?, "{other}");
        }
        // The environment of libpq says the rest.
        for untold in
            ["postgres:///d", "postgres://u@db/d", "postgres://u@db.internal", "postgres://u@db.internal/d?service=x"]
        {
            assert_eq!(of(untold)?, None, "{untold}");
        }
        Ok(())
    }

    #[test]
    fn what_the_url_says_holds() -> Result<()> {
        let plain = Target::parse("postgres://h/d")?.conninfo(&options(), Some("w"));
        for part in [
            "constance.told%3Dw%20",
            "fallback_application_name=constance",
            "connect_timeout=3",
            "tcp_user_timeout=10000",
            "keepalives_idle=5",
        ] {
            assert!(plain.contains(part), "{part} in {plain}");
        }
        // Zero would be no limit at all.
        assert!(plain.contains("lock_timeout%3D1%20"), "{plain}");
        let said =
            "postgres://h/d?connect_timeout=9&tcp_user_timeout=8&keepalives_idle=7&options=-c%20lock_timeout%3D6";
        let said = Target::parse(said)?.conninfo(&options(), Some("w"));
        for name in ["connect_timeout=", "tcp_user_timeout=", "keepalives_idle="] {
            assert_eq!(said.matches(name).count(), 1, "{said}");
        }
        assert!(said.ends_with("-c%20lock_timeout%3D6"), "the last word holds: {said}");
        assert!(!Target::parse("postgres://h/d")?.conninfo(&options(), None).contains("options="));
        Ok(())
    }

    #[test]
    fn who_demands_tls_is_not_given_gssapi() -> Result<()> {
        for (query, wanted) in [
            ("", None),
            ("?sslmode=prefer", None),
            ("?sslmode=require", Some("disable")),
            ("?sslmode=verify-full", Some("disable")),
            ("?sslmode=require&gssencmode=prefer", Some("prefer")),
        ] {
            let conninfo = Target::parse(&format!("postgres://h/d{query}"))?.conninfo(&options(), Some("w"));
            let found: Vec<&str> = conninfo.split(['?', '&']).filter_map(|p| p.strip_prefix("gssencmode=")).collect();
            assert_eq!(found, wanted.into_iter().collect::<Vec<_>>(), "{query}");
        }
        Ok(())
    }

    #[test]
    fn refused_urls_say_why_and_never_what() {
        for (url, words) in [
            ("mysql://u:hunter2@h/d", "not one of PostgreSQL"),
            ("postgres:u:hunter2@h/d", "not one of PostgreSQL"),
            ("postgres://u:hunter2@2@h/d", "%40"),
            ("postgres://u:hunter2:2@h/d", "%40"),
            ("postgres://u:hunter2/2@h/d", "%2F"),
            ("postgres://u:hunter2?2@h/d", "%3F"),
            ("postgres://u:hunter2 2@h/d", "%20"),
            ("postgres://u:hunter2%zz@h/d", "percent"),
            ("postgres://u:hunter2%00@h/d", "percent"),
            ("postgres://u@h:hunter2/d", "port"),
            ("postgres://u@h:0/d", "port"),
            ("postgres://u@[::1/d", "brackets"),
            ("postgres://u@h/d?hunter2", "no value"),
            ("postgres://u@h/d?Hunter2=1", "does not know"),
            ("postgres://u:hunter2@h/d?foo=1", "the parameter foo, which libpq does not know"),
            ("postgres://u:hunter2@h/d?sslmode=require&sslmode=disable", "twice"),
            ("postgres://u:hunter2@h/d?sslmode=no-verify", "verify-full"),
            ("postgres://u:hunter2@h/d?ssl=false", "sslmode=require"),
            // What other clients know.
            ("postgres://u:hunter2@h/d?schema=shop", "options=-c%20search_path%3D"),
            ("postgres://u:hunter2@h/d?pgbouncer=true", "leave it out: a pooler is noticed"),
            ("postgres://u:hunter2@h/d?connection_limit=5", "pool_size"),
        ] {
            let error = Target::parse(url).map(drop).expect_err(url);
            assert_eq!(error.kind(), ErrorKind::Configuration);
            assert!(error.to_string().contains(words), "{error}");
            assert!(!format!("{error:?} {error}").contains("unter2"), "{error:?}");
        }
        let target = Target::parse("postgres://u:hunter2@h/d").map(|target| format!("{target:?}"));
        assert!(target.is_ok_and(|shown| !shown.contains("hunter2")));
    }
}
