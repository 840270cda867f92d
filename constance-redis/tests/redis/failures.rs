//! Real faults, and the kinds of their errors.

use std::time::Duration;

use constance_core::{
    Backend, Error, ErrorKind, Prefix,
    backend::{Applied, Batch, Change, Encoded, Expect, Stored, Wake},
};
use constance_redis::redis::{self, cmd};
use constance_redis::{RedisBackend, RedisOptions};

use crate::common::{
    Server, backend, key, long_timeouts, prefix, read, read_all, set, short_timeouts, shown, until, value, write,
};

/// Every call that needs the server, and its result.
fn calls(backend: &RedisBackend) -> Vec<(&'static str, Result<(), Error>)> {
    let expecting = set("a", b"hunter2").expecting(Expect::Absent);
    vec![
        ("get", read(backend, "a").map(drop)),
        ("get many", read_all(backend, &["a", "b"]).map(drop)),
        ("visit", backend.visit(&key("a"), &mut |_| panic!("a visitor is not called on an error"))),
        ("list", backend.list(&prefix("constance:")).map(drop)),
        ("ping", backend.ping()),
        ("set", write(backend, "a", b"hunter2")),
        ("compare and set", backend.write(&Batch::one(expecting)).map(drop)),
        ("remove", backend.write(&Batch::one(Change::remove(key("a")))).map(drop)),
        ("watch", backend.watch(&prefix("constance:")).map(drop)),
    ]
}

#[track_caller]
fn each_is(backend: &RedisBackend, kind: ErrorKind, transient: bool) {
    for (call, result) in calls(backend) {
        let error = result.expect_err(call);
        assert_eq!((error.kind(), error.is_transient()), (kind, transient), "{call}: {}", shown(&error));
        assert!(!shown(&error).contains("hunter2"), "{call}: {}", shown(&error));
    }
}

#[test]
fn a_server_that_is_down_is_unavailable_until_it_is_up() {
    let Some(mut server) = Server::start() else { return };
    server.kill();
    // Waiting for a connection of the pool would take an hour.
    let backend = RedisBackend::builder()
        .url(server.url())
        .acquire_timeout(Duration::from_secs(3600))
        .build()
        .expect("a valid URL");
    each_is(&backend, ErrorKind::Unavailable, true);
    server.restart();
    write(&backend, "a", b"1").expect("the next call tries again");
    assert_eq!(read(&backend, "a").expect("a read"), value(b"1"));
}

#[test]
fn connections_that_died_cost_a_read_a_second_try() {
    let Some(mut server) = Server::start() else { return };
    let backend = backend(&server);
    // Several connections, so that the second attempt would get a dead one too if it took an idle one.
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| (0..50).for_each(|_| drop(read(&backend, "a"))));
        }
    });
    write(&backend, "a", b"1").expect("a write");
    server.kill();
    server.restart();
    assert_eq!(read(&backend, "a").expect("a second try"), Stored::Absent, "it was started again empty");
    write(&backend, "a", b"2").expect("the dead connections are gone");

    server.kill();
    server.restart();
    assert_eq!(read_all(&backend, &["a", "b"]).expect("a second try"), [Stored::Absent, Stored::Absent]);
    server.kill();
    server.restart();
    assert!(backend.list(&prefix("constance:")).expect("a second try").is_empty());
}

#[test]
fn a_write_on_a_connection_that_died_happens_once_or_fails() {
    let Some(mut server) = Server::start() else { return };
    let backend = backend(&server);
    write(&backend, "a", b"1").expect("a write");
    server.kill();
    server.restart();
    match write(&backend, "a", b"2") {
        Ok(()) => assert_eq!(read(&backend, "a").expect("a read"), value(b"2")),
        Err(error) => {
            assert_eq!((error.kind(), error.is_transient()), (ErrorKind::Unavailable, true), "{error}");
            write(&backend, "a", b"2").expect("the next call has a new connection");
        }
    }
}

