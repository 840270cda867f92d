//! Writers do not lose each other's changes, and readers see whole batches.

use std::sync::Barrier;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;

use super::batches::{batch, equals, set};
use crate::backend::{Applied, Batch, Change, Expect, Key, Stored};
use crate::testing::Fixture;
use crate::testing::fixture::{expect_stored, ok, read_one, shown};

const THREADS: usize = 8;

fn number(stored: &Stored) -> usize {
    let text = stored.value().map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned());
    let Some(text) = text else { return 0 };
    text.parse().unwrap_or_else(|_| panic!("a counter holds a number, not {}", shown(stored)))
}

/// Sets the flag when a thread ends, however it ends, so that the threads which wait for it end as well.
struct Finally<'a>(&'a AtomicBool);

impl Drop for Finally<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// Eight threads count together, and no step is lost.
pub fn compare_and_set_counts_exactly(f: &Fixture<'_>) {
    const STEPS: usize = 25;
    let key = f.key("counter");
    let step = |mut current: Stored| {
        // Each lost round is somebody else's step, and there are only so many of those.
        for _ in 0..=THREADS * STEPS {
            let expect = current.value().map_or(Expect::Absent, |value| Expect::Equals(value.clone()));
            let next = (number(&current) + 1).to_string();
            match f.try_one(set(&key, next.as_bytes()).expecting(expect)) {
                Applied::Done(_) => return,
                Applied::Conflict { index, current: found } => {
                    assert_eq!(index, 0, "a batch of one change has one place for a conflict");
                    assert!(
                        number(&found) > number(&current),
                        "broken: a compare-and-set expected {} and was refused, and {} is said to be stored: of a counter that \
                         only grows, either the conflict does not show what is stored, or a write was applied over one that \
                         it had not seen",
                        shown(&current),
                        shown(&found)
                    );
                }
            }
            current = read_one(f.backend(), &key);
        }
        panic!(
            "broken: a compare-and-set is refused only where its expectation fails; this one was refused {} times, and the \
             other threads write less often than that",
            THREADS * STEPS + 1
        );
    };
    let start = Barrier::new(THREADS);
    thread::scope(|scope| {
        for _ in 0..THREADS {
            scope.spawn(|| {
                start.wait();
                // All begin with what was there before the start, so that they are sure to meet.
                step(Stored::Absent);
                (1..STEPS).for_each(|_| step(read_one(f.backend(), &key)));
            });
        }
    });
    let promise = "a compare-and-set is applied only where its expectation holds at that moment, so that each of 200 steps counts";
    f.expect(&key, Some((THREADS * STEPS).to_string().as_bytes()), promise);
}

/// Of eight who create a key, one does; the others learn what is there.
pub fn creation_has_one_winner(f: &Fixture<'_>) {
    for round in 0..10 {
        let key = f.key(&format!("key{round}"));
        let (start, winners) = (Barrier::new(THREADS), AtomicUsize::new(0));
        let create = |me: usize| {
            let mine = me.to_string();
            start.wait();
            match f.try_one(set(&key, mine.as_bytes()).expecting(Expect::Absent)) {
                Applied::Done(_) => {
                    winners.fetch_add(1, Ordering::Relaxed);
                    expect_stored(&f.get(&key), Some(mine.as_bytes()), "what the winner created stays");
                }
                Applied::Conflict { current, .. } => {
                    assert!(!current.is_absent(), "the loser of a race to create learns what is stored, not `Absent`");
                }
            }
        };
        thread::scope(|scope| (0..THREADS).for_each(|me| drop(scope.spawn(move || create(me)))));
        assert_eq!(winners.into_inner(), 1, "exactly one of several may create a key");
    }
}

/// Threads that write keys of their own do not disturb each other.
pub fn writers_of_different_keys_lose_nothing(f: &Fixture<'_>) {
    let keys: Vec<Key> = (0..THREADS).map(|i| f.key(&format!("k{i}"))).collect();
    let start = Barrier::new(THREADS);
    thread::scope(|scope| {
        for key in &keys {
            let start = &start;
            scope.spawn(move || {
                start.wait();
                for round in 0..25 {
                    f.set(key, format!("{round}").as_bytes());
                    f.expect(key, Some(format!("{round}").as_bytes()), "a writer sees its own write");
                }
            });
        }
    });
    for key in &keys {
        f.expect(key, Some(b"24"), "writers of different keys lose nothing");
    }
}

/// Two keys that are always written together are always read together.
pub fn batches_are_never_seen_torn(f: &Fixture<'_>) {
    let (one, other) = (f.key("one"), f.key("other"));
    let both = |round: usize| {
        let value = round.to_string();
        batch(vec![set(&one, value.as_bytes()), set(&other, value.as_bytes())])
    };
    if f.write_several(&both(0)).is_none() {
        return;
    }
    let (done, reads) = (AtomicBool::new(false), AtomicUsize::new(0));
    thread::scope(|scope| {
        let read = || {
            scope.spawn(|| {
                while !done.load(Ordering::Relaxed) {
                    reads.fetch_add(1, Ordering::Relaxed);
                    let found = ok(f.backend().read(&[&one, &other]), "a read while another thread writes");
                    assert!(
                        found.len() == 2 && found[0] == found[1],
                        "broken: a batch is seen as a whole or not at all; one read found {} and {}",
                        shown(&found[0]),
                        shown(&found[1])
                    );
                }
            })
        };
        let _done = Finally(&done);
        let readers = [read(), read()];
        // On until readers and writer have met. Readers that have failed meet nobody.
        let have_met = |round: usize| round >= 150 && reads.load(Ordering::Relaxed) >= 150;
        let have_failed = || readers.iter().all(thread::ScopedJoinHandle::is_finished);
        for round in (1..5_000).take_while(|round| !have_met(*round) && !have_failed()) {
            let _ = f.write(&both(round));
        }
    });
}

