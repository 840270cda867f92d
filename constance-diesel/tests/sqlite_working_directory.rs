//! A relative path is one from the working directory at the time when the backend was built.
//!
//! The test runs itself again: in a child the environment names the folder, and nobody else is there to notice that the
//! working directory changes.
#![cfg(feature = "sqlite")]
#![allow(clippy::expect_used)]

mod common;

use std::process::{Command, Stdio};

use common::{Folder, read, store, value};
use constance_core::{Backend, Registry};

const FOLDER: &str = "CONSTANCE_TEST_FOLDER";

#[test]
fn a_change_of_the_working_directory_leads_to_no_other_file() {
    if std::env::var_os(FOLDER).is_some() {
        return in_the_child();
    }
    let folder = Folder::new();
    let here = folder.file().parent().expect("a folder").to_owned();
    std::fs::create_dir(here.join("other")).expect("a folder");
    let name = "a_change_of_the_working_directory_leads_to_no_other_file";
    let mut child = Command::new(std::env::current_exe().expect("this program"));
    child.args(["--exact", name, "--nocapture"]).env(FOLDER, &here).current_dir(&here).stdout(Stdio::null());
    assert!(child.status().expect("a process").success(), "the child failed; its output is above");
    assert!(here.join("rel.db").is_file());
    assert_eq!(std::fs::read_dir(here.join("other")).expect("a folder").count(), 0, "nothing was made there");
}

fn in_the_child() {
    for url in ["sqlite://rel.db", "sqlite:./rel.db?mode=rwc"] {
        let backend = Registry::new().with(constance_diesel::schemes()).open(url).expect("a valid URL");
        std::env::set_current_dir("other").expect("another folder");
        backend.migrate().expect("tables");
        store(&*backend, "theme", b"dark");
        assert_eq!(read(&*backend, "theme").expect("a read"), value(b"dark"));
        backend.watch(&backend.default_prefix()).expect("a feed");
        std::env::set_current_dir("..").expect("the first folder");
    }
}
