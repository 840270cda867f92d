//! Servers start, are what they are called, and leave nothing behind, however xtask ends.

use std::fs;
use std::io::{Read as _, Write as _};
use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::net::UnixStream;
use std::os::unix::process::ExitStatusExt as _;
use std::process::{Command, Output, Stdio};

use constance_testserver::until;

use crate::support::{Place, Up, ask, have, kill, text};

fn can_run() -> bool {
    have(&["redis-server", "redis-cli", "openssl"])
}

#[test]
fn the_plain_one_answers_and_leaves_nothing() {
    if !can_run() {
        return;
    }
    let up = Up::start("redis");
    let [host] = &up.hosts("CONSTANCE_REDIS_URL")[..] else { panic!("{:?}", up.variables) };
    assert_eq!(ask(host, &["PING", "SET a b", "GET a"]).unwrap(), "+PONG\r\n+OK\r\n$1\r\nb\r\n");
    let host = host.clone();
    up.stop();
    assert!(ask(&host, &["PING"]).is_err());
}

#[test]
fn the_acl_user_may_do_what_a_backend_needs_and_no_more() {
    if !can_run() {
        return;
    }
    let up = Up::start("redis --kind acl");
    let url = &up.variables["CONSTANCE_REDIS_ACL_URL"];
    let (user, password) = url["redis://".len()..].split_once('@').unwrap().0.split_once(':').unwrap();
    let [host] = &up.hosts("CONSTANCE_REDIS_ACL_URL")[..] else { panic!("{url}") };
    assert!(ask(host, &["PING"]).unwrap().starts_with("-NOAUTH "));
    assert!(ask(host, &[&format!("AUTH {user} wrong")]).unwrap().starts_with("-WRONGPASS "));

    let auth = format!("AUTH {user} {password}");
    let as_user = |line: &str| ask(host, &[&auth, line]).unwrap().strip_prefix("+OK\r\n").unwrap().to_owned();
    for allowed in [
        "SET constance:a 1 GET",
        "MGET constance:a constance:b",
        "SCAN 0 MATCH constance:*",
        "EVAL \"return redis.call('get', KEYS[1])\" 1 constance:a",
        "SCRIPT LOAD \"return 1\"",
        "DEL constance:a",
        "SELECT 0",
        "CLIENT ID",
        "HELLO 3",
    ] {
        assert!(!as_user(allowed).starts_with('-'), "{allowed}: {}", as_user(allowed));
    }
    for forbidden in ["GET other", "SET other 1", "KEYS *", "FLUSHALL", "CONFIG GET *", "INFO", "EXPIRE constance:a 1"]
    {
        assert!(as_user(forbidden).starts_with("-NOPERM "), "{forbidden}: {}", as_user(forbidden));
    }
    up.stop();
}

