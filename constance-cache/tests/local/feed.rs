//! What a feed tells is dropped, and a feed that breaks leaves the time.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use constance_cache::LocalCache;
use constance_core::testing::{ManualClock, Method, ReferenceBackend};
use constance_core::{
    Backend, Config, Error, ErrorKind, LiveMode, LiveOptions, Prefix, Result, Settings,
    backend::{Applied, Batch, Capability, Key, Stored, Wake, Watch},
};
use parking_lot::Mutex;

use crate::local_common::{Faulty, get, key, setup_with, until, value};

/// A store whose feeds break on demand, and are counted.
#[derive(Debug, Default)]
struct Breakable {
    inner: ReferenceBackend,
    switch: Arc<Switch>,
}

#[derive(Default)]
struct Switch {
    broken: AtomicBool,
    open: AtomicUsize,
    opened: AtomicUsize,
    interrupts: Mutex<Vec<Box<dyn Fn() + Send + Sync>>>,
}

struct Feed {
    inner: Box<dyn Watch>,
    switch: Arc<Switch>,
}

impl Switch {
    fn break_feeds(&self) {
        self.broken.store(true, Ordering::SeqCst);
        self.interrupts.lock().iter().for_each(|interrupt| interrupt());
    }

    fn mend(&self) {
        self.broken.store(false, Ordering::SeqCst);
    }

    fn open(&self) -> usize {
        self.open.load(Ordering::SeqCst)
    }
}

impl std::fmt::Debug for Switch {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Switch")
    }
}

impl Backend for Breakable {
    fn name(&self) -> &str {
        "breakable"
    }

    fn capability(&self) -> Capability {
        self.inner.capability()
    }

    fn read(&self, keys: &[&Key]) -> Result<Vec<Stored>> {
        self.inner.read(keys)
    }

    fn list(&self, prefix: &Prefix) -> Result<Vec<(Key, Stored)>> {
        self.inner.list(prefix)
    }

    fn write(&self, batch: &Batch) -> Result<Applied> {
        self.inner.write(batch)
    }

    fn watch(&self, prefix: &Prefix) -> Result<Box<dyn Watch>> {
        if self.switch.broken.load(Ordering::SeqCst) {
            return Err(Error::new(ErrorKind::Unavailable));
        }
        let inner = self.inner.watch(prefix)?;
        self.switch.interrupts.lock().extend(inner.interrupter());
        self.switch.opened.fetch_add(1, Ordering::SeqCst);
        self.switch.open.fetch_add(1, Ordering::SeqCst);
        Ok(Box::new(Feed { inner, switch: Arc::clone(&self.switch) }))
    }
}

impl Watch for Feed {
    fn wait(&mut self, timeout: Duration) -> Result<Wake> {
        let wake = self.inner.wait(timeout)?;
        if self.switch.broken.load(Ordering::SeqCst) {
            return Err(Error::new(ErrorKind::Unavailable));
        }
        Ok(wake)
    }

    fn interrupter(&self) -> Option<Box<dyn Fn() + Send + Sync>> {
        self.inner.interrupter()
    }
}

impl Drop for Feed {
    fn drop(&mut self) {
        self.switch.open.fetch_sub(1, Ordering::SeqCst);
    }
}

/// A cached absence, then a write by another process: seen as soon as the feed tells.
#[test]
fn a_change_elsewhere_is_seen_when_the_feed_tells() {
    let s = setup_with(|builder| builder.ttl_forever().follow());
    let theme = key("theme");
    assert!(s.get(&theme).is_absent());
    for bytes in ["1", "2", "3"] {
        s.elsewhere(&theme, bytes);
        until("the change is seen", || s.get(&theme) == value(bytes));
    }
    until("it is remembered again", || {
        let reads = s.reads();
        s.get(&theme);
        s.reads() == reads
    });
}

/// What the feed names is dropped, and nothing else.
#[test]
fn a_change_drops_its_key_alone() {
    let s = setup_with(|builder| builder.ttl_forever().follow());
    let (theme, title) = (key("theme"), key("title"));
    s.get(&theme);
    // The first may be seen since the opening of the feed drops everything.
    for bytes in ["1", "2"] {
        s.elsewhere(&theme, bytes);
        until("the change is seen", || s.get(&theme) == value(bytes));
    }
    s.get(&title);
    s.elsewhere(&theme, "3");
    until("the change is seen", || s.get(&theme) == value("3"));
    let reads = s.reads();
    assert!(s.get(&title).is_absent());
    assert_eq!(s.reads(), reads, "the other key is remembered");
}

