//! Connections end in the middle of many tasks' requests, some of which are dropped as well.

use std::hash::{BuildHasher, RandomState};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use constance_core::aio::AsyncBackend;
use constance_core::testing::aio::polled;
use constance_core::{Error, ErrorKind, Stored};
use constance_redis::aio::AsyncRedisBackend;
use constance_redis::redis::{Connection, cmd};
use tokio::task::{JoinSet, yield_now};

use crate::common;
use crate::common::aio::{hasty, read, read_all, until, write};
use crate::common::{Server, key, value};

const TASKS: usize = 64;

/// What all tasks do until it is over, and what came of it.
#[derive(Default)]
struct Storm {
    over: AtomicBool,
    right: AtomicUsize,
    failed: AtomicUsize,
    dropped: AtomicUsize,
}

impl Storm {
    /// Reads, each of which gets its own answer, an outage, or is dropped. A server that is started anew is empty.
    async fn task(self: Arc<Self>, backend: Arc<AsyncRedisBackend>, number: usize, empty_too: bool) {
        let name = format!("of{number}");
        let (key, mine) = (key(&name), value(name.as_bytes()));
        let check = |found: &Stored| assert!(*found == mine || empty_too && found.is_absent(), "{found:?} for {name}");
        while !self.over.load(Ordering::Relaxed) {
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

async fn start(backend: &Arc<AsyncRedisBackend>, empty_too: bool) -> (Arc<Storm>, JoinSet<()>) {
    let storm = Arc::new(Storm::default());
    let mut tasks = JoinSet::new();
    for number in 0..TASKS {
        let name = format!("of{number}");
        until("a write", || async { write(&**backend, &name, name.as_bytes()).await.ok() }).await;
        tasks.spawn(Arc::clone(&storm).task(Arc::clone(backend), number, empty_too));
    }
    (storm, tasks)
}

/// The tasks have had this many more answers.
async fn answers(storm: &Storm, more: usize) {
    let before = storm.count();
    while storm.count() < before + more {
        yield_now().await;
    }
}

async fn end(storm: &Storm, mut tasks: JoinSet<()>) {
    storm.over.store(true, Ordering::Relaxed);
    while let Some(done) = tasks.join_next().await {
        done.expect("no wrong answer");
    }
    eprintln!("{storm:?}");
    assert!(storm.dropped.load(Ordering::Relaxed) > 0);
}

impl std::fmt::Debug for Storm {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { over: _, right, failed, dropped } = self;
        write!(f, "{right:?} right, {failed:?} failed, {dropped:?} dropped")
    }
}

/// The numbers that the server gives to its clients, but for the administrator.
fn clients(raw: &mut Connection) -> Vec<String> {
    let own: u64 = cmd("CLIENT").arg("ID").query(raw).expect("a number");
    let list: String = cmd("CLIENT").arg("LIST").query(raw).expect("a list");
    let numbers = list.lines().filter_map(|line| line.split(' ').next()).map(str::to_owned);
    numbers.filter(|number| *number != format!("id={own}")).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn connections_that_are_cut_leave_none_behind() {
    let Some(server) = Server::start() else { return };
    let backend = Arc::new(hasty(&server.url()));
    let (storm, tasks) = start(&backend, false).await;
    let mut raw = server.raw();
    for _ in 0..50 {
        answers(&storm, 200).await;
        let mut kill = cmd("CLIENT");
        kill.arg("KILL").arg("TYPE").arg("normal").arg("SKIPME").arg("yes").exec(&mut raw).expect("a cut");
    }
    end(&storm, tasks).await;
    until("a read", || async { read(&*backend, "of0").await.ok() }).await;
    common::until("one connection", || (clients(&mut raw).len() == 1).then_some(()));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_connection_given_up_is_closed_though_nobody_calls_again() {
    let Some(server) = Server::start() else { return };
    let backend = Arc::new(hasty(&server.url()));
    let (storm, tasks) = start(&backend, false).await;
    answers(&storm, 1000).await;
    let mut raw = server.raw();
    end(&storm, tasks).await;
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
    let backend = Arc::new(hasty(&server.url()));
    let (storm, tasks) = start(&backend, true).await;
    for _ in 0..5 {
        answers(&storm, 1000).await;
        server.kill();
        server.restart();
    }
    answers(&storm, 1000).await;
    end(&storm, tasks).await;
    assert_eq!(until("the server is up", || async { read(&*backend, "of0").await.ok() }).await, Stored::Absent);
    let mut raw = server.raw();
    common::until("one connection", || (clients(&mut raw).len() == 1).then_some(()));
}
