//! The parameters of a URL.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use super::parts::decoded;
use super::{ESCAPE, wrong};
use crate::{Error, ErrorKind, Result};

/// The parameters after the `?` of a URL. The backend takes them out one by one.
///
/// Each occurs once and has a value. [`finish`](Self::finish) refuses those that were not taken.
#[derive(Default)]
pub struct UrlParameters(Vec<(String, String)>);

impl UrlParameters {
    /// Parses `name=value&name=value`, percent-encoded.
    ///
    /// # Errors
    ///
    /// `Configuration` where a parameter has no value or occurs twice, and where an unencoded character ends a part of the URL or
    /// has two meanings.
    pub fn parse(query: &str) -> Result<Self> {
        // This may be the end of a password with a `?` in it.
        if query.contains(['@', '?']) {
            return wrong("the URL has a character where none can stand", ESCAPE);
        }
        // Some parsers read `+` as a space, others as itself.
        if query.contains('+') {
            return wrong("a parameter of the URL holds a +", ESCAPE);
        }
        let mut found: Vec<(String, String)> = Vec::new();
        for parameter in query.split('&').filter(|parameter| !parameter.is_empty()) {
            let (name, value) = parameter.split_once('=').unwrap_or((parameter, ""));
            if value.is_empty() {
                return wrong("a parameter of the URL has no value", "write ?parameter=value, or leave it out");
            }
            let value = decoded(value)?;
            if found.iter().any(|(known, _)| known == name) {
                return wrong("the URL has a parameter twice", "leave one of them out");
            }
            found.push((name.to_owned(), value));
        }
        Ok(Self(found))
    }

    /// Removes a parameter and returns its value; `None` where it is not there.
    pub fn take(&mut self, name: &str) -> Option<String> {
        let at = self.0.iter().position(|(known, _)| known == name)?;
        Some(self.0.remove(at).1)
    }

    /// As [`take`](Self::take), for a whole number.
    ///
    /// # Errors
    ///
    /// `Configuration` where it is none, or out of range. The parameter's name is shown.
    pub fn take_number<T: FromStr>(&mut self, name: &'static str) -> Result<Option<T>> {
        let Some(text) = self.take(name) else { return Ok(None) };
        let number = text.bytes().all(|byte| byte.is_ascii_digit()).then(|| text.parse().ok()).flatten();
        number.map_or_else(|| unfit(name, "a whole number that is not too large"), |number| Ok(Some(number)))
    }

    /// As [`take`](Self::take), for a time in seconds that is more than zero, such as `5` or `0.25`.
    ///
    /// # Errors
    ///
    /// `Configuration` where it is none. The parameter's name is shown.
    pub fn take_seconds(&mut self, name: &'static str) -> Result<Option<Duration>> {
        let Some(text) = self.take(name) else { return Ok(None) };
        let plain = text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
        let seconds: Option<f64> = plain.then(|| text.parse().ok()).flatten();
        match seconds.and_then(|seconds| Duration::try_from_secs_f64(seconds).ok()) {
            Some(time) if !time.is_zero() => Ok(Some(time)),
            _ => unfit(name, "a number of seconds above 0"),
        }
    }

    /// Refuses the parameters that were not taken, since nobody knows them.
    ///
    /// # Errors
    ///
    /// `Configuration` where something is left, with the names that are known. Its own name is shown where it looks like one.
    pub fn finish(self, known: &[&str]) -> Result<()> {
        let Some((name, _)) = self.0.first() else { return Ok(()) };
        let hint = match known {
            [] => "no parameter is known here".to_owned(),
            known => format!("those that are known here are {}", known.join(", ")),
        };
        Err(Error::new(ErrorKind::Configuration).with_detail(unknown(name)).with_hint(hint))
    }

    /// The names and values that were not taken.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(name, value)| (name.as_str(), value.as_str()))
    }
}

/// The message for an unknown parameter. It shows a name only if it has no digits and no capitals, as passwords have.
pub(crate) fn unknown(name: &str) -> String {
    let is_name = name.len() <= 40 && name.bytes().all(|byte| byte.is_ascii_lowercase() || b"_-".contains(&byte));
    if is_name && !name.is_empty() {
        format!("the URL has the parameter {name}, which is not known")
    } else {
        "the URL has a parameter that is not known".to_owned()
    }
}

fn unfit<T>(name: &str, wanted: &str) -> Result<T> {
    Err(Error::new(ErrorKind::Configuration).with_detail(format!("the parameter {name} of the URL is not {wanted}")))
}

/// Shows how many there are, and no names: a name may be a part of a password.
impl fmt::Debug for UrlParameters {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self(found) = self;
        write!(f, "UrlParameters({})", found.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_taken_out_and_what_is_left_is_named() -> Result<()> {
        let mut found = UrlParameters::parse("db=3&&password=a%26b%3D&socket_timeout=0.25&foo=1")?;
        assert_eq!(found.take_number("db")?, Some(3_u32));
        assert_eq!(found.take("password").as_deref(), Some("a&b="));
        assert_eq!(found.take_seconds("socket_timeout")?, Some(Duration::from_millis(250)));
        assert_eq!(found.take("db"), None);
        assert_eq!(
            found.finish(&["db", "password"]).expect_err("foo is left").to_string(),
            "the URL has the parameter foo, which is not known; those that are known here are db, password"
        );
        UrlParameters::parse("")?.finish(&[])
    }

    #[test]
    fn what_has_no_meaning_is_refused_and_not_shown() {
        for query in
            ["hunter2", "=hunter2", "db=hunter2", "db=", "a=hunter2@h", "a=hunter2?x", "a=hunter2%zz", "a=b&a=b"]
                .into_iter()
                .chain(["a=hunter+2", "hunter2=1", "db=-1", "db=%2B1", "db=99999999999", "socket_timeout=0"])
                .chain(["socket_timeout=hunter2", "socket_timeout=inf", "socket_timeout=1e400"])
        {
            let read = UrlParameters::parse(query).and_then(|mut found| {
                found.take_number::<u32>("db")?;
                found.take_seconds("socket_timeout")?;
                found.finish(&["db", "socket_timeout"])
            });
            let error = read.expect_err(query);
            assert_eq!(error.kind(), ErrorKind::Configuration, "{query}");
            assert!(!format!("{error} {error:?}").contains("hunter"), "{error}");
        }
        assert!(UrlParameters::parse("a=hunter2%00").is_err(), "no text of a driver holds it");
        let shown = format!("{:?}", UrlParameters::parse("hunter2=hunter2"));
        assert!(!shown.contains("hunter"), "{shown}");
    }
}
