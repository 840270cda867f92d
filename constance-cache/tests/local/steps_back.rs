//! Another process counts up, and nobody here sees it go back: no reader through the cache, no `live()`, no handler.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicUsize, Ordering};
use std::thread;

use constance_cache::LocalCache;
use constance_core::{Config, Settings};
use constance_memory::MemoryBackend;

use crate::local_common::until;

#[derive(Debug, Clone, PartialEq, Settings)]
struct Shop {
    #[setting(default = 0)]
    visitors: i64,
    #[setting(default = "My Title")]
    site_name: String,
}

const LAST: i64 = 3_000;

/// Sees a number, and whether it is one that another reader had seen before this one began.
struct Newest(AtomicI64);

impl Newest {
    fn look(&self, what: &str, seen: impl FnOnce() -> i64) -> i64 {
        let least = self.0.load(Ordering::SeqCst);
        let seen = seen();
        assert!(seen >= least, "{what}: {least} -> {seen}");
        self.0.fetch_max(seen, Ordering::SeqCst);
        seen
    }
}

#[test]
fn nobody_sees_a_step_back_that_the_store_did_not_make() {
    let store = Arc::new(MemoryBackend::new());
    let config = Config::<Shop>::new(LocalCache::builder(Arc::clone(&store)).ttl_forever().follow().build());
    let elsewhere = Config::<Shop>::new(store);
    let live = config.live().expect("loads");
    let (backwards, told) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicI64::new(0)));
    let (counted, last) = (Arc::clone(&backwards), Arc::clone(&told));
    let subscription = config.subscribe(move |event| {
        if let (Some(old), Some(new)) = (event.old(Shop::VISITORS), event.new_value(Shop::VISITORS)) {
            counted.fetch_add(usize::from(new < old), Ordering::SeqCst);
            last.store(*new, Ordering::SeqCst);
        }
    });
    let (through_cache, done) = (Newest(AtomicI64::new(0)), AtomicBool::new(false));
    thread::scope(|scope| {
        let (config, live, through_cache, done) = (&config, &live, &through_cache, &done);
        let readers: Vec<_> = (0..3)
            .map(|reader| {
                scope.spawn(move || {
                    let mut own = 0;
                    while !done.load(Ordering::SeqCst) {
                        through_cache.look("a snapshot", || config.snapshot().expect("reads").visitors);
                        through_cache.look("a get", || config.get(Shop::VISITORS).expect("reads"));
                        let loaded = live.load().visitors;
                        assert!(loaded >= own, "live, reader {reader}: {own} -> {loaded}");
                        own = loaded;
                    }
                })
            })
            .collect();
        for n in 1..=LAST {
            elsewhere.set(Shop::VISITORS, n).expect("writes");
            // In bursts, so that changes meet fetches in every way.
            if n % 7 == 0 {
                thread::yield_now();
            }
        }
        until("live() is at the end", || live.load().visitors == LAST);
        done.store(true, Ordering::SeqCst);
        readers.into_iter().for_each(|reader| reader.join().expect("no step back"));
    });
    until("handlers are at the end", || told.load(Ordering::SeqCst) == LAST);
    assert_eq!(backwards.load(Ordering::SeqCst), 0, "handlers were told of steps back");
    drop(subscription);
}
