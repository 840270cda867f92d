//! Why a connection could not be made.

use constance_core::{Error, ErrorKind};
use diesel::ConnectionError;

use super::diagnose::cause;
use super::messages::{self, says};

/// Whether a pooler refused the options for the server.
pub(super) fn is_refused_by_pooler(error: &ConnectionError) -> bool {
    matches!(error, ConnectionError::BadConnection(text) if text.contains("unsupported startup parameter"))
}

/// The failure to connect. What libpq says is never translated. What the server says may be, and then cannot be told apart.
pub(super) fn of(error: &ConnectionError) -> Error {
    match error {
        ConnectionError::BadConnection(text) => by_text(text),
        ConnectionError::InvalidCString(_) | ConnectionError::InvalidConnectionUrl(_) => refused_url(),
        _ => Error::new(ErrorKind::Unavailable).with_cause(cause("setup", "the connection could not be set up")),
    }
}

fn refused_url() -> Error {
    Error::new(ErrorKind::Configuration)
        .with_detail("libpq does not understand a part of the URL")
        .with_hint("look at the names and values of its parameters")
        .with_cause(cause("url", "refused before a connection was tried"))
}

fn by_text(text: &str) -> Error {
    let unavailable = |detail: &'static str| Error::new(ErrorKind::Unavailable).with_detail(detail);
    let holds = |texts: &[&str]| texts.iter().any(|known| text.contains(known));
    // Where there are several hosts, the text tells of each: what somebody has to mend comes first.
    if says(text, messages::NO_ACCESS) {
        return Error::new(ErrorKind::Denied)
            .with_detail("the server does not let the user in")
            .with_cause(cause("28000", "a wrong user or password, or no right to this database from this host"));
    }
    if holds(CERTIFICATE) {
        return unavailable("the server cannot be trusted by what the URL asks of its certificate")
            .with_transient(false)
            .with_cause(cause("tls", "no TLS, or a certificate that does not hold"));
    }
    if says(text, messages::NO_DATABASE) {
        return unavailable("the database does not exist")
            .with_transient(false)
            .with_hint("create it; migrating creates tables")
            .with_cause(cause("3D000", "no such database"));
    }
    if text.starts_with("invalid ") || holds(URL) {
        return refused_url();
    }
    if says(text, messages::NO_CONNECTION_LEFT) {
        return unavailable("the server has no connection left")
            .with_cause(cause("53300", "as many as it allows, or allows the user or the database, are in use"));
    }
    if says(text, messages::NOT_READY) {
        return unavailable("the server is starting or stopping").with_cause(cause("57P03", "cannot connect now"));
    }
    if holds(&["timeout expired", "timed out"]) {
        return Error::new(ErrorKind::Timeout)
            .with_detail("the server did not answer in time")
            .with_cause(cause("08001", "the connect timeout is over"));
    }
    if holds(&["could not translate host name", "could not resolve"]) {
        return unavailable("the name of the server is not known")
            .with_cause(cause("08001", "no address for the host"));
    }
    if holds(&[
        "session is read-only",
        "session is not read-only",
        "server is in hot standby",
        "server is not in hot standby",
    ]) {
        return unavailable("no server is what target_session_attrs asks for")
            .with_cause(cause("08001", "none that fits"));
    }
    if holds(&["Connection refused", "No such file or directory", "Is the server running"]) {
        return unavailable("nothing listens there").with_cause(cause("08001", "the connection was refused"));
    }
    // What it says in another language than English is not told apart.
    unavailable("the server cannot be reached, or refuses the connection")
        .with_hint("look at the server's log")
        .with_cause(cause("08001", "a failure that is not in the list of known ones"))
}

const CERTIFICATE: &[&str] = &[
    "server does not support SSL",
    "certificate verify failed",
    "does not match host name",
    "root certificate file",
    "certificate file",
    "private key file",
    "SSL error",
];

const URL: &[&str] = &[
    "invalid integer value",
    "forbidden value",
    "extra key/value separator",
    "missing key/value separator",
    "missing \"=\"",
    "unterminated quoted string",
    "unexpected character",
    "end of string reached",
    "SSL support is not compiled in",
    "service file",
    "definition of service",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_known_text_has_its_kind() {
        use ErrorKind::{Configuration, Denied, Timeout, Unavailable};

        let at = "connection to server at \"127.0.0.1\", port 5432 failed: ";
        for (text, kind, transient) in [
            ("FATAL:  password authentication failed for user \"hunter2\"", Denied, false),
            ("fe_sendauth: no password supplied", Denied, false),
            (
                "FATAL:  no pg_hba.conf entry for host \"::1\", user \"hunter2\", database \"d\", no encryption",
                Denied,
                false,
            ),
            ("FATAL:  role \"hunter2\" is not permitted to log in", Denied, false),
            ("FATAL:  database \"hunter2\" does not exist", Unavailable, false),
            ("FATAL:  sorry, too many clients already", Unavailable, true),
            ("FATAL:  too many connections for role \"hunter2\"", Unavailable, true),
            ("FATAL:  the database system is starting up", Unavailable, true),
            ("timeout expired", Timeout, true),
            ("Connection refused\n\tIs the server running on that host?", Unavailable, true),
            ("server does not support SSL, but SSL was required", Unavailable, false),
            ("SSL error: certificate verify failed", Unavailable, false),
            // Another language.
            ("FATAL:  Passwort-Authentifizierung für Benutzer »hunter2« fehlgeschlagen", Unavailable, true),
            ("FATAL:  Datenbank »hunter2« existiert nicht", Unavailable, true),
            ("hunter2", Unavailable, true),
        ] {
            let error = by_text(&format!("{at}{text}"));
            assert_eq!((error.kind(), error.is_transient()), (kind, transient), "{text}");
            assert!(!format!("{error} {error:?}").contains("hunter2"), "{error:?}");
        }
        let unknown = by_text(&format!("{at}FATAL:  Passwort-Authentifizierung fehlgeschlagen"));
        assert!(unknown.to_string().ends_with("; look at the server's log"), "{unknown}");
        for text in ["invalid URI query parameter: \"hunter2\"", "invalid sslmode value: \"hunter2\""] {
            assert_eq!(by_text(text).kind(), Configuration, "{text}");
        }
        assert_eq!(by_text("could not translate host name \"hunter2@h\" to address: x").kind(), Unavailable);
    }
}
