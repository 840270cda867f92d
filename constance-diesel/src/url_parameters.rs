//! The parameters of a URL that are this crate's own and no driver's.

use std::borrow::Cow;
use std::time::Duration;

use constance_core::url::{decode, merge_option, normalize};
use constance_core::{Error, ErrorKind, Result};

use crate::dialect::{ConnectTarget, Dialect};
use crate::layout::Layout;
use crate::schema::Tables;

/// What a URL or the builder says of the table and of calls.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct OwnParameters {
    pub(crate) layout: Option<Layout>,
    pub(crate) table: Option<String>,
    /// In whole seconds where a URL says it.
    pub(crate) call_timeout: Option<Duration>,
}

impl OwnParameters {
    /// Reads a URL of this database: what it and the builder say, and where the database is.
    pub(crate) fn of_url<C: Dialect>(given: Self, url: &str) -> Result<(Self, C::Target)> {
        let url = normalize(url);
        let (found, rest) = Self::taken_from(&url)?;
        Ok((found.agreeing(given)?, C::Target::parse(&rest)?))
    }

    /// Takes them out of a URL: libpq refuses what it does not know, and the rest is held to the rules of each database.
    fn taken_from(url: &str) -> Result<(Self, Cow<'_, str>)> {
        let mut found = Self::default();
        let Some((place, query)) = url.split_once('?') else { return Ok((found, url.into())) };
        let mut others = Vec::new();
        for parameter in query.split('&') {
            match parameter.split_once('=').unwrap_or((parameter, "")) {
                ("layout", _) if found.layout.is_some() => return twice("the URL has the parameter layout twice"),
                ("layout", value) => found.layout = Some(layout(value)?),
                ("table", _) if found.table.is_some() => return twice("the URL has the parameter table twice"),
                ("table", value) => found.table = Some(table(value)?),
                ("call_timeout", _) if found.call_timeout.is_some() => {
                    return twice("the URL has the parameter call_timeout twice");
                }
                ("call_timeout", value) => found.call_timeout = Some(seconds(value)?),
                _ => others.push(parameter),
            }
        }
        if found == Self::default() {
            return Ok((found, url.into()));
        }
        let rest = if others.is_empty() { place.into() } else { format!("{place}?{}", others.join("&")).into() };
        Ok((found, rest))
    }

    /// What a URL says and what the builder was told. Neither wins: each stands in the place of a default, and two values that
    /// differ would let a service write into a table that one side did not mean.
    fn agreeing(self, given: Self) -> Result<Self> {
        let layout = merge_option("layout", self.layout, given.layout)?;
        let table = merge_option("table", self.table, given.table)?;
        Ok(Self { layout, table, call_timeout: merge_option("call_timeout", self.call_timeout, given.call_timeout)? })
    }

    /// The tables that these options name.
    pub(crate) fn tables<C: Dialect>(self) -> Result<Tables> {
        let layout = self.layout.unwrap_or_default();
        match self.table {
            Some(name) => Tables::named::<C>(&name, layout),
            None => Ok(Tables::default_names(layout)),
        }
    }
}

fn wrong<T>(detail: &'static str, hint: &'static str) -> Result<T> {
    Err(Error::new(ErrorKind::Configuration).with_detail(detail).with_hint(hint))
}

fn twice<T>(detail: &'static str) -> Result<T> {
    wrong(detail, "leave one of them out")
}

fn layout(value: &str) -> Result<Layout> {
    match Layout::named(value) {
        Some(layout) => Ok(layout),
        None => wrong("the parameter layout of the URL names no layout", "write layout=own or layout=django"),
    }
}

fn table(value: &str) -> Result<String> {
    // What else stands there may be the end of a password with a `?` in it.
    let plain = |c: char| !c.is_ascii() || c.is_ascii_alphanumeric() || "-_.~%".contains(c);
    if value.is_empty() {
        return wrong("the parameter table of the URL has no value", "write table= and the table's name");
    }
    match decode(value).filter(|_| value.chars().all(plain)) {
        Some(name) => Ok(name),
        None => wrong(
            "the parameter table of the URL is not percent-encoded UTF-8",
            "write all but letters, digits and - _ . ~ as % and two digits, such as %20 for a space",
        ),
    }
}

