//! The feed of changes.

use std::time::Duration;

use constance_core::{
    Backend, ErrorKind,
    backend::{Batch, Change, Wake, Watch},
};
use constance_redis::RedisBackend;
use constance_redis::redis::{Client, cmd};

use crate::common::{Server, backend, key, prefix, write};

/// Longer than any test takes, so that a change that is seen has come through the feed.
const LONG: Duration = Duration::from_secs(600);

/// Waits until no more wakes come.
fn quiet(feed: &mut dyn Watch) {
    while feed.wait(Duration::from_millis(150)).expect("a feed") != Wake::TimedOut {}
}

#[test]
fn every_writer_wakes_it() {
    let Some(server) = Server::start() else { return };
    let (backend, mut raw) = (backend(&server), server.raw());
    let mut feed = backend.watch(&prefix("constance:")).expect("a feed");
    let mut wakes = |what: &str| assert_eq!(feed.wait(LONG).expect("a feed"), Wake::Changed, "{what}");

    write(&backend, "a", b"1").expect("a write");
    wakes("a set of our own");
    backend.write(&Batch::one(Change::remove(key("a")))).expect("a removal");
    wakes("a removal of our own");
    cmd("SET").arg("constance:a").arg("1").exec(&mut raw).expect("a write");
    wakes("a set by another client");
    cmd("RPUSH").arg("constance:b").arg("1").exec(&mut raw).expect("a list");
    wakes("a list");
    cmd("RENAME").arg("constance:b").arg("constance:c").exec(&mut raw).expect("another name");
    wakes("another name");
    quiet(&mut *feed);

    let mut wakes = |what: &str| assert_eq!(feed.wait(LONG).expect("a feed"), Wake::Changed, "{what}");
    cmd("SET").arg("constance:d").arg("1").arg("PX").arg(50).exec(&mut raw).expect("a write");
    wakes("a set of a value that expires");
    wakes("its expiry");
    cmd("FLUSHDB").exec(&mut raw).expect("a flush");
    wakes("the end of everything");
}

#[test]
fn other_prefixes_do_not_wake_it() {
    let Some(server) = Server::start() else { return };
    let mut raw = server.raw();
    let mut feed = backend(&server).watch(&prefix("constance:")).expect("a feed");
    for other in ["constance", "Constance:a", "other:a", "a"] {
        cmd("SET").arg(other).arg("1").exec(&mut raw).expect("a write");
    }
    assert_eq!(feed.wait(Duration::from_millis(200)).expect("a feed"), Wake::TimedOut);
}

#[test]
fn a_wait_in_another_thread_can_be_ended() {
    let Some(server) = Server::start() else { return };
    let mut feed = backend(&server).watch(&prefix("constance:")).expect("a feed");
    let interrupt = feed.interrupter().expect("an interrupter");
    let waiting = std::thread::spawn(move || feed.wait(Duration::MAX).map(|wake| (wake, feed)));
    interrupt();
    let (wake, mut feed) = waiting.join().expect("no panic").expect("a feed");
    assert_eq!(wake, Wake::Interrupted);
    assert_eq!(feed.wait(Duration::ZERO).expect("a feed"), Wake::TimedOut, "once");
}

#[test]
fn a_dead_server_breaks_it() {
    let Some(mut server) = Server::start() else { return };
    let mut feed = backend(&server).watch(&prefix("constance:")).expect("a feed");
    server.kill();
    let error = feed.wait(LONG).expect_err("the connection is closed");
    assert_eq!(error.kind(), ErrorKind::Unavailable, "{error:?}");
}

#[test]
fn a_silent_server_breaks_it() {
    let Some(server) = Server::start() else { return };
    let mut feed = backend(&server).watch(&prefix("constance:")).expect("a feed");
    server.pause();
    let error = feed.wait(LONG).expect_err("no sign of life");
    assert_eq!(error.kind(), ErrorKind::Timeout, "{error:?}");
    server.resume();
}

#[test]
fn a_server_that_lives_is_not_taken_for_silent() {
    let Some(server) = Server::start() else { return };
    let mut raw = server.raw();
    let mut feed = backend(&server).watch(&prefix("constance:")).expect("a feed");
    // Longer than a sign of life may take, and with many reads that time out in between.
    assert_eq!(feed.wait(Duration::from_secs(9)).expect("signs of life"), Wake::TimedOut);
    cmd("SET").arg("constance:a").arg("1").exec(&mut raw).expect("a write");
    assert_eq!(feed.wait(LONG).expect("a feed"), Wake::Changed);
}

#[test]
fn connections_without_a_feed_say_so() {
    let client = Client::open("redis://127.0.0.1:1").expect("a valid URL");
    let backend = RedisBackend::with_connections(move || client.get_connection());
    assert!(!backend.capability().watch);
    let error = backend.watch(&prefix("constance:")).map(drop).expect_err("no feed");
    assert_eq!(error.kind(), ErrorKind::Unsupported);
}
