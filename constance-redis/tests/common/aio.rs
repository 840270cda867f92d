//! What the tests of the asynchronous backend share.

use std::time::{Duration, Instant};

use constance_core::aio::AsyncBackend;
use constance_core::{Batch, Key, Result, Stored};
use constance_redis::aio::AsyncRedisBackend;

use super::{PATIENCE, key, set};

/// A backend over a server that answers, as late as a busy machine makes it.
pub fn patient(url: &str) -> AsyncRedisBackend {
    within(url, PATIENCE)
}

/// A backend that gives up soon, for what does not answer. What does may be late for it as well: ask again.
pub fn hasty(url: &str) -> AsyncRedisBackend {
    within(url, Duration::from_millis(500))
}

/// A backend each of whose steps may take so long.
pub fn within(url: &str, soon: Duration) -> AsyncRedisBackend {
    AsyncRedisBackend::builder().url(url).connect_timeout(soon).response_timeout(soon).build().expect("a valid URL")
}

/// Asks again and again, until there is an answer.
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
