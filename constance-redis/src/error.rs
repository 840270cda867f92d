//! Failures of the driver and answers of the server, in words of our own.

use std::borrow::Cow;
use std::error::Error as _;
use std::io;
use std::sync::Arc;

use constance_core::{Cause, Error, ErrorKind};
use redis::{ErrorKind as DriverKind, RedisError, RedisResult};

use crate::script::NO_EVAL;

/// The driver's name in a cause.
const DRIVER: &str = "redis";

/// A failure, and what it means for its connection.
#[derive(Debug)]
pub(crate) struct Fault {
    pub(crate) error: Error,
    /// Whether it was anything but a clean answer of the server. Such a connection is not used again.
    pub(crate) broken: bool,
    /// Whether the other side had closed the connection, or is no longer who it was: so it is for its sisters too.
    pub(crate) gone: bool,
    /// Whether a signal cut the wait for the answer short. Linux does that wherever there is a limit of time, whatever the
    /// handler of the signal says of restarting.
    pub(crate) interrupted: bool,
}

/// How often in a row a signal may interrupt what can be done again.
pub(crate) const INTERRUPTIONS: usize = 16;

/// Does something again where a signal interrupted it.
pub(crate) fn uninterrupted<T>(mut work: impl FnMut() -> RedisResult<T>) -> RedisResult<T> {
    for _ in 0..INTERRUPTIONS {
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

impl Fault {
    /// A clean answer: the connection stays.
    fn answered(error: Error) -> Self {
        Self { error, broken: false, gone: false, interrupted: false }
    }

    /// Anything else: the connection goes.
    fn broken(error: Error) -> Self {
        Self { error, broken: true, gone: false, interrupted: false }
    }
}

/// What the driver says, without its text: the error of a refused command quotes the arguments.
pub(crate) fn fault(error: &RedisError) -> Fault {
    if let Some(io) = io_error(error) {
        return of_io(error, io);
    }
    match error.kind() {
        DriverKind::AuthenticationFailed => Fault::broken(denied("AUTH", "the user name or the password is wrong")),
        DriverKind::InvalidClientConfig => Fault::broken(
            Error::new(ErrorKind::Configuration)
                .with_detail("the driver cannot connect with these options")
                .with_cause(Cause::new(DRIVER).with_code("invalid client config")),
        ),
        DriverKind::RESP3NotSupported => Fault::broken(
            Error::new(ErrorKind::Unsupported)
                .with_detail("the server does not speak RESP3")
                .with_cause(Cause::new(DRIVER).with_code("NOPROTO")),
        ),
        DriverKind::Server(_) | DriverKind::Extension => {
            // Where the driver has put words of its own in front, the code is lost and the kind is left.
            answer(error.code().unwrap_or("ERR"), error.detail().unwrap_or_default())
        }
        // Without an error of the system inside it is the handshake of the system's TLS library, in that library's words.
        DriverKind::Io => Fault::broken(
            unavailable("TLS", "a secure connection could not be made")
                .with_transient(!error.detail().unwrap_or_default().contains("certificate"))
                .with_hint("look at the certificates, and whether the server expects TLS"),
        ),
        DriverKind::Client => Fault::broken(
            unavailable("TLS", "a secure connection could not be made")
                .with_transient(false)
                .with_hint("look at the certificates"),
        ),
        DriverKind::Parse | DriverKind::UnexpectedReturnType => Fault::broken(not_redis()),
        _ => Fault::broken(unavailable("unknown", "a failure that is not in the list of known ones")),
    }
}

/// The error for an answer that no Redis gives.
pub(crate) fn not_redis() -> Error {
    unavailable("protocol", "the answer is none that Redis gives to this command")
}

fn unavailable(code: &'static str, text: &'static str) -> Error {
    Error::new(ErrorKind::Unavailable).with_detail(text).with_cause(Cause::new(DRIVER).with_code(code))
}

fn denied(code: &'static str, text: &'static str) -> Error {
    Error::new(ErrorKind::Denied).with_detail(text).with_cause(Cause::new(DRIVER).with_code(code))
}

/// The error of the system inside the driver's.
fn io_error(error: &RedisError) -> Option<&io::Error> {
    let source = error.source()?;
    let shared: &Arc<dyn std::error::Error + Send + Sync> = source.downcast_ref()?;
    shared.downcast_ref()
}

fn of_io(error: &RedisError, io: &io::Error) -> Fault {
    use io::ErrorKind as Io;

    if error.is_timeout() {
        return Fault::broken(timeout());
    }
    match io.kind() {
        Io::ConnectionRefused => Fault::broken(unavailable("ECONNREFUSED", "the connection was refused")),
        Io::NotFound => Fault::broken(unavailable("ENOENT", "the socket does not exist")),
        Io::PermissionDenied => Fault::broken(denied("EACCES", "the socket may not be opened")),
        Io::UnexpectedEof | Io::ConnectionReset | Io::ConnectionAborted | Io::BrokenPipe | Io::NotConnected => {
            Fault { gone: true, ..Fault::broken(unavailable("closed", "the connection was closed")) }
        }
        Io::InvalidData => Fault::broken(
            unavailable("TLS", "a secure connection could not be made")
                .with_transient(false)
                .with_hint("look at the certificates, and whether the server expects TLS"),
        ),
        Io::HostUnreachable | Io::NetworkUnreachable | Io::NetworkDown => {
            Fault::broken(unavailable("unreachable", "there is no way to the server"))
        }
        Io::Interrupted => {
            Fault { interrupted: true, ..Fault::broken(unavailable("EINTR", "a signal interrupted the call")) }
        }
        _ => Fault::broken(unavailable("I/O", "the connection failed")),
    }
}

/// The error for an answer that did not come in time.
pub(crate) fn timeout() -> Error {
    Error::new(ErrorKind::Timeout).with_cause(Cause::new(DRIVER).with_code("timeout"))
}

/// What an error of the server means, by its first word. The rest is only looked at, never passed on.
fn answer(code: &str, rest: &str) -> Fault {
    Fault::answered(match code {
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
        // After a fail-over the old connections lead to what is a replica now: new ones may lead to the master.
        "READONLY" => {
            let error = unavailable("READONLY", "the server is a replica that takes no writes");
            return Fault { gone: true, ..Fault::broken(error) };
        }
        "NOSCRIPT" => unavailable("NOSCRIPT", "the server has forgotten the script"),
        _ => return general(rest),
    })
}

/// An answer without a code of its own (`ERR`), told by words that it holds.
fn general(rest: &str) -> Fault {
    let has = |words: &str| rest.contains(words);
    if has("Authentication required") {
        return Fault::broken(denied("NOAUTH", "the server wants a password"));
    }
    if has("can't run this command") || has("No permissions") || has("has no permissions") {
        return Fault::answered(
            denied("NOPERM", "the user may not do this").with_hint("see the smallest ACL in the README"),
        );
    }
    if has("max number of clients") {
        return Fault::broken(unavailable("ERR", "the server has as many clients as it takes"));
    }
    if has("DB index is out of range") || has("invalid DB index") {
        return Fault::broken(
            Error::new(ErrorKind::Configuration)
                .with_detail("the server has no database of this number")
                .with_cause(Cause::new(DRIVER).with_code("ERR")),
        );
    }
    if has("unknown command") || has("unknown subcommand") || has("Unknown subcommand") {
        let detail = match unknown_command(rest) {
            Some(command) => Cow::from(format!("the server does not know the command {command}")),
            None => Cow::from("the server does not know a command that is needed"),
        };
        return Fault::answered(
            Error::new(ErrorKind::Unsupported).with_detail(detail).with_cause(Cause::new(DRIVER).with_code("ERR")),
        );
    }
    if has("Protocol error") {
        return Fault::broken(unavailable("ERR", "the server takes no request of this size").with_transient(false));
    }
    if has("OOM ") {
        // Inside a script, before Redis 7.
        return answer("OOM", "");
    }
    if has("READONLY ") {
        return answer("READONLY", "");
    }
    Fault::broken(unavailable("ERR", "the server refused the command").with_transient(false))
}

/// Which of our commands the server says that it does not know. What stands behind it are the arguments.
fn unknown_command(rest: &str) -> Option<&'static str> {
    const COMMANDS: [&str; 17] = [
        "ASKING", "CLIENT", "CLUSTER", "DEL", "EXISTS", "GET", "HELLO", "INFO", "MGET", "PING", "ROLE", "SCAN",
        "SELECT", "SENTINEL", "SET", "TYPE", "WAIT",
    ];
    let (_, named) = rest.split_once("unknown command")?;
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
