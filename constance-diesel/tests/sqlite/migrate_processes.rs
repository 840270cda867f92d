//! Several processes that migrate, adopt and revert one database.
//!
//! The test program runs itself again: in a child the environment names the file and the work.

use std::process::{Child, Command, Stdio};

use constance_core::ErrorKind;

use crate::common::{Folder, patient, read, store, value};

const URL: &str = "CONSTANCE_TEST_URL";
const WORK: &str = "CONSTANCE_TEST_WORK";

/// Starts the test of this program in a process of its own.
fn start(url: &str, work: &str) -> Child {
    Command::new(std::env::current_exe().expect("this program"))
        .args(["--exact", "migrate_processes::processes_migrate_adopt_and_revert_side_by_side", "--nocapture"])
        .env(URL, url)
        .env(WORK, work)
        .stdout(Stdio::piped())
        .spawn()
        .expect("a process")
}

#[test]
fn processes_migrate_adopt_and_revert_side_by_side() {
    if let (Ok(url), Ok(work)) = (std::env::var(URL), std::env::var(WORK)) {
        let backend = patient(&url);
        for _ in 0..30 {
            match work.as_str() {
                "migrate" => drop(backend.migrate().expect("migrates")),
                "fake" => drop(backend.fake().expect("adopts what is there")),
                _ => match backend.revert_last() {
                    Ok(version) => assert_eq!(version.as_deref(), Some("0002_revisions")),
                    Err(error) => assert_eq!(error.kind(), ErrorKind::Unsupported, "{error}"),
                },
            }
            assert_eq!(read(&backend, "a").expect("a read"), value(b"1"));
        }
        return;
    }
    let folder = Folder::new();
    store(&folder.backend(), "a", b"1");
    let works = ["migrate", "fake", "revert", "migrate"];
    let children: Vec<Child> = works.iter().map(|work| start(&folder.url(), work)).collect();
    for child in children {
        let output = child.wait_with_output().expect("a process");
        let said = String::from_utf8_lossy(&output.stdout);
        assert!(output.status.success() && said.contains("1 passed"), "a process failed; its output is above: {said}");
    }
    let backend = folder.backend();
    store(&backend, "b", b"2");
    assert_eq!(read(&backend, "a").expect("a read"), value(b"1"));
}
