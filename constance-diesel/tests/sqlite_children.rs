//! A program that the process starts inherits no open database.
#![cfg(all(feature = "sqlite", target_os = "linux"))]
#![allow(clippy::expect_used)]

mod common;

use std::process::Command;

use common::{Folder, store};
use constance_core::{Backend, Prefix};

#[test]
fn a_child_inherits_no_database() {
    let folder = Folder::new();
    let backend = folder.backend();
    store(&backend, "a", b"1");
    let _feed = backend.watch(&Prefix::empty()).expect("a feed");
    let listed = Command::new("sh").args(["-c", "for fd in /proc/$$/fd/*; do readlink $fd; done"]).output();
    let listed = String::from_utf8(listed.expect("a shell").stdout).expect("UTF-8");
    assert!(listed.contains("pipe:") && !listed.contains("settings.sqlite3"), "{listed}");
}
