//! What each call costs in statements on PostgreSQL, counted by diesel itself.
//!
//! The counter is the default instrumentation of the process, so that everything is in one test.
#![cfg(feature = "postgres")]
#![allow(clippy::expect_used)]

mod postgres_support;

use std::sync::Mutex;

use constance_core::{Applied, Backend, Batch, Change, Encoded, Expect, Key, Prefix, Stored};
use constance_diesel::PostgresBackend;
use constance_diesel::diesel::connection::{Instrumentation, InstrumentationEvent, set_default_instrumentation};
use postgres_support::{Schema, key, set, value};

static SEEN: Mutex<Vec<String>> = Mutex::new(Vec::new());
static PREPARED: Mutex<Vec<String>> = Mutex::new(Vec::new());

fn counter() -> Option<Box<dyn Instrumentation>> {
    Some(Box::new(|event: InstrumentationEvent<'_>| match event {
        InstrumentationEvent::StartQuery { query, .. } => {
            let shown = format!("{query} {query:?}");
            // On a busy machine a connection lies idle for so long that it is asked for a sign of life.
            if !shown.starts_with("SELECT 1 ") {
                SEEN.lock().expect("no panic").push(shown);
            }
        }
        InstrumentationEvent::CacheQuery { sql, .. } => PREPARED.lock().expect("no panic").push(sql.to_owned()),
        _ => {}
    }))
}

/// The first words of the statements that `call` ran.
fn statements<T>(call: impl FnOnce() -> T) -> (Vec<String>, T) {
    SEEN.lock().expect("no panic").clear();
    let answer = call();
    let seen = std::mem::take(&mut *SEEN.lock().expect("no panic"));
    (seen.iter().map(|sql| sql.split_whitespace().next().unwrap_or("").to_owned()).collect(), answer)
}

fn keys(names: impl Iterator<Item = String>) -> Vec<Key> {
    names.map(|name| key(&name)).collect()
}

#[test]
fn every_call_runs_the_fewest_statements() {
    let Some(schema) = Schema::new() else { return };
    set_default_instrumentation(counter).expect("nothing else sets it");
    let (seen, usual) = statements(|| PostgresBackend::from_url(&schema.url()).expect("a valid URL"));
    assert!(seen.is_empty(), "building does no I/O: {seen:?}");
    let other = PostgresBackend::builder().url(schema.url()).table("of the user's").build().expect("a valid URL");
    for backend in [usual, other] {
        backend.migrate().expect("tables");
        one_statement_reads(&backend);
        a_plain_write_is_one_statement(&backend);
        a_previous_value_comes_with_its_write(&backend);
        a_checked_write_is_one_transaction(&backend);
        foreign_keys_do_not_make_a_read_longer(&backend);
        statements_are_prepared_once(&backend);
        no_value_is_shown_to_an_instrumentation(&backend);
    }
}

fn one_statement_reads(backend: &PostgresBackend) {
    let key = key("a");
    assert_eq!(statements(|| backend.read(&[&key]).expect("a read")).0, ["SELECT"]);
    assert_eq!(statements(|| backend.visit(&key, &mut |_| {}).expect("a visit")).0, ["SELECT"]);
    assert_eq!(statements(|| backend.ping().expect("a ping")).0, ["SELECT"]);
    assert_eq!(statements(|| backend.list(&Prefix::empty()).expect("a list")).0, ["SELECT"]);
    assert!(statements(|| backend.read(&[]).expect("no read")).0.is_empty());
    // Also past the 65,535 parameters that PostgreSQL takes.
    for count in [2, 13, 64, 1_000, 70_000] {
        let keys = keys((0..count).map(|at| format!("many-{at}")));
        let (seen, found) = statements(|| backend.read(&keys.iter().collect::<Vec<_>>()).expect("a read"));
        assert_eq!(seen, ["SELECT"], "{count} keys");
        assert_eq!(found.len(), count);
    }
}

fn a_plain_write_is_one_statement(backend: &PostgresBackend) {
    let key = key("plain");
    let write = |change: Change| statements(|| backend.write(&Batch::one(change)).expect("a write")).0;
    assert_eq!(write(set(&key, b"1")), ["INSERT"], "a new value");
    assert_eq!(write(set(&key, b"2")), ["INSERT"], "in place of another");
    assert_eq!(write(Change::remove(key.clone())), ["DELETE"]);
    assert!(write(Change::keep(key.clone())).is_empty());
    assert_eq!(write(Change::keep(key).expecting(Expect::Absent)), ["SELECT"], "a check alone takes no lock");

    // As many as there are, and past the number of parameters.
    for count in [2, 100, 70_000] {
        let keys = keys((0..count).rev().map(|at| format!("set-{at}")));
        let changes = keys.iter().map(|key| set(key, key.as_str().as_bytes())).collect();
        let batch = Batch::new(changes).expect("no key twice");
        assert_eq!(statements(|| backend.write(&batch).expect("a write")).0, ["INSERT"], "{count} values");
        let found = backend.read(&keys.iter().collect::<Vec<_>>()).expect("a read");
        assert!(keys.iter().zip(found).all(|(key, found)| found == value(key.as_str().as_bytes())), "each its own");
        let removals = keys.into_iter().map(Change::remove).take(2).collect();
        let removals = Batch::new(removals).expect("no key twice");
        assert_eq!(
            statements(|| backend.write(&removals).expect("a write")).0,
            ["BEGIN", "DELETE", "DELETE", "COMMIT"]
        );
    }
}