#[test]
fn a_restart_costs_no_write_after_a_rest() {
    let Some(mut server) = Server::start() else { return };
    let backend = backend(&server);
    write(&backend, "a", b"1").expect("a write");
    server.kill();
    server.restart();
    // Nothing reports when a connection has been idle for long enough.
    std::thread::sleep(Duration::from_millis(1100));
    write(&backend, "a", b"2").expect("the dead connection was noticed before");
    assert_eq!(read(&backend, "a").expect("a read"), value(b"2"));
}

#[test]
fn a_paused_server_is_a_timeout_and_never_absence() {
    let Some(server) = Server::start() else { return };
    let (backend, direct) = (short_timeouts(&server.url()), backend(&server));
    until("a write", || write(&backend, "a", b"1").ok());
    assert_eq!(read_all(&direct, &["a", "b"]).expect("a read"), [value(b"1"), Stored::Absent]);
    server.pause();
    each_is(&backend, ErrorKind::Timeout, true);
    server.resume();
    // The write above may have arrived or not; it was not acknowledged.
    until("it goes on", || write(&backend, "a", b"3").ok());
    assert_eq!(read(&direct, "a").expect("a read"), value(b"3"));
}

#[test]
fn a_pool_whose_connections_are_all_in_use_is_a_timeout() {
    let Some(server) = Server::start() else { return };
    let soon = Duration::from_millis(50);
    let backend =
        RedisBackend::builder().url(server.url()).pool_size(1).acquire_timeout(soon).build().expect("a valid URL");
    let failed = |result: constance_core::Result<Stored>| result.expect_err("none is free").kind();
    std::thread::scope(|scope| {
        server.pause();
        let held = scope.spawn(|| read(&backend, "a"));
        // Each either finds the only connection in use, or uses it and gets no reply.
        assert_eq!(failed(read(&backend, "a")), ErrorKind::Timeout);
        assert_eq!(failed(held.join().expect("no panic")), ErrorKind::Timeout);
    });
    server.resume();
    assert_eq!(until("a free connection", || read(&backend, "a").ok()), Stored::Absent);
}

#[test]
fn a_wrong_password_is_denied() {
    let Some(server) = Server::with(&["--requirepass", "right"]) else { return };
    let url = |login: &str| format!("redis://{login}127.0.0.1:{}/0", server.port());
    for login in [":hunter2@", "nobody:hunter2@", ""] {
        let backend = long_timeouts(&url(login));
        each_is(&backend, ErrorKind::Denied, false);
        assert!(!format!("{backend:?}").contains("hunter2"), "{backend:?}");
    }
    write(&long_timeouts(&url(":right@")), "a", b"1").expect("the right password");
    // With another database, connecting has one more step.
    let backend = long_timeouts(&format!("redis://127.0.0.1:{}/1", server.port()));
    assert_eq!(read(&backend, "a").expect_err("no password").kind(), ErrorKind::Denied);
}

#[test]
fn a_missing_right_is_denied() {
    let Some(server) = Server::start() else { return };
    let mut admin = server.raw();
    cmd("ACL")
        .arg(&["SETUSER", "reader", "on", ">hunter2", "resetkeys", "~constance:*", "nocommands"])
        .arg(&["+get", "+mget", "+hello", "+evalsha", "+eval"])
        .exec(&mut admin)
        .expect("a user");
    let backend = long_timeouts(&format!("redis://reader:hunter2@127.0.0.1:{}/0", server.port()));
    assert_eq!(read(&backend, "a").expect("a right that it has"), Stored::Absent);
    // Without the right to EXISTS and TYPE the script finds out what is no string.
    cmd("RPUSH").arg("constance:list").arg("x").exec(&mut admin).expect("a list");
    for _ in 0..2 {
        let found = read_all(&backend, &["a", "list"]).expect("rights that it has");
        assert_eq!(found[0], Stored::Absent);
        assert!(matches!(found[1], Stored::Foreign(_)), "{found:?}");
    }

    let denied = |result: constance_core::Result<()>| {
        let error = result.expect_err("a right that it does not have");
        assert_eq!((error.kind(), error.is_transient()), (ErrorKind::Denied, false), "{error:?}");
        assert!(!shown(&error).contains("hunter2"), "{}", shown(&error));
    };
    denied(write(&backend, "a", b"hunter2"));
    denied(backend.write(&Batch::one(set("a", b"hunter2").expecting(Expect::Absent))).map(drop));
    denied(backend.list(&prefix("constance:")).map(drop));
    denied(backend.read(&[&prefix("other:").key("a").expect("a name")]).map(drop));
    // live() polls then.
    let error = backend.watch(&prefix("constance:")).map(drop).expect_err("a right that it does not have");
    assert_eq!(error.kind(), ErrorKind::Unsupported, "{error}");

    cmd("ACL").arg(&["SETUSER", "reader", "-hello"]).exec(&mut admin).expect("one right less");
    let error = backend.watch(&prefix("constance:")).map(drop).expect_err("a right that it does not have");
    assert_eq!(error.kind(), ErrorKind::Unsupported, "{error}");

    // A right that is missing in the middle of a batch leaves nothing written.
    cmd("ACL").arg(&["SETUSER", "reader", "+set"]).exec(&mut admin).expect("one right more");
    let batch = Batch::new(vec![set("a", b"hunter2"), Change::remove(key("b"))]).expect("two keys");
    denied(backend.write(&batch).map(drop));
    assert_eq!(read(&backend, "a").expect("a read"), Stored::Absent);
}

