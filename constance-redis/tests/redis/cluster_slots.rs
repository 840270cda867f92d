//! Keys of one slot and of several, and a slot that moves.

use constance_core::{
    Backend, ErrorKind,
    backend::{Applied, Batch, Change, Encoded, Expect, Key, Stored},
};
use constance_redis::RedisBackend;
use constance_redis::redis::cmd;

use crate::common;
use crate::common::cluster::Cluster;
use crate::common::{long_timeouts, prefix, read, read_all, value, write};

#[test]
fn a_batch_over_several_slots_is_refused_and_writes_nothing() {
    let Some(cluster) = Cluster::start(false) else { return };
    let backend = long_timeouts(&cluster.url());
    assert!(!backend.capability().atomic_batch);
    let [one, other] = [0, 1].map(|master| cluster.name_at(master));
    let set = |name: &str| common::set(name, b"1");
    let batch = Batch::new(vec![set(&one), set(&other)]).expect("two keys");
    assert_eq!(backend.write(&batch).expect_err("two slots").kind(), ErrorKind::Unsupported);
    assert_eq!(read_all(&backend, &[&one, &other]).expect("a read"), [Stored::Absent, Stored::Absent]);

    // Keys of several nodes are read and listed as any others, and something else among them is no failure.
    write(&backend, &one, b"1").expect("a write");
    let mut raw = cluster.nodes[1].raw();
    cmd("RPUSH").arg(format!("constance:{other}")).arg("hunter2").exec(&mut raw).expect("a list");
    let found = read_all(&backend, &[&one, &other, "none"]).expect("a read");
    assert!(matches!(found.as_slice(), [Stored::Value(_), Stored::Foreign(_), Stored::Absent]), "{found:?}");
    let mut listed = backend.list(&prefix("constance:")).expect("a list");
    listed.sort_by(|(one, _), (other, _)| one.cmp(other));
    assert_eq!(listed.len(), 2, "{listed:?}");
    write(&backend, &other, b"2").expect("a repair");
    assert_eq!(read(&backend, &other).expect("a read"), value(b"2"));

    // No node has the script any more.
    for node in &cluster.nodes {
        cmd("SCRIPT").arg("FLUSH").exec(&mut node.raw()).expect("a flush");
    }
    for name in [&one, &other] {
        let conflict = backend.write(&Batch::one(set(name).expecting(Expect::Absent))).expect("an answer");
        assert!(matches!(conflict, Applied::Conflict { index: 0, .. }), "{conflict:?}");
    }
}

/// Keys of one slot of the first master.
struct Moving {
    cluster: Cluster,
    backend: RedisBackend,
    tag: String,
    slot: usize,
}

impl Moving {
    fn start() -> Option<Self> {
        let cluster = Cluster::start(false)?;
        let backend = long_timeouts(&cluster.url());
        let tag = (0..).map(|number| format!("t{number}")).find(|tag| cluster.slot(tag) < 5000).expect("one of many");
        let slot = cluster.slot(&tag);
        Some(Self { cluster, backend, tag, slot })
    }

    fn key(&self, name: &str) -> Key {
        prefix(&format!("{{{}}}:", self.tag)).key(name).expect("a valid name")
    }

    fn set(&self, name: &str, value: &[u8]) -> Change {
        Change::set(self.key(name), Encoded::from(value))
    }

    fn batch(&self, names: &[&str], value: &[u8]) -> constance_core::Result<Applied> {
        let changes = names.iter().map(|name| self.set(name, value)).collect();
        self.backend.write(&Batch::new(changes).expect("different keys").wanting_previous(true))
    }

    fn read(&self, names: &[&str]) -> Vec<Stored> {
        let keys: Vec<Key> = names.iter().map(|name| self.key(name)).collect();
        self.backend.read(&keys.iter().collect::<Vec<_>>()).expect("a read")
    }
}

