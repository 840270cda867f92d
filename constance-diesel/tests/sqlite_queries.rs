//! What each call costs in statements, counted by diesel itself.
//!
//! The counter is the default instrumentation of the process, so that everything is in one test.
#![cfg(feature = "sqlite")]
#![allow(clippy::expect_used)]

mod common;

use common::{Folder, key, set, value};
use constance_core::{Applied, Backend, Batch, Change, Encoded, Expect, Key, Prefix, Stored};
use constance_diesel::SqliteBackend;
use constance_diesel::diesel::connection::{Instrumentation, InstrumentationEvent, set_default_instrumentation};
use std::sync::Mutex;

static SEEN: Mutex<Vec<String>> = Mutex::new(Vec::new());
static PREPARED: Mutex<Vec<String>> = Mutex::new(Vec::new());

fn counter() -> Option<Box<dyn Instrumentation>> {
    Some(Box::new(|event: InstrumentationEvent<'_>| match event {
        InstrumentationEvent::StartQuery { query, .. } => {
            SEEN.lock().expect("no panic").push(format!("{query} {query:?}"));
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
    set_default_instrumentation(counter).expect("nothing else sets it");
    let folder = Folder::new();
    let backend = folder.backend();
    let (seen, _) = statements(|| SqliteBackend::from_url(&folder.url()).expect("a valid URL"));
    assert!(seen.is_empty(), "building does no I/O: {seen:?}");

    // The first call also readies a connection.
    backend.read(&[&key("a")]).expect("a read");

    one_statement_reads_one_key(&backend);
    one_statement_reads_many_keys(&backend);
    a_plain_write_is_one_statement(&backend);
    a_checked_write_is_one_transaction(&backend);
    foreign_keys_do_not_make_a_read_longer(&backend);
    statements_are_prepared_once(&backend);
    no_value_is_shown_to_an_instrumentation(&backend);
}

fn one_statement_reads_one_key(backend: &SqliteBackend) {
    let key = key("a");
    assert_eq!(statements(|| backend.read(&[&key]).expect("a read")).0, ["SELECT"]);
    assert_eq!(statements(|| backend.visit(&key, &mut |_| {}).expect("a visit")).0, ["SELECT"]);
    assert_eq!(statements(|| backend.ping().expect("a ping")).0, ["SELECT"]);
    assert_eq!(statements(|| backend.list(&Prefix::empty()).expect("a list")).0, ["SELECT"]);
    assert!(statements(|| backend.read(&[]).expect("no read")).0.is_empty());
}

fn one_statement_reads_many_keys(backend: &SqliteBackend) {
    // Also past the 32,766 parameters that SQLite takes.
    for count in [2, 13, 64, 1_000, 40_000] {
        let keys = keys((0..count).map(|at| format!("many-{at}")));
        let (seen, found) = statements(|| backend.read(&keys.iter().collect::<Vec<_>>()).expect("a read"));
        assert_eq!(seen, ["SELECT"], "{count} keys");
        assert_eq!(found.len(), count);
    }
}

fn a_plain_write_is_one_statement(backend: &SqliteBackend) {
    let key = key("plain");
    let write = |change: Change| statements(|| backend.write(&Batch::one(change)).expect("a write")).0;
    assert_eq!(write(set(&key, b"1")), ["INSERT"], "a new value");
    assert_eq!(write(set(&key, b"2")), ["INSERT"], "in place of another");
    assert_eq!(write(Change::remove(key.clone())), ["DELETE"]);
    assert!(write(Change::keep(key.clone())).is_empty());
    assert_eq!(write(Change::keep(key).expecting(Expect::Absent)), ["SELECT"], "a check alone takes no lock");
}

fn a_checked_write_is_one_transaction(backend: &SqliteBackend) {
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

    let changes = vec![set(&one, b"2").expecting(Expect::Equals(Encoded::from(&b"1"[..]))), set(&two, b"2")];
    let batch = Batch::new(changes).expect("two keys").wanting_previous(true);
    let (seen, applied) = statements(|| backend.write(&batch).expect("a write"));
    assert_eq!(seen, ["BEGIN", "SELECT", "INSERT", "INSERT", "COMMIT"]);
    assert_eq!(applied, Applied::Done(vec![value(b"1"), Stored::Absent]));

    let blind = Batch::new(vec![set(&one, b"3"), Change::remove(two)]).expect("two keys");
    assert_eq!(statements(|| backend.write(&blind)).0, ["BEGIN", "INSERT", "DELETE", "COMMIT"]);
}

/// Between the keys of a range lie ten times as many that nobody asked for.
fn foreign_keys_do_not_make_a_read_longer(backend: &SqliteBackend) {
    let all = keys((0..1_000).map(|at| format!("crowd-{at:04}")));
    let batch = Batch::new(all.iter().map(|key| set(key, key.as_str().as_bytes())).collect()).expect("no key twice");
    backend.write(&batch).expect("a write");
    let wanted: Vec<&Key> = all.iter().step_by(10).collect();
    let (seen, found) = statements(|| backend.read(&wanted).expect("a read"));
    assert_eq!(seen, ["SELECT", "SELECT"], "the range is given up at its limit");
    for (key, found) in wanted.iter().zip(found) {
        assert_eq!(found, value(key.as_str().as_bytes()));
    }
    // Asked for in any order, and twice.
    let (first, last) = (&all[0], &all[999]);
    let mut dense: Vec<&Key> = all.iter().rev().chain([last, first]).collect();
    dense.rotate_left(7);
    let (seen, found) = statements(|| backend.read(&dense).expect("a read"));
    assert_eq!(seen, ["SELECT"]);
    for (key, found) in dense.iter().zip(found) {
        assert_eq!(found, value(key.as_str().as_bytes()));
    }
}

fn statements_are_prepared_once(backend: &SqliteBackend) {
    PREPARED.lock().expect("no panic").clear();
    for at in 0..20 {
        let keys = keys((0..at * 10).map(|at| format!("again-{at}")));
        backend.read(&keys.iter().collect::<Vec<_>>()).expect("a read");
        backend.write(&Batch::one(set(&key("again"), b"1"))).expect("a write");
        backend.write(&Batch::one(Change::remove(key("again")))).expect("a write");
    }
    let prepared = PREPARED.lock().expect("no panic");
    assert!(prepared.is_empty(), "everything was in the cache already: {prepared:?}");
}

fn no_value_is_shown_to_an_instrumentation(backend: &SqliteBackend) {
    SEEN.lock().expect("no panic").clear();
    backend.write(&Batch::one(set(&key("secret"), b"hunter2"))).expect("a write");
    let seen = SEEN.lock().expect("no panic").join("\n");
    let bytes = format!("{:?}", b"hunter2").replace(['[', ']'], "");
    assert!(seen.contains("7 bytes") && !seen.contains("hunter2") && !seen.contains(&bytes), "{seen}");
}
