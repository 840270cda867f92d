//! Connections end while many tasks send requests, some of which are dropped.

use std::hash::{BuildHasher, RandomState};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use constance_core::aio::AsyncBackend;
use constance_core::testing::aio::polled;
use constance_core::{Error, ErrorKind, backend::Stored};
use constance_redis::aio::AsyncRedisBackend;
use constance_redis::redis::{Connection, cmd};
use tokio::task::{JoinSet, yield_now};

use crate::common;
use crate::common::aio::{read, read_all, short_timeouts, until, write};
use crate::common::{Server, key, value};

const TASKS: usize = 64;

/// Reads by many tasks, with counts of their results.
#[derive(Default)]
struct Load {
    stopped: AtomicBool,
    right: AtomicUsize,
    failed: AtomicUsize,
    dropped: AtomicUsize,
}

impl Load {
    /// Reads until stopped. Each read returns its own value, an outage, or is dropped. A restarted server is empty.
    async fn task(self: Arc<Self>, backend: Arc<AsyncRedisBackend>, number: usize, empty_too: bool) {
        let name = format!("of{number}");
        let (key, mine) = (key(&name), value(name.as_bytes()));
        let check = |found: &Stored| assert!(*found == mine || empty_too && found.is_absent(), "{found:?} for {name}");
        while !self.stopped.load(Ordering::Relaxed) {
            let choice = RandomState::new().hash_one(0) as usize;
            let keys = [&key];
            let call = backend.read(&keys);
            let result = match choice % 4 {
                0 => polled(call, choice / 4 % 4).await,
                1 => Some(read_all(&*backend, &[&name, "none"]).await),
                _ => Some(call.await),
            };
            match result {
                Some(Ok(found)) => {
                    check(&found[0]);
                    self.right.fetch_add(1, Ordering::Relaxed);
                }
                Some(Err(error)) => {
                    outage(&error);
                    self.failed.fetch_add(1, Ordering::Relaxed);
                }
                None => drop(self.dropped.fetch_add(1, Ordering::Relaxed)),
            }
            yield_now().await;
        }
    }

    fn count(&self) -> usize {
        self.right.load(Ordering::Relaxed)
    }
}

fn outage(error: &Error) {
    let known = matches!(error.kind(), ErrorKind::Unavailable | ErrorKind::Timeout);
    assert!(known && error.is_transient(), "{error:?}");
}

async fn start(backend: &Arc<AsyncRedisBackend>, empty_too: bool) -> (Arc<Load>, JoinSet<()>) {
    let load = Arc::new(Load::default());
    let mut tasks = JoinSet::new();
    for number in 0..TASKS {
        let name = format!("of{number}");
        until("a write", || async { write(&**backend, &name, name.as_bytes()).await.ok() }).await;
        tasks.spawn(Arc::clone(&load).task(Arc::clone(backend), number, empty_too));
    }
    (load, tasks)
}

/// Waits until the tasks have had this many more values.
async fn answers(load: &Load, more: usize) {
    let before = load.count();
    while load.count() < before + more {
        yield_now().await;
    }
}

async fn end(load: &Load, mut tasks: JoinSet<()>) {
    load.stopped.store(true, Ordering::Relaxed);
    while let Some(done) = tasks.join_next().await {
        done.expect("no wrong answer");
    }
    eprintln!("{load:?}");
    assert!(load.dropped.load(Ordering::Relaxed) > 0);
}

impl std::fmt::Debug for Load {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { stopped: _, right, failed, dropped } = self;
        write!(f, "{right:?} right, {failed:?} failed, {dropped:?} dropped")
    }
}

/// The IDs of the server's clients, without the administrator.
fn clients(raw: &mut Connection) -> Vec<String> {
    let own: u64 = cmd("CLIENT").arg("ID").query(raw).expect("a number");
    let list: String = cmd("CLIENT").arg("LIST").query(raw).expect("a list");
    let numbers = list.lines().filter_map(|line| line.split(' ').next()).map(str::to_owned);
    numbers.filter(|number| *number != format!("id={own}")).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn connections_that_are_cut_leave_none_behind() {
    let Some(server) = Server::start() else { return };
    let backend = Arc::new(short_timeouts(&server.url()));
    let (load, tasks) = start(&backend, false).await;
    let mut raw = server.raw();
    for _ in 0..50 {
        answers(&load, 200).await;
        let mut kill = cmd("CLIENT");
        kill.arg("KILL").arg("TYPE").arg("normal").arg("SKIPME").arg("yes").exec(&mut raw).expect("a cut");
    }
    end(&load, tasks).await;
    until("a read", || async { read(&*backend, "of0").await.ok() }).await;
    common::until("one connection", || (clients(&mut raw).len() == 1).then_some(()));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_connection_given_up_is_closed_though_nobody_calls_again() {
    let Some(server) = Server::start() else { return };
    let backend = Arc::new(short_timeouts(&server.url()));
    let (load, tasks) = start(&backend, false).await;
    answers(&load, 1000).await;
    let mut raw = server.raw();
    end(&load, tasks).await;
    until("a read", || async { read(&*backend, "of0").await.ok() }).await;
    let used = common::until("one connection", || Some(clients(&mut raw)).filter(|clients| clients.len() == 1));
    server.pause();
    outage(&read(&*backend, "of0").await.expect_err("no answer"));
    server.resume();
    common::until("the end of the connection that was silent", || {
        clients(&mut raw).iter().all(|client| *client != used[0]).then_some(())
    });
    until("a read", || async { read(&*backend, "of0").await.ok() }).await;
    common::until("one connection", || (clients(&mut raw).len() == 1).then_some(()));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_server_that_is_killed_under_way_makes_no_wrong_answer() {
    let Some(mut server) = Server::start() else { return };
    let backend = Arc::new(short_timeouts(&server.url()));
    let (load, tasks) = start(&backend, true).await;
    for _ in 0..5 {
        answers(&load, 1000).await;
        server.kill();
        server.restart();
    }
    answers(&load, 1000).await;
    end(&load, tasks).await;
    assert_eq!(until("the server is up", || async { read(&*backend, "of0").await.ok() }).await, Stored::Absent);
    let mut raw = server.raw();
    common::until("one connection", || (clients(&mut raw).len() == 1).then_some(()));
}
