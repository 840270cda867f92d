//! The feed of changes.

use std::time::Duration;

use constance_core::{
    Backend, ErrorKind, Prefix, WatchMode,
    backend::{Wake, Watch},
};
use constance_diesel::SqliteBackend;
use constance_diesel::diesel::SqliteConnection;
use constance_diesel::diesel::connection::SimpleConnection;
use constance_diesel::diesel::r2d2::{ConnectionManager, Pool};

use crate::common::{Folder, store};

#[path = "../common/feed.rs"]
mod feed;

/// Longer than any test may take: it ends by a wake or not at all.
const LONG: Duration = Duration::from_secs(600);

fn open(backend: &SqliteBackend) -> Box<dyn Watch> {
    backend.watch(&Prefix::empty()).expect("a feed")
}

#[test]
fn changes_by_anybody_wake() {
    let folder = Folder::new();
    let backend = folder.backend();
    let mut feed = open(&backend);
    assert_eq!(feed.wait(Duration::ZERO).expect("a look"), Wake::TimedOut);

    store(&backend, "a", b"1");
    assert_eq!(feed.wait(LONG).expect("a wake"), Wake::Changed, "by the backend's own pool");
    store(&folder.backend(), "a", b"2");
    assert_eq!(feed.wait(LONG).expect("a wake"), Wake::Changed, "by another backend");
    folder.raw().batch_execute("DELETE FROM constance_settings").expect("a removal");
    assert_eq!(feed.wait(LONG).expect("a wake"), Wake::Changed, "by a hand");
}

#[test]
fn it_says_that_it_looks_and_how_often() {
    let folder = Folder::new();
    assert_eq!(open(&folder.backend()).mode(), WatchMode::Looking { every: Duration::from_millis(25) });
    let every = Duration::from_millis(70);
    let backend = SqliteBackend::builder().url(folder.url()).watch_interval(every).build().expect("a valid URL");
    assert_eq!(open(&backend).mode(), WatchMode::Looking { every });
}

#[test]
fn a_change_during_a_wait_wakes() {
    let folder = Folder::new();
    feed::a_change_during_a_wait_wakes(&folder.backend());
}

#[test]
fn an_interruption_is_never_lost() {
    let folder = Folder::new();
    feed::an_interruption_is_never_lost(&folder.backend());
}

#[test]
fn an_interval_of_hours_does_not_delay_an_interruption() {
    let folder = Folder::new();
    folder.backend();
    let builder = SqliteBackend::builder().url(folder.url()).watch_interval(LONG * 100);
    feed::an_interruption_is_never_lost(&builder.build().expect("a valid URL"));
}

#[test]
fn a_pool_of_the_application_can_be_watched() {
    let folder = Folder::new();
    folder.backend();
    let manager = ConnectionManager::<SqliteConnection>::new(folder.file().to_str().expect("UTF-8"));
    let backend = SqliteBackend::with_pool(Pool::builder().max_size(1).build(manager).expect("a pool"));
    let mut feed = open(&backend);
    store(&backend, "a", b"1");
    assert_eq!(feed.wait(LONG).expect("a wake"), Wake::Changed, "the feed keeps no connection of the pool");
}

#[test]
fn a_database_in_memory_has_no_feed() {
    let manager = ConnectionManager::<SqliteConnection>::new(":memory:");
    let backend = SqliteBackend::with_pool(Pool::builder().max_size(1).build(manager).expect("a pool"));
    backend.migrate().expect("tables");
    let error = backend.watch(&Prefix::empty()).map(drop).expect_err("no file");
    assert_eq!(error.kind(), ErrorKind::Unsupported);
}

#[test]
fn a_lock_is_no_end_of_the_feed() {
    let folder = Folder::new();
    let backend = folder.backend();
    drop(backend);
    let mut other = folder.raw();
    other.batch_execute("PRAGMA journal_mode = DELETE").expect("readers can be kept out");
    let mut feed = open(&SqliteBackend::from_url(&folder.url()).expect("a valid URL"));
    other
        .batch_execute("BEGIN EXCLUSIVE; INSERT INTO constance_settings VALUES ('a', x'00', 1, '')")
        .expect("the lock");
    assert_eq!(feed.wait(Duration::ZERO).expect("no news yet"), Wake::TimedOut);
    other.batch_execute("COMMIT").expect("the end of the lock");
    assert_eq!(feed.wait(LONG).expect("a wake"), Wake::Changed);
}

#[test]
#[cfg(unix)]
fn a_replaced_or_deleted_file_ends_the_feed() {
    let (folder, other) = (Folder::new(), Folder::new());
    let (backend, replacement) = (folder.backend(), other.backend());
    drop(replacement);
    let mut feed = open(&backend);
    std::fs::rename(other.file(), folder.file()).expect("another file");
    assert_eq!(feed.wait(LONG).expect_err("replaced").kind(), ErrorKind::Unavailable);

    let mut feed = open(&backend);
    std::fs::remove_file(folder.file()).expect("a deleted file");
    assert_eq!(feed.wait(LONG).expect_err("deleted").kind(), ErrorKind::Unavailable);
    assert_eq!(backend.watch(&Prefix::empty()).map(drop).expect_err("deleted").kind(), ErrorKind::NotMigrated);
}
