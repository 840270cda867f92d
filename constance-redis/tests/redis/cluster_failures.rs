//! A cluster of which a part is missing.

use std::time::Duration;

use constance_core::{
    Backend, Config, Error, ErrorKind, LiveOptions, Settings,
    backend::{Batch, Expect, Stored},
};
use constance_redis::RedisBackend;

use crate::common::cluster::{Cluster, cluster_command};
use crate::common::{
    Server, key, long_timeouts, prefix, read, read_all, set, short_timeouts, shown, until, value, write,
};

/// Every call that touches one key, and what became of it.
fn calls(backend: &RedisBackend, name: &str, elsewhere: &[&str]) -> Vec<(&'static str, Result<(), Error>)> {
    let both: Vec<&str> = elsewhere.iter().copied().chain([name]).collect();
    let expecting = set(name, b"hunter2").expecting(Expect::Absent);
    vec![
        ("get", read(backend, name).map(drop)),
        ("get many", read_all(backend, &both).map(drop)),
        ("visit", backend.visit(&key(name), &mut |_| panic!("a visitor is not called on an error"))),
        ("list", backend.list(&prefix("constance:")).map(drop)),
        ("ping", backend.ping()),
        ("set", write(backend, name, b"hunter2")),
        ("compare and set", backend.write(&Batch::one(expecting)).map(drop)),
    ]
}

#[test]
fn a_dead_node_takes_nothing_with_it_but_its_own_keys() {
    let Some(mut cluster) = Cluster::start(false) else { return };
    let names: Vec<String> = (0..3).map(|master| cluster.name_at(master)).collect();
    let [dead, one, other] = [0, 1, 2].map(|master: usize| names[master].as_str());
    let backend = long_timeouts(&cluster.url());
    for name in [dead, one, other] {
        write(&backend, name, b"1").expect("a write");
    }
    cluster.nodes[0].kill();
    let mut witness = cluster.nodes[1].raw();
    let mut noticed = false;
    // Before the other nodes notice, and after.
    while !noticed {
        noticed = until("what the nodes know", || cluster_command(&mut witness, "NODES")).contains("master,fail ");
        assert_eq!(read(&backend, one).expect("a key elsewhere"), value(b"1"));
        assert_eq!(read_all(&backend, &[one, other]).expect("keys elsewhere"), [value(b"1"), value(b"1")]);
        write(&backend, other, b"1").expect("a key elsewhere");
        for (call, result) in calls(&backend, dead, &[one, other]) {
            let error = result.expect_err(call);
            assert_eq!((error.kind(), error.is_transient()), (ErrorKind::Unavailable, true), "{call}: {error:?}");
            assert!(!shown(&error).contains("hunter2"), "{call}: {}", shown(&error));
        }
        // One that has only just begun knows the others by the list.
        let fresh = long_timeouts(&cluster.url());
        assert_eq!(read(&fresh, one).expect("a key elsewhere"), value(b"1"));
        assert_eq!(read(&fresh, dead).expect_err("a key of the dead").kind(), ErrorKind::Unavailable);
    }
    cluster.nodes[0].restart();
    until("the node is back", || write(&backend, dead, b"2").ok());
    until("all of it", || (backend.list(&prefix("constance:")).ok()?.len() == 3).then_some(()));
    assert_eq!(read_all(&backend, &[dead, one]).expect("a read"), [value(b"2"), value(b"1")]);
}

#[test]
fn a_node_that_is_silent_is_a_timeout_and_never_absence() {
    let Some(cluster) = Cluster::start(false) else { return };
    let [silent, one] = [0, 1].map(|master| cluster.name_at(master));
    let backend = short_timeouts(&cluster.url());
    until("a write", || write(&backend, &silent, b"1").ok());
    until("a write", || write(&backend, &one, b"1").ok());
    cluster.nodes[0].pause();
    for (call, result) in calls(&backend, &silent, &[&one]) {
        let error = result.expect_err(call);
        assert!(matches!(error.kind(), ErrorKind::Timeout | ErrorKind::Unavailable), "{call}: {error:?}");
        assert!(error.is_transient(), "{call}: {error:?}");
        assert_eq!(until("a key elsewhere", || read(&backend, &one).ok()), value(b"1"));
    }
    cluster.nodes[0].resume();
    until("the node goes on", || write(&backend, &silent, b"2").ok());
    assert_eq!(until("a read", || read(&backend, &silent).ok()), value(b"2"));
}

/// Settings of a shop.
#[derive(Debug, Clone, Settings)]
struct Shop {
    /// How many baskets are kept
    #[setting(default = 42)]
    baskets: i64,
}

#[test]
fn a_replica_takes_over_and_is_found() {
    let Some(mut cluster) = Cluster::start(true) else { return };
    // A replica that is to confirm may be late on a busy machine.
    let while_busy = Duration::from_secs(10);
    let open = || {
        let builder =
            RedisBackend::builder().url(cluster.url()).connect_timeout(while_busy).response_timeout(while_busy);
        builder.wait_replicas(1).build().expect("a valid URL")
    };
    let (service, operator): (Config<Shop>, Config<Shop>) = (Config::new(open()), Config::new(open()));
    let unconfirmed: Config<Shop> = Config::new(long_timeouts(&cluster.url()));
    operator.set(Shop::BASKETS, 43).expect("a set that a replica has");
    let live = service.live_with(LiveOptions::new().poll_interval(Duration::from_millis(50))).expect("a load");
    let owner = cluster.slot("constance:baskets") * 3 / 16_384;
    cluster.nodes[owner].kill();
    assert_eq!(live.load().baskets, 43, "the last good values");
    // What the replica confirmed is there as soon as anything is; until then it is not taken for absent.
    assert_eq!(until("the replica serves", || service.get(Shop::BASKETS).ok()), 43);
    until("a set", || unconfirmed.set(Shop::BASKETS, 44).ok());
    until("the service sees it", || (live.load().baskets == 44).then_some(()));
    assert_eq!(live.load().baskets, 44);
}

#[test]
fn a_server_alone_is_no_cluster() {
    let Some(server) = Server::start() else { return };
    let backend = long_timeouts(&format!("redis+cluster://:hunter2@127.0.0.1:{}", constance_testserver::free_port()));
    assert_eq!(read(&backend, "a").expect_err("nobody is there").kind(), ErrorKind::Unavailable);
    assert!(!format!("{backend:?}").contains("hunter2"), "{backend:?}");
    let backend = long_timeouts(&format!("redis+cluster://127.0.0.1:{}", server.port()));
    let error = read(&backend, "a").expect_err("no cluster");
    assert_eq!(error.kind(), ErrorKind::Configuration, "{error:?}");
    // Nor is one of a cluster a server alone.
    let Some(cluster) = Cluster::start(false) else { return };
    let backend = long_timeouts(&cluster.nodes[0].url());
    let elsewhere = cluster.name_at(1);
    assert_eq!(read(&backend, &elsewhere).expect_err("another node's").kind(), ErrorKind::Configuration);
    assert_ne!(read(&long_timeouts(&cluster.url()), &elsewhere).ok(), None::<Stored>);
}
