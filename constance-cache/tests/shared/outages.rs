//! A cache that does not answer, and writers that do not come to their end. Time stands still.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Duration;

use constance_cache::{CacheDown, SharedCache};
use constance_core::testing::Method;
use constance_core::{
    Backend, ErrorKind, Prefix, Result,
    backend::{Applied, Batch, Capability, Key, Stored},
};

use crate::common::{HOLD, World, read, value, write};

#[test]
fn a_cache_outage_on_read_is_not_felt() {
    let world = World::new();
    let process = world.process();
    world.put("theme", b"dark");
    world.settle(&process, "theme");
    world.store.fail();
    world.store.calls();
    for _ in 0..10 {
        assert_eq!(read(&process, "theme").expect("a read"), value(b"dark"));
    }
    assert_eq!(world.store.calls(), (1, 0), "one read has waited for it, the others have left it alone");
    assert_eq!(process.counters().counts().cache_errors, 1);
    // What was changed meanwhile by somebody who could reach it is seen.
    world.store.heal();
    write(&world.process(), "theme", b"light").expect("a write");
    assert_eq!(read(&process, "theme").expect("a read"), value(b"light"), "still from the store");
    world.clock.advance(Duration::from_secs(1));
    assert_eq!(read(&process, "theme").expect("a read"), value(b"light"));
    world.reads();
    assert_eq!(read(&process, "theme").expect("a read"), value(b"light"));
    assert_eq!(world.reads(), 0, "after the rest the cache is used again");
}

#[test]
fn a_cache_outage_refuses_a_write_before_it_is_made() {
    let world = World::new();
    let process = world.process();
    world.put("theme", b"old");
    world.settle(&process, "theme");
    for fail in [|world: &World| world.store.fail(), |world: &World| world.store.fail_swaps()] {
        fail(&world);
        let error = write(&process, "theme", b"new").expect_err("refused");
        assert_eq!((error.kind(), error.is_transient()), (ErrorKind::Unavailable, true));
        assert!(error.to_string().contains("shared cache") && error.to_string().contains("nothing was written"));
        assert_eq!(world.inner.calls(Method::Write), 0);
        assert_eq!(read(&process, "theme").expect("a read"), value(b"old"));
        world.store.heal();
    }
    write(&process, "theme", b"new").expect("no rest is waited for");
    assert_eq!(read(&process, "theme").expect("a read"), value(b"new"));
}

#[test]
fn a_cache_outage_can_be_written_through() {
    let world = World::new();
    let writer = world.build(|builder| builder.cache_down(CacheDown::Proceed));
    let other = world.process();
    world.put("theme", b"old");
    world.settle(&writer, "theme");
    world.store.fail();
    write(&writer, "theme", b"new").expect("a write");
    assert_eq!(read(&writer, "theme").expect("a read"), value(b"new"));
    world.store.heal();
    // The cache is back with what it had. The writer knows better, and others are told as soon as it comes by.
    assert_eq!(read(&other, "theme").expect("a read"), value(b"old"), "the bounded staleness of this option");
    assert_eq!(read(&writer, "theme").expect("a read"), value(b"new"));
    world.clock.advance(Duration::from_secs(1));
    assert_eq!(read(&writer, "other").expect("a read"), Stored::Absent);
    assert_eq!(read(&other, "theme").expect("a read"), value(b"new"));
    assert_eq!(read(&writer, "theme").expect("a read"), value(b"new"));
}

#[test]
fn a_clearing_that_failed_is_done_later() {
    let world = World::new();
    let (writer, other) = (world.process(), world.process());
    world.put("theme", b"old");
    world.settle(&other, "theme");
    world.store.fail_after_swaps(1);
    write(&writer, "theme", b"new").expect("the commit was made");
    world.store.heal();
    for process in [&other, &writer] {
        assert_eq!(read(process, "theme").expect("a read"), value(b"new"), "it is still marked");
    }
    world.clock.advance(HOLD);
    for process in [&other, &writer] {
        assert_eq!(read(process, "theme").expect("a read"), value(b"new"));
    }
}

