//! What is missing skips a test, or fails it where that is demanded.

/// Says that a test is skipped for want of `what`.
///
/// # Panics
///
/// Where the variable `CONSTANCE_REQUIRE_SERVICES` is `1`.
pub fn skip(what: &str) {
    assert!(
        std::env::var_os("CONSTANCE_REQUIRE_SERVICES").is_none_or(|value| value != "1"),
        "{what}, and CONSTANCE_REQUIRE_SERVICES asks for it"
    );
    eprintln!("skipped: {what}");
}

/// The URL that this variable of the environment has. Where it is not set, says so as [`skip`] does.
///
/// # Panics
///
/// Where it is not set and `CONSTANCE_REQUIRE_SERVICES` is `1`.
#[must_use]
pub fn url_in(variable: &str) -> Option<String> {
    let url = std::env::var(variable).ok().filter(|url| !url.is_empty());
    if url.is_none() {
        skip(&format!("{variable} names no server"));
    }
    url
}

/// What was started, or `None` where it is not installed.
#[cfg(unix)]
pub(crate) fn or_skip<T>(started: crate::error::Result<T>) -> Option<T> {
    match started {
        Ok(started) => Some(started),
        Err(error) if error.is_missing() => {
            skip(&error.to_string());
            None
        }
        Err(error) => panic!("{error}"),
    }
}
