//! What each call costs in statements, for every dialect, counted by diesel itself.
//!
//! The counter is the default instrumentation of the process, so that a program has all of this in one test.

use std::sync::{Mutex, OnceLock};

use constance_core::{
    Backend, Prefix,
    backend::{Applied, Batch, Change, Encoded, Expect, Key, Stored},
};
use constance_diesel::diesel::connection::{Instrumentation, InstrumentationEvent, set_default_instrumentation};

use super::{key, set, value};

static SEEN: Mutex<Vec<String>> = Mutex::new(Vec::new());
static PREPARED: Mutex<Vec<String>> = Mutex::new(Vec::new());
static IGNORED: OnceLock<&str> = OnceLock::new();

/// Begins to count. Statements that begin with `ignored` do not count.
pub(crate) fn count_statements(ignored: Option<&'static str>) {
    if let Some(ignored) = ignored {
        IGNORED.set(ignored).expect("nothing else sets it");
    }
    set_default_instrumentation(counter).expect("nothing else sets it");
}

fn counter() -> Option<Box<dyn Instrumentation>> {
    Some(Box::new(|event: InstrumentationEvent<'_>| match event {
        InstrumentationEvent::StartQuery { query, .. } => {
            let shown = format!("{query} {query:?}");
            if !IGNORED.get().is_some_and(|ignored| shown.starts_with(ignored)) {
                SEEN.lock().expect("no panic").push(shown);
            }
        }
        InstrumentationEvent::CacheQuery { sql, .. } => PREPARED.lock().expect("no panic").push(sql.to_owned()),
        _ => {}
    }))
}

/// The first words of the statements that `call` ran. Those that begin a transaction at a level of its own count as `BEGIN`.
pub(crate) fn statements<T>(call: impl FnOnce() -> T) -> (Vec<String>, T) {
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

/// Whether each key has its own name as its value.
fn each_its_own<'a>(keys: impl IntoIterator<Item = &'a Key>, found: Vec<Stored>) -> bool {
    keys.into_iter().zip(found).all(|(key, found)| found == value(key.as_str().as_bytes()))
}

fn own_values(keys: &[Key]) -> Batch {
    Batch::new(keys.iter().map(|key| set(key, key.as_str().as_bytes())).collect()).expect("no key twice")
}

pub(crate) fn one_statement_reads_one_key(backend: &dyn Backend) {
    let key = key("a");
    assert_eq!(statements(|| backend.read(&[&key]).expect("a read")).0, ["SELECT"]);
    assert_eq!(statements(|| backend.visit(&key, &mut |_| {}).expect("a visit")).0, ["SELECT"]);
    assert_eq!(statements(|| backend.ping().expect("a ping")).0, ["SELECT"]);
    assert_eq!(statements(|| backend.list(&Prefix::empty()).expect("a list")).0, ["SELECT"]);
    assert!(statements(|| backend.read(&[]).expect("no read")).0.is_empty());
}

/// `most` is past the number of parameters that the server takes.
pub(crate) fn one_statement_reads_many_keys(backend: &dyn Backend, most: usize) {
    for count in [2, 13, 64, 1_000, most] {
        let keys = keys((0..count).map(|at| format!("many-{at}")));
        let (seen, found) = statements(|| backend.read(&keys.iter().collect::<Vec<_>>()).expect("a read"));
        assert_eq!(seen, ["SELECT"], "{count} keys");
        assert_eq!(found.len(), count);
    }
    // Of several prefixes, so that no range holds them.
    for count in [13, 1_000, most] {
        let prefixes = ["a:", "b:"].map(|prefix| Prefix::new(prefix).expect("a prefix"));
        let key = |at: usize| prefixes[at % 2].key(&format!("many-{at}")).expect("a name");
        let keys: Vec<Key> = (0..count).map(key).collect();
        let last = &keys[count - 1];
        backend.write(&Batch::one(set(last, b"last"))).expect("a write");
        let (seen, found) = statements(|| backend.read(&keys.iter().collect::<Vec<_>>()).expect("a read"));
        assert_eq!(seen, ["SELECT"], "{count} keys of two prefixes");
        assert_eq!(found.len(), count);
        assert_eq!(found[count - 1], value(b"last"));
        backend.write(&Batch::one(Change::remove(last.clone()))).expect("a removal");
    }
}

