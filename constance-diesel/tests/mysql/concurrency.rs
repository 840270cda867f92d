//! Writers that meet.

use std::sync::Barrier;
use std::sync::atomic::{AtomicUsize, Ordering};

use constance_core::{
    Backend, Config, Settings,
    backend::{Applied, Batch, Change, Encoded, Expect, Key, Stored},
};
use constance_diesel::MysqlBackend;
use constance_diesel::diesel::connection::SimpleConnection;
use constance_diesel::diesel::mysql::MysqlConnection;
use constance_diesel::diesel::r2d2::{ConnectionManager, Pool};

use crate::mysql_support;
use crate::mysql_support::{Place, key, raw, read, set, store, value};

/// Settings that many write.
#[derive(Debug, Clone, Settings)]
struct Counters {
    /// How often it was counted
    #[setting(default = 0)]
    count: i64,
}

#[test]
fn updates_by_many_threads_are_all_counted() {
    const THREADS: i64 = 32;
    const ROUNDS: i64 = 10;
    for place in Place::each() {
        let config = Config::<Counters>::new(place.backend());
        std::thread::scope(|scope| {
            for _ in 0..THREADS {
                scope.spawn(|| {
                    for _ in 0..ROUNDS {
                        config.update(Counters::COUNT, |count| count + 1).expect("an update");
                    }
                });
            }
        });
        assert_eq!(config.get(Counters::COUNT).expect("a read"), THREADS * ROUNDS);
    }
}

fn batch(keys: [&Key; 2], value: &[u8], expect: &Expect) -> Batch {
    Batch::new(keys.map(|key| set(key, value).expecting(expect.clone())).to_vec()).expect("two keys")
}

#[test]
fn batches_in_opposite_order_never_stop_each_other() {
    for place in Place::each() {
        let backend = place.backend();
        let (a, b) = (key("a"), key("b"));
        let barrier = Barrier::new(2);
        let write = |keys: [&Key; 2], own: &[u8]| {
            for round in 0..500 {
                barrier.wait();
                // Blind, with the previous values asked for, and after a removal, when there is no row to lock.
                let mut batch = batch(keys, own, &Expect::Any).wanting_previous(round % 2 == 0);
                if round % 5 == 0 {
                    let removals = keys.map(|key| Change::remove(key.clone())).to_vec();
                    batch = Batch::new(removals).expect("two keys");
                }
                backend.write(&batch).expect("a batch waits, and is not stopped");
            }
        };
        std::thread::scope(|scope| {
            scope.spawn(|| write([&a, &b], b"1"));
            scope.spawn(|| write([&b, &a], b"2"));
        });
        let found = backend.read(&[&a, &b]).expect("a read");
        assert_eq!(found[0], found[1], "the last batch was applied as a whole");
    }
}

#[test]
fn exactly_one_creates_what_is_absent() {
    const WRITERS: usize = 8;
    for place in Place::each() {
        let backend = place.backend();
        for round in 0..30 {
            let keys = [key(&format!("one-{round}")), key(&format!("two-{round}"))];
            let (winners, barrier) = (AtomicUsize::new(0), Barrier::new(WRITERS));
            let (backend, keys, winners, barrier) = (&backend, &keys, &winners, &barrier);
            std::thread::scope(|scope| {
                for writer in 0..WRITERS {
                    scope.spawn(move || {
                        let own = writer.to_string();
                        // One key in the first rounds, two in the others, in either order.
                        let batch = match (round % 2, writer % 2) {
                            (0, _) => Batch::one(set(&keys[0], own.as_bytes()).expecting(Expect::Absent)),
                            (_, 0) => batch([&keys[0], &keys[1]], own.as_bytes(), &Expect::Absent),
                            _ => batch([&keys[1], &keys[0]], own.as_bytes(), &Expect::Absent),
                        };
                        barrier.wait();
                        match backend.write(&batch).expect("a lost race is no error") {
                            Applied::Done(_) => _ = winners.fetch_add(1, Ordering::Relaxed),
                            Applied::Conflict { current, .. } => assert!(current.value().is_some(), "{current:?}"),
                        }
                    });
                }
            });
            assert_eq!(winners.load(Ordering::Relaxed), 1, "round {round}");
        }
    }
}

#[test]
fn what_was_seen_to_be_absent_stays_so_until_the_batch_ends() {
    for place in Place::each() {
        let backend = place.backend();
        let (guard, target) = (key("guard"), key("target"));
        // Either the target is set while there is no guard, or a guard while there is no target: never both.
        let unless = |own: &Key, other: &Key| {
            let changes = vec![set(own, b"1"), Change::keep(other.clone()).expecting(Expect::Absent)];
            Batch::new(changes).expect("two keys")
        };
        let (first, second) = (unless(&guard, &target), unless(&target, &guard));
        for round in 0..100 {
            let barrier = Barrier::new(2);
            let write = |batch: &Batch| {
                barrier.wait();
                matches!(backend.write(batch).expect("a lost race is no error"), Applied::Done(_))
            };
            let done = std::thread::scope(|scope| {
                let other = scope.spawn(|| write(&first));
                [write(&second), other.join().expect("no panic")]
            });
            let found = backend.read(&[&guard, &target]).expect("a read");
            let stored = found.iter().filter(|stored| stored.value().is_some()).count();
            assert_eq!(stored, 1, "round {round}: {done:?}");
            assert_eq!(done.iter().filter(|done| **done).count(), 1, "round {round}");
            backend
                .write(&Batch::new(vec![Change::remove(guard.clone()), Change::remove(target.clone())]).expect("two"))
                .expect("a removal");
        }
    }
}

