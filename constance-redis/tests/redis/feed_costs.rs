//! What a feed costs the server and the process while nothing changes.

use std::time::{Duration, Instant};

use constance_core::{Backend, backend::Wake};
use constance_redis::redis::{Connection, cmd};

use crate::common::{Server, backend, prefix, until};

/// Long enough for several `PING`s.
const QUIET: Duration = Duration::from_secs(12);

fn pings(raw: &mut Connection) -> f64 {
    let info: String = cmd("INFO").arg("commandstats").query(raw).expect("statistics");
    let calls = info.lines().find_map(|line| line.strip_prefix("cmdstat_ping:calls="));
    calls.map_or(0.0, |calls| calls.split(',').next().and_then(|calls| calls.parse().ok()).expect("a number"))
}

/// At most 30 a minute, and more than none: they notice a server that is gone without closing the connection.
#[track_caller]
fn are_few(pings: f64, since: Instant) {
    let most = since.elapsed().as_secs_f64() / 2.0;
    assert!(pings > 0.0 && pings <= most, "{pings} signs of life, {most} are enough");
}

#[test]
fn it_asks_for_few_signs_of_life() {
    let Some(server) = Server::start() else { return };
    let mut raw = server.raw();
    let since = Instant::now();
    let mut feed = backend(&server).watch(&prefix("constance:")).expect("a feed");
    assert_eq!(feed.wait(QUIET).expect("a feed"), Wake::TimedOut);
    are_few(pings(&mut raw), since);
}

#[cfg(feature = "aio")]
#[tokio::test]
async fn the_asynchronous_one_asks_for_few_signs_of_life() {
    use constance_core::aio::AsyncBackend;

    let Some(server) = Server::start() else { return };
    let mut raw = server.raw();
    let since = Instant::now();
    let backend = crate::common::aio::long_timeouts(&server.url());
    let mut feed = backend.watch(&prefix("constance:")).await.expect("a feed");
    tokio::time::timeout(QUIET, feed.changed()).await.expect_err("nothing changed");
    are_few(pings(&mut raw), since);
}

#[test]
fn its_connection_ends_when_it_is_dropped() {
    let Some(server) = Server::start() else { return };
    let mut raw = server.raw();
    let mut clients = || -> usize {
        let list: String = cmd("CLIENT").arg("LIST").query(&mut raw).expect("a list");
        list.lines().count()
    };
    let feed = backend(&server).watch(&prefix("constance:")).expect("a feed");
    assert_eq!(clients(), 2);
    drop(feed);
    until("its connection is gone", || (clients() == 1).then_some(()));
}
