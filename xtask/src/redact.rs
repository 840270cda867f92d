//! Hides passwords in what is printed: a URL of a test service may carry one.

const HIDDEN: &str = "***";
const SECRET_PARAMETERS: [&str; 4] = ["password=", "pass=", "secret=", "token="];

/// `redis://user:secret@host` becomes `redis://user:***@host`; query parameters that hold a secret are hidden too.
pub(crate) fn redact(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(start) = rest.find("://") {
        let (before, after) = rest.split_at(start + "://".len());
        let end = after.find(|c: char| c.is_whitespace() || matches!(c, '"' | '\'' | '<' | '>')).unwrap_or(after.len());
        let (url, tail) = after.split_at(end);
        shown.push_str(before);
        shown.push_str(&parameters(&userinfo(url)));
        rest = tail;
    }
    shown.push_str(rest);
    shown
}

/// Everything between the first `:` and the last `@`: a password with an unescaped `@` or `/` must not show its tail.
fn userinfo(url: &str) -> String {
    match url.rsplit_once('@') {
        Some((info, host)) => match info.split_once(':') {
            Some((user, _)) => format!("{user}:{HIDDEN}@{host}"),
            None => url.to_owned(),
        },
        None => url.to_owned(),
    }
}

fn parameters(url: &str) -> String {
    let Some((path, query)) = url.split_once('?') else { return url.to_owned() };
    let hidden: Vec<String> = query
        .split('&')
        .map(|pair| match SECRET_PARAMETERS.iter().find(|name| pair.starts_with(*name)) {
            Some(name) => format!("{name}{HIDDEN}"),
            None => pair.to_owned(),
        })
        .collect();
    format!("{path}?{}", hidden.join("&"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_is_hidden() {
        assert_eq!(redact("redis://user:secret@host:6379/0"), "redis://user:***@host:6379/0");
        assert_eq!(redact("redis://:secret@host"), "redis://:***@host");
        assert_eq!(redact("A='postgres://u:p@h/db' B=mysql://u:p@h"), "A='postgres://u:***@h/db' B=mysql://u:***@h");
    }

    #[test]
    fn an_unescaped_separator_does_not_show_the_tail_of_a_password() {
        assert_eq!(redact("postgres://u:p@ss/w@rd@h/db"), "postgres://u:***@h/db");
        assert_eq!(redact("redis+cluster://u:one@h1,u:two@h2"), "redis+cluster://u:***@h2");
    }

    #[test]
    fn a_secret_parameter_is_hidden() {
        assert_eq!(redact("postgres://h/db?user=u&password=p"), "postgres://h/db?user=u&password=***");
    }

    #[test]
    fn what_holds_no_secret_is_left_alone() {
        for text in
            ["cargo test --lib", "http://127.0.0.1:8080/", "sqlite:///tmp/a.sqlite3", "redis://user@host", "://"]
        {
            assert_eq!(redact(text), text);
        }
    }
}
