//! Errors of the driver and of the server, without their text.

use std::borrow::Cow;
use std::error::Error as _;
use std::io;
use std::sync::Arc;

use constance_core::{Error, ErrorKind, backend::Cause};
use redis::{ErrorKind as DriverKind, RedisError, RedisResult};

use crate::script::NO_EVAL;

/// The name of the driver in a [`Cause`].
const DRIVER: &str = "redis";

/// An error, and what it means for the connection.
#[derive(Debug)]
pub(crate) struct Failure {
    pub(crate) error: Error,
    /// Whether the connection must not be used again.
    pub(crate) is_broken: bool,
    /// Whether the server has closed the connection, or is no longer the master. Then the other connections are likely
    /// useless too.
    pub(crate) is_closed: bool,
    /// Whether a signal interrupted the wait for the reply. Linux does so for a socket with a timeout, even where the
    /// handler of the signal asks for a restart.
    pub(crate) is_interrupted: bool,
}

impl Failure {
    /// Adds where the connection led to that has failed.
    pub(crate) fn at(mut self, location: Option<&str>) -> Self {
        if let Some(location) = location.filter(|_| self.is_broken) {
            self.error = self.error.with_location(location);
        }
        self
    }
}

/// How often in a row an interrupted operation is repeated.
pub(crate) const MAX_INTERRUPTIONS: usize = 16;

/// Repeats an operation that a signal interrupted.
pub(crate) fn retry_interrupted<T>(mut work: impl FnMut() -> RedisResult<T>) -> RedisResult<T> {
    for _ in 0..MAX_INTERRUPTIONS {
        match work() {
            Err(error) if is_interrupted(&error) => {}
            done => return done,
        }
    }
    work()
}

pub(crate) fn is_interrupted(error: &RedisError) -> bool {
    io_error(error).is_some_and(|error| error.kind() == io::ErrorKind::Interrupted)
}

impl Failure {
    /// An error that the server has replied with. The connection stays.
    fn server(error: Error) -> Self {
        Self { error, is_broken: false, is_closed: false, is_interrupted: false }
    }

    /// Any other error. The connection goes.
    fn broken(error: Error) -> Self {
        Self { error, is_broken: true, is_closed: false, is_interrupted: false }
    }
}

/// Classifies an error of the driver. Its text is not passed on: the error of a refused command quotes the arguments.
pub(crate) fn classify(error: &RedisError) -> Failure {
    if let Some(io) = io_error(error) {
        return io_failure(error, io);
    }
    match error.kind() {
        DriverKind::AuthenticationFailed => Failure::broken(denied("AUTH", "the user name or the password is wrong")),
        DriverKind::InvalidClientConfig => Failure::broken(
            Error::new(ErrorKind::Configuration)
                .with_detail("the driver cannot connect with these options")
                .with_cause(Cause::new(DRIVER).with_code("invalid client config")),
        ),
        DriverKind::RESP3NotSupported => Failure::broken(
            Error::new(ErrorKind::Unsupported)
                .with_detail("the server does not speak RESP3")
                .with_cause(Cause::new(DRIVER).with_code("NOPROTO")),
        ),
        DriverKind::Server(_) | DriverKind::Extension => {
            // Some errors of the driver have no code.
            server_error(error.code().unwrap_or("ERR"), error.detail().unwrap_or_default())
        }
        // Without an `io::Error` inside, this is a failed TLS handshake of native-tls.
        DriverKind::Io => Failure::broken(
            unavailable("TLS", "a secure connection could not be made")
                .with_transient(!error.detail().unwrap_or_default().contains("certificate"))
                .with_hint("look at the certificates, and whether the server expects TLS"),
        ),
        DriverKind::Client => Failure::broken(
            unavailable("TLS", "a secure connection could not be made")
                .with_transient(false)
                .with_hint("look at the certificates"),
        ),
        DriverKind::Parse | DriverKind::UnexpectedReturnType => Failure::broken(invalid_reply()),
        _ => Failure::broken(unavailable("unknown", "a failure that is not in the list of known ones")),
    }
}

