//! What the tests of the cache in the process share.
#![allow(clippy::expect_used, dead_code, unreachable_pub)]

use std::sync::Arc;
use std::time::{Duration, Instant};

use constance_cache::{Counts, LocalCache, LocalCacheBuilder};
use constance_core::testing::{FaultyBackend, ManualClock, ReferenceBackend};
use constance_core::{
    Backend, Prefix,
    backend::{Applied, Batch, Change, Encoded, Key, Stored},
};

pub type Faulty = Arc<FaultyBackend<ReferenceBackend>>;
pub type Cache = LocalCache<Faulty>;

pub const TTL: Duration = Duration::from_secs(60);

/// A store that can be made to fail, a cache over it, and the clock of the cache.
pub struct Setup {
    pub store: Faulty,
    pub cache: Cache,
    pub clock: Arc<ManualClock>,
}

pub fn setup() -> Setup {
    setup_with(|builder| builder)
}

pub fn setup_with(options: impl FnOnce(LocalCacheBuilder<Faulty>) -> LocalCacheBuilder<Faulty>) -> Setup {
    let store = Arc::new(FaultyBackend::new(ReferenceBackend::new()));
    let clock = Arc::new(ManualClock::new());
    // Not at zero, as no clock is in practice.
    clock.advance(Duration::from_secs(1_000));
    let cache = options(LocalCache::builder(Arc::clone(&store)).clock(clock.clone())).build();
    Setup { store, cache, clock }
}

impl Setup {
    /// What another process writes.
    pub fn elsewhere(&self, key: &Key, bytes: &str) {
        self.store.inner().put(key, value(bytes));
    }

    /// How often the store was read.
    pub fn reads(&self) -> usize {
        use constance_core::testing::Method::{Read, Visit};
        self.store.calls(Read) + self.store.calls(Visit)
    }

    pub fn counts(&self) -> Counts {
        self.cache.counters().counts()
    }

    pub fn get(&self, key: &Key) -> Stored {
        get(&self.cache, key)
    }
}

pub fn key(name: &str) -> Key {
    Prefix::new("shop:").and_then(|prefix| prefix.key(name)).expect("a valid name")
}

pub fn keys(count: usize) -> Vec<Key> {
    (0..count).map(|i| key(&format!("k{i}"))).collect()
}

pub fn value(bytes: &str) -> Stored {
    Stored::Value(Encoded::from(bytes.as_bytes()))
}

pub fn set(key: &Key, bytes: &str) -> Change {
    Change::set(key.clone(), Encoded::from(bytes.as_bytes()))
}

pub fn get(backend: &dyn Backend, key: &Key) -> Stored {
    backend.read(&[key]).expect("a store that answers").remove(0)
}

pub fn write(backend: &dyn Backend, changes: Vec<Change>) {
    let batch = Batch::new(changes).expect("no key twice");
    assert!(matches!(backend.write(&batch).expect("a store that answers"), Applied::Done(_)));
}

/// Looks again until it holds.
pub fn until(what: &str, holds: impl Fn() -> bool) {
    let deadline = Instant::now() + Duration::from_secs(60);
    while !holds() {
        assert!(Instant::now() < deadline, "{what}");
        std::thread::yield_now();
    }
}
