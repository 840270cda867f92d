//! Why a connection could not be made.

use constance_core::{Error, ErrorKind, backend::Cause};
use diesel::ConnectionError;

use super::diagnose::{self, DRIVER};
use super::run::number_by_text;
use crate::failure::{Failure, Reason};

/// The failure to connect. There is no connection to ask for a number.
pub(super) fn of(error: ConnectionError) -> Error {
    let with = |kind: ErrorKind, code: &'static str, text: &'static str| {
        Error::new(kind).with_cause(Cause::new(DRIVER).with_code(code).with_text(text))
    };
    let text = match error {
        ConnectionError::BadConnection(text) => text,
        ConnectionError::CouldntSetupConfiguration(error) => {
            // diesel's own statements on a new connection, of which nothing can be asked.
            let failure = Failure::from(error);
            return match failure.message().and_then(number_by_text) {
                Some(number) => diagnose::of(&Reason::Number(number).into()).error,
                None => diagnose::of(&failure).error,
            };
        }
        ConnectionError::InvalidConnectionUrl(_) | ConnectionError::InvalidCString(_) => {
            return Error::new(ErrorKind::Configuration).with_detail("diesel does not take the URL");
        }
        _ => return with(ErrorKind::Unavailable, "unknown", "a failure that is not in the list of known ones"),
    };
    let has = |words: &str| text.contains(words);
    // The client library's own words come first: they are never translated, and may quote a path with an @ in it.
    if has("Can't connect to") || has("Unknown server host") || has("Unknown MySQL server host") {
        return with(ErrorKind::Unavailable, "2003", "nobody answers there");
    }
    if has("Lost connection") || has("gone away") || has("Error in server handshake") {
        return with(ErrorKind::Unavailable, "2013", "the server hung up");
    }
    if has("SSL connection error") || has("TLS") || has("SSL") {
        return with(ErrorKind::Unavailable, "2026", "TLS could not be agreed on").with_transient(false);
    }
    if has("uthentication plugin") {
        return with(ErrorKind::Denied, "1251", "the client library does not know the user's way to log in");
    }
    // The server's words may be in any language. Those about a user have 'who'@'from' in them.
    if has("'@'") || has("Access denied") {
        return with(ErrorKind::Denied, "1045", "the user, the password or the database was refused");
    }
    if has("is not allowed to connect") {
        return with(ErrorKind::Denied, "1130", "this host may not connect");
    }
    if has("is blocked because of many connection errors") {
        return with(ErrorKind::Unavailable, "1129", "this host is blocked after many failures to connect");
    }
    if has("Unknown database") {
        return with(ErrorKind::Unavailable, "1049", "the database does not exist")
            .with_hint("create it")
            .with_transient(false);
    }
    if has("Too many connections") || has("max_user_connections") || has("max_connections_per_hour") {
        return with(ErrorKind::Unavailable, "1040", "too many connections");
    }
    with(ErrorKind::Unavailable, "unknown", "a failure that is not in the list of known ones")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn failures_to_connect_are_told_by_their_text() {
        use ErrorKind::{Denied, Unavailable};

        for (text, kind, transient) in [
            ("Access denied for user 'hunter2'@'::1' (using password: YES)", Denied, false),
            ("Benutzer 'hunter2'@'::1' hat keine Zugriffsberechtigung (verwendetes Passwort: JA)", Denied, false),
            ("Host 'hunter2' is not allowed to connect to this MariaDB server", Denied, false),
            ("Plugin hunter2 could not be loaded: Authentication plugin", Denied, false),
            ("Can't connect to server on 'hunter2' (115)", Unavailable, true),
            ("Can't connect to local server through socket '/h'@'unter2' (2)", Unavailable, true),
            ("Can't connect to MySQL server on 'hunter2:3306' (111)", Unavailable, true),
            ("Unknown server host 'hunter2' (-2)", Unavailable, true),
            ("Lost connection to server at 'handshake: reading initial communication packet'", Unavailable, true),
            ("SSL connection error: hunter2", Unavailable, false),
            ("Unknown database 'hunter2'", Unavailable, false),
            ("Too many connections", Unavailable, true),
            ("Zu viele Verbindungen, hunter2", Unavailable, true),
        ] {
            let error = of(ConnectionError::BadConnection(text.to_owned()));
            assert_eq!((error.kind(), error.is_transient()), (kind, transient), "{text}");
            let shown = format!("{0} {0:?} {1:?}", error, error.cause().map(ToString::to_string));
            assert!(!shown.contains("hunter2"), "{shown}");
        }
    }
}
