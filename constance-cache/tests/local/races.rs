//! Reads and writes that meet: nothing old comes back, nothing is seen in part, nobody waits for ever.

use std::sync::Arc;
use std::sync::Barrier;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use constance_cache::{CacheEvent, LocalCache, Observer};
use constance_core::testing::{Gate, ReferenceBackend};
use constance_core::{
    Backend, ErrorKind, Prefix, Result,
    backend::{Applied, Batch, Capability, Expect, Key, Stored},
};

use crate::local_common;
use crate::local_common::{get, key, keys, set, setup, setup_with, until, value, write};

/// The fetch began before the write and arrives after it.
#[test]
fn fill_in_flight_during_a_write() {
    let s = setup();
    let theme = key("theme");
    s.elsewhere(&theme, "old");
    let gate = s.store.hold_read_replies();
    thread::scope(|scope| {
        let early = scope.spawn(|| s.get(&theme));
        gate.wait_for(1);
        write(&s.cache, vec![set(&theme, "new")]);
        // This one begins after the write: it may not join the fetch that began before.
        let late = scope.spawn(|| s.get(&theme));
        gate.wait_for(2);
        gate.open();
        assert_eq!(early.join().expect("no panic"), value("new"), "it asks again: others have seen this");
        assert_eq!(late.join().expect("no panic"), value("new"));
    });
    assert_eq!(s.get(&theme), value("new"));
    assert_eq!(s.counts().lease_lost, 1, "the early fetch was not kept");
    assert_eq!(s.reads(), 2, "and the late one was");
}

/// The same where the change was made past the cache.
#[test]
fn fill_in_flight_while_a_key_is_forgotten() {
    let s = setup();
    let theme = key("theme");
    s.elsewhere(&theme, "old");
    let gate = s.store.hold_read_replies();
    thread::scope(|scope| {
        scope.spawn(|| s.get(&theme));
        gate.wait_for(1);
        s.elsewhere(&theme, "new");
        s.cache.forget(&[&theme]).expect("nothing fails");
        gate.open();
    });
    assert_eq!(s.get(&theme), value("new"));
}

/// The write has reached the store, and its reply is on its way: a fetch that began in between is dropped as well.
#[test]
fn fill_between_the_commit_and_its_reply() {
    let s = setup();
    let theme = key("theme");
    s.elsewhere(&theme, "old");
    assert_eq!(s.get(&theme), value("old"));
    let gate = s.store.hold_write_replies();
    thread::scope(|scope| {
        scope.spawn(|| write(&s.cache, vec![set(&theme, "new")]));
        gate.wait_for(1);
        assert_eq!(s.get(&theme), value("old"), "the write has not returned");
        gate.open();
    });
    assert_eq!(s.get(&theme), value("new"));
}

/// A write that fails, as a transaction that is rolled back, leaves nothing in the cache.
#[test]
fn rolled_back_transaction() {
    let s = setup();
    let theme = key("theme");
    s.elsewhere(&theme, "old");
    for kind in [ErrorKind::Unavailable, ErrorKind::Timeout, ErrorKind::Denied, ErrorKind::Encode] {
        assert_eq!(s.get(&theme), value("old"));
        s.store.fail_method(constance_core::testing::Method::Write, kind);
        assert_eq!(s.cache.write(&Batch::one(set(&theme, "new"))).expect_err("it fails").kind(), kind);
        s.store.heal();
        assert_eq!(s.get(&theme), value("old"), "{kind:?}");
    }
}

/// The loser of a compare-and-set sees what the store has from then on.
#[test]
fn lost_compare_and_set() {
    let s = setup();
    let (theme, other) = (key("theme"), key("other"));
    s.elsewhere(&theme, "old");
    assert_eq!(s.cache.read(&[&theme, &other]).expect("reads"), [value("old"), Stored::Absent]);
    s.elsewhere(&theme, "theirs");
    s.elsewhere(&other, "theirs");
    let expecting = set(&theme, "mine").expecting(Expect::Equals(b"old".to_vec().into()));
    let batch = Batch::new(vec![expecting, set(&other, "mine")]).expect("no key twice");
    let Applied::Conflict { current, .. } = s.cache.write(&batch).expect("it answers") else {
        panic!("the store holds something else");
    };
    assert_eq!(current, value("theirs"));
    assert_eq!(s.cache.read(&[&theme, &other]).expect("reads"), [value("theirs"), value("theirs")]);
}

/// 50 threads on one expired key: exactly one fetch.
#[test]
fn fifty_threads_make_one_fetch() {
    let s = setup();
    let theme = key("theme");
    s.elsewhere(&theme, "old");
    assert_eq!(s.get(&theme), value("old"));
    s.clock.advance(local_common::TTL);
    s.elsewhere(&theme, "new");
    s.store.reset_calls();
    let (gate, misses) = (s.store.hold_reads(), s.counts().misses);
    let start = Barrier::new(50);
    thread::scope(|scope| {
        for _ in 0..50 {
            scope.spawn(|| {
                start.wait();
                assert_eq!(s.get(&theme), value("new"));
            });
        }
        until("all 50 miss", || s.counts().misses == misses + 50);
        gate.open();
    });
    assert_eq!(s.reads(), 1);
    assert_eq!(s.counts().fetches, 2, "one before and one now");
}

