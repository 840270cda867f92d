//! Each loss and each return is recorded once, and no record shows a value. A program of its own, for the subscriber is that of
//! the process: the thread that follows records, too.
#![cfg(all(feature = "testing", feature = "tracing"))]
#![allow(clippy::expect_used)]

use std::io::Write;
use std::sync::atomic::{AtomicU8, Ordering};
use std::sync::{Arc, LazyLock, Mutex, PoisonError};
use std::time::{Duration, Instant};

use constance_core::testing::{FaultyBackend, Method, ReferenceBackend};
use constance_core::{
    Backend, Config, Error, ErrorKind, Live, LiveOptions, Prefix, Result, Settings, WatchMode,
    backend::{Applied, Batch, Capability, Key, Stored, Wake, Watch},
};

const SECRET: &str = "hunter2";
const LONG: Duration = Duration::from_secs(60);

#[derive(Debug, Clone, Settings)]
struct Shop {
    #[setting(default = 42)]
    the_answer: i64,
    #[setting(default = 1)]
    sentinel: i64,
}

/// Another program's settings, by which it is unreadable.
#[derive(Debug, Clone, Settings)]
struct Strange {
    #[setting(default = "")]
    the_answer: String,
}

type Faulty = Arc<FaultyBackend<Feeding>>;

/// What the feed does.
const TELLING: u8 = 0;
const LOOKING: u8 = 1;
const BROKEN: u8 = 2;

/// A store with such a feed.
#[derive(Debug)]
struct Feeding {
    inner: Arc<ReferenceBackend>,
    feed: Arc<AtomicU8>,
}

struct Feed {
    inner: Box<dyn Watch>,
    feed: Arc<AtomicU8>,
}

impl Watch for Feed {
    fn wait(&mut self, timeout: Duration) -> Result<Wake> {
        if self.feed.load(Ordering::SeqCst) == BROKEN {
            return Err(Error::new(ErrorKind::Unavailable).with_detail("the feed broke"));
        }
        self.inner.wait(timeout)
    }

    fn mode(&self) -> WatchMode {
        match self.feed.load(Ordering::SeqCst) {
            LOOKING => WatchMode::Looking { every: LONG },
            _ => WatchMode::Pushed,
        }
    }

    fn interrupter(&self) -> Option<Box<dyn Fn() + Send + Sync>> {
        self.inner.interrupter()
    }
}

impl Backend for Feeding {
    fn name(&self) -> &str {
        self.inner.name()
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

    fn default_prefix(&self) -> Prefix {
        self.inner.default_prefix()
    }

    fn watch(&self, prefix: &Prefix) -> Result<Box<dyn Watch>> {
        if self.feed.load(Ordering::SeqCst) == BROKEN {
            return Err(Error::new(ErrorKind::Unavailable).with_detail("the feed does not open"));
        }
        Ok(Box::new(Feed { inner: self.inner.watch(prefix)?, feed: Arc::clone(&self.feed) }))
    }
}

#[derive(Clone)]
struct Log;

static LINES: Mutex<Vec<u8>> = Mutex::new(Vec::new());

static INSTALLED: LazyLock<()> = LazyLock::new(|| {
    let subscriber =
        tracing_subscriber::fmt().with_max_level(tracing::Level::TRACE).with_ansi(false).with_writer(|| Log).finish();
    tracing::subscriber::set_global_default(subscriber).expect("the only one");
});

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        LINES.lock().unwrap_or_else(PoisonError::into_inner).extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

fn log() -> String {
    String::from_utf8(LINES.lock().expect("no panic").clone()).expect("UTF-8")
}

/// The lines that have all of these words.
fn lines(words: &[&str]) -> usize {
    log().lines().filter(|line| words.iter().all(|word| line.contains(word))).count()
}

fn until(what: &str, holds: impl Fn() -> bool) {
    let deadline = Instant::now() + LONG;
    while !holds() {
        assert!(Instant::now() < deadline, "{what}:\n{}", log());
        std::thread::yield_now();
    }
}

/// One after the other: the log is that of the process.
fn loses_and_regains(start: impl FnOnce(Faulty, LiveOptions) -> Live<Shop>) {
    static TURN: Mutex<()> = Mutex::new(());
    let _turn = TURN.lock().unwrap_or_else(PoisonError::into_inner);
    LazyLock::force(&INSTALLED);
    LINES.lock().expect("no panic").clear();
    let store = Arc::new(ReferenceBackend::new());
    let feed = Arc::default();
    let backend = Arc::new(FaultyBackend::new(Feeding { inner: Arc::clone(&store), feed }));
    let often = Duration::from_millis(1);
    let live = start(Arc::clone(&backend), LiveOptions::new().poll_interval(often).reread_interval(often));
    let other = Config::<Shop>::new(Arc::clone(&store));
    assert_eq!((lines(&["WARN"]), lines(&["INFO", "again"])), (0, 0), "{}", log());

    let strange = Config::<Strange>::new(store);
    strange.set(Strange::THE_ANSWER, SECRET.to_owned()).expect("writes");
    until("it is not told", || lines(&["WARN", "what is stored of a setting is not used", "the_answer"]) == 1);
    other.set(Shop::THE_ANSWER, 7).expect("writes");
    until("its return is not told", || lines(&["INFO", "used again", "the_answer"]) == 1);
    assert_eq!(live.load().the_answer, 7);

    backend.fail_method(Method::Read, ErrorKind::Unavailable);
    until("the store's loss is not told", || lines(&["WARN", "stay at their last good values"]) == 1);
    // Tried again and again, and told once.
    let tried = backend.calls(Method::Read);
    until("it is not tried", || backend.calls(Method::Read) > tried + 2);
    backend.heal();
    until("the store's return is not told", || lines(&["INFO", "follow the store again", "outage="]) == 1);

    // The feed: it falls back to looking, tells again, and breaks, after which it is opened again.
    for (feed, loss, mode) in [(LOOKING, 1, "Looking"), (BROKEN, 2, "Polling")] {
        backend.inner().feed.store(feed, Ordering::SeqCst);
        other.set(Shop::SENTINEL, i64::from(feed)).expect("writes");
        until("the feed's loss is not told", || lines(&["WARN", "noticed later"]) == loss);
        assert_eq!(lines(&["WARN", "noticed later", mode]), 1, "{}", log());
        backend.inner().feed.store(TELLING, Ordering::SeqCst);
        other.set(Shop::SENTINEL, 100 + i64::from(feed)).expect("writes");
        until("the feed's return is not told", || lines(&["INFO", "noticed early again", "Pushed", "outage="]) == loss);
    }

    drop(live);
    for words in ["is not used", "is used again", "last good values", "follow the store again"] {
        assert_eq!(lines(&[words]), 1, "{words:?}:\n{}", log());
    }
    assert!(!log().contains(SECRET), "the log shows a value:\n{}", log());
}

#[test]
fn each_loss_and_each_return_is_recorded_once() {
    loses_and_regains(|backend, options| Config::<Shop>::new(backend).live_with(options).expect("loads"));
}

#[cfg(feature = "tokio")]
#[test]
fn over_an_asynchronous_backend_too() {
    use constance_core::aio::{AsyncConfig, Blocking};

    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).build().expect("a runtime");
    loses_and_regains(|backend, options| {
        let config = AsyncConfig::<Shop>::new(Blocking::new(backend));
        runtime.block_on(config.live_with(options)).expect("loads")
    });
}