#[test]
fn a_list_under_a_key_is_foreign_and_can_be_repaired() {
    let Some(server) = Server::start() else { return };
    let backend = backend(&server);
    let mut raw = server.raw();
    let mut break_it = |command: &str| {
        cmd("DEL").arg("constance:bad").exec(&mut raw).expect("a removal");
        let mut command_line = cmd(command);
        command_line.arg("constance:bad");
        match command {
            "HSET" => command_line.arg("field").arg("hunter2"),
            "ZADD" => command_line.arg(1).arg("hunter2"),
            "XADD" => command_line.arg("*").arg("field").arg("hunter2"),
            _ => command_line.arg("hunter2"),
        };
        command_line.exec(&mut raw).expect("something else");
    };
    write(&backend, "good", b"1").expect("a write");
    for (command, words) in
        [("RPUSH", "a list"), ("HSET", "a hash"), ("SADD", "a set"), ("ZADD", "a sorted set"), ("XADD", "a stream")]
    {
        break_it(command);
        assert!(matches!(read(&backend, "bad").expect("no failure"), Stored::Foreign(_)));
        let error = backend.visit(&key("bad"), &mut |_| panic!("there is nothing to show")).expect_err("no string");
        assert_eq!(error.kind(), ErrorKind::Decode);
        let many = read_all(&backend, &["good", "bad", "none"]).expect("no failure");
        assert_eq!(many, [value(b"1"), Stored::Foreign(words), Stored::Absent], "{command}");
        let listed = backend.list(&prefix("constance:")).expect("no failure");
        assert!(listed.contains(&(key("bad"), Stored::Foreign(words))) && listed.len() == 2, "{listed:?}");

        // Each way to repair it.
        let repaired = |batch: Batch, previous: &[Stored], now: Stored| {
            assert_eq!(backend.write(&batch).expect("a repair"), Applied::Done(previous.to_vec()), "{batch:?}");
            assert_eq!(read(&backend, "bad").expect("a read"), now);
        };
        let foreign = [Stored::Foreign(words)];
        repaired(Batch::one(set("bad", b"2")), &[], value(b"2"));
        break_it(command);
        repaired(Batch::one(set("bad", b"2")).wanting_previous(true), &foreign, value(b"2"));
        break_it(command);
        repaired(Batch::one(Change::remove(key("bad"))), &[], Stored::Absent);
        break_it(command);
        repaired(Batch::one(Change::remove(key("bad"))).wanting_previous(true), &foreign, Stored::Absent);
        break_it(command);
        let both = Batch::new(vec![set("bad", b"2"), set("good", b"1")]).expect("two keys");
        repaired(both.wanting_previous(true), &[foreign[0].clone(), value(b"1")], value(b"2"));
        break_it(command);

        // It is neither absent nor equal to anything.
        for expect in [Expect::Absent, Expect::Equals(Encoded::from(Vec::new()))] {
            let batch = Batch::new(vec![set("good", b"lost"), set("bad", b"2").expecting(expect)]).expect("two keys");
            let applied = backend.write(&batch).expect("an answer");
            assert_eq!(applied, Applied::Conflict { index: 1, current: Stored::Foreign(words) });
        }
        assert_eq!(read(&backend, "good").expect("a read"), value(b"1"), "a conflict writes nothing");
    }
}

