//! Writes that wait for replicas.

use std::time::Duration;

use constance_core::{
    Backend, ErrorKind,
    backend::{Applied, Batch, Change, Expect},
};
use constance_redis::RedisBackend;
use constance_redis::redis::cmd;

use crate::common;
use crate::common::{PATIENCE, Server, read, set, until, value, write};

/// The wait for replicas is half of it.
fn waiting(server: &Server, answer: Duration) -> RedisBackend {
    let builder = RedisBackend::builder().url(server.url()).connect_timeout(PATIENCE).response_timeout(answer);
    builder.wait_replicas(1).build().expect("a valid URL")
}

/// What no replica confirms waits for half of it; the other half is left for an answer on a busy machine.
const IN_VAIN: Duration = Duration::from_secs(4);

#[test]
fn too_few_replicas_are_an_error_and_the_master_has_the_change() {
    let Some(server) = Server::start() else { return };
    let backend = waiting(&server, IN_VAIN);
    let error = write(&backend, "a", b"1").expect_err("there is no replica");
    assert_eq!((error.kind(), error.is_transient()), (ErrorKind::Timeout, true), "{error}");
    assert!(common::shown(&error).contains("0 of 1 replicas"), "{}", common::shown(&error));
    assert_eq!(read(&backend, "a").expect("a read"), value(b"1"));
    // A batch by the script as well; what is not written is not waited for.
    let several = Batch::new(vec![set("a", b"2"), set("b", b"2")]).expect("two keys");
    assert_eq!(backend.write(&several).expect_err("there is no replica").kind(), ErrorKind::Timeout);
    let conflict = backend.write(&Batch::one(set("a", b"3").expecting(Expect::Absent))).expect("an answer");
    assert_eq!(conflict, Applied::Conflict { index: 0, current: value(b"2") });
    let look = Batch::one(Change::keep(common::key("a"))).wanting_previous(true);
    assert_eq!(backend.write(&look).expect("nothing to confirm"), Applied::Done(vec![value(b"2")]));
}

#[test]
fn a_replica_confirms() {
    let Some(master) = Server::with(&["--repl-diskless-sync-delay", "0"]) else { return };
    let port = master.port().to_string();
    let Some(mut replica) = Server::with(&["--replicaof", "127.0.0.1", &port]) else { return };
    let backend = waiting(&master, PATIENCE);
    until("a replica that confirms", || write(&backend, "a", b"1").ok());
    let several = Batch::new(vec![set("a", b"2"), set("b", b"2")]).expect("two keys");
    backend.write(&several).expect("confirmed");
    let found: Vec<String> =
        cmd("MGET").arg(&["constance:a", "constance:b"]).query(&mut replica.raw()).expect("values");
    assert_eq!(found, ["2", "2"]);
    replica.kill();
    let backend = waiting(&master, IN_VAIN);
    assert_eq!(write(&backend, "a", b"3").expect_err("it is gone").kind(), ErrorKind::Timeout);
}
