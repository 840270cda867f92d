//! Helpers of the tests of this crate.
#![allow(clippy::expect_used, clippy::print_stderr, dead_code, unreachable_pub)]

#[cfg(feature = "aio")]
pub mod aio;
pub mod certificates;
pub mod cluster;
pub mod group;
pub mod proxy;
pub mod server;

use std::error::Error as _;
use std::time::Duration;

use constance_core::{
    Backend, Error, Prefix,
    backend::{Batch, Change, Encoded, Key, Stored},
};
use constance_redis::RedisBackend;

pub use self::server::Server;
pub use constance_testserver::until;

/// The rights that a backend needs, as arguments of `ACL SETUSER`. The README has the same.
pub const RIGHTS: &str =
    "nocommands +get +mget +exists +type +set +del +scan +eval +evalsha +script|load +hello +ping +select +client";

/// A backend with long timeouts, for a server that replies, perhaps late on a busy machine.
pub fn backend(server: &Server) -> RedisBackend {
    long_timeouts(&server.url())
}

/// The same for other URLs.
pub fn long_timeouts(url: &str) -> RedisBackend {
    with_timeouts(url, PATIENCE)
}

/// Long even on a busy machine. Only a failing test waits so long.
pub const PATIENCE: Duration = Duration::from_secs(60);

/// A backend with short timeouts, for a server that does not reply. One that replies may be too late as well, so ask again.
pub fn short_timeouts(url: &str) -> RedisBackend {
    with_timeouts(url, Duration::from_millis(500))
}

/// A backend with these timeouts.
pub fn with_timeouts(url: &str, soon: Duration) -> RedisBackend {
    RedisBackend::builder()
        .url(url)
        .connect_timeout(soon)
        .response_timeout(soon)
        .acquire_timeout(soon)
        .build()
        .expect("a valid URL")
}

pub fn prefix(text: &str) -> Prefix {
    Prefix::new(text).expect("a valid prefix")
}

pub fn key(name: &str) -> Key {
    prefix("constance:").key(name).expect("a valid name")
}

pub fn set(name: &str, value: &[u8]) -> Change {
    Change::set(key(name), Encoded::from(value))
}

pub fn value(bytes: &[u8]) -> Stored {
    Stored::Value(Encoded::from(bytes))
}

pub fn write(backend: &dyn Backend, name: &str, value: &[u8]) -> constance_core::Result<()> {
    backend.write(&Batch::one(set(name, value))).map(drop)
}

pub fn read(backend: &dyn Backend, name: &str) -> constance_core::Result<Stored> {
    Ok(backend.read(&[&key(name)])?.remove(0))
}

pub fn read_all(backend: &dyn Backend, names: &[&str]) -> constance_core::Result<Vec<Stored>> {
    let keys: Vec<Key> = names.iter().map(|name| key(name)).collect();
    backend.read(&keys.iter().collect::<Vec<_>>())
}

/// Everything that an error shows.
pub fn shown(error: &Error) -> String {
    format!("{error} {error:?} {:?}", error.source().map(ToString::to_string))
}
