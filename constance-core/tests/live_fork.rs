//! `live()` in forked children. A program of its own with one test: a child has no thread but the one that forked.
#![cfg(all(unix, feature = "testing"))]
#![allow(clippy::expect_used)]

use std::sync::Arc;
use std::time::Duration;

use constance_core::testing::ReferenceBackend;
use constance_core::{Backend, Config, LiveMode, LiveOptions, LiveStatus, Settings};
use constance_testserver::{fork, until};

#[derive(Clone, Settings)]
struct Shop {
    #[setting(default = 1)]
    rounds: i64,
    #[setting(default = 1)]
    pages: i64,
}

fn options() -> LiveOptions {
    LiveOptions::new().poll_interval(Duration::from_millis(50))
}

fn is_here(status: &LiveStatus) -> bool {
    status.mode != LiveMode::OtherProcess
}

#[test]
fn the_next_call_in_a_child_follows_anew() {
    // Its feed would be told under a lock, which the thread of the parent's that waits for it would be handed in the child.
    let backend = Arc::new(ReferenceBackend::new().without_watch());
    let config = Config::<Shop>::new(Arc::clone(&backend));
    let live = config.live_with(options()).expect("a load");
    assert!(is_here(&live.status()));
    let other = || Config::<Shop>::new(Arc::clone(&backend));
    let reads: [&dyn Fn(); 5] = [
        // Memory answers it: it looks seldom.
        &|| (0..64).for_each(|_| assert!(config.get(Shop::PAGES).is_ok())),
        &|| assert!(config.snapshot().is_ok()),
        &|| config.set(Shop::PAGES, 2).expect("a write"),
        &|| drop(config.verify().expect("a read")),
        &|| assert!(config.live().is_ok()),
    ];
    for call in reads {
        let child = fork::child(|| {
            assert!(!is_here(&live.status()));
            other().set(Shop::ROUNDS, 2).expect("a write");
            assert_eq!(live.load().rounds, 1, "nobody follows here");
            call();
            assert!(is_here(&live.status()));
            until("what was missed is loaded", || (live.load().rounds == 2).then_some(()));
            other().set(Shop::ROUNDS, 3).expect("a write");
            until("it is followed", || (live.load().rounds == 3).then_some(()));
            // A child of the child.
            let grandchild = fork::child(|| {
                assert!(!is_here(&live.status()));
                call();
                assert!(is_here(&live.status()));
            });
            grandchild.ends_well();
        });
        child.ends_well();
    }
    assert!(is_here(&live.status()));
    #[cfg(feature = "tokio")]
    asynchronously();
    the_file_is_the_parents();

    // Without anything to follow, a child is as its parent was.
    drop(live);
    let child = fork::child(|| {
        assert_eq!(config.get(Shop::ROUNDS).expect("a read"), 1);
        assert!(is_here(&config.live().expect("a load").status()));
    });
    child.ends_well();
    assert!(backend.ping().is_ok());
}

#[cfg(feature = "tokio")]
fn asynchronously() {
    use constance_core::aio::{AsyncConfig, Blocking};

    let runtime = || tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    let backend = Arc::new(ReferenceBackend::new().without_watch());
    let config = AsyncConfig::<Shop>::new(Blocking::new(Arc::clone(&backend)));
    let of_parent = runtime();
    let live = of_parent.block_on(config.live_with(options())).expect("a load");
    let child = fork::child(|| {
        assert!(!is_here(&live.status()));
        let of_child = runtime();
        assert_eq!(of_child.block_on(config.get(Shop::PAGES)).expect("a read"), 1);
        assert!(is_here(&live.status()));
        Config::<Shop>::new(Arc::clone(&backend)).set(Shop::ROUNDS, 3).expect("a write");
        until("it is followed", || (live.load().rounds == 3).then_some(()));
    });
    child.ends_well();
}

/// A child neither starts from the file of the last good values nor replaces it, until it has a `live()` of its own.
fn the_file_is_the_parents() {
    let folder = tempfile::tempdir().expect("a folder");
    let (path, of_child) = (folder.path().join("last-good"), folder.path().join("of-child"));
    let backend = Arc::new(ReferenceBackend::new().without_watch());
    let config = Config::<Shop>::new(Arc::clone(&backend));
    let live = config.live_with(options().last_good(&path)).expect("a load");
    until("it is not written", || path.exists().then_some(()));
    let before = std::fs::read(&path).expect("a file");
    let child = fork::child(|| {
        let other = Config::<Shop>::new(Arc::clone(&backend));
        assert_eq!(config.snapshot().expect("a read").pages, 1);
        for n in 2..12 {
            other.set(Shop::ROUNDS, n).expect("a write");
            until("it is followed", || (live.load().rounds == n).then_some(()));
        }
        // By now a replacement would be done.
        let own = other.live_with(options().last_good(&of_child)).expect("a load");
        until("it is not written", || of_child.exists().then_some(()));
        assert_eq!(std::fs::read(&path).expect("a file"), before);
        assert!(own.status().last_good_error.is_none());
    });
    child.ends_well();
    assert_eq!(live.load().rounds, 1);
}