fn seconds(value: &str) -> Result<Duration> {
    match value.parse() {
        Ok(seconds @ 1..) => Ok(Duration::from_secs(seconds)),
        _ => wrong(
            "the parameter call_timeout of the URL is no number of seconds",
            "write call_timeout= and whole seconds, at least 1",
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn given(layout: Option<Layout>, table: Option<&str>) -> OwnParameters {
        OwnParameters { layout, table: table.map(str::to_owned), call_timeout: None }
    }

    #[test]
    fn ours_are_taken_out_and_the_rest_is_as_it_was() -> Result<()> {
        let django = Some(Layout::Django);
        for (url, rest, found) in [
            ("postgres://u:p@h/d", "postgres://u:p@h/d", given(None, None)),
            ("postgres://h/d?", "postgres://h/d?", given(None, None)),
            ("mysql://h/d?&ssl_mode=required&", "mysql://h/d?&ssl_mode=required&", given(None, None)),
            ("postgres://u:p@h/d?layout=django", "postgres://u:p@h/d", given(django, None)),
            ("mysql://h/d?layout=own", "mysql://h/d", given(Some(Layout::Own), None)),
            ("sqlite:a?mode=ro&layout=django", "sqlite:a?mode=ro", given(django, None)),
            ("sqlite:a?table=t&mode=ro&layout=django", "sqlite:a?mode=ro", given(django, Some("t"))),
            ("sqlite:a?table=a%20%60b%3F", "sqlite:a", given(None, Some("a `b?"))),
            ("sqlite:a?table=caf\u{e9}", "sqlite:a", given(None, Some("caf\u{e9}"))),
            // A name that is only like one of ours, and one of ours that is only like a value, are the driver's business.
            (
                "postgres://h/d?Layout=x&layouts=y&l%61yout=z",
                "postgres://h/d?Layout=x&layouts=y&l%61yout=z",
                given(None, None),
            ),
            ("postgres://h/d?options=-c%20layout%3Dx", "postgres://h/d?options=-c%20layout%3Dx", given(None, None)),
            ("sqlite:layout=django", "sqlite:layout=django", given(None, None)),
        ] {
            assert_eq!(OwnParameters::taken_from(url)?, (found, Cow::Borrowed(rest)), "{url}");
        }
        Ok(())
    }

    #[test]
    fn a_wrong_value_names_its_parameter_and_what_is_possible_and_never_the_url() {
        for (query, words) in [
            ("layout=", "the parameter layout of the URL names no layout; write layout=own or layout=django"),
            ("layout", "the parameter layout of the URL names no layout; write layout=own or layout=django"),
            ("layout=Django", "the parameter layout of the URL names no layout; write layout=own or layout=django"),
            (
                "layout=hunter3@h/d",
                "the parameter layout of the URL names no layout; write layout=own or layout=django",
            ),
            ("layout=django&layout=django", "the URL has the parameter layout twice; leave one of them out"),
            ("table=a&mode=ro&table=b", "the URL has the parameter table twice; leave one of them out"),
            ("table", "the parameter table of the URL has no value; write table= and the table's name"),
            ("table=hunter3@h/d", "the parameter table of the URL is not percent-encoded UTF-8; write all but letters"),
            ("table=%zz", "the parameter table of the URL is not percent-encoded UTF-8; write all but letters"),
            ("table=%ff", "the parameter table of the URL is not percent-encoded UTF-8; write all but letters"),
        ] {
            let error = OwnParameters::taken_from(&format!("postgres://u:hunter2@h/d?{query}")).expect_err(query);
            assert_eq!(error.kind(), ErrorKind::Configuration);
            assert!(error.to_string().starts_with(words), "{query}: {error}");
            let shown = format!("{error} {error:?}");
            assert!(!shown.contains("hunter"), "{shown}");
        }
    }

    #[test]
    fn a_call_timeout_is_in_whole_seconds() -> Result<()> {
        let (found, rest) = OwnParameters::taken_from("postgres://h/d?call_timeout=2&sslmode=require")?;
        assert_eq!((found.call_timeout, &*rest), (Some(Duration::from_secs(2)), "postgres://h/d?sslmode=require"));
        for query in ["call_timeout", "call_timeout=0", "call_timeout=1.5", "call_timeout=hunter3@h/d"] {
            let error = OwnParameters::taken_from(&format!("postgres://u:hunter2@h/d?{query}")).expect_err(query);
            assert_eq!(error.kind(), ErrorKind::Configuration);
            assert!(error.to_string().contains("is no number of seconds; write call_timeout="), "{error}");
            assert!(!format!("{error} {error:?}").contains("hunter"), "{error:?}");
        }
        OwnParameters::taken_from("sqlite:a?call_timeout=1&call_timeout=1").expect_err("twice");
        let given = OwnParameters { call_timeout: Some(Duration::from_secs(3)), ..OwnParameters::default() };
        found.agreeing(given).expect_err("another one");
        Ok(())
    }

    #[test]
    fn the_url_and_the_builder_have_to_agree() -> Result<()> {
        let (own, django) = (Some(Layout::Own), Some(Layout::Django));
        for (of_url, of_builder, meant) in [
            (given(None, None), given(None, None), given(None, None)),
            (given(django, None), given(None, Some("t")), given(django, Some("t"))),
            (given(None, Some("t")), given(django, None), given(django, Some("t"))),
            (given(django, Some("t")), given(django, Some("t")), given(django, Some("t"))),
        ] {
            assert_eq!(of_url.agreeing(of_builder)?, meant);
        }
        for (of_url, of_builder, named) in [
            (given(django, None), given(own, None), "parameter layout"),
            // What is said and is the default is said all the same.
            (given(own, None), given(django, None), "parameter layout"),
            (given(None, Some("t")), given(None, Some("u")), "parameter table"),
        ] {
            let error = of_url.agreeing(of_builder).expect_err(named);
            assert_eq!(error.kind(), ErrorKind::Configuration);
            let words = format!("the {named} of the URL contradicts the builder; leave one of the two out");
            assert_eq!(error.to_string(), words);
        }
        Ok(())
    }
}