#[test]
fn a_writer_that_died_is_waited_out() {
    let world = World::new();
    let other = world.process();
    world.put("theme", b"old");
    world.settle(&other, "theme");
    let dead = world.process();
    world.store.fail_after_swaps(1);
    write(&dead, "theme", b"new").expect("the commit was made");
    drop(dead);
    world.store.heal();
    world.clock.advance(Duration::from_secs(1));
    world.reads();
    for _ in 0..3 {
        assert_eq!(read(&other, "theme").expect("a read"), value(b"new"));
    }
    assert_eq!(world.reads(), 3, "while the mark lives, the store is asked");
    world.clock.advance(HOLD);
    for _ in 0..3 {
        assert_eq!(read(&other, "theme").expect("a read"), value(b"new"));
    }
    assert_eq!(world.reads(), 1);
}

#[test]
fn a_cache_without_room_for_a_mark_counts_as_down() {
    let world = World::new();
    let careful = world.process();
    let bold = world.build(|builder| builder.cache_down(CacheDown::Proceed));
    world.put("theme", b"old");
    world.settle(&careful, "theme");
    world.store.fill_up();
    assert_eq!(write(&careful, "theme", b"new").expect_err("refused").kind(), ErrorKind::Unavailable);
    write(&bold, "theme", b"new").expect("a write");
    for _ in 0..2 {
        assert_eq!(read(&bold, "theme").expect("a read"), value(b"new"), "never behind its own write");
    }
    world.store.heal();
    assert_eq!(read(&bold, "theme").expect("a read"), value(b"new"));
    assert_eq!(read(&careful, "theme").expect("a read"), value(b"new"), "it was cleared as soon as there was room");
}

#[test]
fn a_mark_whose_reply_was_lost_goes_away_by_itself() {
    let world = World::new();
    let process = world.process();
    world.put("theme", b"old");
    world.settle(&process, "theme");
    world.store.lose_replies();
    assert!(write(&process, "theme", b"new").is_err());
    world.store.heal();
    world.clock.advance(Duration::from_secs(1));
    assert_eq!(read(&process, "theme").expect("a read"), value(b"old"));
    world.clock.advance(HOLD);
    read(&process, "theme").expect("a read");
    world.reads();
    assert_eq!(read(&process, "theme").expect("a read"), value(b"old"));
    assert_eq!(world.reads(), 0);
}

/// Panics in a write, as a backend of a caller's own may.
#[derive(Debug)]
struct Panicking<B>(B);

impl<B: Backend> Backend for Panicking<B> {
    fn name(&self) -> &str {
        self.0.name()
    }

    fn capability(&self) -> Capability {
        self.0.capability()
    }

    fn read(&self, keys: &[&Key]) -> Result<Vec<Stored>> {
        self.0.read(keys)
    }

    fn list(&self, prefix: &Prefix) -> Result<Vec<(Key, Stored)>> {
        self.0.list(prefix)
    }

    fn write(&self, _: &Batch) -> Result<Applied> {
        panic!("the test made this write panic")
    }
}

#[test]
fn a_write_that_panics_leaves_nothing_for_ever() {
    let world = World::new();
    let process = SharedCache::builder(Panicking(world.inner.clone()), world.store.clone())
        .namespace("panics")
        .cache_down(CacheDown::Proceed)
        .clock(world.clock.clone())
        .dangerously_allow_unshared_store()
        .build()
        .expect("valid options");
    let panics = || catch_unwind(AssertUnwindSafe(|| write(&process, "theme", b"new"))).is_err();
    assert!(panics(), "with a mark");
    world.store.fail();
    assert!(panics(), "without one");
    world.store.heal();
    world.clock.advance(HOLD);
    read(&process, "theme").expect("a read");
    world.reads();
    assert_eq!(read(&process, "theme").expect("a read"), Stored::Absent);
    assert_eq!(world.reads(), 0, "it is cached again");
}