#[test]
fn a_full_server_refuses_a_whole_batch() {
    let Some(server) = Server::start() else { return };
    let backend = backend(&server);
    write(&backend, "a", b"1").expect("a write");
    cmd("CONFIG").arg(&["SET", "maxmemory", "1"]).exec(&mut server.raw()).expect("a limit");
    let full = |batch: Batch| {
        let error = backend.write(&batch).expect_err("no memory left");
        assert_eq!((error.kind(), error.is_transient()), (ErrorKind::Unavailable, false), "{}", shown(&error));
        assert_eq!(error.cause().and_then(|cause| cause.code()), Some("OOM"));
        assert!(!shown(&error).contains("hunter2"), "{}", shown(&error));
    };
    full(Batch::one(set("b", b"hunter2")));
    full(Batch::one(set("b", b"hunter2").expecting(Expect::Absent)));
    full(Batch::new(vec![set("b", b"hunter2"), Change::remove(key("a"))]).expect("two keys"));
    assert_eq!(read_all(&backend, &["a", "b"]).expect("reads go on"), [value(b"1"), Stored::Absent]);
    backend.write(&Batch::one(Change::remove(key("a")))).expect("a removal frees memory");
}

#[test]
fn a_replica_takes_no_writes() {
    let Some(server) = Server::start() else { return };
    let backend = backend(&server);
    write(&backend, "a", b"1").expect("a write");
    let gone = constance_testserver::free_port();
    cmd("REPLICAOF").arg("127.0.0.1").arg(gone).exec(&mut server.raw()).expect("a replica");
    for batch in [Batch::one(set("a", b"hunter2")), Batch::one(set("b", b"hunter2").expecting(Expect::Absent))] {
        let error = backend.write(&batch).expect_err("read only");
        assert_eq!((error.kind(), error.is_transient()), (ErrorKind::Unavailable, true), "{}", shown(&error));
        assert_eq!(error.cause().and_then(|cause| cause.code()), Some("READONLY"));
        assert!(!shown(&error).contains("hunter2"));
    }
    cmd("CONFIG").arg(&["SET", "replica-serve-stale-data", "no"]).exec(&mut server.raw()).expect("a setting");
    let error = read(&backend, "a").expect_err("it has lost its master");
    assert_eq!((error.kind(), error.is_transient()), (ErrorKind::Unavailable, true), "{error:?}");
}

#[test]
fn a_forgotten_script_is_sent_again() {
    let Some(server) = Server::start() else { return };
    let backend = backend(&server);
    for round in 0..3 {
        cmd("SCRIPT").arg("FLUSH").exec(&mut server.raw()).expect("a flush");
        let batch = Batch::new(vec![set("a", &[round]), set("b", &[round])]).expect("two keys");
        assert_eq!(backend.write(&batch).expect("a write"), Applied::Done(vec![]));
        assert_eq!(read_all(&backend, &["a", "b"]).expect("a read"), [value(&[round]), value(&[round])]);
    }
}

#[test]
fn a_database_that_does_not_exist_is_a_configuration_error() {
    let Some(server) = Server::start() else { return };
    let error =
        read(&long_timeouts(&format!("redis://127.0.0.1:{}/9999", server.port())), "a").expect_err("no such database");
    assert_eq!(error.kind(), ErrorKind::Configuration, "{}", shown(&error));
}

#[test]
fn a_server_with_too_many_clients_is_unavailable() {
    let Some(server) = Server::start() else { return };
    let mut held = server.raw();
    cmd("CONFIG").arg(&["SET", "maxclients", "1"]).exec(&mut held).expect("a limit");
    let error = read(&backend(&server), "a").expect_err("no room");
    assert_eq!((error.kind(), error.is_transient()), (ErrorKind::Unavailable, true), "{}", shown(&error));
}

