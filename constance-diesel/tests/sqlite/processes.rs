//! Several processes on one file.
//!
//! The test program runs itself again: in a child the environment names the file and the work.

use std::process::{Child, Command, Stdio};

use constance_core::{
    Backend, Prefix,
    backend::{Applied, Batch, Change, Encoded, Expect, Key, Stored, Wake},
};
use constance_diesel::SqliteBackend;

use crate::common::{Folder, key, patient, read, set, value};

const URL: &str = "CONSTANCE_TEST_URL";
const ROUNDS: usize = 100;
const PROCESSES: usize = 4;

/// Starts the test `name` of this program in a process of its own.
fn start(name: &str, url: &str) -> Child {
    Command::new(std::env::current_exe().expect("this program"))
        .args(["--exact", &format!("processes::{name}"), "--nocapture"])
        .env(URL, url)
        .stdout(Stdio::null())
        .spawn()
        .expect("a process")
}

/// The backend of a child, or `None` in the parent.
fn child() -> Option<SqliteBackend> {
    let backend = patient(&std::env::var(URL).ok()?);
    // Every process migrates at its start, as services do.
    backend.migrate().expect("tables");
    Some(backend)
}

fn run_all(name: &str, folder: &Folder) {
    let children: Vec<Child> = (0..PROCESSES).map(|_| start(name, &folder.url())).collect();
    for mut child in children {
        assert!(child.wait().expect("a process").success(), "a process failed; its output is above");
    }
}

fn number(stored: &Stored) -> usize {
    let bytes = stored.value().expect("a value").as_bytes();
    std::str::from_utf8(bytes).expect("digits").parse().expect("a number")
}

/// Adds one to every key with compare-and-set, until nobody was in between.
fn add_one(backend: &dyn Backend, keys: &[Key]) {
    let mut current: Vec<Stored> = backend.read(&keys.iter().collect::<Vec<_>>()).expect("a read");
    loop {
        let changes = keys.iter().zip(&current).map(|(key, stored)| {
            let (expect, next) = match stored {
                Stored::Absent => (Expect::Absent, 1),
                Stored::Value(bytes) => (Expect::Equals(bytes.clone()), number(stored) + 1),
                Stored::Foreign(what) => panic!("{what}"),
            };
            set(key, next.to_string().as_bytes()).expecting(expect)
        });
        match backend.write(&Batch::new(changes.collect()).expect("no key twice")).expect("a write") {
            Applied::Done(_) => return,
            Applied::Conflict { .. } => {
                current = backend.read(&keys.iter().collect::<Vec<_>>()).expect("a read");
            }
        }
    }
}

#[test]
fn increments_by_several_processes_are_all_counted() {
    if let Some(backend) = child() {
        for _ in 0..ROUNDS {
            add_one(&backend, &[key("counter")]);
        }
        return;
    }
    let folder = Folder::new();
    run_all("increments_by_several_processes_are_all_counted", &folder);
    let total = (PROCESSES * ROUNDS).to_string();
    assert_eq!(read(&folder.backend(), "counter").expect("a read"), value(total.as_bytes()));
}

#[test]
fn no_process_sees_a_batch_torn() {
    let keys: Vec<Key> = (0..80).map(|at| key(&format!("part-{at}"))).collect();
    if let Some(backend) = child() {
        let all: Vec<&Key> = keys.iter().collect();
        let few: Vec<&Key> = keys.iter().step_by(9).collect();
        for round in 0..20 {
            add_one(&backend, &keys);
            // By range, one by one, and listed.
            let listed: Vec<Stored> =
                backend.list(&Prefix::empty()).expect("a list").into_iter().map(|(_, stored)| stored).collect();
            for found in [backend.read(&all).expect("a read"), backend.read(&few).expect("a read"), listed] {
                assert!(found.windows(2).all(|pair| pair[0] == pair[1]), "torn in round {round}: {found:?}");
            }
        }
        return;
    }
    let folder = Folder::new();
    run_all("no_process_sees_a_batch_torn", &folder);
    let found = folder.backend().read(&keys.iter().collect::<Vec<_>>()).expect("a read");
    assert!(found.iter().all(|stored| number(stored) == PROCESSES * 20));
}

#[test]
fn a_process_that_is_killed_leaves_a_whole_batch_or_none() {
    let keys: Vec<Key> = (0..50).map(|at| key(&format!("part-{at}"))).collect();
    if let Some(backend) = child() {
        // Until it is killed.
        for round in 0_u64.. {
            let value = Encoded::from(round.to_string().into_bytes());
            let changes = keys.iter().map(|key| Change::set(key.clone(), value.clone())).collect();
            backend.write(&Batch::new(changes).expect("no key twice")).expect("a write");
        }
    }
    let folder = Folder::new();
    let backend = folder.backend();
    for _ in 0..5 {
        let mut feed = backend.watch(&Prefix::empty()).expect("a feed");
        let mut child = start("a_process_that_is_killed_leaves_a_whole_batch_or_none", &folder.url());
        for _ in 0..3 {
            // Its writes are seen from here, so that it is killed while it is at work.
            assert_eq!(feed.wait(std::time::Duration::from_secs(600)).expect("a change"), Wake::Changed);
        }
        child.kill().expect("it runs");
        child.wait().expect("it ended");
        let found = backend.read(&keys.iter().collect::<Vec<_>>()).expect("a read");
        assert!(found.windows(2).all(|pair| pair[0] == pair[1]), "torn: {found:?}");
        backend.write(&Batch::one(Change::remove(key("lock")))).expect("no lock is left behind");
    }
}
