//! Failures of the driver in words of our own.

use std::io;

use constance_core::{Error, ErrorKind, backend::Cause};
use memcache::exp::Error as DriverError;

/// What the driver says, without its text, which holds keys and the server's words.
pub(super) fn error(error: &DriverError) -> Error {
    match error {
        DriverError::Io(error) => of_io(error),
        DriverError::Timeout { .. } => timeout(),
        DriverError::Ambiguous { source, .. } => self::error(source),
        DriverError::Server(_) => unavailable("SERVER_ERROR", "the server could not do it"),
        DriverError::Rejected(_) => Error::new(ErrorKind::Unsupported)
            .with_detail("the server does not know a command that is needed")
            .with_cause(Cause::new("memcached").with_code("CLIENT_ERROR"))
            .with_hint("use memcached 1.6 or later"),
        _ => unavailable("protocol", "the answer is none that memcached gives to this command"),
    }
}

/// Whether the other side had closed the connection.
pub(super) fn is_gone(error: &DriverError) -> bool {
    use io::ErrorKind as Io;

    let DriverError::Io(error) = error else { return false };
    matches!(
        error.kind(),
        Io::UnexpectedEof | Io::ConnectionReset | Io::ConnectionAborted | Io::BrokenPipe | Io::NotConnected
    )
}

/// Whether a signal cut the wait for the answer short.
pub(super) fn is_interrupted(error: &DriverError) -> bool {
    matches!(error, DriverError::Io(error) if error.kind() == io::ErrorKind::Interrupted)
}

fn of_io(error: &io::Error) -> Error {
    use io::ErrorKind as Io;

    match error.kind() {
        Io::TimedOut | Io::WouldBlock => timeout(),
        Io::ConnectionRefused => unavailable("ECONNREFUSED", "the connection was refused"),
        Io::UnexpectedEof | Io::ConnectionReset | Io::ConnectionAborted | Io::BrokenPipe | Io::NotConnected => {
            unavailable("closed", "the connection was closed")
        }
        Io::Interrupted => unavailable("EINTR", "a signal interrupted the call"),
        _ => unavailable("I/O", "the connection failed"),
    }
}

pub(super) fn timeout() -> Error {
    Error::new(ErrorKind::Timeout)
        .with_detail("the cache did not answer in time")
        .with_cause(Cause::new("memcached").with_code("timeout"))
}

pub(super) fn unavailable(code: &'static str, text: &'static str) -> Error {
    Error::new(ErrorKind::Unavailable).with_detail(text).with_cause(Cause::new("memcached").with_code(code))
}