#[test]
fn something_that_is_no_redis_is_unavailable() {
    use std::io::Write;

    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = listener.local_addr().expect("an address").port();
    std::thread::spawn(move || {
        for mut stream in listener.incoming().map_while(Result::ok) {
            let _ = stream.write_all(b"HTTP/1.1 400 Bad Request\r\nX-Secret: hunter2\r\n\r\n");
        }
    });
    let backend = long_timeouts(&format!("redis://127.0.0.1:{port}/0"));
    for (call, result) in calls(&backend) {
        let error = result.expect_err(call);
        assert_eq!(error.kind(), ErrorKind::Unavailable, "{call}: {}", shown(&error));
        assert!(!shown(&error).contains("hunter2"), "{call}: {}", shown(&error));
    }
}

#[test]
fn a_server_that_never_answers_is_a_timeout() {
    // The system accepts for it.
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = listener.local_addr().expect("an address");
    for url in [format!("redis://:hunter2@{address}/1"), format!("redis://{address}")] {
        each_is(&short_timeouts(&url), ErrorKind::Timeout, true);
    }
}

#[test]
fn hostile_prefixes_stand_for_themselves() {
    let Some(server) = Server::start() else { return };
    let backend = backend(&server);
    let hostile = prefix("a%b*[c]:");
    for other in ["a%bX[c]:", "a%b*c:", "a%b**[c]:", "", "a%b*[c]:d:"] {
        let key = Prefix::new(other).and_then(|p| p.key("other")).expect("a name");
        backend.write(&Batch::one(Change::set(key, Encoded::from(&b"0"[..])))).expect("a write");
    }
    assert!(backend.list(&hostile).expect("a listing").is_empty());
    let mine = hostile.key("mine").expect("a name");
    let mut feed = backend.watch(&hostile).expect("a feed");
    backend.write(&Batch::one(Change::set(mine.clone(), Encoded::from(&b"1"[..])))).expect("a write");
    assert_eq!(feed.wait(Duration::from_secs(600)).expect("a feed"), Wake::Changed);
    assert_eq!(backend.list(&hostile).expect("a listing"), [(mine, value(b"1"))]);
}

#[test]
fn wrong_options_are_configuration_errors_that_show_no_password() {
    let urls = [
        "",
        "redis",
        "http://127.0.0.1",
        "redis://user:hunter2@127.0.0.1:port/0",
        "redis://user:hunter2@127.0.0.1/zero",
        "redis://user:hunter2@h1,h2:1:2/0",
        "redis+cluster://:hunter2@h1,h2/7",
        "redis://:hunter2@127.0.0.1?protocol=4",
        "redis+unix://",
        "redis://0.0.0.0",
    ];
    for url in urls {
        let error = RedisBackend::from_url(url).expect_err(url);
        assert_eq!(error.kind(), ErrorKind::Configuration, "{url}: {error}");
        assert!(!shown(&error).contains("hunter2"), "{}", shown(&error));
        let builder = RedisBackend::builder().url(url);
        assert!(!format!("{builder:?}").contains("hunter2"), "{builder:?}");
    }
    let wrong = [
        RedisBackend::builder().pool_size(0).build(),
        RedisBackend::builder().connect_timeout(Duration::ZERO).build(),
        RedisBackend::builder().response_timeout(Duration::ZERO).build(),
        RedisBackend::builder().acquire_timeout(Duration::ZERO).build(),
        RedisBackend::builder().root_certificates("x").build(),
    ];
    for result in wrong {
        assert_eq!(result.map(drop).expect_err("wrong").kind(), ErrorKind::Configuration);
    }
    let mut options = RedisOptions::default();
    options.host = String::new();
    assert_eq!(RedisBackend::from_options(options).expect_err("no host").kind(), ErrorKind::Configuration);
}

#[test]
fn a_refused_command_of_a_brought_connection_shows_no_argument() {
    let secret = || -> redis::RedisResult<redis::Connection> {
        Err((redis::ErrorKind::Client, "said the driver", "hunter2".to_owned()).into())
    };
    let backend = RedisBackend::with_connections(secret);
    for (call, result) in calls(&backend) {
        let error = result.expect_err(call);
        assert!(!shown(&error).contains("hunter2"), "{}", shown(&error));
    }
}
