//! Real faults below the asynchronous backend, and the kinds of their errors.

use std::net::TcpListener;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use constance_core::aio::AsyncBackend;
use constance_core::{
    Error, ErrorKind,
    backend::{Applied, Batch, Change, Expect, Stored},
};
use constance_redis::aio::AsyncRedisBackend;
use constance_redis::redis::cmd;
use tokio::runtime::Builder;
use tokio::task::{JoinSet, yield_now};

use crate::common::aio::{long_timeouts, read, read_all, short_timeouts, until, with_timeouts, write};
use crate::common::{Server, key, prefix, set, shown, value};

/// Every call that needs the server, and its result.
async fn calls(backend: &AsyncRedisBackend) -> Vec<(&'static str, Result<(), Error>)> {
    let expecting = Batch::one(set("a", b"hunter2").expecting(Expect::Absent));
    vec![
        ("get", read(backend, "a").await.map(drop)),
        ("get many", read_all(backend, &["a", "b"]).await.map(drop)),
        ("list", backend.list(&prefix("constance:")).await.map(drop)),
        ("ping", backend.ping().await),
        ("set", write(backend, "a", b"hunter2").await),
        ("compare and set", backend.write(&expecting).await.map(drop)),
        ("remove", backend.write(&Batch::one(Change::remove(key("a")))).await.map(drop)),
    ]
}

async fn each_is(backend: &AsyncRedisBackend, kind: ErrorKind, transient: bool) {
    let feed = backend.watch(&prefix("constance:")).await.map(drop);
    for (call, result) in calls(backend).await.into_iter().chain([("watch", feed)]) {
        // A paused server accepts connections. Only its first reply is missing.
        let error = result.expect_err(call);
        assert_eq!((error.kind(), error.is_transient()), (kind, transient), "{call}: {}", shown(&error));
        assert!(!shown(&error).contains("hunter2"), "{call}: {}", shown(&error));
    }
}

/// Reads by many tasks at once. Each has to return the expected value.
async fn all_read(backend: &Arc<AsyncRedisBackend>, expected: Stored) {
    let mut tasks = JoinSet::new();
    for _ in 0..64 {
        let (backend, expected) = (Arc::clone(backend), expected.clone());
        tasks.spawn(async move { assert_eq!(read(&*backend, "a").await.expect("at most a second try"), expected) });
    }
    while let Some(done) = tasks.join_next().await {
        done.expect("the right answer");
    }
}

/// How many connections the server has accepted since its start.
fn connections(server: &Server) -> u64 {
    let statistics: String = cmd("INFO").arg("stats").query(&mut server.raw()).expect("statistics");
    let count = statistics.lines().find_map(|line| line.strip_prefix("total_connections_received:"));
    // This one is not counted.
    count.and_then(|count| count.trim().parse::<u64>().ok()).expect("a count") - 1
}

