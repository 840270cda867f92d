//! A server that refuses scripts. What needs them is an error that says so; the rest works.

use crate::common::{Server, backend, long_timeouts, prefix, shown, value};
use constance_core::{
    Backend, Error, ErrorKind, Prefix,
    backend::{Applied, Batch, Change, Encoded, Expect, Key, Stored},
};
use constance_redis::redis::cmd;

/// As on many managed servers.
const RENAMED: &[&str] = &["--rename-command", "EVAL", "", "--rename-command", "EVALSHA", ""];

/// One slot, where the server is one of a cluster.
fn together() -> Prefix {
    prefix("{shop}:")
}

fn key(name: &str) -> Key {
    together().key(name).expect("a valid name")
}

fn set(name: &str, value: &[u8]) -> Change {
    Change::set(key(name), Encoded::from(value))
}

/// The batches that only a script can do.
fn needing_script() -> [Batch; 3] {
    [
        Batch::one(set("a", b"hunter2").expecting(Expect::Absent)),
        Batch::one(set("a", b"hunter2").expecting(Expect::Equals(Encoded::from(&b"1"[..])))),
        Batch::new(vec![set("a", b"hunter2"), Change::remove(key("b"))]).expect("two keys"),
    ]
}

/// Writes that return the previous value, after a set to 1, and the expected previous value.
fn with_previous() -> [(Batch, Stored); 5] {
    [
        (Change::keep(key("a")), value(b"1")),
        (set("a", b"2"), value(b"1")),
        (Change::remove(key("a")), value(b"2")),
        (Change::remove(key("a")), Stored::Absent),
        (set("a", b"3"), Stored::Absent),
    ]
    .map(|(change, previous)| (Batch::one(change).wanting_previous(true), previous))
}

#[track_caller]
fn names_eval(error: &Error) {
    assert_eq!((error.kind(), error.is_transient()), (ErrorKind::Unsupported, false), "{}", shown(error));
    assert!(error.to_string().contains("EVAL"), "{}", shown(error));
    assert!(!shown(error).contains("hunter2"), "{}", shown(error));
}

#[track_caller]
fn goes_on_without_scripts(backend: &dyn Backend) {
    for _ in 0..2 {
        backend.write(&Batch::one(set("a", b"1"))).expect("a plain set");
        for batch in needing_script() {
            names_eval(&backend.write(&batch).expect_err("no script runs"));
        }
        assert_eq!(backend.read(&[&key("a")]).expect("a get"), [value(b"1")], "nothing was written");
        assert_eq!(backend.read(&[&key("a"), &key("b")]).expect("a read"), [value(b"1"), Stored::Absent]);
        assert_eq!(backend.list(&together()).expect("a listing"), [(key("a"), value(b"1"))]);
        for batch in with_previous() {
            let applied = backend.write(&batch.0).expect("a write that somebody hears of");
            assert_eq!(applied, Applied::Done(vec![batch.1]));
        }
        backend.write(&Batch::one(Change::remove(key("a")))).expect("a reset");
    }
}

#[test]
fn a_renamed_eval_is_named_and_the_rest_goes_on() {
    let Some(server) = Server::with(RENAMED) else { return };
    goes_on_without_scripts(&backend(&server));
}

#[test]
fn a_forbidden_eval_is_named_and_the_rest_goes_on() {
    let Some(server) = Server::start() else { return };
    let rights = ["SETUSER", "settings", "on", ">hunter2", "~*", "+@all", "-eval", "-evalsha"];
    cmd("ACL").arg(&rights).exec(&mut server.raw()).expect("a user");
    goes_on_without_scripts(&long_timeouts(&format!("redis://settings:hunter2@127.0.0.1:{}/0", server.port())));
    // The server may run what it has, and nothing new.
    cmd("ACL").arg(&["SETUSER", "settings", "+evalsha"]).exec(&mut server.raw()).expect("a right");
    goes_on_without_scripts(&long_timeouts(&format!("redis://settings:hunter2@127.0.0.1:{}/0", server.port())));
}

#[test]
fn a_list_is_found_without_scripts_and_hides_nothing() {
    let Some(server) = Server::with(RENAMED) else { return };
    let backend = backend(&server);
    backend.write(&Batch::one(set("a", b"1"))).expect("a plain set");
    cmd("RPUSH").arg(key("list").as_str()).arg("x").exec(&mut server.raw()).expect("a list");
    for _ in 0..3 {
        let found = backend.read(&[&key("a"), &key("list"), &key("none")]).expect("a read");
        assert!(matches!(&found[..], [a, Stored::Foreign(_), Stored::Absent] if *a == value(b"1")), "{found:?}");
    }
    backend.write(&Batch::one(set("list", b"2"))).expect("a repair");
    assert_eq!(backend.read(&[&key("list")]).expect("a get"), [value(b"2")]);
    for change in [set("hash", b"2"), Change::remove(key("hash"))] {
        backend.write(&Batch::one(Change::remove(key("hash")))).expect("a reset");
        cmd("HSET").arg(key("hash").as_str()).arg(&["x", "y"]).exec(&mut server.raw()).expect("a hash");
        let applied =
            backend.write(&Batch::one(change).wanting_previous(true)).expect("a repair that somebody hears of");
        assert_eq!(applied, Applied::Done(vec![Stored::Foreign("a hash")]));
    }
    assert_eq!(backend.read(&[&key("hash")]).expect("a get"), [Stored::Absent]);
}

#[cfg(feature = "sentinel")]
#[test]
fn a_master_without_scripts_is_no_other_case() {
    let Some(master) = Server::with(RENAMED) else { return };
    let sentinel = crate::common::group::Sentinel::start(&master.port().to_string(), "");
    goes_on_without_scripts(&long_timeouts(&format!("redis+sentinel://127.0.0.1:{}/mymaster", sentinel.port())));
}

#[cfg(feature = "cluster")]
#[test]
fn a_cluster_without_scripts_is_no_other_case() {
    let Some(cluster) = crate::common::cluster::Cluster::with(false, RENAMED) else { return };
    goes_on_without_scripts(&long_timeouts(&cluster.url()));
}

#[cfg(feature = "aio")]
#[tokio::test]
async fn tasks_go_on_without_scripts() {
    use constance_core::aio::AsyncBackend;

    let Some(server) = Server::with(RENAMED) else { return };
    let backend = crate::common::aio::long_timeouts(&server.url());
    backend.write(&Batch::one(set("a", b"1"))).await.expect("a plain set");
    for batch in needing_script() {
        names_eval(&backend.write(&batch).await.expect_err("no script runs"));
    }
    cmd("RPUSH").arg(key("list").as_str()).arg("x").exec(&mut server.raw()).expect("a list");
    for _ in 0..3 {
        let found = backend.read(&[&key("a"), &key("list"), &key("none")]).await.expect("a read");
        assert!(matches!(&found[..], [a, Stored::Foreign(_), Stored::Absent] if *a == value(b"1")), "{found:?}");
    }
    for (batch, previous) in with_previous() {
        assert_eq!(backend.write(&batch).await.expect("a write that somebody hears of"), Applied::Done(vec![previous]));
    }
    backend.write(&Batch::one(Change::remove(key("a")))).await.expect("a reset");
}
