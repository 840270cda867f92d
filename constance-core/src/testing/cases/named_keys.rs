//! A feed may name what changed.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use super::batches::{batch, set};
use super::watching::{expect_wake, feed, quiet};
use crate::backend::{ChangedKeys, Key, Stored, Wake, Watch};
use crate::testing::Fixture;
use crate::testing::fixture::{ok, skip};

const UNNAMED: &str = "the feed does not name the keys that changed: whoever follows reads everything";
const UNSURE: &str = "the feed is never sure that it has caught up: whoever follows reads everything";

/// Whatever changed is among the keys that a feed names after the wake.
pub fn changed_keys_leave_nothing_out(f: &Fixture<'_>) {
    let Some(mut feed) = feed(f) else { return };
    drop(feed.changed_keys());
    let (a, b) = (f.key("a"), f.key("b"));
    f.set(&a, b"1");
    if !expect_named(f, &mut *feed, &[&a], "a first value") {
        return skip(UNNAMED);
    }
    f.set(&a, b"2");
    expect_named(f, &mut *feed, &[&a], "a changed value");
    write(f, &[&a, &b], "3");
    expect_named(f, &mut *feed, &[&a, &b], "a batch");
    f.set(&a, b"4");
    f.set(&b, b"4");
    expect_named(f, &mut *feed, &[&a, &b], "two changes, one after the other,");
    f.remove(&b);
    expect_named(f, &mut *feed, &[&b], "a removal");
}

/// Says whether the feed names keys at all.
#[track_caller]
fn expect_named(f: &Fixture<'_>, feed: &mut dyn Watch, keys: &[&Key], what: &str) -> bool {
    let deadline = Instant::now() + f.patience();
    expect_wake(f, feed, what);
    let mut named = feed.changed_keys();
    loop {
        // The changes are done: a feed that is sure has noticed them.
        let is_sure = ok(feed.catch_up(), "catching up with a store that answers");
        named.join(feed.changed_keys());
        let Some(missing) = keys.iter().find(|key| !named.contains(key)) else { return !named.is_everything() };
        let left = deadline.saturating_duration_since(Instant::now());
        assert!(
            !is_sure && !left.is_zero(),
            "broken: a feed that names keys leaves none out; after {what} it did not name {:?}",
            missing.name()
        );
        ok(feed.wait(left), "a wait on a feed");
        named.join(feed.changed_keys());
    }
}

/// A feed that is sure has noticed what was written after its last wake.
pub fn catching_up_finds_a_later_batch(f: &Fixture<'_>) {
    const ROUNDS: usize = 10;
    let Some(mut feed) = feed(f) else { return };
    let (a, b, c) = (f.key("a"), f.key("b"), f.key("c"));
    let mut was_sure = false;
    for round in 0..ROUNDS {
        drop(feed.changed_keys());
        write(f, &[&a, &b], &format!("first {round}"));
        expect_wake(f, &mut *feed, "a batch");
        if feed.changed_keys().is_everything() {
            return skip(UNNAMED);
        }
        // The reader was woken by the first batch, and finds the second.
        write(f, &[&b, &c], &format!("second {round}"));
        drop(ok(f.backend().read(&[&a, &b]), "a read of a store that answers"));
        if ok(feed.catch_up(), "catching up with a store that answers") {
            was_sure = true;
            let later = feed.changed_keys();
            let missing = [&b, &c].into_iter().find(|key| !later.contains(key));
            assert!(
                missing.is_none(),
                "broken: a feed that says it has caught up names every change that could be read before; of a batch after the \
                 last wake it did not name {:?}",
                missing.map_or("", Key::name)
            );
        }
        quiet(&mut *feed);
    }
    if !was_sure {
        skip(UNSURE);
    }
}

