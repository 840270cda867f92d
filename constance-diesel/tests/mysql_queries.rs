//! What each call costs in statements, counted by diesel itself.
//!
//! The counter is the default instrumentation of the process, so that everything is in one test.
#![cfg(feature = "mysql")]
#![allow(clippy::expect_used)]

mod mysql_support;

use std::sync::Mutex;

use constance_core::{Applied, Backend, Batch, Change, Encoded, Expect, Key, Prefix, Stored};
use constance_diesel::MysqlBackend;
use constance_diesel::diesel::connection::{Instrumentation, InstrumentationEvent, set_default_instrumentation};
use mysql_support::{Place, key, set, value};

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

/// The first words of the statements that `call` ran; those of a transaction at a level of its own count as its beginning.
fn statements<T>(call: impl FnOnce() -> T) -> (Vec<String>, T) {
    SEEN.lock().expect("no panic").clear();
    let answer = call();
    let seen = std::mem::take(&mut *SEEN.lock().expect("no panic"));
    let word = |sql: &String| match sql.as_str() {
        begin if begin.starts_with("SET TRANSACTION") && begin.contains("; BEGIN") => "BEGIN".to_owned(),
        sql => sql.split_whitespace().next().unwrap_or("").to_owned(),
    };
    (seen.iter().map(word).collect(), answer)
}

fn keys(names: impl Iterator<Item = String>) -> Vec<Key> {
    names.map(|name| key(&name)).collect()
}

#[test]
fn every_call_runs_the_fewest_statements() {
    set_default_instrumentation(counter).expect("nothing else sets it");
    for place in Place::each() {
        let (seen, backend) = statements(|| place.builder().pool_size(1).build().expect("a valid URL"));
        assert!(seen.is_empty(), "building does no I/O: {seen:?}");
        backend.migrate().expect("tables");

        one_statement_reads_one_key(&backend);
        one_statement_reads_many_keys(&backend);
        a_plain_write_is_one_statement(&backend);
        a_checked_write_is_one_transaction(&backend);
        foreign_keys_do_not_make_a_read_longer(&backend);
        statements_are_prepared_once(&backend);
        no_value_is_shown_to_an_instrumentation(&backend);
        a_look_for_changes_is_one_statement(&backend);
    }
}

fn one_statement_reads_one_key(backend: &MysqlBackend) {
    let key = key("a");
    assert_eq!(statements(|| backend.read(&[&key]).expect("a read")).0, ["SELECT"]);
    assert_eq!(statements(|| backend.visit(&key, &mut |_| {}).expect("a visit")).0, ["SELECT"]);
    assert_eq!(statements(|| backend.ping().expect("a ping")).0, ["SELECT"]);
    assert_eq!(statements(|| backend.list(&Prefix::empty()).expect("a list")).0, ["SELECT"]);
    assert!(statements(|| backend.read(&[]).expect("no read")).0.is_empty());
}

fn one_statement_reads_many_keys(backend: &MysqlBackend) {
    for count in [2, 13, 64, 1_000] {
        let keys = keys((0..count).map(|at| format!("many-{at}")));
        let (seen, found) = statements(|| backend.read(&keys.iter().collect::<Vec<_>>()).expect("a read"));
        assert_eq!(seen, ["SELECT"], "{count} keys");
        assert_eq!(found.len(), count);
    }
    // Of several prefixes, so that no range holds them; the last are past the 65,535 parameters that a server takes.
    for count in [13, 1_000, 70_000] {
        let prefixes = ["a:", "b:"].map(|prefix| Prefix::new(prefix).expect("a prefix"));
        let key = |at: usize| prefixes[at % 2].key(&format!("many-{at}")).expect("a name");
        let keys: Vec<Key> = (0..count).map(key).collect();
        let last = &keys[count - 1];
        backend.write(&Batch::one(set(last, b"last"))).expect("a write");
        let (seen, found) = statements(|| backend.read(&keys.iter().collect::<Vec<_>>()).expect("a read"));
        assert_eq!(seen, ["SELECT"], "{count} keys");
        assert_eq!(found.len(), count);
        assert_eq!(found[count - 1], value(b"last"));
        backend.write(&Batch::one(Change::remove(last.clone()))).expect("a removal");
    }
}

