//! Calls that are bounded do what others do.

use std::time::Duration;

use constance_core::{Backend, Prefix, backend::Wake};
use constance_diesel::SqliteBackend;

use crate::common::{Folder, read, store, value};

fn works(backend: &SqliteBackend) {
    backend.migrate().expect("tables");
    assert_eq!(backend.pending().expect("an answer"), [""; 0]);
    let mut feed = backend.watch(&Prefix::empty()).expect("a feed");
    store(backend, "a", b"1");
    assert_eq!(feed.wait(Duration::from_secs(600)).expect("a wait"), Wake::Changed);
    assert_eq!(read(backend, "a").expect("a read"), value(b"1"));
    assert_eq!(backend.list(&Prefix::empty()).expect("a list").len(), 1);
    assert_eq!(backend.keys_from(&Prefix::empty(), None).expect("a portion").keys.len(), 1);
    assert_eq!(backend.warnings().expect("a look"), []);
}

#[test]
fn a_timeout_that_is_not_over_changes_nothing() {
    let folder = Folder::new();
    works(&SqliteBackend::from_url(&format!("{}?call_timeout=600", folder.url())).expect("a valid URL"));
}

#[test]
fn timeouts_too_long_for_the_clock_are_none() {
    let folder = Folder::new();
    let builder = SqliteBackend::builder().url(format!("{}?call_timeout={}", folder.url(), u64::MAX));
    works(&builder.busy_timeout(Duration::MAX).acquire_timeout(Duration::MAX).build().expect("a valid URL"));
}
