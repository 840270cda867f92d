//! What the tests of the asynchronous backend share.

use std::time::{Duration, Instant};

use constance_core::aio::AsyncBackend;
use constance_core::{
    Result,
    backend::{Batch, Key, Stored},
};
use constance_redis::aio::AsyncRedisBackend;

use super::{PATIENCE, key, set};

/// A backend with long timeouts, for a server that replies, perhaps late on a busy machine.
pub fn long_timeouts(url: &str) -> AsyncRedisBackend {
    with_timeouts(url, PATIENCE)
}

/// A backend with short timeouts, for a server that does not reply. One that replies may be too late as well, so ask again.
pub fn short_timeouts(url: &str) -> AsyncRedisBackend {
    with_timeouts(url, Duration::from_millis(500))
}

/// A backend with these timeouts.
pub fn with_timeouts(url: &str, soon: Duration) -> AsyncRedisBackend {
    AsyncRedisBackend::builder().url(url).connect_timeout(soon).response_timeout(soon).build().expect("a valid URL")
}

/// Calls `ask` until it returns a value.
pub async fn until<T, F: Future<Output = Option<T>>>(what: &str, ask: impl Fn() -> F) -> T {
    let end = Instant::now() + PATIENCE;
    loop {
        if let Some(answer) = ask().await {
            return answer;
        }
        assert!(Instant::now() < end, "it never came: {what}");
        tokio::task::yield_now().await;
    }
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
