//! Using a backend of the parent in a forked child.
#![allow(clippy::expect_used, dead_code, unreachable_pub)]

use std::sync::Arc;

use constance_core::{
    Backend, Config, LiveMode, Settings,
    backend::{Batch, Change, Encoded, Key, Stored},
};
use constance_testserver::{fork, threads, until};

#[derive(Clone, Settings)]
pub struct Shop {
    #[setting(default = 0)]
    rounds: i64,
}

const ROUNDS: i64 = 200;

fn key(backend: &dyn Backend, name: &str) -> Key {
    backend.default_prefix().key(name).expect("a valid name")
}

fn write(backend: &dyn Backend, name: &str, value: &str) {
    let change = Change::set(key(backend, name), Encoded::from(value.as_bytes()));
    backend.write(&Batch::one(change)).expect("a write, which is sent once");
}

fn reads(backend: &dyn Backend, name: &str) {
    for _ in 0..ROUNDS {
        let found = backend.read(&[&key(backend, name)]).expect("a read");
        assert_eq!(found, [Stored::Value(Encoded::from(name.as_bytes()))], "somebody else's answer");
    }
}

/// The feed should poll seldom: the child inherits a half-done poll where the process forks in the middle of one.
///
/// Parent and child read different keys at the same time, each over its own connections. The parent's connections outlive
/// the child. `live()` of the child reports that it does not follow changes, and works again after the next call.
pub fn each_has_its_own<B: Backend + 'static>(backend: B) {
    let backend = Arc::new(backend);
    let config = Config::<Shop>::new(Arc::clone(&backend));
    write(&*backend, "parent", "parent");
    write(&*backend, "child", "child");
    config.set(Shop::ROUNDS, 1).expect("a write");
    let threads = threads::count();
    let live = config.live().expect("a load");
    // Until the feed is open and its thread waits for the next poll.
    let is_followed =
        || matches!(live.status().mode, LiveMode::Pushed | LiveMode::Looking { .. }) || !backend.capability().watch;
    until("it is followed", || is_followed().then_some(()));

    let child = fork::child(|| {
        assert_eq!(live.status().mode, LiveMode::OtherProcess);
        assert!(live.status().to_string().contains("in another process"), "{}", live.status());
        reads(&*backend, "child");
        assert_eq!(live.status().mode, LiveMode::OtherProcess, "the backend itself follows nothing");
        assert_eq!(config.get(Shop::ROUNDS).expect("a read"), 1);
        assert_ne!(live.status().mode, LiveMode::OtherProcess);
        config.set(Shop::ROUNDS, 2).expect("a write");
        assert_ne!(live.status().mode, LiveMode::OtherProcess);
        assert_eq!(live.load().rounds, 2);
        // Without this `Config`, so that only the feed reports it.
        let other = Config::<Shop>::new(Arc::clone(&backend));
        other.set(Shop::ROUNDS, 3).expect("a write");
        until("it is followed", || (live.load().rounds == 3).then_some(()));
        assert_eq!(config.live().expect("it is followed").load().rounds, 3);
    });
    reads(&*backend, "parent");
    child.ends_well();
    until("it is still followed", || (live.load().rounds == 3).then_some(()));
    write(&*backend, "parent", "parent");
    reads(&*backend, "parent");

    // A child that ends without a call and closes its handles.
    let idle = fork::child({
        let (backend, config, live) = (Arc::clone(&backend), config.clone(), live.clone());
        move || drop((live, config, backend))
    });
    idle.ends_well();
    drop(live);
    drop(config);
    write(&*backend, "parent", "parent");
    // Until it has ended: it closes its last handles under a lock.
    until("the thread that followed ends", || {
        (Arc::strong_count(&backend) == 1 && threads::count() <= threads).then_some(())
    });
    let backend = Arc::into_inner(backend).expect("the last one");
    let mut inherited = Some(backend);
    let closing = fork::child(|| drop(inherited.take()));
    closing.ends_well();
    write(inherited.as_ref().expect("the parent's"), "parent", "parent");
}
