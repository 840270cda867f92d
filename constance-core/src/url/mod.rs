//! Parsing the URLs of backends, by the same rules for every scheme. For authors of backends.
//!
//! Every part of a URL is used or refused, never ignored. No part is shown in an error: it may hold a password, even in a place
//! where none belongs.
//!
//! ```
//! use constance_core::url::UrlParts;
//!
//! let mut url = UrlParts::parse("etcd://shop:hunter2@one:2379,two/settings?socket_timeout=0.5\n")?;
//! assert_eq!(url.hosts, [("one".to_owned(), Some(2379)), ("two".to_owned(), None)]);
//! assert_eq!((url.password.as_deref(), url.path.as_str()), (Some("hunter2"), "/settings"));
//! let timeout = url.parameters.take_seconds("socket_timeout")?;
//! assert_eq!(timeout, Some(std::time::Duration::from_millis(500)));
//! url.parameters.finish(&["socket_timeout"])?; // nothing is left over
//! # Ok::<(), constance_core::Error>(())
//! ```

mod login;
mod parameters;
mod parts;

use std::borrow::Cow;

pub use self::login::check_login;
pub use self::parameters::UrlParameters;
pub use self::parts::UrlParts;
use crate::{Error, ErrorKind, Result};

/// The hint for a character that ends a part of a URL too early.
const ESCAPE: &str = "write # ? / @ : % + and spaces in a name or a password as %23 %3F %2F %40 %3A %25 %2B %20";

/// The URL without white space at its ends, such as the newline of a mounted file, and with its scheme in lower case. Nothing else
/// is changed.
///
/// ```
/// assert_eq!(constance_core::url::normalize("SQLite:///srv/Shop.db\n"), "sqlite:///srv/Shop.db");
/// ```
#[must_use]
pub fn normalize(url: &str) -> Cow<'_, str> {
    let url = url.trim();
    match url.split_once(':') {
        Some((scheme, rest)) if is_scheme(scheme) && scheme.bytes().any(|byte| byte.is_ascii_uppercase()) => {
            format!("{}:{rest}", scheme.to_ascii_lowercase()).into()
        }
        _ => url.into(),
    }
}

/// Decodes percent-encoded UTF-8; `None` where it is not valid.
///
/// ```
/// assert_eq!(constance_core::url::decode("p%40ss").as_deref(), Some("p@ss"));
/// assert_eq!(constance_core::url::decode("100%"), None);
/// ```
#[must_use]
pub fn decode(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        bytes.push(match byte {
            b'%' => {
                let digit = |byte: u8| char::from(byte).to_digit(16);
                let (high, low) = (digit(rest.next()?)?, digit(rest.next()?)?);
                u8::try_from(high * 16 + low).ok()?
            }
            _ => byte,
        });
    }
    String::from_utf8(bytes).ok()
}

/// Merges an option that the URL and the builder may both set. Where only one sets it, that value is used. Where both do, they
/// have to be equal.
///
/// ```
/// use constance_core::url::merge_option;
///
/// assert_eq!(merge_option("max_connections", Some(8), None)?, Some(8));
/// let error = merge_option("max_connections", Some(8), Some(9)).unwrap_err();
/// assert!(error.to_string().contains("the parameter max_connections of the URL contradicts the builder"));
/// # Ok::<(), constance_core::Error>(())
/// ```
///
/// # Errors
///
/// `Configuration` where both say something and they differ. The parameter's name is shown.
pub fn merge_option<T: PartialEq>(
    parameter: &'static str,
    of_url: Option<T>,
    of_builder: Option<T>,
) -> Result<Option<T>> {
    match (of_url, of_builder) {
        (Some(one), Some(other)) if one != other => Err(Error::new(ErrorKind::Configuration)
            .with_detail(format!("the parameter {parameter} of the URL contradicts the builder"))
            .with_hint("leave one of the two out")),
        (one, other) => Ok(one.or(other)),
    }
}

/// Whether this is a scheme by RFC 3986, section 3.1, and short, so that a password in the wrong place is not taken for one.
pub(crate) fn is_scheme(name: &str) -> bool {
    name.len() <= 20
        && name.starts_with(|c: char| c.is_ascii_alphabetic())
        && name.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'-' | b'.'))
}

fn wrong<T>(detail: &'static str, hint: &'static str) -> Result<T> {
    Err(Error::new(ErrorKind::Configuration).with_detail(detail).with_hint(hint))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn white_space_at_the_ends_and_the_case_of_the_scheme_mean_nothing() {
        for (url, tidied) in [
            (" redis://h/0\r\n", "redis://h/0"),
            ("\u{a0}REDIS+Unix:///Run/r.sock\t", "redis+unix:///Run/r.sock"),
            ("sqlite:a b", "sqlite:a b"),
            ("Hunter 2:x", "Hunter 2:x"),
            ("\n", ""),
        ] {
            assert_eq!(normalize(url), tidied);
        }
    }
}
