//! The login and the database in a URL.

use super::{UrlParts, wrong};
use crate::Result;

impl UrlParts {
    /// Removes and returns the user name and the password: the part before the `@`, or the parameters `username` (or `user`) and `password` (or
    /// `pass`). An empty user's name in front of a password is none.
    ///
    /// # Errors
    ///
    /// `Configuration` where two of them differ, and as [`check_login`].
    pub fn take_login(&mut self) -> Result<(Option<String>, Option<String>)> {
        let (mut username, mut password) = (self.username.take(), self.password.take());
        if password.is_none() && username.as_deref() == Some("") {
            return wrong("nothing stands in front of the @ in the URL", HINT);
        }
        username = username.filter(|name| !name.is_empty());
        for (part, names) in [(&mut username, ["username", "user"]), (&mut password, ["password", "pass"])] {
            for said in names.into_iter().filter_map(|name| self.parameters.take(name)) {
                if part.as_ref().is_some_and(|known| *known != said) {
                    return wrong("the URL names two users or two passwords", "leave one of them out");
                }
                *part = Some(said);
            }
        }
        check_login(username.as_deref(), password.as_deref())?;
        Ok((username, password))
    }

    /// Removes and returns the number of the database: the path, or the parameter `db`. 0 where the URL has neither.
    ///
    /// # Errors
    ///
    /// `Configuration` where one of them is no number, or they differ.
    pub fn take_database(&mut self) -> Result<u32> {
        let path = std::mem::take(&mut self.path);
        let of_path = match path.trim_matches('/') {
            "" => None,
            digits if digits.bytes().all(|byte| byte.is_ascii_digit()) => Some(digits.parse().ok()),
            _ => Some(None),
        };
        match (of_path, self.parameters.take_number("db")?) {
            (Some(None), _) => wrong("the path in the URL is no number of a database", "write /0, or leave it out"),
            (Some(Some(one)), Some(other)) if one != other => {
                wrong("the URL names two databases", "leave the path or the parameter db out")
            }
            (one, other) => Ok(one.flatten().or(other).unwrap_or_default()),
        }
    }
}

const HINT: &str = "write user:password@host, :password@host for the default user, or neither; \
                    where they come from variables, one of these is empty";

/// Checks that a login is complete. Where a part is missing, a driver would not log in, and the server would use its default user.
///
/// # Errors
///
/// `Configuration` where a part is empty, or a user has no password.
pub fn check_login(username: Option<&str>, password: Option<&str>) -> Result<()> {
    match (username, password) {
        (_, Some("")) => wrong("the password is empty", HINT),
        (Some(""), _) => wrong("the user's name is empty", HINT),
        (Some(_), None) => wrong("a user is named, and the password is missing", HINT),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_login_stands_in_front_of_the_host_or_in_the_query() -> Result<()> {
        for (url, username, password) in [
            ("x://h", None, None),
            ("x://shop:hunter2@h", Some("shop"), Some("hunter2")),
            ("x://:hunter2@h", None, Some("hunter2")),
            ("x://h?username=shop&password=hunter2", Some("shop"), Some("hunter2")),
            ("x://shop@h?pass=hunter2&user=shop", Some("shop"), Some("hunter2")),
        ] {
            let login = UrlParts::parse(url)?.take_login()?;
            assert_eq!((login.0.as_deref(), login.1.as_deref()), (username, password), "{url}");
        }
        Ok(())
    }

    #[test]
    fn what_is_missing_or_contradicts_itself_is_refused() {
        for (url, words) in [
            // Made from empty environment variables.
            ("x://shop:@h", "the password is empty"),
            ("x://:@h", "the password is empty"),
            ("x://shop@h", "the password is missing"),
            ("x://@h", "nothing stands in front of the @"),
            ("x://h?user=shop", "the password is missing"),
            ("x://shop:hunter2@h?user=other", "two users"),
            ("x://:hunter2@h?password=hunter3", "two users or two passwords"),
            ("x://h?user=a&username=b&password=hunter2", "two users"),
        ] {
            let error = UrlParts::parse(url).and_then(|mut url| url.take_login()).expect_err(url);
            assert!(error.to_string().contains(words), "{url}: {error}");
            assert!(!format!("{error} {error:?}").contains("hunter"));
        }
    }

    #[test]
    fn a_database_stands_in_the_path_or_in_the_query() -> Result<()> {
        for (url, db) in [("x://h", 0), ("x://h/", 0), ("x://h/3", 3), ("x://h?db=3", 3), ("x://h/3/?db=3", 3)] {
            assert_eq!(UrlParts::parse(url)?.take_database()?, db, "{url}");
        }
        for (url, words) in [
            ("x://h/0?db=3", "two databases"),
            ("x://h/zero", "no number"),
            ("x://h/-1", "no number"),
            ("x://h/1/2", "no number"),
            ("x://h/99999999999", "no number"),
        ] {
            let error = UrlParts::parse(url).and_then(|mut url| url.take_database()).expect_err(url);
            assert!(error.to_string().contains(words), "{url}: {error}");
        }
        Ok(())
    }
}
