//! `live()` reads what a feed names, and nothing else.
#![cfg(feature = "testing")]
// The lint's exception for tests knows the test functions only, not what they share.
#![allow(clippy::expect_used)]

use std::cell::RefCell;
use std::collections::VecDeque;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use constance_core::testing::{ManualClock, ReferenceBackend};
use constance_core::{
    Backend, Config, Error, ErrorKind, Live, LiveMode, LiveOptions, Prefix, Result, Settings,
    backend::{Applied, Batch, Capability, Change, ChangedKeys, Encoded, Key, Portion, Stored, Wake, Warning, Watch},
};

#[derive(Debug, Clone, PartialEq, Settings)]
#[settings(validate(low_below_high, fields(low, high)))]
struct Shop {
    #[setting(default = 42)]
    the_answer: i64,
    #[setting(default = "My Title", alias = "title")]
    site_name: String,
    #[setting(default = 1)]
    low: i64,
    #[setting(default = 10)]
    high: i64,
    #[setting(default = 0)]
    spare: i64,
}

fn low_below_high(shop: &Shop) -> std::result::Result<(), &'static str> {
    if shop.low < shop.high { Ok(()) } else { Err("low must be below high") }
}

/// As before `site_name` had its name.
#[derive(Debug, Clone, PartialEq, Settings)]
struct OldShop {
    #[setting(default = "My Title")]
    title: String,
}

/// All keys of `Shop`, the old name with them.
const ALL: usize = 6;

const LONG: Duration = Duration::from_secs(60);

/// Done once, before the next read of a `live()`.
type Before = Box<dyn FnOnce(&Watched) + Send>;

/// Notes which keys are read at once, and lets a test come in between.
struct Watched {
    store: Arc<ReferenceBackend>,
    reads: Mutex<Vec<Vec<String>>>,
    before: Mutex<VecDeque<Before>>,
    /// What the feed says when it is to catch up, where it does not do so.
    sure: Arc<Mutex<VecDeque<Result<bool>>>>,
    opened: AtomicUsize,
}

impl std::fmt::Debug for Watched {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Watched").finish_non_exhaustive()
    }
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Watched {
    fn new() -> Arc<Self> {
        Arc::new(Self {
            store: Arc::new(ReferenceBackend::new()),
            reads: Mutex::default(),
            before: Mutex::default(),
            sure: Arc::default(),
            opened: AtomicUsize::new(0),
        })
    }

    /// Another process.
    fn other(&self) -> Config<Shop> {
        Config::new(Arc::clone(&self.store))
    }

    fn before_a_read(&self, before: impl FnOnce(&Self) + Send + 'static) {
        lock(&self.before).push_back(Box::new(before));
    }

    /// The reads since this was last called.
    fn reads(&self) -> Vec<Vec<String>> {
        std::mem::take(&mut *lock(&self.reads))
    }

    fn put(&self, name: &str, bytes: &[u8]) {
        let key = self.store.default_prefix().key(name).expect("a name");
        self.store.put(&key, Stored::Value(Encoded::from(bytes)));
    }
}

#[deny(clippy::missing_trait_methods)]
impl Backend for Watched {
    fn name(&self) -> &str {
        "watched"
    }

    fn capability(&self) -> Capability {
        self.store.capability()
    }

    fn read(&self, keys: &[&Key]) -> Result<Vec<Stored>> {
        self.store.read(keys)
    }

    fn list(&self, prefix: &Prefix) -> Result<Vec<(Key, Stored)>> {
        self.store.list(prefix)
    }

    fn write(&self, batch: &Batch) -> Result<Applied> {
        self.store.write(batch)
    }

    fn visit(&self, key: &Key, visitor: &mut dyn FnMut(Option<&[u8]>)) -> Result<()> {
        self.store.visit(key, visitor)
    }

    /// What the thread that follows calls.
    fn read_with_age(&self, keys: &[&Key]) -> Result<(Vec<Stored>, Duration)> {
        let before = lock(&self.before).pop_front();
        if let Some(before) = before {
            before(self);
        }
        let mut names: Vec<String> = keys.iter().map(|key| key.name().to_owned()).collect();
        names.sort();
        let found = self.store.read_with_age(keys);
        lock(&self.reads).push(names);
        found
    }