#[test]
fn a_compare_and_set_that_changes_nothing_counts_as_done() {
    for place in Place::each() {
        let backend = place.backend();
        store(&backend, "a", b"1");
        let same = set(&key("a"), b"1").expecting(Expect::Equals(Encoded::from(&b"1"[..])));
        for _ in 0..3 {
            assert!(matches!(backend.write(&Batch::one(same.clone())).expect("a write"), Applied::Done(_)));
        }
        let lost = set(&key("a"), b"2").expecting(Expect::Equals(Encoded::from(&b"1 "[..])));
        let applied = backend.write(&Batch::one(lost)).expect("a write");
        assert_eq!(applied, Applied::Conflict { index: 0, current: value(b"1") });
    }
}

#[test]
fn a_writer_waits_for_the_end_of_anothers_transaction() {
    for place in Place::each() {
        let backend = place.backend();
        let mut other = raw(&place.url);
        let insert = format!("BEGIN; INSERT INTO {} (`key`, value) VALUES ('a', 'theirs')", place.quoted());
        other.batch_execute(&insert).expect("a row that nobody sees yet");
        assert_eq!(read(&backend, "a").expect("a reader does not wait"), Stored::Absent);
        std::thread::scope(|scope| {
            let create = set(&key("a"), b"ours").expecting(Expect::Absent);
            let waiting = scope.spawn(|| backend.write(&Batch::one(create)).expect("a write"));
            // Until it waits for the row.
            waits(&place, &format!("INSERT INTO {}%", place.quoted()));
            other.batch_execute("COMMIT").expect("the end");
            let applied = waiting.join().expect("no panic");
            assert_eq!(applied, Applied::Conflict { index: 0, current: value(b"theirs") });
        });
    }
}

#[test]
fn what_came_before_a_reset_is_told_also_where_it_was_absent_a_moment_ago() {
    for place in Place::each() {
        let backend = place.backend();
        let mut other = raw(&place.url);
        // The gap that `a` goes into is kept for the other, which nobody sees who only looks for the keys.
        let gap = format!("BEGIN; SELECT * FROM {} WHERE `key` = 'a' FOR UPDATE", place.quoted());
        other.batch_execute(&gap).expect("a lock");
        let changes = vec![set(&key("a"), b"ours"), Change::remove(key("b"))];
        let batch = Batch::new(changes).expect("two keys").wanting_previous(true);
        std::thread::scope(|scope| {
            let waiting = scope.spawn(|| backend.write(&batch).expect("a write"));
            // Until it has found both keys absent, and waits for the gap.
            waits(&place, &format!("INSERT INTO {}%", place.quoted()));
            let theirs = format!("INSERT INTO {} (`key`, value) VALUES ('b', 'theirs'); COMMIT", place.quoted());
            other.batch_execute(&theirs).expect("a row");
            let applied = waiting.join().expect("no panic");
            assert_eq!(applied, Applied::Done(vec![Stored::Absent, value(b"theirs")]));
        });
        let found = backend.read(&[&key("a"), &key("b")]).expect("a read");
        assert_eq!(found, [value(b"ours"), Stored::Absent]);
    }
}

/// Returns when a statement like this is under way on the server.
fn waits(place: &Place, like: &str) {
    let mut looker = raw(&place.url);
    let query = format!(
        "SELECT COUNT(*) AS number FROM information_schema.processlist WHERE info LIKE '{}'",
        like.replace('\'', "''")
    );
    while mysql_support::number(&mut looker, &query) == 0 {
        std::thread::yield_now();
    }
}

#[test]
fn an_applications_pool_at_its_usual_level_keeps_the_promises_too() {
    for place in Place::each() {
        place.backend();
        let manager = ConnectionManager::<MysqlConnection>::new(&place.url);
        let pool = Pool::builder().max_size(8).build(manager).expect("a pool");
        let backend = MysqlBackend::builder().pool(pool).table(&place.table).build().expect("a pool");
        let keys: Vec<Key> = (0..6).map(|at| key(&format!("k{at}"))).collect();
        std::thread::scope(|scope| {
            for thread in 0..8_usize {
                let (backend, keys) = (&backend, &keys);
                scope.spawn(move || {
                    for round in 0..40 {
                        let (one, two) = (&keys[(thread + round) % 6], &keys[(thread * 5 + round * 7 + 1) % 6]);
                        let changes = match (one == two, round % 4) {
                            (true, _) => vec![set(one, b"x")],
                            (_, 0) => vec![Change::remove(one.clone()), Change::remove(two.clone())],
                            (_, 1) => vec![set(one, b"x").expecting(Expect::Absent), set(two, b"y")],
                            _ => vec![set(one, b"x"), set(two, b"y")],
                        };
                        let batch = Batch::new(changes).expect("two keys").wanting_previous(round % 3 == 0);
                        backend.write(&batch).expect("a batch waits, and is not stopped");
                    }
                });
            }
        });
    }
}
