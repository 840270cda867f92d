//! Listing stale keys among many keys of other applications.

use crate::common::{Server, backend, long_timeouts, prefix};
use constance_core::{Backend, Config, Prefix, Settings, backend::Key};
use constance_redis::redis::{self, cmd};

#[derive(Debug, Clone, Settings)]
struct Shop {
    #[setting(default = 42)]
    the_answer: i64,
}

/// The most keys of a portion: the server may return a few more than `COUNT`.
const PORTION: usize = 2_000;

/// Many keys of other applications, and some stale ones.
fn fill(connection: &mut redis::Connection, foreign: usize, stale: &[String]) {
    for first in (0..foreign).step_by(1_000) {
        let mut command = cmd("MSET");
        for number in first..first + 1_000 {
            command.arg(format!("session:{number}")).arg("x");
        }
        command.exec(connection).expect("keys");
    }
    for key in stale {
        cmd("SET").arg(key).arg("x").exec(connection).expect("a key");
    }
}

#[test]
fn a_hundred_thousand_foreign_keys_pass_by_in_portions() {
    let Some(server) = Server::start() else { return };
    let stale: Vec<String> = (0..5_000).map(|number| format!("old_{number}")).collect();
    fill(&mut server.raw(), 100_000, &stale);
    let backend = backend(&server);
    // The prefix that sees them all.
    let config = Config::<Shop>::builder(&backend).prefix(Prefix::empty()).build_typed().expect("a config");
    let (mut portions, mut most, mut found) = (0, 0, Vec::new());
    for portion in config.stale_portions() {
        let portion = portion.expect("a portion");
        (portions, most) = (portions + 1, most.max(portion.len()));
        found.extend(portion);
    }
    assert!(most <= PORTION && portions >= 50, "{portions} portions of up to {most}");
    found.sort();
    found.dedup();
    let mut expected = stale;
    expected.sort();
    assert_eq!(found, expected);
    assert_eq!(config.stale_keys().expect("all at once").len(), expected.len());

    // Each portion may be removed before the next is looked for.
    for portion in config.stale_portions() {
        config.remove_stale_keys(portion.expect("a portion")).expect("removed");
    }
    assert!(config.stale_keys().expect("a look").is_empty());
    let left: usize = cmd("DBSIZE").query(&mut server.raw()).expect("a number");
    assert_eq!(left, 100_000, "what is another's stays");
}

/// Every key in portions, and how many those were.
fn in_portions(backend: &dyn Backend, prefix: &Prefix) -> (Vec<Key>, usize) {
    let (mut keys, mut portions, mut from) = (Vec::new(), 0, None);
    loop {
        let portion = backend.keys_from(prefix, from.as_deref()).expect("a portion");
        keys.extend(portion.keys);
        portions += 1;
        from = portion.next;
        if from.is_none() {
            keys.sort();
            keys.dedup();
            return (keys, portions);
        }
    }
}

#[test]
fn what_is_no_place_to_go_on_from_is_refused() {
    let Some(server) = Server::start() else { return };
    let error = backend(&server).keys_from(&prefix("constance:"), Some(b"hunter2")).expect_err("no place");
    assert!(!crate::common::shown(&error).contains("hunter2"));
}

/// A listing that has begun on a server whose table takes many steps.
fn begun(backend: &dyn Backend) -> Vec<u8> {
    for number in 0..3_000 {
        crate::common::write(backend, &format!("n{number}"), b"1").expect("a write");
    }
    let portion = backend.keys_from(&prefix("constance:"), None).expect("a portion");
    portion.next.expect("more than one portion")
}

/// A restarted server has another order of its keys: an old cursor would skip some.
#[test]
fn a_listing_does_not_go_on_after_a_restart() {
    let Some(mut server) = Server::start() else { return };
    let backend = long_timeouts(&server.url());
    let next = begun(&backend);
    assert!(backend.keys_from(&prefix("constance:"), Some(&next)).is_ok());
    server.kill();
    server.restart();
    let error = backend.keys_from(&prefix("constance:"), Some(&next)).expect_err("another server");
    assert_eq!(error.kind(), constance_core::ErrorKind::Unavailable);
    assert!(error.to_string().contains("begin the listing anew"), "{error}");
}

