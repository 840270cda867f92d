//! What the tests of the asynchronous backend share.

use std::time::Duration;

use constance_core::aio::AsyncBackend;
use constance_core::{Batch, Key, Result, Stored};
use constance_redis::aio::AsyncRedisBackend;

use super::{key, set};

/// A backend that gives up soon.
pub fn hasty(url: &str) -> AsyncRedisBackend {
    let soon = Duration::from_millis(500);
    AsyncRedisBackend::builder().url(url).connect_timeout(soon).response_timeout(soon).build().expect("a valid URL")
}

pub async fn write(backend: &dyn AsyncBackend, name: &str, value: &[u8]) -> Result<()> {
    backend.write(&Batch::one(set(name, value))).await.map(drop)
}

pub async fn read(backend: &dyn AsyncBackend, name: &str) -> Result<Stored> {
    Ok(backend.read(&[&key(name)]).await?.remove(0))
}

pub async fn read_all(backend: &dyn AsyncBackend, names: &[&str]) -> Result<Vec<Stored>> {
    let keys: Vec<Key> = names.iter().map(|name| key(name)).collect();
    backend.read(&keys.iter().collect::<Vec<_>>()).await
}
