//! The parts of a URL.

use std::fmt;
use std::net::Ipv6Addr;

use super::{ESCAPE, UrlParameters, decode, is_scheme, normalize, wrong};
use crate::Result;

const SHAPE: &str = "write scheme://user:password@host:port/path?parameter=value";

/// The decoded parts of a URL of the form `scheme://user:password@host:port,host:port/path?parameter=value`.
///
/// An unencoded character that could end a password too early, so that its rest would be a host, a path or a parameter, is
/// refused.
#[non_exhaustive]
pub struct UrlParts {
    /// The scheme, in lower case.
    pub scheme: String,
    /// The part before the `@`, up to a colon; may be empty. `None` where there is no `@`.
    pub username: Option<String>,
    /// The part between that colon and the `@`; may be empty. `None` where there is no such colon.
    pub password: Option<String>,
    /// The hosts, each with its port if it has one. Empty where the URL names none. An IPv6 address has no brackets.
    pub hosts: Vec<(String, Option<u16>)>,
    /// The part after the hosts, with its first `/`; may be empty.
    pub path: String,
    /// The parameters after the `?`.
    pub parameters: UrlParameters,
}

impl UrlParts {
    /// Parses a URL. White space at its ends and the case of its scheme are ignored.
    ///
    /// # Errors
    ///
    /// `Configuration` where it is not of this form. Nothing of it is shown.
    pub fn parse(url: &str) -> Result<Self> {
        let url = normalize(url);
        let Some((scheme, rest)) = url.split_once("://").filter(|(scheme, _)| is_scheme(scheme)) else {
            return wrong("the URL does not begin with a scheme and ://", SHAPE);
        };
        if rest.chars().any(|c| c.is_control() || c.is_whitespace()) {
            return wrong("the URL holds white space or a control character", "write it as % and its two digits");
        }
        if rest.contains('#') {
            return wrong("the URL has a fragment, which means nothing", ESCAPE);
        }
        let (rest, query) = rest.split_once('?').unwrap_or((rest, ""));
        let (authority, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
        if path.contains('@') {
            return wrong("the URL has a character where none can stand", ESCAPE);
        }
        let parameters = UrlParameters::parse(query)?;
        let (login, hosts) = match authority.rsplit_once('@') {
            Some((login, hosts)) => (Some(login), hosts),
            None => (None, authority),
        };
        let (username, password) = match login.map(|login| login.split_once(':').ok_or(login)) {
            Some(Ok((username, password))) => (Some(decoded(username)?), Some(decoded(password)?)),
            Some(Err(username)) => (Some(decoded(username)?), None),
            None => (None, None),
        };
        let hosts = match hosts {
            "" => Vec::new(),
            hosts => hosts.split(',').map(host).collect::<Result<_>>()?,
        };
        Ok(Self { scheme: scheme.to_owned(), username, password, hosts, path: decoded(path)?, parameters })
    }
}

pub(super) fn decoded(text: &str) -> Result<String> {
    match decode(text).filter(|text| !text.contains('\0')) {
        Some(text) => Ok(text),
        None => wrong("the URL is not percent-encoded UTF-8", ESCAPE),
    }
}

/// `host`, `host:port` or `[address]:port`.
fn host(text: &str) -> Result<(String, Option<u16>)> {
    let (name, port) = match text.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
        Some((address, port)) if address.parse::<Ipv6Addr>().is_ok() => (address, port),
        Some(_) => return wrong("what stands in brackets in the URL is no address of IPv6", ESCAPE),
        None => text.split_at(text.find(':').unwrap_or(text.len())),
    };
    if name.is_empty() {
        return wrong("the URL names a host that is empty", SHAPE);
    }
    // What else stands here may be a part of a password.
    if !name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.:".contains(&byte)) {
        return wrong("a host in the URL has a character that no name of a host has", ESCAPE);
    }
    let digits = port.strip_prefix(':').filter(|digits| digits.bytes().all(|byte| byte.is_ascii_digit()));
    match digits.map(str::parse) {
        None if port.is_empty() => Ok((name.to_owned(), None)),
        Some(Ok(port)) if port > 0 => Ok((name.to_owned(), Some(port))),
        _ => wrong("a port in the URL is no number from 1 to 65535", ESCAPE),
    }
}

/// Shows the scheme and the hosts. A user name or a path may be a password in the wrong place.
impl fmt::Debug for UrlParts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { scheme, username: _, password: _, hosts, path: _, parameters: _ } = self;
        f.debug_struct("UrlParts").field("scheme", scheme).field("hosts", hosts).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ErrorKind;

    #[test]
    fn each_part_is_found_and_decoded() -> Result<()> {
        let host = |host: &str, port| (host.to_owned(), port);
        let url = UrlParts::parse(" X+y://me%40x:p:%2Fw@h@one:1,two,[::1]:3,[::1]/a%20b/2?z=%2Ftmp \n")?;
        assert_eq!((url.scheme.as_str(), url.username.as_deref()), ("x+y", Some("me@x")));
        // The last `@` and the first colon are those that count, for every reader of such URLs.
        assert_eq!((url.password.as_deref(), url.path.as_str()), (Some("p:/w@h"), "/a b/2"));
        assert_eq!(url.hosts, [host("one", Some(1)), host("two", None), host("::1", Some(3)), host("::1", None)]);
        assert_eq!(url.parameters.iter().collect::<Vec<_>>(), [("z", "/tmp")]);
        let bare = UrlParts::parse("x:///p")?;
        assert!(bare.hosts.is_empty() && bare.username.is_none() && bare.password.is_none());
        let empty = UrlParts::parse("x://:@h")?;
        assert_eq!((empty.username.as_deref(), empty.password.as_deref()), (Some(""), Some("")));
        assert_eq!(UrlParts::parse("x://u@h")?.password, None);
        Ok(())
    }

    #[test]
    fn what_could_be_a_part_of_a_password_is_refused_and_not_shown() {
        for url in ["", "hunter2", "hunter2://", "://hunter2", "x:hunter2", "x://h:hunter2", "x://:hunter2"]
            .into_iter()
            .chain(["x://default:57#hunter2@h:6379/0", "x://default:57?hunter2@h/0", "x://default:57/hunter2@h/0"])
            .chain([
                "x://default:57?a=hunter2@h",
                "x:///:hunter2@/run/r.sock",
                "x://u:hunter2%zz@h",
                "x://u:hunter2%00@h",
            ])
            .chain([
                "x://u:hunter 2@h",
                "x://u:hunter\n2@h",
                "x://u:hunter2%40h",
                "x://[hunter2]",
                "x://[::1",
                "x://hunter2,,h",
            ])
            .chain(["x://hunter2:0", "x://hunter2:", "x://hunter2:+1", "x://hunter2:65536", "x://h,hunter%32"])
        {
            let Err(error) = UrlParts::parse(url) else {
                // The one that is a scheme and nothing else.
                assert_eq!(url, "hunter2://");
                continue;
            };
            assert_eq!(error.kind(), ErrorKind::Configuration, "{url}");
            assert!(!format!("{error} {error:?}").contains("hunter"), "{error:?}");
        }
        let shown = format!("{:?}", UrlParts::parse("x://hunter2:hunter2@h/hunter2?a=hunter2"));
        assert!(!shown.contains("hunter"), "{shown}");
    }
}