pub(crate) fn a_plain_write_is_one_statement(backend: &dyn Backend) {
    let key = key("plain");
    let write = |change: Change| statements(|| backend.write(&Batch::one(change)).expect("a write")).0;
    assert_eq!(write(set(&key, b"1")), ["INSERT"], "a new value");
    assert_eq!(write(set(&key, b"2")), ["INSERT"], "in place of another");
    assert_eq!(write(Change::remove(key.clone())), ["DELETE"]);
    assert!(write(Change::keep(key.clone())).is_empty());
    assert_eq!(write(Change::keep(key).expecting(Expect::Absent)), ["SELECT"], "a check alone takes no lock");
}

/// Where the dialect writes many values in one statement.
#[allow(dead_code, reason = "SQLite writes them one by one")]
pub(crate) fn many_plain_writes_are_one_statement(backend: &dyn Backend, counts: &[usize]) {
    for &count in counts {
        let keys = keys((0..count).rev().map(|at| format!("set-{at}")));
        let batch = own_values(&keys);
        assert_eq!(statements(|| backend.write(&batch).expect("a write")).0, ["INSERT"], "{count} values");
        let found = backend.read(&keys.iter().collect::<Vec<_>>()).expect("a read");
        assert!(each_its_own(&keys, found), "each its own");
        let removals = Batch::new(keys.into_iter().map(Change::remove).take(2).collect()).expect("no key twice");
        let (seen, _) = statements(|| backend.write(&removals).expect("a write"));
        assert_eq!(seen, ["BEGIN", "DELETE", "DELETE", "COMMIT"]);
    }
}

pub(crate) fn a_checked_write_is_one_transaction(backend: &dyn Backend) {
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
}

/// Of `count` keys that are there, every `step`th is asked for.
pub(crate) fn foreign_keys_do_not_make_a_read_longer(backend: &dyn Backend, count: usize, step: usize) {
    let all = keys((0..count).map(|at| format!("crowd-{at:04}")));
    backend.write(&own_values(&all)).expect("a write");
    let sparse: Vec<&Key> = all.iter().step_by(step).collect();
    let (seen, found) = statements(|| backend.read(&sparse).expect("a read"));
    assert_eq!(seen, ["SELECT", "SELECT"], "the range is given up at its limit");
    assert!(each_its_own(sparse, found));
    // Asked for in any order, and two of them twice.
    let mut dense: Vec<&Key> = all.iter().rev().chain([&all[count - 1], &all[0]]).collect();
    dense.rotate_left(7);
    let (seen, found) = statements(|| backend.read(&dense).expect("a read"));
    assert_eq!(seen, ["SELECT"]);
    assert!(each_its_own(dense, found));
}

/// Reads and writes of many shapes; `also` are the dialect's own, with the keys of each step.
pub(crate) fn many_shapes(backend: &dyn Backend, also: &dyn Fn(&[Key])) {
    for at in 0..20 {
        let keys = keys((0..at * 10).map(|at| format!("again-{at}")));
        backend.read(&keys.iter().collect::<Vec<_>>()).expect("a read");
        backend.write(&Batch::one(set(&key("again"), b"1"))).expect("a write");
        backend.write(&Batch::one(Change::remove(key("again")))).expect("a write");
        also(&keys);
    }
}

pub(crate) fn statements_are_prepared_once(backend: &dyn Backend, also: &dyn Fn(&[Key])) {
    PREPARED.lock().expect("no panic").clear();
    many_shapes(backend, also);
    // Any number of keys in between has no statement of its own.
    let odd = keys((0..15).map(|at| format!("odd-{at}")));
    backend.read(&odd.iter().collect::<Vec<_>>()).expect("a read");
    let prepared = PREPARED.lock().expect("no panic");
    assert!(prepared.is_empty(), "everything was in the cache already: {prepared:?}");
}

pub(crate) fn no_value_is_shown_to_an_instrumentation(backend: &dyn Backend) {
    let secret = set(&key("secret"), b"hunter2");
    let many = Batch::new(vec![secret.clone(), set(&key("other"), b"hunter2")]).expect("two keys");
    for batch in [Batch::one(secret.clone()), Batch::one(secret).wanting_previous(true), many] {
        SEEN.lock().expect("no panic").clear();
        backend.write(&batch).expect("a write");
        let seen = SEEN.lock().expect("no panic").join("\n");
        let bytes = format!("{:?}", b"hunter2").replace(['[', ']'], "");
        assert!(seen.contains("7 bytes") && !seen.contains("hunter2") && !seen.contains(&bytes), "{seen}");
    }
}