/// The error for a reply that is not one of Redis.
pub(crate) fn invalid_reply() -> Error {
    unavailable("protocol", "the answer is none that Redis gives to this command")
}

fn unavailable(code: &'static str, text: &'static str) -> Error {
    Error::new(ErrorKind::Unavailable).with_detail(text).with_cause(Cause::new(DRIVER).with_code(code))
}

fn denied(code: &'static str, text: &'static str) -> Error {
    Error::new(ErrorKind::Denied).with_detail(text).with_cause(Cause::new(DRIVER).with_code(code))
}

/// The `io::Error` inside an error of the driver.
fn io_error(error: &RedisError) -> Option<&io::Error> {
    let source = error.source()?;
    let shared: &Arc<dyn std::error::Error + Send + Sync> = source.downcast_ref()?;
    shared.downcast_ref()
}

fn io_failure(error: &RedisError, io: &io::Error) -> Failure {
    use io::ErrorKind as Io;

    if error.is_timeout() {
        return Failure::broken(timeout());
    }
    match io.kind() {
        Io::ConnectionRefused => Failure::broken(unavailable("ECONNREFUSED", "the connection was refused")),
        Io::NotFound => Failure::broken(unavailable("ENOENT", "the socket does not exist")),
        Io::PermissionDenied => Failure::broken(denied("EACCES", "the socket may not be opened")),
        Io::UnexpectedEof | Io::ConnectionReset | Io::ConnectionAborted | Io::BrokenPipe | Io::NotConnected => {
            Failure { is_closed: true, ..Failure::broken(unavailable("closed", "the connection was closed")) }
        }
        Io::InvalidData => Failure::broken(
            unavailable("TLS", "a secure connection could not be made")
                .with_transient(false)
                .with_hint("look at the certificates, and whether the server expects TLS"),
        ),
        Io::HostUnreachable | Io::NetworkUnreachable | Io::NetworkDown => {
            Failure::broken(unavailable("unreachable", "there is no way to the server"))
        }
        Io::Interrupted => {
            Failure { is_interrupted: true, ..Failure::broken(unavailable("EINTR", "a signal interrupted the call")) }
        }
        _ => Failure::broken(unavailable("I/O", "the connection failed")),
    }
}

/// The error for a reply that did not come in time.
pub(crate) fn timeout() -> Error {
    Error::new(ErrorKind::Timeout).with_cause(Cause::new(DRIVER).with_code("timeout"))
}

/// Classifies an error of the server by its code. The text is not passed on.
fn server_error(code: &str, text: &str) -> Failure {
    Failure::server(match code {
        "NOAUTH" => denied("NOAUTH", "the server wants a password"),
        "WRONGPASS" => denied("WRONGPASS", "the user name or the password is wrong"),
        "NOPERM" => denied("NOPERM", "the user may not do this").with_hint("see the smallest ACL in the README"),
        "WRONGTYPE" => Error::new(ErrorKind::Decode)
            .with_detail("something other than a string is stored")
            .with_cause(Cause::new(DRIVER).with_code("WRONGTYPE")),
        "OOM" => unavailable("OOM", "the server has no memory left for it").with_transient(false),
        "MISCONF" => unavailable("MISCONF", "the server refuses writes since it cannot save to disk"),
        "NOREPLICAS" => unavailable("NOREPLICAS", "the server refuses writes while it has too few replicas"),
        "LOADING" => unavailable("LOADING", "the server is loading its data"),
        "MASTERDOWN" => unavailable("MASTERDOWN", "the server is a replica that has lost its master"),
        "BUSY" => unavailable("BUSY", "the server is busy with a script"),
        "TRYAGAIN" => unavailable("TRYAGAIN", "the keys are being moved to another server"),
        "CLUSTERDOWN" => unavailable("CLUSTERDOWN", "the cluster is down"),
        NO_EVAL => Error::new(ErrorKind::Unsupported)
            .with_detail("the server refuses EVAL, which a change with an expectation or of several settings needs")
            .with_hint("allow EVAL and EVALSHA")
            .with_cause(Cause::new(DRIVER).with_code("EVAL")),
        "CROSSSLOT" => Error::new(ErrorKind::Unsupported)
            .with_detail("the server is one of a cluster, and the keys lie in different slots")
            .with_hint("use redis+cluster://")
            .with_cause(Cause::new(DRIVER).with_code("CROSSSLOT")),
        "MOVED" | "ASK" => Error::new(ErrorKind::Configuration)
            .with_detail("the server is one of a cluster, and the key lies on another")
            .with_hint("use redis+cluster://"),
        // After a fail-over the server of this connection is a replica. A new connection may reach the master.
        "READONLY" => {
            let error = unavailable("READONLY", "the server is a replica that takes no writes");
            return Failure { is_closed: true, ..Failure::broken(error) };
        }
        "NOSCRIPT" => unavailable("NOSCRIPT", "the server has forgotten the script"),
        _ => return generic_error(text),
    })
}