#[test]
fn a_slot_on_the_move_loses_and_hides_nothing() {
    let Some(moving) = Moving::start() else { return };
    let (one, two) = (value(b"1"), value(b"2"));
    moving.batch(&["a", "b", "c"], b"1").expect("a batch in one slot");
    moving.cluster.begin_migration(moving.slot);
    moving.cluster.migrate_key(moving.key("a").as_str());
    moving.cluster.migrate_key(moving.key("b").as_str());

    // Each is found wherever it is, one by one and together, on this backend and on one that begins now.
    for name in ["a", "b", "c"] {
        assert_eq!(moving.read(&[name])[0], one, "{name}");
    }
    assert_eq!(moving.read(&["none"]), [Stored::Absent]);
    assert_eq!(moving.read(&["a", "b"]), [one.clone(), one.clone()]);
    assert_eq!(moving.read(&["a", "c", "none"]), [one.clone(), one.clone(), Stored::Absent]);

    // Writes go where the key is, and a new key to the node that takes over.
    assert_eq!(moving.batch(&["a"], b"2").expect("a write"), Applied::Done(vec![one.clone()]));
    assert_eq!(moving.batch(&["c"], b"2").expect("a write"), Applied::Done(vec![one.clone()]));
    moving.backend.write(&Batch::one(moving.set("new", b"2").expecting(Expect::Absent))).expect("a write");
    let conflict = moving.backend.write(&Batch::one(moving.set("b", b"3").expecting(Expect::Absent)));
    assert_eq!(conflict.expect("an answer"), Applied::Conflict { index: 0, current: one.clone() });
    assert_eq!(moving.batch(&["a", "b"], b"2").expect("both are there"), Applied::Done(vec![two.clone(), one]));

    // Keys on two nodes are no batch until they are together again.
    let error = moving.batch(&["a", "c"], b"3").expect_err("they are apart");
    assert_eq!((error.kind(), error.is_transient()), (ErrorKind::Unavailable, true), "{error}");
    let all = ["a", "b", "c", "new"];
    assert_eq!(moving.read(&all), vec![two.clone(); 4], "nothing of it was written");

    moving.cluster.migrate_key(moving.key("c").as_str());
    moving.cluster.end_migration(moving.slot);
    assert_eq!(moving.read(&all), vec![two.clone(); 4]);
    let listed = moving.backend.list(&prefix(&format!("{{{}}}:", moving.tag))).expect("a list");
    assert_eq!(listed.len(), 4, "{listed:?}");
    assert_eq!(moving.batch(&["a", "c"], b"3").expect("together again"), Applied::Done(vec![two.clone(), two]));
}

#[test]
fn a_slot_that_has_moved_is_followed_by_each_call() {
    let Some(moving) = Moving::start() else { return };
    let one = value(b"1");
    // One backend for each call, which all know only where the slot was.
    let outdated: Vec<RedisBackend> = (0..5).map(|_| long_timeouts(&moving.cluster.url())).collect();
    let (a, b) = (moving.key("a"), moving.key("b"));
    for backend in &outdated {
        assert_eq!(backend.read(&[&a]).expect("a read"), [Stored::Absent]);
    }
    moving.batch(&["a", "b"], b"1").expect("a batch in one slot");
    moving.cluster.begin_migration(moving.slot);
    moving.cluster.migrate_key(a.as_str());
    moving.cluster.migrate_key(b.as_str());
    moving.cluster.end_migration(moving.slot);

    let elsewhere = prefix("constance:").key(&moving.cluster.name_at(2)).expect("a valid name");
    assert_eq!(outdated[0].read(&[&a]).expect("a read")[0], one);
    assert_eq!(outdated[1].read(&[&a, &b]).expect("a read"), [one.clone(), one.clone()]);
    let scattered = outdated[2].read(&[&a, &elsewhere, &b]).expect("a read");
    assert_eq!(scattered, [one.clone(), Stored::Absent, one.clone()]);
    assert_eq!(outdated[3].list(&prefix(&format!("{{{}}}:", moving.tag))).expect("a list").len(), 2);
    let batch = Batch::one(moving.set("a", b"2").expecting(Expect::Equals(Encoded::from(b"1".to_vec()))));
    assert_eq!(outdated[4].write(&batch).expect("a write"), Applied::Done(Vec::new()));
    assert_eq!(moving.read(&["a", "b"]), [value(b"2"), one]);
}

#[test]
fn a_user_with_few_rights_follows_a_slot_that_moves() {
    let Some(moving) = Moving::start() else { return };
    for node in &moving.cluster.nodes {
        let mut command = cmd("ACL");
        command.arg(&["SETUSER", "settings", "on", ">hunter2", "resetkeys", "~constance:*"]);
        command.arg(format!("~{{{}}}:*", moving.tag));
        command.arg(common::RIGHTS.split(' ').chain(["+cluster|slots", "+asking"]).collect::<Vec<_>>());
        command.exec(&mut node.raw()).expect("a user");
    }
    let backend = long_timeouts(&moving.cluster.url().replace("://", "://settings:hunter2@"));
    let (a, b) = (moving.key("a"), moving.key("b"));
    let batch = |value: &[u8]| Batch::new(vec![moving.set("a", value), moving.set("b", value)]).expect("two keys");
    backend.write(&batch(b"1")).expect("a batch in one slot");
    moving.cluster.begin_migration(moving.slot);
    moving.cluster.migrate_key(a.as_str());
    assert_eq!(backend.read(&[&a, &b]).expect("a read"), [value(b"1"), value(b"1")]);
    moving.cluster.migrate_key(b.as_str());
    backend.write(&batch(b"2")).expect("both are there");
    moving.cluster.end_migration(moving.slot);
    backend.write(&batch(b"3")).expect("a write");
    assert_eq!(backend.list(&prefix(&format!("{{{}}}:", moving.tag))).expect("a list").len(), 2);
    backend.list(&prefix("constance:")).expect("a list of all nodes");
    backend.ping().expect("all nodes");
}