/// A user without the right to `INFO` gets the keys too.
#[test]
fn a_listing_needs_no_right_to_info() {
    let Some(server) = Server::start() else { return };
    let rights = ["SETUSER", "settings", "on", ">hunter2", "~*", "+@all", "-info"];
    cmd("ACL").arg(&rights).exec(&mut server.raw()).expect("a user");
    let backend = long_timeouts(&format!("redis://settings:hunter2@127.0.0.1:{}/0", server.port()));
    begun(&backend);
    assert_eq!(in_portions(&backend, &prefix("constance:")).0.len(), 3_000);
}

#[cfg(feature = "cluster")]
#[test]
fn portions_go_from_node_to_node_of_a_cluster() {
    let Some(cluster) = crate::common::cluster::Cluster::start(false) else { return };
    let backend = long_timeouts(&cluster.url());
    for number in 0..300 {
        crate::common::write(&backend, &format!("n{number}"), b"1").expect("a write");
    }
    let mut listed: Vec<Key> =
        backend.list(&prefix("constance:")).expect("a list").into_iter().map(|(key, _)| key).collect();
    listed.sort();
    let (keys, portions) = in_portions(&backend, &prefix("constance:"));
    assert_eq!(keys, listed);
    assert!(portions >= 3, "{portions}");
    assert_eq!(in_portions(&backend, &prefix("{constance}:")), (Vec::new(), 1), "one slot is on one node");
}

/// A key that moves from a node that is still to be scanned to one that was is in no portion. So the listing fails while
/// a slot moves, and after it has moved.
#[cfg(feature = "cluster")]
#[test]
fn a_listing_does_not_go_on_where_slots_move() {
    let Some(cluster) = crate::common::cluster::Cluster::start(false) else { return };
    let backend = long_timeouts(&cluster.url());
    let next = begun(&backend);
    let rest = |backend: &dyn Backend| {
        let mut from = next.clone();
        loop {
            match backend.keys_from(&prefix("constance:"), Some(&from)) {
                Ok(portion) => from = portion.next?,
                Err(error) => return Some(error),
            }
        }
    };
    assert!(rest(&backend).is_none());
    let name = cluster.name_at(0);
    let slot = cluster.slot(&format!("constance:{name}"));
    cluster.begin_migration(slot);
    let error = rest(&backend).expect("its keys may go where the scan has been");
    assert!(error.to_string().contains("slots move"), "{error}");
    for number in 0..3_000 {
        let key = format!("constance:n{number}");
        if cluster.slot(&key) == slot {
            cluster.migrate_key(&key);
        }
    }
    cluster.end_migration(slot);
    rest(&backend).expect("the slot has moved");
    assert_eq!(in_portions(&backend, &prefix("constance:")).0.len(), 3_000, "a listing that begins anew");
}

#[cfg(feature = "aio")]
#[tokio::test]
async fn tasks_have_portions_too() {
    use constance_core::aio::AsyncConfig;

    let Some(server) = Server::start() else { return };
    let stale: Vec<String> = (0..3_000).map(|number| format!("old_{number}")).collect();
    fill(&mut server.raw(), 10_000, &stale);
    let backend = crate::common::aio::long_timeouts(&server.url());
    let config = AsyncConfig::<Shop>::builder(backend).prefix(Prefix::empty()).build().expect("a config");
    let (mut portions, mut removed, mut count) = (config.stale_portions(), 0, 0);
    while let Some(portion) = portions.next().await.expect("a portion") {
        assert!(portion.len() <= PORTION, "{}", portion.len());
        config.remove_stale_keys(&portion).await.expect("removed");
        (removed, count) = (removed + portion.len(), count + 1);
    }
    assert!(count > 5, "{count}");
    assert!(removed >= stale.len(), "{removed}");
    assert!(config.stale_keys().await.expect("a look").is_empty());
}