fn a_previous_value_comes_with_its_write(backend: &PostgresBackend) {
    let key = key("previous");
    let write = |change: Change| {
        let batch = Batch::one(change).wanting_previous(true);
        let (seen, applied) = statements(|| backend.write(&batch).expect("a write"));
        let Applied::Done(mut previous) = applied else { panic!("{applied:?}") };
        (seen.join(" "), previous.remove(0))
    };
    assert_eq!(write(set(&key, b"1")), ("UPDATE INSERT".to_owned(), Stored::Absent));
    assert_eq!(write(set(&key, b"2")), ("UPDATE".to_owned(), value(b"1")));
    assert_eq!(write(Change::remove(key.clone())), ("DELETE".to_owned(), value(b"2")));
    assert_eq!(write(Change::remove(key)), ("DELETE".to_owned(), Stored::Absent));
}

fn a_checked_write_is_one_transaction(backend: &PostgresBackend) {
    let (one, two) = (key("one"), key("two"));
    let checked = Batch::one(set(&one, b"1").expecting(Expect::Absent));
    assert_eq!(statements(|| backend.write(&checked)).0, ["INSERT"]);
    let (seen, applied) = statements(|| backend.write(&checked).expect("a write"));
    assert_eq!(
        seen,
        ["INSERT", "BEGIN", "SELECT", "ROLLBACK"],
        "what is there is asked once it is known to be otherwise"
    );
    assert_eq!(applied, Applied::Conflict { index: 0, current: value(b"1") });
    let equals = |bytes: &[u8]| Expect::Equals(Encoded::from(bytes));
    let same = Batch::one(set(&one, b"1").expecting(equals(b"1"))).wanting_previous(true);
    let (seen, applied) = statements(|| backend.write(&same).expect("a write"));
    assert_eq!(seen, ["UPDATE"]);
    assert_eq!(applied, Applied::Done(vec![value(b"1")]), "what was expected is what was there");
    let removed = Batch::one(Change::remove(two.clone()).expecting(equals(b"1")));
    assert_eq!(statements(|| backend.write(&removed)).0, ["DELETE", "BEGIN", "SELECT", "ROLLBACK"]);

    let changes = vec![set(&one, b"2").expecting(equals(b"1")), set(&two, b"2")];
    let batch = Batch::new(changes).expect("two keys").wanting_previous(true);
    let (seen, applied) = statements(|| backend.write(&batch).expect("a write"));
    assert_eq!(seen, ["BEGIN", "SELECT", "INSERT", "INSERT", "COMMIT"]);
    assert_eq!(applied, Applied::Done(vec![value(b"1"), Stored::Absent]));
    let blind = Batch::new(vec![set(&one, b"3"), Change::remove(two)]).expect("two keys");
    assert_eq!(statements(|| backend.write(&blind)).0, ["BEGIN", "INSERT", "DELETE", "COMMIT"]);
}

/// Between the keys of a range lie ten times as many that nobody asked for.
fn foreign_keys_do_not_make_a_read_longer(backend: &PostgresBackend) {
    let all = keys((0..3_000).map(|at| format!("crowd-{at:04}")));
    let batch = Batch::new(all.iter().map(|key| set(key, key.as_str().as_bytes())).collect()).expect("no key twice");
    backend.write(&batch).expect("a write");
    let right = |wanted: &[&Key], found: Vec<Stored>| {
        wanted.iter().zip(found).all(|(key, found)| found == value(key.as_str().as_bytes()))
    };
    let sparse: Vec<&Key> = all.iter().step_by(10).collect();
    let (seen, found) = statements(|| backend.read(&sparse).expect("a read"));
    assert_eq!(seen, ["SELECT", "SELECT"], "the range is given up at its limit");
    assert!(right(&sparse, found));
    // Asked for in any order, and twice.
    let mut dense: Vec<&Key> = all.iter().rev().chain([&all[999], &all[0]]).collect();
    dense.rotate_left(7);
    let (seen, found) = statements(|| backend.read(&dense).expect("a read"));
    assert_eq!(seen, ["SELECT"]);
    assert!(right(&dense, found));
}

fn statements_are_prepared_once(backend: &PostgresBackend) {
    PREPARED.lock().expect("no panic").clear();
    for at in 0..20 {
        let keys = keys((0..at * 10).map(|at| format!("again-{at}")));
        backend.read(&keys.iter().collect::<Vec<_>>()).expect("a read");
        let changes = keys.iter().map(|key| set(key, b"1")).collect();
        backend.write(&Batch::new(changes).expect("no key twice")).expect("a write");
        for wanting in [false, true] {
            backend.write(&Batch::one(set(&key("again"), b"1")).wanting_previous(wanting)).expect("a write");
            backend.write(&Batch::one(Change::remove(key("again"))).wanting_previous(wanting)).expect("a write");
        }
    }
    let prepared = PREPARED.lock().expect("no panic");
    assert!(prepared.is_empty(), "everything was in the cache already: {prepared:?}");
}

fn no_value_is_shown_to_an_instrumentation(backend: &PostgresBackend) {
    SEEN.lock().expect("no panic").clear();
    let secret = set(&key("secret"), b"hunter2");
    backend.write(&Batch::one(secret.clone())).expect("a write");
    backend.write(&Batch::one(secret.clone()).wanting_previous(true)).expect("a write");
    let many = Batch::new(vec![secret, set(&key("other"), b"hunter2")]).expect("two keys");
    backend.write(&many).expect("a write");
    let seen = SEEN.lock().expect("no panic").join("\n");
    let bytes = format!("{:?}", b"hunter2").replace(['[', ']'], "");
    assert!(seen.contains("7 bytes") && !seen.contains("hunter2") && !seen.contains(&bytes), "{seen}");
}