#[tokio::test]
async fn a_server_that_is_down_is_unavailable_until_it_is_up() {
    let Some(mut server) = Server::start() else { return };
    server.kill();
    let backend = long_timeouts(&server.url());
    each_is(&backend, ErrorKind::Unavailable, true).await;
    server.restart();
    write(&backend, "a", b"1").await.expect("the next call tries again");
    assert_eq!(read(&backend, "a").await.expect("a read"), value(b"1"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_restart_costs_reads_a_second_try_and_one_connection() {
    let Some(mut server) = Server::start() else { return };
    let backend = Arc::new(long_timeouts(&server.url()));
    all_read(&backend, Stored::Absent).await;
    write(&*backend, "a", b"1").await.expect("a write");
    assert_eq!(connections(&server), 1, "one attempt for all");
    for _ in 0..3 {
        server.kill();
        server.restart();
        all_read(&backend, Stored::Absent).await;
        assert_eq!(connections(&server), 1, "the dead connection is replaced once");
        write(&*backend, "a", b"1").await.expect("a write");
        all_read(&backend, value(b"1")).await;
    }
    server.kill();
    server.restart();
    assert_eq!(read_all(&*backend, &["a", "b"]).await.expect("a second try"), [Stored::Absent, Stored::Absent]);
    server.kill();
    server.restart();
    assert!(backend.list(&prefix("constance:")).await.expect("a second try").is_empty());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn reads_go_on_while_the_server_comes_and_goes() {
    let Some(mut server) = Server::start() else { return };
    let backend = Arc::new(short_timeouts(&server.url()));
    let rounds = Arc::new(AtomicUsize::new(0));
    let mut tasks = JoinSet::new();
    for _ in 0..16 {
        let (backend, rounds) = (Arc::clone(&backend), Arc::clone(&rounds));
        tasks.spawn(async move {
            // Correct values or errors. The store is empty all the time.
            while rounds.load(Ordering::Relaxed) < 3 {
                match read(&*backend, "a").await {
                    Ok(found) => assert_eq!(found, Stored::Absent),
                    Err(error) => assert!(error.is_transient(), "{error:?}"),
                }
                yield_now().await;
            }
            assert_eq!(until("the server is up", || async { read(&*backend, "a").await.ok() }).await, Stored::Absent);
        });
    }
    for _ in 0..3 {
        server.kill();
        server.restart();
        rounds.fetch_add(1, Ordering::Relaxed);
    }
    while let Some(done) = tasks.join_next().await {
        done.expect("no wrong answer");
    }
}

#[tokio::test]
async fn a_write_on_a_connection_that_died_happens_once_or_fails() {
    let Some(mut server) = Server::start() else { return };
    let backend = long_timeouts(&server.url());
    write(&backend, "a", b"1").await.expect("a write");
    server.kill();
    server.restart();
    match write(&backend, "a", b"2").await {
        Ok(()) => assert_eq!(read(&backend, "a").await.expect("a read"), value(b"2")),
        Err(error) => {
            assert_eq!((error.kind(), error.is_transient()), (ErrorKind::Unavailable, true), "{error}");
            write(&backend, "a", b"2").await.expect("the next call has a new connection");
        }
    }
}

#[tokio::test]
async fn a_rested_connection_that_died_costs_a_write_nothing() {
    let Some(mut server) = Server::start() else { return };
    let backend = long_timeouts(&server.url());
    write(&backend, "a", b"1").await.expect("a write");
    server.kill();
    server.restart();
    // A connection becomes idle only by waiting.
    tokio::time::sleep(Duration::from_millis(1100)).await;
    write(&backend, "a", b"2").await.expect("a fresh connection");
    assert_eq!(read(&backend, "a").await.expect("a read"), value(b"2"));
}

#[tokio::test]
async fn with_resp3_an_idle_connection_that_died_costs_a_write_nothing() {
    let Some(mut server) = Server::start() else { return };
    let backend = long_timeouts(&format!("{}?protocol=resp3", server.url()));
    write(&backend, "a", b"1").await.expect("a write");
    server.kill();
    while !format!("{backend:?}").contains(r#"connection: "none""#) {
        yield_now().await;
    }
    server.restart();
    write(&backend, "a", b"2").await.expect("a fresh connection");
}

#[tokio::test]
async fn a_paused_server_is_a_timeout_and_never_absence() {
    let Some(server) = Server::start() else { return };
    let backend = short_timeouts(&server.url());
    until("a write", || async { write(&backend, "a", b"1").await.ok() }).await;
    server.pause();
    for (call, result) in calls(&backend).await {
        let error = result.expect_err(call);
        assert_eq!((error.kind(), error.is_transient()), (ErrorKind::Timeout, true), "{call}: {}", shown(&error));
    }
    server.resume();
    // The writes above may have arrived or not, and in any order; none was acknowledged.
    until("it goes on", || async { write(&backend, "b", b"3").await.ok() }).await;
    assert_eq!(until("a read", || async { read(&backend, "b").await.ok() }).await, value(b"3"));
}

#[tokio::test]
async fn one_attempt_is_made_for_all_and_its_error_shared() {
    // Accepts connections, counts them, and does not reply.
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = listener.local_addr().expect("an address").port();
    let taken = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&taken);
    std::thread::spawn(move || {
        let mut held = Vec::new();
        for stream in listener.incoming() {
            counted.fetch_add(1, Ordering::Relaxed);
            held.push(stream);
        }
    });
    // Long enough for all of them to begin before it has ended.
    let url = format!("redis://:hunter2@127.0.0.1:{port}/0");
    let backend = Arc::new(with_timeouts(&url, Duration::from_secs(3)));
    let mut tasks = JoinSet::new();
    for _ in 0..64 {
        let backend = Arc::clone(&backend);
        tasks.spawn(async move { read(&*backend, "a").await.expect_err("no reply") });
    }
    while let Some(error) = tasks.join_next().await {
        let error = error.expect("no panic");
        assert_eq!(error.kind(), ErrorKind::Timeout, "{}", shown(&error));
    }
    assert_eq!(taken.load(Ordering::Relaxed), 1);
}

#[tokio::test]
async fn a_wrong_password_is_denied() {
    let Some(server) = Server::with(&["--requirepass", "right"]) else { return };
    let url = |login: &str| format!("redis://{login}127.0.0.1:{}/0", server.port());
    for login in [":hunter2@", "nobody:hunter2@", ""] {
        let backend = long_timeouts(&url(login));
        for (call, result) in calls(&backend).await {
            let error = result.expect_err(call);
            assert_eq!((error.kind(), error.is_transient()), (ErrorKind::Denied, false), "{}", shown(&error));
            assert!(!shown(&error).contains("hunter2"), "{}", shown(&error));
        }
        assert!(!format!("{backend:?}").contains("hunter2"), "{backend:?}");
    }
    write(&long_timeouts(&url(":right@")), "a", b"1").await.expect("the right password");
}

#[tokio::test]
async fn a_list_under_a_key_is_foreign_and_can_be_repaired() {
    let Some(server) = Server::start() else { return };
    let backend = long_timeouts(&server.url());
    let mut raw = server.raw();
    let mut spoil = || {
        cmd("DEL").arg("constance:bad").exec(&mut raw).expect("a removal");
        cmd("RPUSH").arg("constance:bad").arg("hunter2").exec(&mut raw).expect("a list");
    };
    write(&backend, "good", b"1").await.expect("a write");
    let foreign = Stored::Foreign("a list");
    for batch in [
        Batch::one(set("bad", b"2")),
        Batch::one(set("bad", b"2")).wanting_previous(true),
        Batch::new(vec![set("bad", b"2"), set("good", b"1")]).expect("two keys"),
    ] {
        spoil();
        assert!(matches!(read(&backend, "bad").await.expect("no failure"), Stored::Foreign(_)));
        // The first of these does not know yet that keys may be without a string.
        for _ in 0..2 {
            let many = read_all(&backend, &["good", "bad", "none"]).await.expect("no failure");
            assert_eq!(many, [value(b"1"), foreign.clone(), Stored::Absent]);
        }
        let lost = backend.write(&Batch::one(set("bad", b"2").expecting(Expect::Absent))).await.expect("an answer");
        assert_eq!(lost, Applied::Conflict { index: 0, current: foreign.clone() });
        let previous = if batch.want_previous() { vec![foreign.clone()] } else { vec![] };
        assert_eq!(backend.write(&batch).await.expect("a repair"), Applied::Done(previous));
        assert_eq!(read(&backend, "bad").await.expect("a read"), value(b"2"));
    }
}

#[test]
fn a_runtime_that_ended_costs_a_read_nothing() {
    let Some(server) = Server::start() else { return };
    let backend = long_timeouts(&server.url());
    for round in 0..3 {
        let runtime = Builder::new_current_thread().enable_all().build().expect("a runtime");
        runtime.block_on(async {
            let expected = if round == 0 { Stored::Absent } else { value(b"1") };
            assert_eq!(read(&backend, "a").await.expect("a read"), expected);
            write(&backend, "a", b"1").await.expect("a write");
        });
    }
}

#[test]
fn outside_a_runtime_a_call_is_an_error() {
    let backend = long_timeouts("redis://127.0.0.1:1");
    let key = key("a");
    let keys = [&key];
    let mut call = pin!(backend.read(&keys));
    let Poll::Ready(result) = call.as_mut().poll(&mut Context::from_waker(Waker::noop())) else {
        panic!("there is nothing to wait for")
    };
    assert_eq!(result.expect_err("no runtime").kind(), ErrorKind::Configuration);
}

#[test]
fn wrong_options_are_configuration_errors() {
    let wrong = [
        AsyncRedisBackend::from_url("redis://user:hunter2@127.0.0.1:port/0"),
        AsyncRedisBackend::from_url("redis+cluster://:hunter2@h1,h2"),
        AsyncRedisBackend::builder().connect_timeout(Duration::ZERO).build(),
        AsyncRedisBackend::builder().response_timeout(Duration::ZERO).build(),
        AsyncRedisBackend::builder().root_certificates("x").build(),
    ];
    for result in wrong {
        let error = result.map(drop).expect_err("wrong");
        assert_eq!(error.kind(), ErrorKind::Configuration);
        assert!(!shown(&error).contains("hunter2"), "{}", shown(&error));
    }
}
