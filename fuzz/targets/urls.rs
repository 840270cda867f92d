//! URLs of backends and caches: building does no I/O, and no password is shown.
#![no_main]

use std::fmt::Debug;

use constance_cache::{MemcachedStore, RedisStore};
use constance_core::{Error, Registry, Result};
use libfuzzer_sys::fuzz_target;

/// Stands where a password does in the seeds.
const PASSWORD: &str = "hunter2";

fn silent<T: Debug>(url: &str, built: Result<T>) {
    let shown = match &built {
        Ok(built) => format!("{built:?}"),
        Err(error) => shown(error),
    };
    // Elsewhere the word may be a name of something, which is shown.
    let is_password = url.contains(&format!(":{PASSWORD}@")) && url.matches(PASSWORD).count() == 1;
    assert!(!is_password || !shown.contains(PASSWORD), "the password is shown: {shown}");
}

fn shown(error: &Error) -> String {
    format!("{error} {error:?}")
}

fuzz_target!(|data: &[u8]| {
    let Ok(url) = std::str::from_utf8(data) else { return };
    let registry = Registry::new().with(constance_redis::schemes()).with(constance_diesel::schemes());
    silent(url, registry.with(constance_memory::schemes()).open(url));
    silent(url, constance_redis::RedisBackend::from_url(url));
    silent(url, RedisStore::from_url(url));
    silent(url, MemcachedStore::from_url(url));
});