    fn watch(&self, prefix: &Prefix) -> Result<Box<dyn Watch>> {
        self.opened.fetch_add(1, Ordering::SeqCst);
        Ok(Box::new(Feed { feed: self.store.watch(prefix)?, sure: Arc::clone(&self.sure) }))
    }

    fn default_prefix(&self) -> Prefix {
        self.store.default_prefix()
    }

    fn declare(&self, keys: &[Key]) {
        self.store.declare(keys);
    }

    fn forget(&self, keys: &[&Key]) -> Result<()> {
        self.store.forget(keys)
    }

    fn ping(&self) -> Result<()> {
        self.store.ping()
    }

    fn keys_from(&self, prefix: &Prefix, from: Option<&[u8]>) -> Result<Portion> {
        self.store.keys_from(prefix, from)
    }

    fn identity(&self) -> Option<String> {
        self.store.identity()
    }

    fn warnings(&self) -> Result<Vec<Warning>> {
        self.store.warnings()
    }

    fn migrate(&self) -> Result<()> {
        self.store.migrate()
    }
}

struct Feed {
    feed: Box<dyn Watch>,
    sure: Arc<Mutex<VecDeque<Result<bool>>>>,
}

impl Watch for Feed {
    fn wait(&mut self, timeout: Duration) -> Result<Wake> {
        self.feed.wait(timeout)
    }

    fn changed_keys(&mut self) -> ChangedKeys {
        self.feed.changed_keys()
    }

    fn catch_up(&mut self) -> Result<bool> {
        let said = lock(&self.sure).pop_front();
        said.unwrap_or_else(|| self.feed.catch_up())
    }

    fn interrupter(&self) -> Option<Box<dyn Fn() + Send + Sync>> {
        self.feed.interrupter()
    }
}

fn until(what: &str, holds: impl Fn() -> bool) {
    let deadline = Instant::now() + LONG;
    while !holds() {
        assert!(Instant::now() < deadline, "{what}");
        std::thread::yield_now();
    }
}

fn options() -> LiveOptions {
    LiveOptions::new().reread_interval(LONG * 100).poll_interval(LONG * 100)
}

/// A `live()` whose first load is done.
fn follow() -> (Arc<Watched>, Config<Shop>, Live<Shop>) {
    let backend = Watched::new();
    let config = Config::new(Arc::clone(&backend));
    let live = config.live_with(options()).expect("loads");
    assert_eq!(backend.reads().iter().map(Vec::len).collect::<Vec<_>>(), [ALL]);
    (backend, config, live)
}

fn wait_for_answer(live: &Live<Shop>, answer: i64) {
    until("the answer does not arrive", || live.load().the_answer == answer);
}

#[test]
fn a_change_costs_one_key() {
    let (backend, _, live) = follow();
    for answer in 1..=3 {
        backend.other().set(Shop::THE_ANSWER, answer).expect("writes");
        wait_for_answer(&live, answer);
        assert_eq!(backend.reads(), [["the_answer"]]);
    }
    backend.other().reset(Shop::THE_ANSWER).expect("writes");
    wait_for_answer(&live, 42);
    assert_eq!(backend.reads(), [["the_answer"]]);
    assert_eq!(live.load().site_name, "My Title");
}

#[test]
fn a_write_of_ones_own_costs_one_key() {
    let (backend, config, live) = follow();
    let reads = RefCell::new(Vec::new());
    for answer in 1..=20 {
        config.set(Shop::THE_ANSWER, answer).expect("writes");
        assert_eq!(live.load().the_answer, answer);
        let before = reads.borrow().len();
        until("it is not read", || {
            reads.borrow_mut().extend(backend.reads());
            reads.borrow().len() > before
        });
    }
    // Somebody else's comes after them.
    backend.other().set(Shop::SPARE, 1).expect("writes");
    until("it does not arrive", || live.load().spare == 1);
    assert_eq!(live.load().the_answer, 20);
    // Where the writer is held up before its write ends, everything is read: not each time, on the busiest of machines.
    let reads = reads.into_inner();
    assert!(reads.contains(&vec!["the_answer".to_owned()]), "{reads:?}");
}

