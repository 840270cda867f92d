//! A start during an outage, from the file of the last good values.

#[cfg(feature = "tokio")]
mod aio;
mod file;
mod refused;
mod start;
mod unreadable;

use std::fs;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use constance_core::testing::{FaultyBackend, ManualClock, ReferenceBackend};
use constance_core::{
    Config, ErrorKind, Live, LiveOptions, Settings,
    backend::{Encoded, Stored},
};
use tempfile::TempDir;

#[derive(Debug, Clone, PartialEq, Settings)]
#[settings(validate(Shop::in_order, fields(min, max)))]
pub(crate) struct Shop {
    #[setting(default = 42)]
    the_answer: i64,
    #[setting(default = "My Title")]
    site_name: String,
    #[setting(default = 1)]
    min: i64,
    #[setting(default = 10)]
    max: i64,
    #[setting(secret)]
    api_key: Option<String>,
}

impl Shop {
    fn in_order(&self) -> Result<(), &'static str> {
        if self.min <= self.max { Ok(()) } else { Err("the minimum is above the maximum") }
    }
}

pub(crate) type Store = Arc<FaultyBackend<Arc<ReferenceBackend>>>;

/// A store, a folder for the file, and the time, all of which outlive each service.
pub(crate) struct World {
    store: Store,
    folder: TempDir,
    clock: Arc<ManualClock>,
}

impl World {
    pub(crate) fn new() -> Self {
        let store = Arc::new(FaultyBackend::new(Arc::new(ReferenceBackend::new())));
        let clock = Arc::new(ManualClock::new());
        clock.advance(Duration::from_secs(1_000_000));
        Self { store, folder: TempDir::new().expect("a folder"), clock }
    }

    pub(crate) fn path(&self) -> PathBuf {
        self.folder.path().join("last-good")
    }

    /// Read again after each change, and seldom otherwise.
    pub(crate) fn options(&self) -> LiveOptions {
        let seldom = Duration::from_secs(36_000);
        let options = LiveOptions::new().poll_interval(seldom).reread_interval(seldom);
        options.clock(Arc::clone(&self.clock)).last_good(self.path())
    }

    /// A process of its own.
    pub(crate) fn config<S: Settings>(&self) -> Config<S> {
        Config::new(Arc::clone(&self.store))
    }

    pub(crate) fn live(&self) -> Live<Shop> {
        self.config().live_with(self.options()).expect("starts")
    }

    /// Changes settings past the faults.
    pub(crate) fn other(&self) -> Config<Shop> {
        Config::new(Arc::clone(self.store.inner()))
    }

    pub(crate) fn spoil(&self, name: &str) {
        let key = self.other().prefix().key(name).expect("a name");
        self.store.inner().put(&key, Stored::Value(Encoded::from(b"rubbish".to_vec())));
    }

    /// A service that has had these values, and is gone.
    pub(crate) fn has_run_with(&self, the_answer: i64) {
        self.other().set(Shop::THE_ANSWER, the_answer).expect("writes");
        let live = self.live();
        self.until_the_file_has(&live, &Shop { the_answer, ..Shop::defaults() });
    }

    /// The file is written by a thread of its own: another service shows what it says.
    pub(crate) fn until_the_file_has(&self, live: &Live<Shop>, values: &Shop) {
        until("the file does not have it", || self.in_the_file().as_ref() == Some(values));
        until("an error stays", || live.status().last_good_error.is_none());
    }

    /// What a service starts on that has nothing but the file.
    pub(crate) fn in_the_file(&self) -> Option<Shop> {
        let backend = FaultyBackend::new(Arc::clone(self.store.inner()));
        backend.fail_all(ErrorKind::Unavailable);
        let live = Config::<Shop>::new(backend).live_with(self.options()).ok()?;
        let values = live.load().clone();
        Some(values)
    }

    pub(crate) fn outage(&self) {
        self.store.fail_all(ErrorKind::Unavailable);
    }

    pub(crate) fn bytes(&self) -> Vec<u8> {
        fs::read(self.path()).expect("a file")
    }
}

pub(crate) fn until(what: &str, holds: impl Fn() -> bool) {
    let deadline = Instant::now() + Duration::from_secs(60);
    while !holds() {
        assert!(Instant::now() < deadline, "{what}");
        std::thread::yield_now();
    }
}
