//! What the tests of the shared cache have in common.
#![allow(clippy::expect_used, clippy::print_stderr, dead_code, unreachable_pub)]

pub mod faulty;
pub mod patient;
#[cfg(all(unix, any(feature = "memcached", feature = "redis")))]
pub mod server;
pub mod store_suite;

use std::sync::Arc;
use std::time::Duration;

use constance_cache::{MemoryStore, SharedCache, SharedCacheBuilder};
use constance_core::testing::{FaultyBackend, ManualClock, ReferenceBackend};
use constance_core::{
    Backend, Prefix, Result,
    backend::{Batch, Change, Encoded, Key, Stored},
};

pub use self::faulty::FaultyStore;
pub use constance_testserver::until;

pub type Inner = Arc<FaultyBackend<ReferenceBackend>>;
pub type Store = Arc<FaultyStore<MemoryStore>>;

/// How long the marks of these tests live.
pub const HOLD: Duration = Duration::from_secs(30);

/// Processes over one store and one cache, and the switches of all of it. Time stands still.
pub struct World {
    pub inner: Inner,
    pub store: Store,
    pub clock: Arc<ManualClock>,
}

impl World {
    pub fn new() -> Self {
        let clock = Arc::new(ManualClock::new());
        // A clock that reads zero is one that nobody has turned.
        clock.advance(Duration::from_secs(1_000));
        let store = Arc::new(FaultyStore::new(MemoryStore::with_clock(Arc::clone(&clock))));
        Self { inner: Arc::new(FaultyBackend::new(ReferenceBackend::new())), store, clock }
    }

    /// One more process.
    pub fn process(&self) -> SharedCache<Inner, Store> {
        self.build(|builder| builder)
    }

    pub fn build(
        &self,
        with: impl FnOnce(SharedCacheBuilder<Inner, Store>) -> SharedCacheBuilder<Inner, Store>,
    ) -> SharedCache<Inner, Store> {
        let builder = SharedCache::builder(Arc::clone(&self.inner), Arc::clone(&self.store))
            .mark_ttl(HOLD)
            .clock(Arc::clone(&self.clock))
            .dangerously_allow_unshared_store();
        with(builder).build().expect("valid options")
    }

    /// Puts a value into the store past every cache.
    pub fn put(&self, name: &str, value: &[u8]) {
        self.inner.inner().put(&key(name), Stored::Value(Encoded::from(value)));
    }

    /// How often the store was read since this was asked last.
    pub fn reads(&self) -> usize {
        let reads = self.inner.calls(constance_core::testing::Method::Read);
        self.inner.reset_calls();
        reads
    }

    /// Fills a key for good: past its probation.
    pub fn settle(&self, backend: &dyn Backend, name: &str) {
        read(backend, name).expect("a read");
        self.clock.advance(HOLD);
        read(backend, name).expect("a read");
    }
}

pub fn key(name: &str) -> Key {
    Prefix::new("shop:").and_then(|prefix| prefix.key(name)).expect("a valid name")
}

pub fn value(bytes: &[u8]) -> Stored {
    Stored::Value(Encoded::from(bytes))
}

pub fn set(name: &str, value: &[u8]) -> Batch {
    Batch::one(Change::set(key(name), Encoded::from(value)))
}

pub fn write(backend: &dyn Backend, name: &str, value: &[u8]) -> Result<()> {
    backend.write(&set(name, value)).map(drop)
}

pub fn read(backend: &dyn Backend, name: &str) -> Result<Stored> {
    Ok(backend.read(&[&key(name)])?.remove(0))
}

pub fn read_all(backend: &dyn Backend, names: &[&str]) -> Result<Vec<Stored>> {
    let keys: Vec<Key> = names.iter().map(|name| key(name)).collect();
    backend.read(&keys.iter().collect::<Vec<_>>())
}
