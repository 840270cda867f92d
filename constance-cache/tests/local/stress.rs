//! Threads that read, write, forget and let time pass, all at once: nobody reads what is older than a write that had returned
//! when the read began, and nobody sees a batch in part.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;
use std::time::Duration;

use constance_cache::{LocalCache, LocalCacheBuilder};
use constance_core::testing::ManualClock;
use constance_core::{
    Backend,
    backend::{Batch, Change, Encoded, Key, Stored},
};
use constance_memory::MemoryBackend;

use crate::local_common;
use crate::local_common::key;

const WRITERS: usize = 3;
const WRITES: u64 = 3_000;

/// The two keys that one writer always writes together, and the last version whose write has returned.
struct Pair {
    keys: [Key; 2],
    settled: AtomicU64,
}

impl Pair {
    fn new(writer: usize) -> Self {
        let keys = ["a", "b"].map(|name| key(&format!("{name}{writer}")));
        Self { keys, settled: AtomicU64::new(0) }
    }

    fn write(&self, cache: &dyn Backend, version: u64) {
        let change = |key: &Key| Change::set(key.clone(), Encoded::from(version.to_be_bytes().to_vec()));
        let batch = Batch::new(self.keys.iter().map(change).collect()).expect("no key twice");
        cache.write(&batch).expect("it answers");
        self.settled.store(version, Ordering::SeqCst);
    }

    fn settled(&self) -> u64 {
        self.settled.load(Ordering::SeqCst)
    }
}

fn version(stored: &Stored) -> u64 {
    let bytes = stored.value().map_or(&[0; 8][..], Encoded::as_bytes);
    u64::from_be_bytes(bytes.try_into().expect("eight bytes"))
}

fn run(options: impl FnOnce(LocalCacheBuilder<Arc<MemoryBackend>>) -> LocalCacheBuilder<Arc<MemoryBackend>>) {
    let (store, clock) = (Arc::new(MemoryBackend::new()), Arc::new(ManualClock::new()));
    let cache = options(LocalCache::builder(Arc::clone(&store)).clock(clock.clone())).build();
    let pairs: Vec<Pair> = (0..WRITERS).map(Pair::new).collect();
    let all: Vec<&Key> = pairs.iter().flat_map(|pair| &pair.keys).collect();
    cache.declare(&all.iter().copied().cloned().collect::<Vec<_>>());
    let done = AtomicBool::new(false);
    thread::scope(|scope| {
        let writers: Vec<_> = pairs
            .iter()
            .map(|pair| {
                let cache = &cache;
                scope.spawn(move || {
                    for version in 1..=WRITES {
                        pair.write(cache, version);
                        let [one, other] = &pair.keys;
                        let found = cache.read(&[one, other]).expect("it answers");
                        assert_eq!([self::version(&found[0]), self::version(&found[1])], [version; 2], "its own write");
                    }
                })
            })
            .collect();
        let until_done = |work: &dyn Fn(usize)| {
            let mut round = 0;
            while !done.load(Ordering::Relaxed) {
                work(round);
                round += 1;
            }
        };
        // Reads pairs, single keys, and everything.
        let (cache, all, pairs) = (&cache, &all, &pairs);
        scope.spawn(move || {
            until_done(&|round| {
                let pair = &pairs[round % WRITERS];
                let least = pair.settled();
                let [one, other] = &pair.keys;
                let found = cache.read(&[other, one]).expect("it answers");
                let seen = found.iter().map(version).collect::<Vec<_>>();
                assert!(seen[0] == seen[1], "torn: {seen:?}");
                assert!(seen[0] >= least, "{least} had returned, and {} was read", seen[0]);
                let least = pair.settled();
                let mut seen = 0;
                let mut visitor = |bytes: Option<&[u8]>| seen = version(&Stored::from(bytes.map(Encoded::from)));
                cache.visit(one, &mut visitor).expect("it answers");
                assert!(seen >= least, "{least} had returned, and {seen} was read");
            });
        });
        scope.spawn(move || {
            until_done(&|_| {
                let least: Vec<u64> = pairs.iter().map(Pair::settled).collect();
                let found = cache.read(all).expect("it answers");
                for (seen, least) in found.chunks(2).zip(least) {
                    let seen = [version(&seen[0]), version(&seen[1])];
                    assert!(seen[0] == seen[1], "torn: {seen:?}");
                    assert!(seen[0] >= least, "{least} had returned, and {} was read", seen[0]);
                }
            });
        });
        // Time passes, and somebody forgets.
        scope.spawn(move || {
            until_done(&|round| {
                clock.advance(Duration::from_secs(7));
                cache.forget(&[all[round % all.len()]]).expect("nothing fails");
                thread::yield_now();
            });
        });
        // The readers end as well where a writer has failed.
        let ended: Vec<_> = writers.into_iter().map(thread::ScopedJoinHandle::join).collect();
        done.store(true, Ordering::Relaxed);
        ended.into_iter().for_each(|writer| writer.expect("a writer that does not fail"));
    });
    for pair in &pairs {
        for key in &pair.keys {
            assert_eq!(version(&local_common::get(&cache, key)), WRITES);
        }
    }
    let counts = cache.counters().counts();
    assert!(counts.hits > 0 && counts.fetches > 0, "{counts}");
}

#[test]
fn nobody_reads_what_is_older_than_a_finished_write() {
    run(|builder| builder.ttl(Duration::from_secs(60)).jitter(Duration::from_secs(10)));
}

#[test]
fn nor_where_a_feed_tells() {
    run(|builder| builder.ttl_forever().follow());
}

#[test]
fn nor_where_each_key_is_fetched_alone() {
    run(|builder| builder.fill_together(false).stale_on_error(Duration::from_secs(60)));
}