/// Somebody who reads the named keys alone, and takes them where the feed has caught up and names no other, sees batches as a
/// whole, also where a later batch shares a key with the one that woke them.
pub fn named_keys_show_one_moment(f: &Fixture<'_>) {
    const BATCHES: u64 = 100;
    const ENOUGH: Duration = Duration::from_secs(2);
    if !f.capability().atomic_batch {
        return skip("the backend has no atomic batches");
    }
    let Some(mut feed) = feed(f) else { return };
    let keys = [f.key("a"), f.key("b"), f.key("c")];
    let mut view = View { f, keys: &keys, values: [0; 3], partial: 0 };
    // Each batch writes its number: an even one to a and b, an odd one to b and c.
    write(f, &[&keys[0], &keys[1]], "2");
    f.set(&keys[2], b"1");
    expect_wake(f, &mut *feed, "a batch");
    if feed.changed_keys().is_everything() {
        return skip(UNNAMED);
    }
    view.read_all(&mut *feed);
    let (written, done) = (AtomicU64::new(2), AtomicBool::new(false));
    thread::scope(|scope| {
        scope.spawn(|| {
            let _done = Done(&done);
            let begun = Instant::now();
            for number in 3..BATCHES {
                let pair = if number % 2 == 0 { [&keys[0], &keys[1]] } else { [&keys[1], &keys[2]] };
                write(f, &pair, &number.to_string());
                written.store(number, Ordering::SeqCst);
                if begun.elapsed() > ENOUGH {
                    break;
                }
            }
        });
        let deadline = Instant::now() + f.patience().max(ENOUGH * 2);
        while !(done.load(Ordering::SeqCst) && view.values[1] == written.load(Ordering::SeqCst)) {
            let left = deadline.saturating_duration_since(Instant::now());
            assert!(
                !left.is_zero(),
                "broken: a change wakes the feed; the last of many batches did not within {} s",
                f.patience().as_secs()
            );
            if ok(feed.wait(left), "a wait on a feed") != Wake::Changed {
                continue;
            }
            let changed = feed.changed_keys();
            // The store goes on before the reader reads.
            let (before, begun) = (written.load(Ordering::SeqCst), Instant::now());
            while written.load(Ordering::SeqCst) == before && begun.elapsed() < Duration::from_millis(5) {
                thread::yield_now();
            }
            view.follow(&mut *feed, changed);
            view.expect_one_moment();
        }
    });
    if view.partial == 0 {
        skip(UNSURE);
    }
}

struct Done<'a>(&'a AtomicBool);

impl Drop for Done<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::SeqCst);
    }
}

/// What somebody knows who follows.
struct View<'f, 'b> {
    f: &'f Fixture<'b>,
    keys: &'f [Key; 3],
    values: [u64; 3],
    /// How often named keys alone were read and taken.
    partial: usize,
}

impl View<'_, '_> {
    fn follow(&mut self, feed: &mut dyn Watch, mut changed: ChangedKeys) {
        for _ in 0..3 {
            let named =
                |changed: &ChangedKeys| (0..3).filter(|at| changed.contains(&self.keys[*at])).collect::<Vec<_>>();
            let places = named(&changed);
            if places.is_empty() {
                return;
            }
            let found = self.read(&places);
            if !ok(feed.catch_up(), "catching up with a store that answers") {
                break;
            }
            let later = feed.changed_keys();
            let is_one_moment = named(&later).iter().all(|at| places.contains(at));
            if is_one_moment {
                places.iter().zip(found).for_each(|(at, value)| self.values[*at] = value);
                self.partial += 1;
                self.expect_one_moment();
            }
            if is_one_moment && later.is_empty() {
                return;
            }
            changed = if is_one_moment { later } else { joined(changed, later) };
        }
        self.read_all(feed);
    }

    fn read_all(&mut self, feed: &mut dyn Watch) {
        drop(feed.changed_keys());
        let found = self.read(&[0, 1, 2]);
        self.values.copy_from_slice(&found);
    }

    fn read(&self, places: &[usize]) -> Vec<u64> {
        let keys: Vec<&Key> = places.iter().map(|at| &self.keys[*at]).collect();
        let found = ok(self.f.backend().read(&keys), "a read of a store that answers");
        let number = |stored: &Stored| {
            let text = stored.value().and_then(|value| std::str::from_utf8(value.as_bytes()).ok());
            text.and_then(|text| text.parse().ok()).expect("a read gives what was written")
        };
        found.iter().map(number).collect()
    }

    #[track_caller]
    fn expect_one_moment(&self) {
        let [a, b, c] = self.values;
        let is_moment = a == b - b % 2 && c == b - (b + 1) % 2;
        assert!(
            is_moment,
            "broken: the named keys and a feed that has caught up show one moment; batch {b} is seen in part: its other key has \
             {}",
            if b % 2 == 0 { a } else { c }
        );
    }
}

fn joined(mut one: ChangedKeys, other: ChangedKeys) -> ChangedKeys {
    one.join(other);
    one
}

/// Writes the same under these keys, at once where the backend can.
#[track_caller]
fn write(f: &Fixture<'_>, keys: &[&Key], value: &str) {
    if f.capability().atomic_batch {
        f.done(batch(keys.iter().map(|key| set(key, value.as_bytes())).collect()));
    } else {
        keys.iter().for_each(|key| f.set(key, value.as_bytes()));
    }
}