/// They share its failure as well, and the next call tries again.
#[test]
fn threads_share_a_failed_fetch() {
    let s = setup();
    let theme = key("theme");
    s.store.fail_all(ErrorKind::Timeout);
    let gate = s.store.hold_reads();
    let (start, kinds) = (Barrier::new(20), parking_lot::Mutex::new(Vec::new()));
    thread::scope(|scope| {
        // The first one is on its way before the others come, so that all of them can join it.
        let first = scope.spawn(|| s.cache.read(&[&theme]));
        gate.wait_for(1);
        for _ in 0..20 {
            scope.spawn(|| {
                start.wait();
                let kind = s.cache.read(&[&theme]).expect_err("an outage").kind();
                kinds.lock().push(kind);
            });
        }
        until("all miss", || s.counts().misses == 21);
        gate.open();
        assert_eq!(first.join().expect("no panic").expect_err("an outage").kind(), ErrorKind::Timeout);
    });
    assert_eq!(kinds.into_inner(), vec![ErrorKind::Timeout; 20]);
    s.store.heal();
    s.elsewhere(&theme, "here");
    assert_eq!(s.get(&theme), value("here"), "an error is not remembered");
}

/// Threads that miss sets which overlap share the next fetch of all of them.
#[test]
fn threads_with_overlapping_keys_share() {
    let s = setup();
    let keys = keys(12);
    let gate = s.store.hold_reads();
    thread::scope(|scope| {
        scope.spawn(|| s.get(&keys[0]));
        gate.wait_for(1);
        // Each of these has the key that is on its way, and another.
        for other in &keys[1..] {
            let first = &keys[0];
            let s = &s;
            scope.spawn(move || s.cache.read(&[first, other]).expect("reads"));
        }
        until("all miss", || s.counts().misses == 1 + 2 * 11);
        gate.open();
    });
    let fetches = s.counts().fetches;
    assert!(fetches < 12, "{fetches} fetches for 12 overlapping sets");
    assert!(s.reads() as u64 == fetches, "each fetch is one round trip");
}

/// A cache whose second and later reads of two keys would mix moments if it did not look.
#[test]
fn keys_written_together_are_seen_together() {
    let s = setup();
    let (one, other) = (key("one"), key("other"));
    write(&s.cache, vec![set(&one, "1"), set(&other, "1")]);
    assert_eq!(s.get(&one), value("1"));
    // Somebody else writes both, and one of them is read again.
    write(s.store.inner(), vec![set(&one, "2"), set(&other, "2")]);
    assert_eq!(s.get(&other), value("2"));
    assert_eq!(s.get(&one), value("1"), "each alone may be as old as the time allows");
    let both = s.cache.read(&[&one, &other]).expect("reads");
    assert_eq!(both, [value("2"), value("2")], "together they are of one moment");
    let reads = s.reads();
    assert_eq!(s.cache.read(&[&other, &one]).expect("reads"), both);
    assert_eq!(s.reads(), reads, "which is remembered");
}

/// Two readers whose keys overlap do not take them from each other for ever.
#[test]
fn overlapping_snapshots_come_to_rest() {
    let s = setup();
    let all = keys(6);
    s.cache.declare(&all);
    let (one, other): (Vec<&Key>, Vec<&Key>) = (all[..4].iter().collect(), all[2..].iter().collect());
    for key in &all {
        // Each of its own moment.
        write(&s.cache, vec![set(key, "1")]);
        s.get(key);
    }
    s.store.reset_calls();
    for _ in 0..10 {
        assert_eq!(s.cache.read(&one).expect("reads"), vec![value("1"); 4]);
        assert_eq!(s.cache.read(&other).expect("reads"), vec![value("1"); 4]);
    }
    assert_eq!(s.reads(), 1);
}

/// One of several keys is written through the cache: the others are read again with it.
#[test]
fn a_snapshot_after_a_write_is_of_one_moment() {
    let s = setup();
    let all = keys(5);
    let refs: Vec<&Key> = all.iter().collect();
    write(&s.cache, all.iter().map(|key| set(key, "1")).collect());
    s.cache.read(&refs).expect("reads");
    write(s.store.inner(), all.iter().map(|key| set(key, "2")).collect());
    write(&s.cache, vec![set(&all[0], "2")]);
    assert_eq!(s.cache.read(&refs).expect("reads"), vec![value("2"); 5]);
}

/// A backend whose first fetches panic, when somebody waits for them.
#[derive(Debug)]
struct Panics {
    inner: ReferenceBackend,
    left: AtomicUsize,
    reads: AtomicUsize,
    gate: parking_lot::Mutex<Option<Arc<Barrier>>>,
}

impl Backend for Panics {
    fn name(&self) -> &str {
        "panics"
    }

    fn capability(&self) -> Capability {
        Capability::new()
    }