#[test]
fn the_unix_socket_answers() {
    if !can_run() {
        return;
    }
    let up = Up::start("redis --kind unix");
    let path = up.variables["CONSTANCE_REDIS_UNIX_URL"].strip_prefix("redis+unix://").unwrap();
    let mut stream = UnixStream::connect(path).unwrap();
    stream.write_all(text(&["PING", "QUIT"]).as_bytes()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    assert_eq!(answer, "+PONG\r\n+OK\r\n");
    up.stop();
}

#[test]
fn tls_proves_itself_and_takes_a_client_certificate_or_none() {
    if !can_run() {
        return;
    }
    let up = Up::start("redis --kind tls");
    let [host] = &up.hosts("CONSTANCE_REDIS_TLS_URL")[..] else { panic!("{:?}", up.variables) };
    let variable = |name: &str| up.variables[&format!("CONSTANCE_REDIS_TLS_{name}")].as_str();
    let talk = |args: &[&str]| {
        let mut command = Command::new("openssl");
        command.args(["s_client", "-quiet", "-verify_return_error", "-verify_ip", "127.0.0.1", "-connect", host]);
        let pipes = command.args(args).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut child = pipes.spawn().unwrap();
        // Refused before it is read, where the certificate is not trusted.
        let _ = child.stdin.take().unwrap().write_all(text(&["PING", "QUIT"]).as_bytes());
        String::from_utf8(child.wait_with_output().unwrap().stdout).unwrap()
    };
    let ca = ["-CAfile", variable("CA")];
    assert_eq!(talk(&ca), "+PONG\r\n+OK\r\n");
    let client = [&ca[..], &["-cert", variable("CERT"), "-key", variable("KEY")]].concat();
    assert_eq!(talk(&client), "+PONG\r\n+OK\r\n");
    assert_eq!(talk(&[]), "", "a certificate of an unknown authority was trusted");
    up.stop();
}

#[test]
fn the_cluster_is_complete() {
    if !can_run() {
        return;
    }
    let up = Up::start("redis --kind cluster");
    let hosts = up.hosts("CONSTANCE_REDIS_CLUSTER_URL");
    assert_eq!(hosts.len(), 6);
    let mut took = 0;
    for host in &hosts {
        let info = ask(host, &["CLUSTER INFO"]).unwrap();
        assert!(info.contains("cluster_state:ok\r\n") && info.contains("cluster_size:3\r\n"), "{info}");
        let answer = ask(host, &["SET constance:a 1"]).unwrap();
        assert!(answer.starts_with("+OK") || answer.starts_with("-MOVED "), "{answer}");
        took += usize::from(answer.starts_with("+OK"));
    }
    assert_eq!(took, 1, "one node owns a key");
    let roles: String = hosts.iter().map(|host| ask(host, &["ROLE"]).unwrap()).collect();
    assert_eq!((roles.matches("$6\r\nmaster").count(), roles.matches("$9\r\nconnected").count()), (3, 3), "{roles}");
    up.stop();
}

#[test]
fn sentinels_elect_another_master() {
    if !can_run() {
        return;
    }
    let up = Up::start("redis --kind sentinel");
    let sentinels = up.hosts("CONSTANCE_REDIS_SENTINEL_URL");
    assert!(sentinels.len() == 3 && up.variables["CONSTANCE_REDIS_SENTINEL_URL"].ends_with("/mymaster/0"));
    let master = |sentinel: &str| {
        let answer = ask(sentinel, &["SENTINEL GET-MASTER-ADDR-BY-NAME mymaster"]).unwrap();
        let words: Vec<&str> = answer.split("\r\n").collect();
        format!("{}:{}", words[2], words[4])
    };
    let first = master(&sentinels[0]);
    assert!(sentinels.iter().all(|sentinel| master(sentinel) == first));
    let info = ask(&first, &["INFO server"]).unwrap();
    let process = info.lines().find_map(|line| line.strip_prefix("process_id:")).unwrap();
    kill("-KILL", process.trim());

    let second = until("another master", || Some(master(&sentinels[1])).filter(|now| *now != first));
    until("a master that takes writes", || {
        ask(&second, &["ROLE", "SET a 1"])
            .ok()
            .filter(|answer| answer.contains("$6\r\nmaster") && answer.contains("+OK"))
    });
    up.stop();
}

#[test]
fn nothing_is_left_when_xtask_is_killed() {
    if !can_run() {
        return;
    }
    for signal in ["-KILL", "-TERM", "-INT", "-HUP"] {
        let mut up = Up::start("redis --kind all");
        assert!(up.place.left().len() > 16, "servers are seen while they run: {:?}", up.place.left());
        up.signal(signal);
        assert!(!up.child.wait().unwrap().success());
        up.place.wait_until_nothing_is_left();
    }
}

#[test]
fn what_the_caller_ignores_is_ignored_and_sigterm_ends_it() {
    if !can_run() {
        return;
    }
    let Some(mut up) = Up::start_deaf("redis") else { return };
    for signal in ["-INT", "-HUP", "-TERM"] {
        up.signal(signal);
    }
    assert_eq!(up.child.wait().unwrap().signal(), Some(15));
    up.place.wait_until_nothing_is_left();
}

#[test]
fn a_command_runs_with_the_variables_and_its_code_is_passed_on() {
    if !can_run() {
        return;
    }
    let place = Place::new();
    let script = place.0.join("script");
    fs::write(&script, "env | grep -c ^CONSTANCE_REDIS_ACL_URL=redis:; exit 7").unwrap();
    let output = place.xtask(&format!("services run acl -- sh {}", script.display())).output().unwrap();
    assert_eq!(output.status.code(), Some(7));
    let out = String::from_utf8(output.stdout).unwrap();
    assert!(out.ends_with("\n1\n"), "{out}");
    assert!(out.contains("redis://constance:***@") && !out.contains("password-of"), "{out}");
    until("only the script is left", || (place.left() == [script.clone()]).then_some(()));
}

#[test]
fn a_server_that_does_not_start_is_explained_by_its_log() {
    let place = Place::new();
    let output = run_with_server(&place, "echo 'no room for me' >&2; exit 3");
    assert_eq!(output.status.code(), Some(1));
    let complaint = String::from_utf8(output.stderr).unwrap();
    assert!(complaint.contains("cannot start redis plain") && complaint.contains("\nno room for me\n"), "{complaint}");
    let server = place.0.join("redis-server");
    until("only the program is left", || (place.left() == [server.clone()]).then_some(()));
}

#[test]
fn a_port_that_somebody_else_took_is_given_up_for_another() {
    if !can_run() {
        return;
    }
    let place = Place::new();
    let once = place.0.join("once");
    let script = format!(
        "if mkdir {}; then echo 'bind: Address already in use'; exit 1; fi\nPATH=${{PATH#*:}} exec redis-server \"$@\"",
        once.display()
    );
    let output = run_with_server(&place, &script);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    until("only the program and its mark are left", || (place.left().len() == 2).then_some(()));
    assert!(place.0.join("once").is_dir(), "the first try ended");
}

/// Runs nothing with a plain server, for which this script stands.
fn run_with_server(place: &Place, script: &str) -> Output {
    let server = place.0.join("redis-server");
    fs::write(&server, format!("#!/bin/sh\n{script}\n")).unwrap();
    fs::set_permissions(&server, fs::Permissions::from_mode(0o755)).unwrap();
    let path = std::env::var("PATH").unwrap();
    let path = format!("{}:{path}", place.0.display());
    place.xtask("services run plain -- true").env("PATH", path).stderr(Stdio::piped()).output().unwrap()
}
