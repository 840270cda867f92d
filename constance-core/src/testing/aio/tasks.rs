//! Many tasks use one backend, and a cache's look agrees with a read.

use std::sync::Arc;

use super::AsyncFixture;
use crate::aio::AsyncBackend;
use crate::backend::{Applied, Batch, Encoded, Expect, Key, Stored};
use crate::testing::cases::batches::set;
use crate::testing::fixture::ok;

const TASKS: usize = 32;

fn value(bytes: &[u8]) -> Stored {
    Stored::Value(Encoded::from(bytes))
}

async fn read(backend: &dyn AsyncBackend, key: &Key) -> Stored {
    let mut found = ok(backend.read(&[key]).await, "a read of a store that answers");
    assert!(found.len() == 1, "a read of one key must give one answer, not {}", found.len());
    found.remove(0)
}

/// Each of many tasks gets its own replies.
pub fn every_task_gets_its_own_replies(f: &AsyncFixture) {
    let tasks: Vec<_> = (0..TASKS)
        .map(|task| {
            let (backend, key) = (Arc::clone(f.backend()), f.key(&format!("task{task}")));
            f.runtime().spawn(async move {
                let mut before = Stored::Absent;
                for round in 0..10 {
                    let now = format!("{task}/{round}");
                    let batch = Batch::one(set(&key, now.as_bytes())).wanting_previous(true);
                    let applied = ok(backend.write(&batch).await, "a write beside other tasks");
                    assert!(applied == Applied::Done(vec![before]), "broken: a task is told what it wrote before");
                    before = read(&*backend, &key).await;
                    assert!(before == value(now.as_bytes()), "broken: a task reads what it wrote");
                }
            })
        })
        .collect();
    join(f, tasks);
}

/// Compare-and-set by many tasks at once loses nothing.
pub fn tasks_count_exactly(f: &AsyncFixture) {
    const EACH: usize = 5;
    let key = f.key("count");
    let tasks: Vec<_> = (0..TASKS / 2)
        .map(|_| {
            let (backend, key) = (Arc::clone(f.backend()), key.clone());
            f.runtime().spawn(async move {
                for _ in 0..EACH {
                    let mut current = read(&*backend, &key).await;
                    loop {
                        let (count, expect) = match &current {
                            Stored::Value(bytes) => (number(bytes), Expect::Equals(bytes.clone())),
                            _ => (0, Expect::Absent),
                        };
                        let change = set(&key, (count + 1).to_string().as_bytes()).expecting(expect);
                        match ok(backend.write(&Batch::one(change)).await, "a write beside other tasks") {
                            Applied::Done(_) => break,
                            Applied::Conflict { current: stored, .. } => current = stored,
                        }
                        tokio::task::yield_now().await;
                    }
                }
            })
        })
        .collect();
    join(f, tasks);
    let total = (TASKS / 2 * EACH).to_string();
    f.expect(&key, Some(total.as_bytes()), "each of many increments by tasks counts once");
}

fn number(bytes: &Encoded) -> usize {
    std::str::from_utf8(bytes.as_bytes()).ok().and_then(|text| text.parse().ok()).expect("what the tasks wrote")
}

/// Where there is something to peek at, it is what a read gives, after every kind of change.
pub fn peek_agrees_with_read(f: &AsyncFixture) {
    let key = f.key("theme");
    f.block_on(async {
        let backend = f.backend();
        let agree = |found: Stored, when: &'static str| {
            if let Some(peeked) = backend.peek(&key) {
                assert!(peeked == found, "broken: what can be peeked at is what a read gives, {when}");
            }
        };
        agree(Stored::Absent, "before anything was read");
        agree(read(backend, &key).await, "for what is absent");
        for bytes in [&b"dark"[..], b"", b"light"] {
            drop(ok(backend.write(&Batch::one(set(&key, bytes))).await, "a write"));
            agree(value(bytes), "right after a write");
            let found = read(backend, &key).await;
            assert!(found == value(bytes), "broken: a read gives what was written");
            agree(found, "after a read");
        }
        drop(ok(backend.write(&Batch::one(crate::backend::Change::remove(key.clone()))).await, "a removal"));
        agree(Stored::Absent, "right after a removal");
        agree(read(backend, &key).await, "after a removal and a read");
    });
}

/// A reference, a box and an `Arc` of it do what it does.
pub fn pointers_are_asynchronous_backends(f: &AsyncFixture) {
    async fn through(backend: impl AsyncBackend, key: &Key, bytes: &[u8]) {
        drop(ok(backend.write(&Batch::one(set(key, bytes))).await, "a write through a pointer"));
        assert!(read(&backend, key).await == value(bytes), "broken: a pointer to a backend does what the backend does");
        ok(backend.ping().await, "a ping through a pointer");
    }
    let key = f.key("theme");
    let inner = f.backend();
    f.block_on(async {
        through(&**inner, &key, b"1").await;
        through(Arc::clone(inner), &key, b"2").await;
        through(Box::new(Arc::clone(inner)), &key, b"3").await;
    });
    let (name, capability) = (inner.name(), inner.capability());
    assert!(
        (&inner).name() == name && (&inner).capability() == capability,
        "broken: a pointer says the same of itself"
    );
}

fn join(f: &AsyncFixture, tasks: Vec<tokio::task::JoinHandle<()>>) {
    f.block_on(async {
        for task in tasks {
            if let Err(end) = task.await {
                match end.try_into_panic() {
                    Ok(panic) => std::panic::resume_unwind(panic),
                    Err(_) => panic!("a task of the case was ended from outside"),
                }
            }
        }
    });
}