#[test]
fn an_old_name_is_read_with_its_setting() {
    let (backend, _, live) = follow();
    Config::<OldShop>::new(Arc::clone(&backend.store)).set(OldShop::TITLE, "Shop".to_owned()).expect("writes");
    until("it does not arrive", || live.load().site_name == "Shop");
    assert_eq!(backend.reads(), [["site_name", "title"]]);
}

#[test]
fn a_key_of_nobody_costs_nothing() {
    let (backend, _, live) = follow();
    backend.put("unknown", b"x");
    backend.other().set(Shop::SPARE, 1).expect("writes");
    until("it does not arrive", || live.load().spare == 1);
    assert_eq!(backend.reads(), [["spare"]]);
}

#[test]
fn batches_that_overlap_are_seen_as_a_whole() {
    let (backend, config, live) = follow();
    let (sender, seen) = std::sync::mpsc::channel();
    let live_there = live.clone();
    let _handler = config.subscribe(move |event| {
        let values = live_there.load();
        let _ = sender.send((event.name(), values.the_answer, values.spare));
    });
    let write = |backend: &Watched, answer: Option<i64>, low: i64, spare: Option<i64>| {
        let other = backend.other();
        let mut changes = other.change();
        if let Some(answer) = answer {
            changes = changes.set(Shop::THE_ANSWER, answer);
        }
        if let Some(spare) = spare {
            changes = changes.set(Shop::SPARE, spare);
        }
        changes.set(Shop::LOW, low).apply().expect("writes");
    };
    // Told of {the_answer, low}; before it reads, {low, spare} is written.
    backend.before_a_read(move |backend| write(backend, None, 3, Some(1)));
    let live_there = live.clone();
    backend.before_a_read(move |_| {
        assert_eq!(live_there.load().low, 1, "the new low was given out beside the old spare");
    });
    write(&backend, Some(7), 2, None);
    until("it does not arrive", || live.load().spare == 1);
    let values = live.load();
    assert_eq!((values.the_answer, values.low, values.spare), (7, 3, 1));
    let reads = backend.reads();
    assert_eq!(reads[..2], [vec!["low", "the_answer"], vec!["low", "spare", "the_answer"]], "{reads:?}");
    let first = seen.recv_timeout(LONG).expect("a handler is called");
    assert_eq!((first.1, first.2), (7, 1), "a handler has seen a part");
}

#[test]
fn a_store_that_is_written_all_the_time_is_read_as_a_whole_in_the_end() {
    let (backend, _, live) = follow();
    let others = [Shop::LOW, Shop::SPARE, Shop::HIGH];
    for (other, value) in others.into_iter().zip([2, 3, 20]) {
        backend.before_a_read(move |backend| backend.other().set(other, value).expect("writes"));
    }
    backend.other().set(Shop::THE_ANSWER, 7).expect("writes");
    until("it does not arrive", || live.load().high == 20);
    assert_eq!(live.load().the_answer, 7);
    let counts: Vec<usize> = backend.reads().iter().map(Vec::len).collect();
    assert_eq!(counts[..4], [1, 2, 3, ALL], "{counts:?}");
}

#[test]
fn a_feed_that_is_not_sure_has_everything_read() {
    let (backend, _, live) = follow();
    lock(&backend.sure).push_back(Ok(false));
    backend.other().set(Shop::THE_ANSWER, 7).expect("writes");
    wait_for_answer(&live, 7);
    assert_eq!(backend.reads().iter().map(Vec::len).collect::<Vec<_>>(), [1, ALL]);
    backend.other().set(Shop::THE_ANSWER, 8).expect("writes");
    wait_for_answer(&live, 8);
    assert_eq!(backend.reads(), [["the_answer"]], "it goes on with what is named");
}

#[test]
fn a_feed_that_breaks_as_it_catches_up_is_opened_again() {
    let (backend, _, live) = follow();
    lock(&backend.sure).push_back(Err(Error::new(ErrorKind::Unavailable)));
    backend.other().set(Shop::THE_ANSWER, 7).expect("writes");
    wait_for_answer(&live, 7);
    until("the feed is open again", || live.status().mode == LiveMode::Pushed);
    assert_eq!(backend.opened.load(Ordering::SeqCst), 2);
    assert_eq!(backend.reads().iter().map(Vec::len).collect::<Vec<_>>(), [1, ALL]);
}

