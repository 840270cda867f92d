//! Many writers of one PostgreSQL.

use std::sync::Barrier;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use constance_core::{
    Backend, Config, Settings,
    backend::{Applied, Batch, Change, Encoded, Expect, Stored},
};
use constance_diesel::PostgresBackend;
use constance_diesel::diesel::connection::SimpleConnection;

use crate::postgres_support::{Schema, everywhere, key, read, set, store, until, until_somebody_waits, value};

/// Settings of a shop.
#[derive(Debug, Clone, Settings)]
struct Shop {
    /// How many baskets are kept
    #[setting(default = 0)]
    baskets: i64,
}

/// As an application has it: it waits for locks, and its connections have a name.
fn backend(url: &str) -> PostgresBackend {
    let builder = PostgresBackend::builder().url(url).pool_size(8).acquire_timeout(Duration::from_secs(600));
    let backend = builder.busy_timeout(Duration::from_secs(60)).statement_timeout(Duration::from_secs(60)).build();
    let backend = backend.expect("a valid URL");
    backend.migrate().expect("tables");
    backend
}

fn increments(url: &str) {
    let config = Config::<Shop>::new(backend(url));
    std::thread::scope(|scope| {
        for _ in 0..32 {
            scope.spawn(|| {
                for _ in 0..10 {
                    config.update(Shop::BASKETS, |baskets| baskets + 1).expect("an update");
                }
            });
        }
    });
    assert_eq!(config.get(Shop::BASKETS).expect("a get"), 320);
}

#[test]
fn increments_by_32_threads_are_all_counted() {
    let Some(schema) = Schema::new() else { return };
    increments(&schema.url());
}

#[test]
fn increments_are_counted_under_a_strict_default() {
    for level in ["repeatable%5C%20read", "serializable"] {
        let Some(schema) = Schema::new() else { return };
        increments(&schema.url_with(&format!(" -c default_transaction_isolation={level}")));
    }
}

#[test]
fn batches_over_the_same_keys_in_any_order_never_fail() {
    let Some(schema) = Schema::new() else { return };
    let backend = backend(&schema.url());
    // Blind, blind with a removal, with the previous values, and with an expectation that never fails.
    for kind in 0..4 {
        let barrier = Barrier::new(2);
        std::thread::scope(|scope| {
            for names in [["a", "b"], ["b", "a"]] {
                let (backend, barrier) = (&backend, &barrier);
                scope.spawn(move || {
                    barrier.wait();
                    for round in 0..500_u32 {
                        let mut changes: Vec<Change> =
                            names.iter().map(|name| set(&key(name), &round.to_be_bytes())).collect();
                        if kind == 1 && round % 3 == 0 {
                            changes[0] = Change::remove(key(names[0]));
                        }
                        if kind == 3 {
                            changes.push(Change::keep(key("absent")).expecting(Expect::Absent));
                        }
                        let batch = Batch::new(changes).expect("two keys").wanting_previous(kind == 2);
                        let applied = backend.write(&batch).expect("a write");
                        assert!(matches!(applied, Applied::Done(_)), "{applied:?}");
                    }
                });
            }
        });
        assert_eq!(read(&backend, "absent").expect("a read"), Stored::Absent);
    }
}

/// The server speaks German on one of them.
#[test]
fn a_deadlock_with_another_application_is_begun_again() {
    for (schema, _) in everywhere() {
        let backend = backend(&format!("{}&application_name={}", schema.url(), schema.name));
        for name in ["a", "b"] {
            store(&backend, name, b"0");
        }
        let batch = Batch::new(vec![set(&key("a"), b"1"), set(&key("b"), b"1")]).expect("two keys");
        for wanting in [false, true] {
            // On a busy machine it may be the other one that is given up.
            until("a deadlock that is ours", || {
                let mut other = schema.raw();
                other
                    .batch_execute("BEGIN; UPDATE constance_settings SET value = 'x' WHERE key = 'b'")
                    .expect("a lock");
                std::thread::scope(|scope| {
                    let writing = scope.spawn(|| backend.write(&batch.clone().wanting_previous(wanting)));
                    until_somebody_waits(&schema);
                    // It locks in the other order, and begins to wait after us: we look for a deadlock first.
                    let done = other.batch_execute("UPDATE constance_settings SET value = 'x' WHERE key = 'a'; COMMIT");
                    let _ = other.batch_execute("ROLLBACK");
                    writing.join().expect("no panic").expect("the deadlock is not seen");
                    done.ok()
                })
            });
            for name in ["a", "b"] {
                assert_eq!(read(&backend, name).expect("a read"), value(b"1"));
            }
        }
    }
}

