//! The feed names the keys that changed, and a change costs those who follow these alone.

use std::time::Duration;

use constance_core::{
    Backend, Config, Live, LiveOptions, Settings,
    backend::{ChangedKeys, Wake, Watch},
};
use constance_redis::redis::{Connection, cmd};

use crate::common::{Server, backend, key, prefix, until, write};

/// Longer than any test takes, so that a change that is seen has come through the feed.
const LONG: Duration = Duration::from_secs(600);

/// The keys named until all of these are.
fn named(feed: &mut dyn Watch, keys: &[&str]) -> ChangedKeys {
    let mut named = feed.changed_keys();
    while !keys.iter().all(|name| named.contains(&key(name))) {
        assert_eq!(feed.wait(LONG).expect("a feed"), Wake::Changed);
        named.join(feed.changed_keys());
    }
    named
}

#[test]
fn it_names_what_any_client_changes() {
    let Some(server) = Server::start() else { return };
    let (backend, mut raw) = (backend(&server), server.raw());
    let mut feed = backend.watch(&prefix("constance:")).expect("a feed");
    write(&backend, "a", b"1").expect("a write");
    let changed = named(&mut *feed, &["a"]);
    assert!(!changed.contains(&key("b")));
    cmd("MSET").arg("constance:b").arg("1").arg("constance:c").arg("1").exec(&mut raw).expect("a write");
    let changed = named(&mut *feed, &["b", "c"]);
    assert!(!changed.contains(&key("a")), "{changed:?}");
    cmd("RENAME").arg("constance:c").arg("constance:d").exec(&mut raw).expect("another name");
    named(&mut *feed, &["c", "d"]);
    // No setting can have this name.
    cmd("SET").arg("constance:not a name").arg("1").exec(&mut raw).expect("a write");
    assert_eq!(feed.wait(LONG).expect("a feed"), Wake::Changed);
    assert!(feed.changed_keys().is_empty());
    cmd("FLUSHDB").exec(&mut raw).expect("a flush");
    assert!(named(&mut *feed, &["a"]).is_everything());
}

#[test]
fn it_is_sure_after_a_change_alone() {
    let Some(server) = Server::start() else { return };
    let (backend, mut raw) = (backend(&server), server.raw());
    let mut feed = backend.watch(&prefix("constance:")).expect("a feed");
    assert!(!feed.catch_up().expect("a feed"), "nothing has changed yet");
    for round in 0..50 {
        write(&backend, "a", b"1").expect("a write");
        named(&mut *feed, &["a"]);
        cmd("SET").arg("constance:b").arg(round).exec(&mut raw).expect("a write");
        // It was written, and no wake was waited for.
        if feed.catch_up().expect("a feed") {
            assert!(feed.changed_keys().contains(&key("b")), "in round {round}");
        }
    }
    named(&mut *feed, &[]);
    write(&backend, "c", b"1").expect("a write");
    named(&mut *feed, &["c"]);
    assert!(feed.catch_up().expect("a feed"));
}

#[test]
fn a_proof_that_does_not_come_is_not_waited_for_and_a_later_one_is_its_own() {
    let Some(server) = Server::start() else { return };
    let backend = backend(&server);
    let mut feed = backend.watch(&prefix("constance:")).expect("a feed");
    write(&backend, "a", b"1").expect("a write");
    named(&mut *feed, &["a"]);
    server.pause();
    assert!(!feed.catch_up().expect("a feed"), "the server says nothing");
    server.resume();
    for name in ["b", "c", "d"] {
        write(&backend, name, b"1").expect("a write");
        named(&mut *feed, &[name]);
        assert!(feed.catch_up().expect("a feed"), "after {name}");
        assert!(feed.changed_keys().is_empty());
    }
}

macro_rules! shop {
    ($($name:ident)*) => {
        #[derive(Debug, Clone, Settings)]
        struct Shop {
            $(#[setting(default = 0)] $name: i64,)*
        }
    };
}

shop! {
    s00 s01 s02 s03 s04 s05 s06 s07 s08 s09 s10 s11 s12 s13 s14 s15 s16 s17 s18 s19 s20 s21 s22 s23 s24
    s25 s26 s27 s28 s29 s30 s31 s32 s33 s34 s35 s36 s37 s38 s39 s40 s41 s42 s43 s44 s45 s46 s47 s48 s49
}

const FOLLOWERS: usize = 4;
const SETS: u8 = 20;

fn by_feed_alone() -> LiveOptions {
    LiveOptions::new().poll_interval(LONG).reread_interval(LONG)
}

/// How many keys the server was asked for.
fn keys_read(raw: &mut Connection) -> usize {
    let info: String = cmd("INFO").arg("stats").query(raw).expect("statistics");
    let count = |name: &str| -> usize {
        let line = info.lines().find_map(|line| line.strip_prefix(name)).expect("a number");
        line.trim().parse().expect("a number")
    };
    count("keyspace_hits:") + count("keyspace_misses:")
}

/// Writes one of 50 settings some times, each time until all have it.
fn cost(server: &Server, followers: &[Live<Shop>]) {
    let (mut raw, writer) = (server.raw(), Config::<Shop>::new(backend(server)));
    cmd("CONFIG").arg("RESETSTAT").exec(&mut raw).expect("new statistics");
    for value in 1..=i64::from(SETS) {
        writer.set(Shop::S17, value).expect("a write");
        until("all have it", || followers.iter().all(|live| live.load().s17 == value).then_some(()));
    }
    let (read, least) = (keys_read(&mut raw), usize::from(SETS) * followers.len());
    // On a busy machine a proof may be late now and then, and everything is read.
    assert!(
        read >= least && read < least * 5,
        "{read} keys were read, and {least} have changed, once for each who follows"
    );
}

#[test]
fn a_set_costs_each_who_follows_one_key() {
    let Some(server) = Server::start() else { return };
    let configs: Vec<Config<Shop>> = (0..FOLLOWERS).map(|_| Config::new(backend(&server))).collect();
    let followers: Vec<Live<Shop>> =
        configs.iter().map(|config| config.live_with(by_feed_alone()).expect("a load")).collect();
    cost(&server, &followers);
}

#[cfg(feature = "aio")]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_set_costs_each_who_follows_asynchronously_one_key() {
    use constance_core::aio::AsyncConfig;

    let Some(server) = Server::start() else { return };
    let mut followers = Vec::new();
    for _ in 0..FOLLOWERS {
        let config = AsyncConfig::<Shop>::new(crate::common::aio::long_timeouts(&server.url()));
        followers.push(config.live_with(by_feed_alone()).await.expect("a load"));
    }
    let counted = tokio::task::spawn_blocking(move || cost(&server, &followers));
    counted.await.expect("no panic");
}
