//! What each call costs the server, counted by the server.

use std::collections::BTreeMap;
use std::time::Duration;

use constance_core::{
    Backend,
    backend::{Batch, Change, Encoded, Expect, Wake},
};
use constance_redis::redis::{Connection, cmd};

use crate::common::{Server, backend, key, prefix, read, read_all, set, write};

/// The commands that the server ran during `work`, by name.
fn during(raw: &mut Connection, work: impl FnOnce()) -> BTreeMap<String, u64> {
    cmd("CONFIG").arg("RESETSTAT").exec(raw).expect("a reset");
    work();
    let info: String = cmd("INFO").arg("commandstats").query(raw).expect("statistics");
    let line = |line: &str| {
        let (name, rest) = line.strip_prefix("cmdstat_")?.split_once(":calls=")?;
        Some((name.to_owned(), rest.split(',').next()?.parse().ok()?))
    };
    info.lines().filter_map(line).filter(|(name, _)| name != "config|resetstat" && name != "info").collect()
}

fn ran(commands: &[(&str, u64)]) -> BTreeMap<String, u64> {
    commands.iter().map(|(name, calls)| ((*name).to_owned(), *calls)).collect()
}

#[test]
fn each_call_is_the_fewest_commands() {
    let Some(server) = Server::start() else { return };
    let (backend, mut raw) = (backend(&server), server.raw());
    write(&backend, "a", b"1").expect("a write");
    write(&backend, "b", b"1").expect("a write");

    let reads = during(&mut raw, || (0..10).for_each(|_| drop(read(&backend, "a").expect("a read"))));
    assert_eq!(reads, ran(&[("get", 10)]), "nothing is asked when a connection is taken from the pool");
    let visits = during(&mut raw, || backend.visit(&key("a"), &mut |_| ()).expect("a read"));
    assert_eq!(visits, ran(&[("get", 1)]));

    let all = during(&mut raw, || (0..10).for_each(|_| drop(read_all(&backend, &["a", "b"]).expect("a read"))));
    assert_eq!(all, ran(&[("mget", 10)]), "where every key is set nothing else is asked");
    read_all(&backend, &["a", "none"]).expect("the first read that meets a gap");
    let gaps = during(&mut raw, || (0..10).for_each(|_| drop(read_all(&backend, &["a", "none"]).expect("a read"))));
    assert_eq!(gaps, ran(&[("mget", 10), ("exists", 10)]), "in one round trip");

    let plain = during(&mut raw, || write(&backend, "a", b"2").expect("a write"));
    assert_eq!(plain, ran(&[("set", 1)]));
    let previous = Batch::one(set("a", b"3")).wanting_previous(true);
    let previous = during(&mut raw, || drop(backend.write(&previous).expect("a write")));
    assert_eq!(previous, ran(&[("set", 1)]));
    let remove = during(&mut raw, || drop(backend.write(&Batch::one(Change::remove(key("b")))).expect("a removal")));
    assert_eq!(remove, ran(&[("del", 1)]));
    let nothing = during(&mut raw, || {
        backend.write(&Batch::new(vec![]).expect("no keys")).expect("nothing to do");
        backend.read(&[]).expect("no keys");
    });
    assert_eq!(nothing, ran(&[]));

    let expecting =
        |value: &[u8], expected: &[u8]| Batch::one(set("a", value).expecting(Expect::Equals(Encoded::from(expected))));
    backend.write(&expecting(b"4", b"3")).expect("a write");
    let checked = during(&mut raw, || drop(backend.write(&expecting(b"5", b"4")).expect("a write")));
    assert_eq!(checked, ran(&[("evalsha", 1), ("get", 1), ("set", 1)]), "one script");
    let lost = during(&mut raw, || drop(backend.write(&expecting(b"6", b"4")).expect("a conflict")));
    assert_eq!(lost, ran(&[("evalsha", 1), ("get", 1)]));
    let batch = Batch::new((0..10).map(|n| set(&format!("k{n}"), b"1")).collect()).expect("ten keys");
    let many = during(&mut raw, || drop(backend.write(&batch).expect("a write")));
    assert_eq!(many, ran(&[("evalsha", 1), ("set", 10)]), "nothing is read where nothing is asked about it");
}

#[test]
fn a_listing_scans_and_reads_in_chunks() {
    let Some(server) = Server::start() else { return };
    let (backend, mut raw) = (backend(&server), server.raw());
    for from in [0, 1000, 2000] {
        let batch = Batch::new((from..from + 500).map(|n| set(&format!("k{n}"), b"1")).collect()).expect("keys");
        backend.write(&batch).expect("a write");
    }
    let listing = during(&mut raw, || {
        assert_eq!(backend.list(&prefix("constance:")).expect("a listing").len(), 1500);
    });
    assert_eq!(listing.get("keys"), None, "KEYS holds up every other client");
    assert_eq!(listing["mget"], 2);
    assert!(listing["scan"] <= 4, "{listing:?}");
}

#[test]
fn a_feed_asks_nothing_of_a_quiet_server() {
    let Some(server) = Server::start() else { return };
    let (backend, mut raw) = (backend(&server), server.raw());
    let opened = during(&mut raw, || {
        let mut feed = backend.watch(&prefix("constance:")).expect("a feed");
        assert_eq!(feed.wait(Duration::from_millis(300)).expect("a feed"), Wake::TimedOut);
    });
    assert_eq!(opened, ran(&[("hello", 1), ("client|tracking", 1)]));
}