    fn read(&self, keys: &[&Key]) -> Result<Vec<Stored>> {
        self.reads.fetch_add(1, Ordering::SeqCst);
        let gate = self.gate.lock().take();
        if let Some(gate) = gate {
            gate.wait();
        }
        let left = self.left.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| left.checked_sub(1));
        assert!(left.is_err(), "as the test wants");
        self.inner.read(keys)
    }

    fn list(&self, prefix: &Prefix) -> Result<Vec<(Key, Stored)>> {
        self.inner.list(prefix)
    }

    fn write(&self, batch: &Batch) -> Result<Applied> {
        let applied = self.inner.write(batch);
        assert!(self.left.load(Ordering::SeqCst) == 0, "as the test wants");
        applied
    }
}

fn panics(left: usize, gate: Option<Arc<Barrier>>) -> Panics {
    let gate = parking_lot::Mutex::new(gate);
    Panics { inner: ReferenceBackend::new(), left: AtomicUsize::new(left), reads: AtomicUsize::new(0), gate }
}

/// Those who wait for a fetch that panics make one themselves.
#[test]
fn a_panicking_fetch_leaves_nobody_waiting() {
    let gate = Arc::new(Barrier::new(2));
    let cache = LocalCache::new(panics(2, Some(Arc::clone(&gate))));
    let theme = key("theme");
    let panicked = AtomicUsize::new(0);
    thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| {
                let read = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| get(&cache, &theme)));
                match read {
                    Ok(found) => assert!(found.is_absent()),
                    Err(_) => drop(panicked.fetch_add(1, Ordering::SeqCst)),
                }
            });
        }
        until("all miss", || cache.counters().counts().misses == 8);
        gate.wait();
    });
    assert_eq!(panicked.into_inner(), 2, "a panic is its own thread's");
    assert_eq!(cache.inner().reads.load(Ordering::SeqCst), 3);
}

/// A write that panics may have been applied.
#[test]
fn a_panicking_write_drops_its_keys() {
    let cache = LocalCache::new(panics(0, None));
    let theme = key("theme");
    assert!(get(&cache, &theme).is_absent());
    cache.inner().left.store(1, Ordering::SeqCst);
    let written = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| write(&cache, vec![set(&theme, "new")])));
    assert!(written.is_err());
    cache.inner().left.store(0, Ordering::SeqCst);
    assert_eq!(get(&cache, &theme), value("new"));
}

/// An observer that panics takes its own call with it, and leaves no fetch behind for which others would wait.
#[test]
fn a_panicking_observer_leaves_nobody_waiting() {
    #[derive(Debug)]
    struct Panicking(parking_lot::Mutex<Vec<CacheEvent>>);
    impl Observer for Panicking {
        fn on_event(&self, event: CacheEvent, _count: u64) {
            let mut left = self.0.lock();
            if let Some(at) = left.iter().position(|wanted| *wanted == event) {
                left.swap_remove(at);
                drop(left);
                panic!("as the test wants");
            }
        }
    }
    let events = vec![CacheEvent::Miss, CacheEvent::Fetch, CacheEvent::LeaseLost, CacheEvent::Hit];
    let observer = Arc::new(Panicking(parking_lot::Mutex::new(events)));
    let s = setup_with(|builder| builder.observer(observer.clone()));
    let theme = key("theme");
    let panics = || std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| s.get(&theme))).is_err();
    assert!(panics() && panics(), "at the miss, then at the fetch");
    let gate = s.store.hold_read_replies();
    thread::scope(|scope| {
        let lost = scope.spawn(panics);
        gate.wait_for(1);
        s.cache.forget(&[&theme]).expect("nothing fails");
        gate.open();
        assert!(lost.join().expect("it is caught"), "at the landing");
    });
    assert!(s.get(&theme).is_absent());
    assert!(panics(), "at the hit");
    assert!(s.get(&theme).is_absent());
    assert!(observer.0.lock().is_empty());
}

/// A visitor runs under no lock, and holds nobody up.
#[test]
fn a_visitor_may_use_the_cache() {
    let s = setup();
    let (theme, other) = (key("theme"), key("other"));
    write(&s.cache, vec![set(&theme, "dark")]);
    for _ in 0..2 {
        let mut seen = None;
        s.cache
            .visit(&theme, &mut |bytes| {
                seen = bytes.map(<[u8]>::to_vec);
                write(&s.cache, vec![set(&other, "1"), set(&theme, "dark")]);
                assert_eq!(s.get(&other), value("1"));
            })
            .expect("visits");
        assert_eq!(seen.as_deref(), Some(&b"dark"[..]));
    }
}

/// Declared keys that are missing come with the first that is asked for, but not those that are on their way already.
#[test]
fn keys_on_their_way_are_not_fetched_again() {
    let s = setup();
    let keys = keys(3);
    let gate: Gate = s.store.hold_reads();
    thread::scope(|scope| {
        scope.spawn(|| s.get(&keys[0]));
        gate.wait_for(1);
        s.cache.declare(&keys);
        scope.spawn(|| s.get(&keys[1]));
        gate.wait_for(2);
        // It came with the one before.
        scope.spawn(|| s.get(&keys[2]));
        until("all miss", || s.counts().misses == 3);
        gate.open();
    });
    assert_eq!(s.reads(), 2);
}