/// A feed that breaks is opened again; meanwhile the time counts, and for ever is a minute.
#[test]
fn feed_that_breaks() {
    let (store, clock) = (Arc::new(Breakable::default()), Arc::new(ManualClock::new()));
    let cache = LocalCache::builder(Arc::clone(&store)).ttl_forever().follow().clock(clock.clone()).build();
    let (theme, switch) = (key("theme"), Arc::clone(&store.switch));
    let elsewhere = |bytes: &str| store.inner.put(&theme, value(bytes));
    elsewhere("1");
    until("the feed tells", || {
        get(&cache, &theme);
        switch.open() == 1
    });
    elsewhere("2");
    until("the feed tells", || get(&cache, &theme) == value("2"));

    switch.break_feeds();
    until("the break is noticed", || cache.counters().counts().cache_errors > 0);
    // The last wakes may have dropped it.
    get(&cache, &theme);
    elsewhere("3");
    assert_eq!(get(&cache, &theme), value("2"), "nobody tells");
    clock.advance(Duration::from_secs(60));
    assert_eq!(get(&cache, &theme), value("3"), "and no value is kept for longer than a minute then");
    elsewhere("4");
    assert_eq!(get(&cache, &theme), value("3"));

    switch.mend();
    until("the feed is opened again, and what it missed is dropped", || get(&cache, &theme) == value("4"));
    elsewhere("5");
    until("the feed tells", || get(&cache, &theme) == value("5"));
    clock.advance(Duration::from_secs(1_000_000));
    assert_eq!(get(&cache, &theme), value("5"));
    assert_eq!(switch.open(), 1);
}

/// Its time stays what it is where it is shorter.
#[test]
fn a_feed_that_never_opens_leaves_the_time() {
    let s = setup_with(|builder| builder.ttl(Duration::from_secs(5)).follow());
    s.store.fail_method(Method::Watch, ErrorKind::Denied);
    let theme = key("theme");
    s.elsewhere(&theme, "old");
    assert_eq!(s.get(&theme), value("old"));
    until("it is counted", || s.counts().cache_errors > 0);
    s.elsewhere(&theme, "new");
    assert_eq!(s.get(&theme), value("old"));
    s.clock.advance(Duration::from_secs(5));
    assert_eq!(s.get(&theme), value("new"));
}

/// The thread, the feed and the backend go with the cache.
#[test]
fn a_dropped_cache_follows_no_more() {
    let store = Arc::new(Breakable::default());
    let switch = Arc::clone(&store.switch);
    let cache = LocalCache::builder(Arc::clone(&store)).follow().build();
    assert_eq!(switch.opened.load(Ordering::SeqCst), 0, "nothing is followed before something is read");
    get(&cache, &key("theme"));
    until("the feed is open", || switch.open() == 1);
    drop(cache);
    until("the feed is closed", || switch.open() == 0);
    switch.interrupts.lock().clear();
    until("the backend is let go", || Arc::strong_count(&store) == 1);
    // Also while it rests, before it tries again.
    let cache = LocalCache::builder(Arc::clone(&store)).follow().build();
    switch.broken.store(true, Ordering::SeqCst);
    get(&cache, &key("theme"));
    until("the failure is counted", || cache.counters().counts().cache_errors > 0);
    drop(cache);
    until("the backend is let go", || Arc::strong_count(&store) == 1);
}

/// Each prefix has a feed of its own; a backend without one is not asked.
#[test]
fn what_is_fetched_is_followed_by_prefix() {
    let store = Arc::new(Breakable::default());
    let cache = LocalCache::builder(Arc::clone(&store)).follow().build();
    let keys = ["a:", "b:", "a:"].map(|text| Prefix::new(text).and_then(|prefix| prefix.key("theme")).expect("a key"));
    keys.iter().for_each(|key| drop(get(&cache, key)));
    until("both are followed", || store.switch.open() == 2);
    assert_eq!(store.switch.opened.load(Ordering::SeqCst), 2);

    let deaf = Faulty::new(constance_core::testing::FaultyBackend::new(ReferenceBackend::new().without_watch()));
    let cache = LocalCache::builder(Arc::clone(&deaf)).follow().build();
    get(&cache, &key("theme"));
    assert_eq!((deaf.calls(Method::Watch), cache.counters().counts().cache_errors), (0, 0));
}

#[derive(Debug, Clone, PartialEq, Settings)]
struct Shop {
    #[setting(default = 42)]
    the_answer: i64,
    #[setting(default = "My Title")]
    site_name: String,
}

/// `live()` over a cache is told by the backend's feed, and must not read what the cache remembers from before.
#[test]
fn live_reads_what_the_feed_told_of() {
    let store = Arc::new(ReferenceBackend::new());
    let config = Config::<Shop>::new(LocalCache::builder(Arc::clone(&store)).ttl_forever().build());
    let elsewhere = Config::<Shop>::new(Arc::clone(&store));
    config.warm().expect("reads");
    // Between the warming and the feed.
    elsewhere.set(Shop::THE_ANSWER, 1).expect("writes");
    assert_eq!(config.get(Shop::THE_ANSWER).expect("reads"), 42);
    let live = config.live_with(LiveOptions::new()).expect("loads");
    assert_eq!(live.load().the_answer, 1, "the load after the opening of the feed is no older than that");
    assert_eq!(live.status().mode, LiveMode::Pushed);
    for answer in 2..20 {
        elsewhere.set(Shop::THE_ANSWER, answer).expect("writes");
        until("the change arrives", || live.load().the_answer == answer);
        assert_eq!(config.get(Shop::THE_ANSWER).expect("reads"), answer, "and other reads see it as well");
        config.set(Shop::SITE_NAME, answer.to_string()).expect("writes");
        assert_eq!(live.load().site_name, answer.to_string());
    }
}
