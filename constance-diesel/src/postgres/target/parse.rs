//! Reads a URL as libpq does.

use constance_core::url::decode;
use constance_core::{Error, ErrorKind, Result};

use super::{Parts, parameters};

const SHAPE: &str = "write postgres://user:password@host:port/database";
const ESCAPE: &str = "write @ : / ? # % and spaces in a user's name or password as %40 %3A %2F %3F %23 %25 %20";

fn wrong<T>(detail: &'static str, hint: &'static str) -> Result<T> {
    Err(Error::new(ErrorKind::Configuration).with_detail(detail).with_hint(hint))
}

/// What `postgres://user:password@host:port/database?parameter=value` says.
///
/// What libpq would not understand is refused here: it quotes what it does not understand, and that may be half of a
/// password.
pub(super) fn parts_of(url: &str) -> Result<Parts> {
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
            parts.user = non_empty(decoded(user)?);
            parts.password = password.map(decoded).transpose()?.and_then(non_empty);
            hosts
        }
        None => authority,
    };
    for host in hosts.split(',').filter(|host| !host.is_empty()) {
        parts.hosts.push(host_and_port(host)?);
    }
    parts.database = non_empty(decoded(path)?);
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
    Ok(parts)
}

fn non_empty(text: String) -> Option<String> {
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn urls_mean_what_they_mean_to_libpq() -> Result<()> {
        let parts =
            parts_of("postgresql://me%40x:p%3Aw@a:1,b,[::1]:2,%2Ftmp/my%20db?sslmode=require&options=-c%20a%3Db")?;
        let Parts { hosts, user, password, database, parameters } = parts;
        let host = |host: &str, port| (host.to_owned(), port);
        assert_eq!(hosts, [host("a", Some(1)), host("b", None), host("::1", Some(2)), host("/tmp", None)]);
        assert_eq!(
            (user.as_deref(), password.as_deref(), database.as_deref()),
            (Some("me@x"), Some("p:w"), Some("my db"))
        );
        let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        assert_eq!(parameters, [pair("sslmode", "require"), pair("options", "-c a=b")]);
        for empty in ["postgres://", "postgres:///", "postgres://@/?"] {
            let parts = parts_of(empty)?;
            assert!(parts.hosts.is_empty() && parts.user.is_none() && parts.database.is_none(), "{empty}: {parts:?}");
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
            let error = parts_of(url).map(drop).expect_err(url);
            assert_eq!(error.kind(), ErrorKind::Configuration);
            assert!(error.to_string().contains(words), "{error}");
            assert!(!format!("{error:?} {error}").contains("unter2"), "{error:?}");
        }
    }
}