fn a_plain_write_is_one_statement(backend: &MysqlBackend) {
    let key = key("plain");
    let write = |change: Change| statements(|| backend.write(&Batch::one(change)).expect("a write")).0;
    assert_eq!(write(set(&key, b"1")), ["INSERT"], "a new value");
    assert_eq!(write(set(&key, b"2")), ["INSERT"], "in place of another");
    assert_eq!(write(Change::remove(key.clone())), ["DELETE"]);
    assert!(write(Change::keep(key.clone())).is_empty());
    assert_eq!(write(Change::keep(key).expecting(Expect::Absent)), ["SELECT"], "a check alone takes no lock");
}

fn a_checked_write_is_one_transaction(backend: &MysqlBackend) {
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
    assert_eq!(statements(|| backend.write(&blind).expect("a write")).0, ["BEGIN", "INSERT", "DELETE", "COMMIT"]);

    let all = (0..100).map(|at| set(&key(&format!("blind-{at}")), b"1")).collect();
    let all = Batch::new(all).expect("no key twice");
    assert_eq!(statements(|| backend.write(&all).expect("a write")).0, ["INSERT"], "plain sets are one statement");
    let found = backend.read(&[&key("blind-0"), &key("blind-99")]).expect("a read");
    assert_eq!(found, [value(b"1"), value(b"1")]);
}

fn foreign_keys_do_not_make_a_read_longer(backend: &MysqlBackend) {
    let wide: Vec<Key> = keys((0..100).map(|at| format!("wide-{at:03}")));
    // Between the first and the last of them lie many that nobody asks for.
    let between = (0..300).map(|at| set(&key(&format!("wide-050-{at}")), b"x")).collect();
    backend.write(&Batch::new(between).expect("no key twice")).expect("a write");
    let changes = wide.iter().map(|key| set(key, key.as_str().as_bytes())).collect();
    backend.write(&Batch::new(changes).expect("no key twice")).expect("a write");
    let (seen, found) = statements(|| backend.read(&wide.iter().collect::<Vec<_>>()).expect("a read"));
    assert_eq!(seen, ["SELECT", "SELECT"], "a range with a limit, then one by one");
    for (key, found) in wide.iter().zip(found) {
        assert_eq!(found, value(key.as_str().as_bytes()));
    }
}

fn statements_are_prepared_once(backend: &MysqlBackend) {
    let round = |backend: &MysqlBackend| {
        for at in 0..20 {
            let keys = keys((0..at * 10).map(|at| format!("again-{at}")));
            backend.read(&keys.iter().collect::<Vec<_>>()).expect("a read");
            backend.write(&Batch::one(set(&key("again"), b"1"))).expect("a write");
            backend.write(&Batch::one(Change::remove(key("again")))).expect("a write");
        }
    };
    // Some shapes of a read may still be missing.
    round(backend);
    PREPARED.lock().expect("no panic").clear();
    round(backend);
    // Any number of keys in between has no statement of its own.
    let odd = keys((0..15).map(|at| format!("odd-{at}")));
    backend.read(&odd.iter().collect::<Vec<_>>()).expect("a read");
    let prepared = PREPARED.lock().expect("no panic");
    assert!(prepared.is_empty(), "everything was in the cache already: {prepared:?}");
}

fn no_value_is_shown_to_an_instrumentation(backend: &MysqlBackend) {
    SEEN.lock().expect("no panic").clear();
    backend.write(&Batch::one(set(&key("secret"), b"hunter2"))).expect("a write");
    let seen = SEEN.lock().expect("no panic").join("\n");
    let bytes = format!("{:?}", b"hunter2").replace(['[', ']'], "");
    assert!(seen.contains("7 bytes") && !seen.contains("hunter2") && !seen.contains(&bytes), "{seen}");
}

fn a_look_for_changes_is_one_statement(backend: &MysqlBackend) {
    let mut feed = backend.watch(&Prefix::empty()).expect("a feed");
    let (seen, _) = statements(|| feed.wait(std::time::Duration::ZERO).expect("a look"));
    assert_eq!(seen, ["SELECT"]);
}
