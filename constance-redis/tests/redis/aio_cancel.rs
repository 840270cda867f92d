//! Dropping futures under load mixes up no replies and leaves no write half done.

use std::hash::{BuildHasher, RandomState};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use constance_core::aio::{AsyncBackend, BoxFuture};
use constance_core::backend::{Applied, Batch, Expect};
use constance_core::testing::aio::polled;
use constance_redis::aio::AsyncRedisBackend;
use constance_redis::redis::cmd;
use tokio::task::JoinSet;

use crate::common;
use crate::common::aio::{long_timeouts, read, read_all, write};
use crate::common::{Server, prefix, set, value};

const TASKS: usize = 64;
const ROUNDS: usize = 100;

/// How many futures were dropped before they were ready, and how many ended.
#[derive(Default)]
struct Counts {
    dropped: AtomicUsize,
    ended: AtomicUsize,
}

impl Counts {
    /// Polls a call a random number of times, and drops it.
    async fn cut<T>(&self, call: BoxFuture<'_, constance_core::Result<T>>) -> Option<T> {
        match polled(call, RandomState::new().hash_one(0) as usize % 5).await {
            Some(result) => {
                self.ended.fetch_add(1, Ordering::Relaxed);
                Some(result.expect("a server that answers"))
            }
            None => {
                self.dropped.fetch_add(1, Ordering::Relaxed);
                None
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn sixty_four_tasks_on_one_connection() {
    let Some(server) = Server::start() else { return };
    let backend = Arc::new(long_timeouts(&server.url()));
    let counts = Arc::new(Counts::default());
    let mut tasks = JoinSet::new();
    for task in 0..TASKS {
        tasks.spawn(one_task(task, Arc::clone(&backend), Arc::clone(&counts)));
    }
    // The script has to be sent again meanwhile.
    let mut raw = server.raw();
    while let Some(done) = tasks.join_next().await {
        done.expect("no wrong reply");
        cmd("SCRIPT").arg("FLUSH").exec(&mut raw).expect("a flush");
    }
    let (dropped, ended) = (counts.dropped.load(Ordering::Relaxed), counts.ended.load(Ordering::Relaxed));
    eprintln!("{dropped} futures dropped, {ended} ended");
    assert!(dropped > TASKS && ended > TASKS, "{dropped} dropped, {ended} ended");
    let clients: String = cmd("CLIENT").arg("LIST").query(&mut raw).expect("a list");
    assert_eq!(clients.lines().count(), 2, "this one and the backend's, which no dropped future has cost: {clients}");
}

/// Reads and writes its own keys. Every reply has to be its own.
async fn one_task(task: usize, backend: Arc<AsyncRedisBackend>, counts: Arc<Counts>) {
    let name = |part: &str| format!("{task}.{part}");
    let mine = format!("of {task}").into_bytes();
    write(&*backend, &name("fixed"), &mine).await.expect("a write");
    let triple = [name("a"), name("b"), name("c")];
    let triple: Vec<&str> = triple.iter().map(String::as_str).collect();
    let (all, fixed) = (prefix("constance:"), common::key(&name("fixed")));
    for round in 0..ROUNDS {
        match round % 4 {
            0 => {
                if let Some(found) = counts.cut(backend.read(&[&fixed])).await {
                    assert_eq!(found, [value(&mine)]);
                }
            }
            1 => {
                let batch: Vec<_> = triple.iter().map(|name| set(name, round.to_string().as_bytes())).collect();
                drop(counts.cut(backend.write(&Batch::new(batch).expect("three keys"))).await);
            }
            2 => {
                let previous = Batch::one(set(&name("fixed"), &mine)).wanting_previous(true);
                if let Some(applied) = counts.cut(backend.write(&previous)).await {
                    assert_eq!(applied, Applied::Done(vec![value(&mine)]));
                }
            }
            _ => drop(counts.cut(backend.list(&all)).await),
        }
        // The next call of each kind gets its own reply.
        assert_eq!(read(&*backend, &name("fixed")).await.expect("a read"), value(&mine));
        let found = read_all(&*backend, &triple).await.expect("a read");
        assert!(found.iter().all(|stored| *stored == found[0]), "a batch is never seen in part: {found:?}");
        let lost = Batch::one(set(&name("fixed"), b"lost").expecting(Expect::Absent));
        let applied = backend.write(&lost).await.expect("an answer");
        assert_eq!(applied, Applied::Conflict { index: 0, current: value(&mine) });
    }
}

#[tokio::test]
async fn a_dropped_first_call_leaves_the_attempt_to_the_others() {
    let Some(server) = Server::start() else { return };
    let mut raw = server.raw();
    let connections = |raw: &mut constance_redis::redis::Connection| -> usize {
        let clients: String = cmd("CLIENT").arg("LIST").query(raw).expect("a list");
        clients.lines().count()
    };
    let backend = long_timeouts(&server.url());
    let key = common::key("a");
    for _ in 0..10 {
        // Dropped after it has begun to connect.
        drop(polled(backend.read(&[&key]), 1).await);
    }
    read(&backend, "a").await.expect("the attempt goes on");
    assert_eq!(connections(&mut raw), 2, "one attempt");
}
