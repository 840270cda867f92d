//! The page of the figures, held to what is recorded. A program of its own: a recorder is that of the process.
#![cfg(all(feature = "metrics", feature = "memcached"))]
#![allow(clippy::expect_used)]

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::{Duration, Instant};

use constance_cache::store::MemoryStore;
use constance_cache::{Counters, LocalCache, SharedCache};
use constance_core::testing::{FaultyBackend, Method};
use constance_core::{Config, ErrorKind, LiveOptions, Result, Settings};
use constance_memory::MemoryBackend;
use constance_pool::{Manager, Pool, PoolOptions, Purpose};
use metrics_util::MetricKind;
use metrics_util::debugging::{DebugValue, DebuggingRecorder, Snapshotter};
use parking_lot::Mutex;

const LONG: Duration = Duration::from_secs(60);

#[derive(Debug, Clone, Settings)]
struct Shop {
    #[setting(default = 42)]
    the_answer: i64,
    #[setting(default = "", secret)]
    password: String,
}

/// Name, type and labels, as the page has them.
type Row = (String, String, BTreeSet<String>);

#[derive(Debug)]
struct Recorded {
    row: Row,
    labels: Vec<(String, String)>,
    unit: bool,
    value: DebugValue,
}

fn recorded(snapshotter: &Snapshotter) -> Vec<Recorded> {
    let of = |(key, unit, words, value): (
        metrics_util::CompositeKey,
        Option<metrics::Unit>,
        Option<metrics::SharedString>,
        _,
    )| {
        let (kind, key) = key.into_parts();
        let kind = match kind {
            MetricKind::Counter => "counter",
            MetricKind::Gauge => "gauge",
            MetricKind::Histogram => "histogram",
        };
        let labels: Vec<_> = key.labels().map(|label| (label.key().to_owned(), label.value().to_owned())).collect();
        let names = labels.iter().map(|(name, _)| name.clone()).collect();
        assert!(words.is_some(), "{} is not described", key.name());
        Recorded { row: (key.name().to_owned(), kind.to_owned(), names), labels, unit: unit.is_some(), value }
    };
    snapshotter.snapshot().into_vec().into_iter().map(of).collect()
}

/// The rows of the page's table.
fn page() -> BTreeSet<Row> {
    let page = include_str!("../../docs/metrics.md");
    let rows = page.lines().filter(|line| line.starts_with("| `constance_"));
    let row = |line: &str| {
        let cells: Vec<&str> = line.split('|').map(str::trim).collect();
        let bare = |text: &str| text.trim_matches('`').to_owned();
        (bare(cells[1]), cells[2].to_owned(), cells[3].split(", ").map(bare).collect())
    };
    rows.map(row).collect()
}

/// Connects when the test says so.
struct Slow(Mutex<Receiver<()>>, Sender<()>);

impl Manager for Slow {
    type Connection = ();

    fn connect(&self, _: Duration) -> Result<()> {
        self.1.send(()).expect("the test goes on");
        self.0.lock().recv().expect("the test goes on");
        Ok(())
    }

    fn check(&self, (): &mut (), _: Duration) -> Result<()> {
        Ok(())
    }
}

/// A call that waits for the connection that another call has.
fn wait_for_a_connection() {
    let ((may, waits), (begins, begun)) = (channel(), channel());
    let pool: Pool<Slow> = PoolOptions::new().max_size(1).acquire_timeout(LONG).open(Slow(Mutex::new(waits), begins));
    may.send(()).expect("it connects");
    let first = pool.get(Purpose::Read).expect("connects");
    begun.recv().expect("it has begun");
    drop(first);
    // Found idle: nobody waits.
    let second = pool.get(Purpose::Read).expect("is there");
    std::thread::scope(|scope| {
        let waiting = scope.spawn(|| {
            // In use, and no second one is allowed: the time ends it, which is a wait as well.
            pool.get_until(Purpose::Read, Some(Instant::now() + Duration::from_millis(1))).map(drop)
        });
        assert_eq!(waiting.join().expect("no panic").expect_err("in use").kind(), ErrorKind::Timeout);
    });
    drop(second);
}

#[test]
fn the_page_names_what_is_recorded_and_nothing_else() {
    let recorder = DebuggingRecorder::new();
    let snapshotter = recorder.snapshotter();
    recorder.install().expect("the only one");

    let store = Arc::new(FaultyBackend::new(MemoryBackend::new()));
    let shared = SharedCache::builder(Arc::clone(&store), MemoryStore::new()).namespace("figures");
    let shared = shared.dangerously_allow_unshared_store().build().expect("builds");
    let shared_counters: Counters = shared.counters().clone();
    let cache = Arc::new(LocalCache::builder(shared).ttl(Duration::ZERO).build());
    let config = Config::<Shop>::new(Arc::clone(&cache));
    let live = config.live_with(LiveOptions::new().poll_interval(Duration::from_millis(1))).expect("loads");
    config.set(Shop::PASSWORD, "hunter2".to_owned()).expect("writes");
    store.fail_all(ErrorKind::Unavailable);
    let deadline = Instant::now() + LONG;
    while live.status().last_error.is_none() {
        assert!(config.set(Shop::THE_ANSWER, 7).is_err());
        assert!(Instant::now() < deadline, "it does not fail");
    }
    store.heal();
    assert!(store.calls(Method::Read) > 0);
    drop(live);
    config.get(Shop::THE_ANSWER).expect("reads");
    wait_for_a_connection();
    let before = (cache.counters().counts().misses, shared_counters.counts().misses);
    cache.counters().publish();
    shared_counters.publish();

    let recorded = recorded(&snapshotter);
    let rows: BTreeSet<Row> = recorded.iter().map(|recorded| recorded.row.clone()).collect();
    assert_eq!(rows, page());
    let count = |name: &str, label: (&str, &str)| {
        let is = |r: &&Recorded| r.row.0 == name && r.labels.iter().any(|(k, v)| (k.as_str(), v.as_str()) == label);
        recorded.iter().filter(is).map(|r| &r.value).collect::<Vec<_>>()
    };
    // The thread that follows may have been in the midst of a load.
    let between = |figures: &[&DebugValue], before: u64, after: u64| match figures {
        [DebugValue::Counter(figure)] => {
            assert!(before > 0 && (before..=after).contains(figure), "{before} {figures:?} {after}");
        }
        figures => panic!("not one counter: {figures:?}"),
    };
    let (misses, below) = (cache.counters().counts().misses, shared_counters.counts().misses);
    between(&count("constance_cache_misses_total", ("kind", "local")), before.0, misses);
    between(&count("constance_cache_misses_total", ("kind", "shared")), before.1, below);
    assert_eq!(count("constance_pool_waits_total", ("pool", "1")), [&DebugValue::Counter(1)]);
    let [DebugValue::Histogram(waited)] = &count("constance_pool_wait_seconds", ("pool", "1"))[..] else {
        panic!("no histogram: {recorded:#?}")
    };
    assert!(waited.len() == 1 && waited[0].0 > 0.0, "{waited:?}");
    for Recorded { row, labels, unit, .. } in &recorded {
        assert!(*unit || row.0 == "constance_live_digest", "{} has no unit", row.0);
        assert!(!labels.iter().any(|(_, label)| label.contains("hunter2")), "{labels:?}");
    }
}