#[test]
fn what_is_wrong_is_said_as_by_a_load_of_everything() {
    let (backend, _, live) = follow();
    backend.put("spare", b"no value");
    until("it is not said", || live.status().last_error.is_some());
    assert_eq!(live.status().last_error.map(|error| error.kind()), Some(ErrorKind::Decode));
    until("not everything was read", || lock(&backend.reads).iter().any(|read| read.len() == ALL));
    backend.reads();
    // It stays said while others change.
    backend.other().set(Shop::THE_ANSWER, 7).expect("writes");
    wait_for_answer(&live, 7);
    assert!(live.status().last_error.is_some());
    backend.other().set(Shop::SPARE, 1).expect("writes");
    until("it is still said", || live.status().last_error.is_none());
    until("the last load has ended", || live.load().spare == 1);
    backend.reads();
    backend.other().set(Shop::THE_ANSWER, 8).expect("writes");
    wait_for_answer(&live, 8);
    assert_eq!(backend.reads(), [["the_answer"]]);
}

#[test]
fn a_rule_across_settings_sees_what_was_not_read() {
    let (backend, _, live) = follow();
    let low = backend.store.default_prefix().key("low").expect("a name");
    // Past the rule, as another program may: 20 is not below 10.
    backend.other().change().set(Shop::LOW, 20).set(Shop::HIGH, 30).apply().expect("writes");
    until("it does not arrive", || live.load().low == 20);
    let stored = backend.store.peek(&low);
    backend.other().change().set(Shop::LOW, 1).set(Shop::HIGH, 10).apply().expect("writes");
    until("it does not arrive", || live.load().low == 1);
    backend.reads();
    backend.store.put(&low, stored);
    until("the broken rule is not said", || live.status().last_error.is_some());
    assert_eq!(live.status().last_error.map(|error| error.kind()), Some(ErrorKind::Invalid));
    assert_eq!((live.load().low, live.load().high), (1, 10), "it is held back");
    // What was held back comes with what makes it right, although that alone is named.
    let high = backend.store.default_prefix().key("high").expect("a name");
    let thirty = Config::<Shop>::new(Arc::new(ReferenceBackend::new()));
    thirty.set(Shop::HIGH, 30).expect("writes");
    let stored = thirty.backend().read(&[&high]).expect("reads").remove(0);
    backend.store.write(&Batch::one(Change::set(high, stored.value().expect("a value").clone()))).expect("writes");
    until("it does not arrive", || live.load().low == 20);
    assert!(live.status().last_error.is_none());
}

#[test]
fn what_was_not_read_is_as_new_as_what_was() {
    let (backend, clock) = (Watched::new(), Arc::new(ManualClock::new()));
    let config = Config::<Shop>::new(Arc::clone(&backend));
    let live = config.live_with(options().clock(Arc::clone(&clock))).expect("loads");
    clock.advance(Duration::from_secs(5));
    assert_eq!(live.status().age, Some(Duration::from_secs(5)));
    backend.reads();
    backend.other().set(Shop::THE_ANSWER, 7).expect("writes");
    wait_for_answer(&live, 7);
    assert_eq!(live.status().age, Some(Duration::ZERO));
    assert_eq!(backend.reads(), [["the_answer"]]);
}

#[cfg(feature = "tokio")]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_asynchronous_front_reads_the_named_keys_alone_too() {
    use constance_core::aio::{AsyncConfig, Blocking};

    let backend = Watched::new();
    let config = AsyncConfig::<Shop>::new(Blocking::from(Arc::clone(&backend)));
    let live = config.live_with(options()).await.expect("loads");
    backend.reads();
    for answer in 1..=3 {
        backend.other().set(Shop::THE_ANSWER, answer).expect("writes");
        wait_for_answer(&live, answer);
        assert_eq!(backend.reads(), [["the_answer"]]);
    }
}