/// Classifies an error without a code of its own (`ERR`) by its text.
fn generic_error(text: &str) -> Failure {
    let has = |words: &str| text.contains(words);
    if has("Authentication required") {
        return Failure::broken(denied("NOAUTH", "the server wants a password"));
    }
    if has("can't run this command") || has("No permissions") || has("has no permissions") {
        return Failure::server(
            denied("NOPERM", "the user may not do this").with_hint("see the smallest ACL in the README"),
        );
    }
    if has("max number of clients") {
        return Failure::broken(unavailable("ERR", "the server has as many clients as it takes"));
    }
    if has("DB index is out of range") || has("invalid DB index") {
        return Failure::broken(
            Error::new(ErrorKind::Configuration)
                .with_detail("the server has no database of this number")
                .with_cause(Cause::new(DRIVER).with_code("ERR")),
        );
    }
    if has("unknown command") || has("unknown subcommand") || has("Unknown subcommand") {
        let detail = match unknown_command(text) {
            Some(command) => Cow::from(format!("the server does not know the command {command}")),
            None => Cow::from("the server does not know a command that is needed"),
        };
        return Failure::server(
            Error::new(ErrorKind::Unsupported).with_detail(detail).with_cause(Cause::new(DRIVER).with_code("ERR")),
        );
    }
    if has("Protocol error") {
        return Failure::broken(unavailable("ERR", "the server takes no request of this size").with_transient(false));
    }
    if has("OOM ") {
        // Inside a script, before Redis 7.
        return server_error("OOM", "");
    }
    if has("READONLY ") {
        return server_error("READONLY", "");
    }
    Failure::broken(unavailable("ERR", "the server refused the command").with_transient(false))
}

/// Which of our commands is unknown to the server. The text behind its name has the arguments.
fn unknown_command(text: &str) -> Option<&'static str> {
    const COMMANDS: [&str; 17] = [
        "ASKING", "CLIENT", "CLUSTER", "DEL", "EXISTS", "GET", "HELLO", "INFO", "MGET", "PING", "ROLE", "SCAN",
        "SELECT", "SENTINEL", "SET", "TYPE", "WAIT",
    ];
    let (_, named) = text.split_once("unknown command")?;
    let word = named.trim_start_matches([' ', ':', '\'', '`', '"']).split(|c: char| !c.is_ascii_alphabetic()).next()?;
    COMMANDS.into_iter().find(|command| command.eq_ignore_ascii_case(word))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_unknown_command_is_named_and_its_arguments_are_not() {
        for (said, command) in [
            ("unknown command 'MGET', with args beginning with: 'constance:a' ", Some("MGET")),
            ("unknown command `mget`, with args beginning with: `hunter2`, ", Some("MGET")),
            ("unknown command 'hunter2'", None),
            ("unknown command, with args beginning with: 'GET' ", None),
        ] {
            assert_eq!(unknown_command(said), command, "{said}");
        }
    }
}