#[test]
fn what_came_before_a_reset_is_told_also_where_it_was_absent_a_moment_ago() {
    for (schema, _) in everywhere() {
        let backend = backend(&format!("{}&application_name={}", schema.url(), schema.name));
        let mut other = schema.raw();
        other.batch_execute("BEGIN; INSERT INTO constance_settings (key, value) VALUES ('a', 'x')").expect("a row");
        let changes = vec![set(&key("a"), b"ours"), Change::remove(key("b"))];
        let batch = Batch::new(changes).expect("two keys").wanting_previous(true);
        std::thread::scope(|scope| {
            let waiting = scope.spawn(|| backend.write(&batch).expect("a write"));
            // Until it has found both keys absent, and waits for whether the other one keeps its row.
            until_somebody_waits(&schema);
            store(&backend, "b", b"theirs");
            other.batch_execute("ROLLBACK").expect("it does not");
            let applied = waiting.join().expect("no panic");
            assert_eq!(applied, Applied::Done(vec![Stored::Absent, value(b"theirs")]));
        });
        let found = backend.read(&[&key("a"), &key("b")]).expect("a read");
        assert_eq!(found, [value(b"ours"), Stored::Absent]);
    }
}

#[test]
fn one_of_many_makes_what_was_absent() {
    let Some(schema) = Schema::new() else { return };
    let backend = backend(&schema.url());
    for round in 0..20 {
        for batched in [false, true] {
            let (one, two) = (key(&format!("one-{round}-{batched}")), key(&format!("two-{round}-{batched}")));
            let (barrier, won) = (Barrier::new(8), AtomicUsize::new(0));
            std::thread::scope(|scope| {
                for thread in 0..8_u8 {
                    let (backend, barrier, won, one, two) = (&backend, &barrier, &won, &one, &two);
                    scope.spawn(move || {
                        let mut changes = vec![set(one, &[thread]).expecting(Expect::Absent)];
                        if batched {
                            changes.push(set(two, &[thread]).expecting(Expect::Absent));
                        }
                        let batch = Batch::new(changes).expect("two keys");
                        barrier.wait();
                        match backend.write(&batch).expect("a write") {
                            Applied::Done(_) => drop(won.fetch_add(1, Ordering::Relaxed)),
                            Applied::Conflict { current, .. } => assert_ne!(current, Stored::Absent),
                        }
                    });
                }
            });
            assert_eq!(won.load(Ordering::Relaxed), 1, "round {round}");
            let found = backend.read(&[&one, &two]).expect("a read");
            assert!(!batched || found[0] == found[1], "one batch as a whole: {found:?}");
        }
    }
}

/// Each of two settings may be there only while the other is not.
#[test]
fn an_expected_absence_holds_against_another_insert() {
    let Some(schema) = Schema::new() else { return };
    let backend = backend(&schema.url());
    for round in 0..200 {
        let (one, two) = (key(&format!("one-{round}")), key(&format!("two-{round}")));
        let barrier = Barrier::new(2);
        std::thread::scope(|scope| {
            for (own, other) in [(&one, &two), (&two, &one)] {
                let (backend, barrier) = (&backend, &barrier);
                scope.spawn(move || {
                    let changes = vec![set(own, b"1"), Change::keep(other.clone()).expecting(Expect::Absent)];
                    let batch = Batch::new(changes).expect("two keys");
                    barrier.wait();
                    backend.write(&batch).expect("a write")
                });
            }
        });
        let found = backend.read(&[&one, &two]).expect("a read");
        assert_eq!(found.iter().filter(|stored| **stored != Stored::Absent).count(), 1, "round {round}: {found:?}");
    }
}

#[test]
fn the_previous_values_form_one_chain() {
    let Some(schema) = Schema::new() else { return };
    let backend = backend(&schema.url());
    let (threads, rounds) = (4_u32, 100_u32);
    let previous: Vec<Stored> = std::thread::scope(|scope| {
        let writers: Vec<_> = (0..threads)
            .map(|thread| {
                let backend = &backend;
                scope.spawn(move || {
                    let write = |round: u32| {
                        // Every fifth is a removal: what comes after it finds no row to lock.
                        let change = if round % 5 == 4 {
                            Change::remove(key("a"))
                        } else {
                            set(&key("a"), &(thread * rounds + round).to_be_bytes())
                        };
                        match backend.write(&Batch::one(change).wanting_previous(true)).expect("a write") {
                            Applied::Done(mut previous) => previous.remove(0),
                            Applied::Conflict { .. } => unreachable!("nothing was expected"),
                        }
                    };
                    (0..rounds).map(write).collect::<Vec<_>>()
                })
            })
            .collect();
        writers.into_iter().flat_map(|writer| writer.join().expect("no panic")).collect()
    });
    let mut seen: Vec<Encoded> = previous.iter().filter_map(|stored| stored.value().cloned()).collect();
    seen.extend(read(&backend, "a").expect("a read").value().cloned());
    seen.sort_by(|one, two| one.as_bytes().cmp(two.as_bytes()));
    let count = seen.len();
    seen.dedup();
    assert_eq!(seen.len(), count, "no value was replaced twice");
    assert_eq!(count, (threads * rounds * 4 / 5) as usize, "and each was replaced or is still there");
}
