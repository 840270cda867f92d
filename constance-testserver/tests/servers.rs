//! Each server is started, killed, started again and paused, and ends with its value.
#![cfg(unix)]

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use constance_testserver::{MariadbServer, MemcachedServer, Options, PostgresServer, RedisServer, free_port};

/// What is done to each of them.
trait Controlled {
    fn port(&self) -> u16;
    fn kill(&mut self);
    fn restart(&mut self);
    fn pause(&self);
    fn resume(&self);
    fn folder(&self) -> &std::path::Path;
}

macro_rules! controlled {
    ($($server:ident),*) => {
        $(impl Controlled for $server {
            fn port(&self) -> u16 {
                $server::port(self)
            }
            fn kill(&mut self) {
                $server::kill(self);
            }
            fn restart(&mut self) {
                $server::restart(self);
            }
            fn pause(&self) {
                $server::pause(self);
            }
            fn resume(&self) {
                $server::resume(self);
            }
            fn folder(&self) -> &std::path::Path {
                $server::folder(self)
            }
        })*
    };
}

controlled!(RedisServer, MemcachedServer, PostgresServer, MariadbServer);

/// What a server says first, or when it is asked this.
fn said(port: u16, question: &[u8]) -> Option<Vec<u8>> {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).ok()?;
    stream.set_read_timeout(Some(Duration::from_millis(300))).ok()?;
    stream.write_all(question).ok()?;
    let mut answer = [0; 64];
    let length = stream.read(&mut answer).ok()?;
    (length > 0).then(|| answer[..length].to_vec())
}

/// Until it says something: a busy machine is slow.
fn answers(port: u16, question: &[u8]) {
    let end = Instant::now() + Duration::from_secs(60);
    while said(port, question).is_none() {
        assert!(Instant::now() < end, "it does not answer");
    }
}

fn is_controlled<S: Controlled>(server: Option<S>, question: &[u8]) {
    let Some(mut server) = server else { return };
    let (port, folder) = (server.port(), server.folder().to_owned());
    answers(port, question);
    server.pause();
    assert_eq!(said(port, question), None, "it is paused");
    server.resume();
    answers(port, question);
    server.kill();
    assert!(TcpStream::connect(("127.0.0.1", port)).is_err(), "it is killed");
    server.restart();
    assert_eq!(server.port(), port);
    answers(port, question);
    server.restart();
    answers(port, question);
    assert!(folder.is_dir());
    drop(server);
    assert!(TcpStream::connect(("127.0.0.1", port)).is_err(), "it ended");
    assert!(!folder.exists(), "its folder is left");
}

#[test]
fn redis() {
    is_controlled(RedisServer::start(), b"PING\r\n");
}

#[test]
fn memcached() {
    is_controlled(MemcachedServer::start(), b"version\r\n");
}

#[test]
fn postgres() {
    // Whether it takes TLS: an answer of one byte.
    is_controlled(PostgresServer::start(), &[0, 0, 0, 8, 4, 210, 22, 47]);
}

#[test]
fn mariadb() {
    // It speaks first.
    is_controlled(MariadbServer::start(), b"");
}

#[test]
fn arguments_name_what_is_the_servers_own() {
    let socket = ["--unixsocket", "{folder}/socket-{port}"];
    let Some(server) = RedisServer::with(&socket) else { return };
    assert!(server.folder().join(format!("socket-{}", server.port())).exists());
}

#[test]
fn a_sentinel_watches() {
    let Some(master) = RedisServer::start() else { return };
    let watch = format!("sentinel monitor mymaster 127.0.0.1 {} 1", master.port());
    let sentinel = RedisServer::sentinel(&watch).expect("installed as well");
    let address = said(sentinel.port(), b"SENTINEL get-master-addr-by-name mymaster\r\n").expect("an answer");
    let address = String::from_utf8_lossy(&address).into_owned();
    assert!(address.contains(&master.port().to_string()), "{address}");
}

#[test]
fn a_server_that_does_not_start_shows_its_log() {
    if RedisServer::start().is_none() {
        return;
    }
    let panic = std::panic::catch_unwind(|| RedisServer::with(&["--no-such-option", "1"])).expect_err("a panic");
    let message = panic.downcast_ref::<String>().expect("a message");
    assert!(message.starts_with("the server does not start:") && message.contains("no-such-option"), "{message}");
}

#[test]
fn a_free_port_is_free() {
    assert!(TcpStream::connect(("127.0.0.1", free_port())).is_err());
}

#[test]
fn a_paused_server_ends_with_its_value() {
    let Some(server) = RedisServer::start() else { return };
    assert!(server.log().contains("Ready to accept connections"), "{}", server.log());
    let (port, folder) = (server.port(), server.folder().to_owned());
    server.pause();
    drop(server);
    assert!(TcpStream::connect(("127.0.0.1", port)).is_err() && !folder.exists());
}

#[test]
fn an_error_has_the_log_and_tells_what_is_missing_from_what_fails() {
    let started = RedisServer::try_start(&Options::default().settings(["--no-such-option", "1"]));
    let error = started.expect_err("no such option");
    assert!(error.is_missing() || error.to_string().contains("no-such-option"), "{error}");
}
