//! Finding the master when sentinels are wrong, silent or dead.

use std::io::{Read, Write};
use std::net::TcpListener;

use constance_core::{Backend, ErrorKind, backend::Stored};
use constance_redis::redis::cmd;
use constance_redis::{RedisBackend, RedisBackendBuilder};

use crate::common;
use crate::common::group::Sentinel;
use crate::common::{Server, long_timeouts, read, short_timeouts, until, value, write};

/// A server that sends the same reply to every request. Its threads end with the test program.
fn sentinel(answer: &str) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let port = listener.local_addr().expect("an address").port();
    let answer = answer.to_owned();
    std::thread::spawn(move || {
        for client in listener.incoming() {
            let (mut client, answer) = (client.expect("a client"), answer.clone());
            std::thread::spawn(move || {
                let mut bytes = [0; 1024];
                while client.read(&mut bytes).is_ok_and(|count| count > 0) {
                    let _ = client.write_all(answer.as_bytes());
                }
            });
        }
    });
    port
}

fn naming(port: u16) -> u16 {
    sentinel(&format!("*2\r\n$9\r\n127.0.0.1\r\n${}\r\n{port}\r\n", port.to_string().len()))
}

fn over(sentinels: &[u16]) -> RedisBackend {
    long_timeouts(&url_of(sentinels))
}

fn url_of(sentinels: &[u16]) -> String {
    let hosts: Vec<String> = sentinels.iter().map(|port| format!("127.0.0.1:{port}")).collect();
    format!("redis+sentinel://:hunter2@{}/mymaster", hosts.join(","))
}

fn secured() -> Option<Server> {
    Server::with(&["--requirepass", "hunter2"])
}

#[test]
fn those_that_are_dead_silent_or_wrong_are_passed_over() {
    let Some(master) = secured() else { return };
    let port = master.port().to_string();
    let Some(replica) =
        Server::with(&["--requirepass", "hunter2", "--masterauth", "hunter2", "--replicaof", "127.0.0.1", &port])
    else {
        return;
    };
    let (dead, silent, ignorant) = (constance_testserver::free_port(), sentinel(""), sentinel("*-1\r\n"));
    let (outdated, right) = (naming(replica.port()), naming(master.port()));
    for first in [dead, ignorant, outdated] {
        let backend = over(&[first, right]);
        write(&backend, "a", b"1").expect("the other one is right");
        assert_eq!(read(&backend, "a").expect("a read"), value(b"1"));
    }
    // A part of the time is spent on the silent one, and a busy machine may need more than the rest.
    let backend = short_timeouts(&url_of(&[silent, right]));
    until("the other one is right", || write(&backend, "a", b"1").ok());
    assert_eq!(until("a read", || read(&backend, "a").ok()), value(b"1"));
    let backend = short_timeouts(&url_of(&[dead, silent, ignorant, outdated, right]));
    assert_eq!(until("the last one is right", || read(&backend, "a").ok()), value(b"1"));
    until("a feed at the master", || backend.watch(&common::prefix("constance:")).ok().map(drop));
}

#[test]
fn without_a_master_nothing_is_absent() {
    let Some(master) = secured() else { return };
    let port = master.port().to_string();
    let Some(replica) = Server::with(&["--requirepass", "hunter2", "--replicaof", "127.0.0.1", &port]) else { return };
    let dead = constance_testserver::free_port();
    for (sentinels, kind) in [
        (vec![dead], ErrorKind::Unavailable),
        (vec![sentinel("")], ErrorKind::Timeout),
        (vec![sentinel("*-1\r\n")], ErrorKind::Unavailable),
        (vec![sentinel("-NOAUTH Authentication required.\r\n")], ErrorKind::Denied),
        (vec![sentinel("+hello\r\n")], ErrorKind::Unavailable),
        (vec![naming(replica.port())], ErrorKind::Unavailable),
        (vec![naming(dead)], ErrorKind::Unavailable),
    ] {
        // On a busy machine an answer may take long; only who waits for one that never comes is to be in a hurry.
        let hurry = kind == ErrorKind::Timeout;
        let backend = if hurry { short_timeouts(&url_of(&sentinels)) } else { over(&sentinels) };
        for result in [read(&backend, "a").map(drop), write(&backend, "a", b"1"), backend.ping()] {
            let error = result.expect_err("no master");
            assert_eq!(error.kind(), kind, "{}", common::shown(&error));
            assert!(!common::shown(&error).contains("hunter2"));
        }
    }
}