/// However many keys a read has, it shows one moment.
pub fn thousand_keys_are_read_as_of_one_moment(f: &Fixture<'_>) {
    const ROUNDS: usize = 40;
    let keys: Vec<Key> = (0..1_000).map(|i| f.key(&format!("k{i}"))).collect();
    let asked: Vec<&Key> = keys.iter().collect();
    // Far apart, so that they are in different portions of a read that has several.
    let written: Vec<&Key> = keys.iter().step_by(111).collect();
    let all = |round: usize| batch(written.iter().map(|key| set(key, round.to_string().as_bytes())).collect());
    if f.write_several(&all(0)).is_none() {
        return;
    }
    let (done, reads) = (AtomicBool::new(false), AtomicUsize::new(0));
    thread::scope(|scope| {
        let _done = Finally(&done);
        let reader = scope.spawn(|| {
            while !done.load(Ordering::Relaxed) {
                let found = ok(f.backend().read(&asked), "a read while another thread writes");
                assert_eq!(found.len(), asked.len(), "a read gives one answer for each key");
                let mut shown_once = found.iter().step_by(111);
                let first = shown_once.next().unwrap_or(&Stored::Absent);
                if let Some(other) = shown_once.find(|other| *other != first) {
                    panic!(
                        "broken: a read of 1,000 keys shows one moment; of keys that are always written together, one \
                         held {} and another {}",
                        shown(first),
                        shown(other)
                    );
                }
                reads.fetch_add(1, Ordering::Relaxed);
            }
        });
        // On until reader and writer have met. A reader that has failed meets nobody.
        let have_met = |round: usize| round >= ROUNDS && reads.load(Ordering::Relaxed) >= ROUNDS;
        for round in (1..5_000).take_while(|round| !have_met(*round) && !reader.is_finished()) {
            let _ = f.write(&all(round));
        }
    });
}

/// Two writers, each of whom checks the other's key and writes its own: both may not pass.
pub fn keep_holds_against_another_writer(f: &Fixture<'_>) {
    for round in 0..20 {
        let keys = ["left", "right"].map(|side| f.key(&format!("{side}{round}")));
        let (start, done) = (Barrier::new(2), AtomicUsize::new(0));
        let switch = |mine: usize| {
            let check = Change::keep(keys[1 - mine].clone()).expecting(Expect::Absent);
            start.wait();
            // Unsupported is a proper answer where there are no atomic batches.
            if let Some(Applied::Done(_)) = f.write_several(&batch(vec![check, set(&keys[mine], b"on")])) {
                done.fetch_add(1, Ordering::Relaxed);
            }
        };
        if !f.capability().atomic_batch {
            return crate::testing::fixture::skip("the backend has no atomic batches");
        }
        thread::scope(|scope| (0..2).for_each(|mine| drop(scope.spawn(move || switch(mine)))));
        assert!(
            done.into_inner() <= 1,
            "broken: an expectation holds until the batch is applied; two writers each saw the other's key absent, and both wrote"
        );
    }
}

/// Removing and setting again while others compare: only what was read is replaced.
pub fn removal_races_lose_nothing(f: &Fixture<'_>) {
    let key = f.key("token");
    let (start, taken) = (Barrier::new(THREADS), AtomicUsize::new(0));
    f.set(&key, b"token");
    thread::scope(|scope| {
        for _ in 0..THREADS {
            scope.spawn(|| {
                start.wait();
                if let Applied::Done(_) = f.try_one(Change::remove(key.clone()).expecting(equals(b"token"))) {
                    taken.fetch_add(1, Ordering::Relaxed);
                }
            });
        }
    });
    assert_eq!(taken.into_inner(), 1, "exactly one of several may remove what it expects");
}

/// A listing during writes works, and shows what stands still.
pub fn listing_during_writes_works(f: &Fixture<'_>) {
    let still: Vec<Key> = (0..30).map(|i| f.key(&format!("still{i}"))).collect();
    still.iter().for_each(|key| f.set(key, b"1"));
    let busy: Vec<Key> = (0..5).map(|i| f.key(&format!("busy{i}"))).collect();
    let done = AtomicBool::new(false);
    thread::scope(|scope| {
        scope.spawn(|| {
            let _done = Finally(&done);
            for round in 0..20 {
                for key in &busy {
                    let change = if round % 2 == 0 { set(key, b"1") } else { Change::remove(key.clone()) };
                    ok(f.backend().write(&Batch::one(change)), "a write while another thread lists");
                }
            }
        });
        loop {
            let last = done.load(Ordering::Relaxed);
            let listed: Vec<Key> = f.list(&f.prefix("")).into_iter().map(|(key, _)| key).collect();
            for key in &still {
                let times = listed.iter().filter(|listed| *listed == key).count();
                assert_eq!(times, 1, "a listing during writes shows every key that stands still once");
            }
            if last {
                return;
            }
        }
    });
}
