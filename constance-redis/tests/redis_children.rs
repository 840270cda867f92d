//! A program that the process starts inherits no connection that is logged in.
#![cfg(target_os = "linux")]
#![allow(clippy::expect_used)]

mod common;

use std::collections::BTreeSet;
use std::process::Command;

use common::{Server, backend, prefix, read};
use constance_core::Backend;

/// The sockets that a child has.
fn sockets_of_a_child() -> BTreeSet<String> {
    let listed = Command::new("sh").args(["-c", "for fd in /proc/$$/fd/*; do readlink $fd; done"]).output();
    let listed = String::from_utf8(listed.expect("a shell").stdout).expect("UTF-8");
    assert!(listed.contains("pipe:"), "its own output at least: {listed}");
    listed.lines().filter(|line| line.starts_with("socket:")).map(str::to_owned).collect()
}

#[test]
fn a_child_inherits_no_connection() {
    let Some(server) = Server::start() else { return };
    let before = sockets_of_a_child();
    let backend = backend(&server);
    read(&backend, "a").expect("a read");
    let _feed = backend.watch(&prefix("constance:")).expect("a feed");
    assert_eq!(sockets_of_a_child(), before);
}