#[test]
fn a_server_that_becomes_a_replica_is_left_at_the_first_refusal() {
    let (Some(one), Some(other)) = (secured(), secured()) else { return };
    let raw = |server: &Server| common::server::raw(&format!("redis://:hunter2@127.0.0.1:{}", server.port()));
    let backend = over(&[naming(one.port()), naming(other.port())]);
    write(&backend, "a", b"1").expect("a write");
    // Its connections stay: only its answer to a write tells.
    cmd("REPLICAOF").arg("127.0.0.1").arg(other.port()).exec(&mut raw(&one)).expect("a replica");
    let error = write(&backend, "a", b"2").expect_err("it takes no writes");
    assert_eq!((error.kind(), error.is_transient()), (ErrorKind::Unavailable, true), "{error}");
    until("a write at the other one", || write(&backend, "a", b"3").ok());
    let found: String = cmd("GET").arg("constance:a").query(&mut raw(&other)).expect("a value");
    assert_eq!(found, "3");
}

#[test]
fn sentinels_have_a_password_of_their_own() {
    let Some(master) = Server::start() else { return };
    let guarded = Sentinel::start(&master.port().to_string(), "requirepass own");
    let url = format!("redis+sentinel://127.0.0.1:{}/mymaster", guarded.port());
    let asked = |builder: RedisBackendBuilder| read(&builder.url(&url).build().expect("a valid URL"), "a");
    let builder = RedisBackend::builder;
    assert_eq!(asked(builder()).expect_err("no password").kind(), ErrorKind::Denied);
    assert_eq!(asked(builder().sentinel_password("hunter2")).expect_err("a wrong one").kind(), ErrorKind::Denied);
    assert_eq!(asked(builder().sentinel_password("own")).expect("the right one"), Stored::Absent);
    let named = builder().sentinel_username("default").sentinel_password("own");
    assert!(!format!("{named:?}").contains("own\""), "{named:?}");
    assert_eq!(asked(named).expect("the right one"), Stored::Absent);
    // What is no sentinel says so.
    let url = format!("redis+sentinel://127.0.0.1:{}/mymaster", master.port());
    assert_eq!(read(&long_timeouts(&url), "a").expect_err("no sentinel").kind(), ErrorKind::Unsupported);
}

#[test]
fn the_role_is_asked_for_with_a_right_of_its_own() {
    let Some(master) = Server::start() else { return };
    let mut command = cmd("ACL");
    command.arg(&["SETUSER", "settings", "on", ">hunter2", "resetkeys", "~constance:*"]);
    command.arg(common::RIGHTS.split(' ').collect::<Vec<_>>());
    command.exec(&mut master.raw()).expect("a user");
    let backend =
        long_timeouts(&format!("redis+sentinel://settings:hunter2@127.0.0.1:{}/mymaster", naming(master.port())));
    assert_eq!(read(&backend, "a").expect_err("a right is missing").kind(), ErrorKind::Denied);
    cmd("ACL").arg(&["SETUSER", "settings", "+role"]).exec(&mut master.raw()).expect("a right");
    assert_eq!(read(&backend, "a").expect("a read"), Stored::Absent);
    write(&backend, "a", b"1").expect("a write");
    backend.watch(&common::prefix("constance:")).map(drop).expect("a feed");
}
