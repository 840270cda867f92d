//! The status agrees with the values: how old they are, and how changes are noticed.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use constance_core::testing::{FaultyBackend, ManualClock, Method, ReferenceBackend};
use constance_core::{
    Backend, Config, ErrorKind, Live, LiveMode, LiveOptions, Prefix, Result, Settings, WatchMode,
    backend::{Applied, Batch, Capability, Encoded, Key, Stored, Wake, Watch},
};

#[derive(Debug, Clone, PartialEq, Settings)]
struct Shop {
    #[setting(default = 42)]
    the_answer: i64,
    #[setting(default = "My Title")]
    site_name: String,
}

type Faulty = Arc<FaultyBackend<Arc<ReferenceBackend>>>;

const LONG: Duration = Duration::from_secs(60);
const SECOND: Duration = Duration::from_secs(1);

struct World {
    backend: Faulty,
    config: Config<Shop>,
    other: Config<Shop>,
    clock: Arc<ManualClock>,
}

impl World {
    fn new() -> Self {
        Self::over(ReferenceBackend::new())
    }

    fn over(store: ReferenceBackend) -> Self {
        let store = Arc::new(store);
        let backend = Arc::new(FaultyBackend::new(Arc::clone(&store)));
        let config = Config::new(Arc::clone(&backend));
        Self { backend, config, other: Config::new(store), clock: Arc::new(ManualClock::new()) }
    }

    fn options(&self) -> LiveOptions {
        let seldom = LiveOptions::new().poll_interval(LONG * 100).reread_interval(LONG * 100);
        seldom.clock(Arc::clone(&self.clock))
    }

    fn live(&self) -> Live<Shop> {
        self.config.live_with(self.options()).expect("loads")
    }
}

fn until(what: &str, holds: impl Fn() -> bool) {
    let deadline = Instant::now() + LONG;
    while !holds() {
        assert!(Instant::now() < deadline, "{what}");
        std::thread::yield_now();
    }
}

#[test]
fn the_age_counts_from_the_start_of_the_read() {
    let world = World::new();
    let live = world.live();
    assert_eq!(live.status().age, Some(Duration::ZERO));
    let gate = world.backend.hold_read_replies();
    world.other.set(Shop::THE_ANSWER, 1).expect("writes");
    gate.wait_for(1);
    // What the store has said is ten seconds old when it arrives.
    world.clock.advance(10 * SECOND);
    gate.open();
    until("it is not loaded", || live.load().the_answer == 1);
    assert_eq!(live.status().age, Some(10 * SECOND));
}

#[test]
fn what_a_cache_gives_is_as_old_as_it_says() {
    // No feed, which would have it loaded anew after each write.
    let world = World::over(ReferenceBackend::new().without_watch());
    world.backend.answer_older_by(13 * SECOND);
    let live = world.live();
    world.clock.advance(SECOND);
    assert_eq!(live.status().age, Some(14 * SECOND));
    // One setting is new, the other is as old as before.
    world.config.set(Shop::THE_ANSWER, 1).expect("writes");
    assert_eq!(live.status().age, Some(14 * SECOND));
    assert!(live.status().to_string().starts_with("loaded 14.0 s ago, "), "{}", live.status());
    world.config.set(Shop::SITE_NAME, "a".to_owned()).expect("writes");
    assert_eq!(live.status().age, Some(Duration::ZERO));
}

#[test]
fn a_setting_that_has_become_unreadable_grows_old() {
    let world = World::new();
    let live = world.live();
    world.clock.advance(10 * SECOND);
    let key = world.config.prefix().key("the_answer").expect("a key");
    world.backend.inner().put(&key, Stored::Value(Encoded::from(b"rubbish".to_vec())));
    until("it is not said", || live.status().last_error.is_some());
    assert_eq!((live.load().the_answer, live.status().age), (42, Some(10 * SECOND)));
    world.other.set(Shop::THE_ANSWER, 1).expect("repairs");
    until("it is not loaded", || live.load().the_answer == 1);
    assert_eq!(live.status().age, Some(Duration::ZERO));
}

#[test]
fn nothing_was_loaded_before_the_first_load_also_where_something_was_written() {
    let world = World::new();
    world.backend.fail_method(Method::Read, ErrorKind::Unavailable);
    let live = world.config.live_with(world.options().defaults_if_unreachable()).expect("starts");
    world.config.set(Shop::THE_ANSWER, 1).expect("writes");
    assert_eq!((live.load().the_answer, live.status().age), (1, None));
    world.backend.heal();
    until("it is not loaded", || live.status().age == Some(Duration::ZERO));
}

#[test]
fn the_status_says_how_changes_are_noticed_and_for_how_long() {
    let looking = Duration::from_millis(250);
    let cases = [
        (Some(WatchMode::Pushed), LiveMode::Pushed, "told of changes for 5.0 s"),
        (
            Some(WatchMode::Looking { every: looking }),
            LiveMode::Looking { every: looking },
            "looking for changes every 250ms for 5.0 s",
        ),
        (None, LiveMode::Polling { every: LONG * 100 }, "reading every 6000s for 5.0 s"),
    ];
    for (feed, mode, words) in cases {
        let world = World::new();
        match feed {
            Some(feed) => world.backend.watch_as(feed),
            None => world.backend.fail_method(Method::Watch, ErrorKind::Unsupported),
        }
        let live = world.live();
        world.clock.advance(5 * SECOND);
        let status = live.status();
        assert_eq!((status.mode, status.mode_for), (mode, Some(5 * SECOND)));
        assert_eq!(status.to_string(), format!("loaded 5.0 s ago, {words}"));
    }
}

#[test]
fn a_feed_that_is_told_no_more_and_looks_is_noticed() {
    let told = Arc::new(AtomicBool::new(true));
    let (backend, feed) = (Arc::new(ReferenceBackend::new()), Arc::clone(&told));
    let world = World::new();
    let config = Config::<Shop>::new(Changing { inner: Arc::clone(&backend), told: feed });
    let live = config.live_with(world.options()).expect("loads");
    assert_eq!(live.status().mode, LiveMode::Pushed);
    world.clock.advance(5 * SECOND);
    told.store(false, Ordering::SeqCst);
    Config::<Shop>::new(backend).set(Shop::THE_ANSWER, 1).expect("writes");
    until("it is loaded", || live.load().the_answer == 1);
    let status = live.status();
    assert_eq!((status.mode, status.mode_for), (LiveMode::Looking { every: SECOND }, Some(Duration::ZERO)));
}

/// Its feed falls back to looking.
#[derive(Debug)]
struct Changing {
    inner: Arc<ReferenceBackend>,
    told: Arc<AtomicBool>,
}

struct ChangingFeed(Box<dyn Watch>, Arc<AtomicBool>);

impl Watch for ChangingFeed {
    fn wait(&mut self, timeout: Duration) -> Result<Wake> {
        self.0.wait(timeout)
    }

    fn mode(&self) -> WatchMode {
        if self.1.load(Ordering::SeqCst) { WatchMode::Pushed } else { WatchMode::Looking { every: SECOND } }
    }

    fn interrupter(&self) -> Option<Box<dyn Fn() + Send + Sync>> {
        self.0.interrupter()
    }
}

impl Backend for Changing {
    fn name(&self) -> &str {
        "changing"
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
        Ok(Box::new(ChangingFeed(self.inner.watch(prefix)?, Arc::clone(&self.told))))
    }

    fn default_prefix(&self) -> Prefix {
        self.inner.default_prefix()
    }
}
