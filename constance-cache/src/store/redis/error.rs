//! Errors of the driver, without their text.

use std::error::Error as _;
use std::io;
use std::sync::Arc;

use constance_core::{Error, ErrorKind, backend::Cause};
use redis::RedisError;

pub(super) fn is_interrupted(error: &RedisError) -> bool {
    let shared = error.source().and_then(|source| source.downcast_ref::<Arc<dyn std::error::Error + Send + Sync>>());
    let io = shared.and_then(|error| error.downcast_ref::<io::Error>());
    io.is_some_and(|error| error.kind() == io::ErrorKind::Interrupted)
}

/// Classifies an error of the driver.
pub(super) fn classify(error: &RedisError) -> Error {
    let of = |kind, code: &'static str, text: &'static str| {
        Error::new(kind).with_detail(text).with_cause(Cause::new("redis").with_code(code))
    };
    if error.is_timeout() {
        return of(ErrorKind::Timeout, "timeout", "the cache did not answer in time");
    }
    if error.is_connection_refusal() {
        return of(ErrorKind::Unavailable, "ECONNREFUSED", "the connection was refused");
    }
    match error.code() {
        Some("NOAUTH" | "WRONGPASS") => of(ErrorKind::Denied, "NOAUTH", "the user name or the password is wrong"),
        Some("NOPERM") => of(ErrorKind::Denied, "NOPERM", "the user may not do this"),
        Some("OOM") => of(ErrorKind::Unavailable, "OOM", "the server has no memory left for it"),
        Some("READONLY") => of(ErrorKind::Unavailable, "READONLY", "the server is a replica that takes no writes"),
        Some("LOADING") => of(ErrorKind::Unavailable, "LOADING", "the server is loading its data"),
        Some(_) => of(ErrorKind::Unavailable, "ERR", "the server refused the command"),
        None if error.is_io_error() || error.is_connection_dropped() => {
            of(ErrorKind::Unavailable, "closed", "the connection failed")
        }
        None => of(ErrorKind::Unavailable, "protocol", "the answer is none that Redis gives to this command"),
    }
}
