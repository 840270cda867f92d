//! Reads, writes, fills and restarts of the cache that come between each other. Time stands still, and every interleaving is
//! made by hand.

use std::time::Duration;

use constance_cache::SharedCache;
use constance_core::testing::Method;
use constance_core::{
    Backend, ErrorKind, Prefix,
    backend::{Applied, Batch, Change, Encoded, Expect, Stored},
};

use crate::common::{HOLD, World, key, read, read_all, set, value, write};

/// Reads through one process, with its answer from the store held up while `meanwhile` happens.
fn late_read(world: &World, reader: &dyn Backend, name: &str, meanwhile: impl FnOnce()) -> Stored {
    let gate = world.inner.hold_read_replies();
    std::thread::scope(|scope| {
        let late = scope.spawn(|| read(reader, name));
        gate.wait_for(1);
        meanwhile();
        gate.open();
        late.join().expect("no panic").expect("a read")
    })
}

#[test]
fn a_fill_in_flight_during_a_write_does_not_land() {
    let world = World::new();
    let (reader, writer) = (world.process(), world.process());
    world.put("theme", b"old");
    let late = late_read(&world, &reader, "theme", || write(&writer, "theme", b"new").expect("a write"));
    assert_eq!(late, value(b"old"), "it had read before the write");
    assert_eq!(reader.counters().counts().lease_lost, 1);
    for process in [&reader, &writer] {
        assert_eq!(read(process, "theme").expect("a read"), value(b"new"));
    }
}

#[test]
fn a_fill_that_began_between_mark_and_commit_does_not_land() {
    let world = World::new();
    let (reader, writer) = (world.process(), world.process());
    world.put("theme", b"old");
    world.settle(&reader, "theme");
    let gate = world.inner.hold_writes();
    std::thread::scope(|scope| {
        let write = scope.spawn(|| write(&writer, "theme", b"new"));
        gate.wait_for(1);
        assert_eq!(read(&reader, "theme").expect("a read"), value(b"old"), "from the store, as the key is marked");
        gate.open();
        write.join().expect("no panic").expect("a write");
    });
    assert_eq!(read(&reader, "theme").expect("a read"), value(b"new"));
}

#[test]
fn a_write_that_was_rolled_back_shows_nowhere() {
    let world = World::new();
    let process = world.process();
    world.put("theme", b"old");
    world.settle(&process, "theme");
    // Of this kind it is known that nothing was written: the marks are cleared at once.
    world.inner.fail_method(Method::Write, ErrorKind::Denied);
    assert_eq!(write(&process, "theme", b"new").expect_err("refused").kind(), ErrorKind::Denied);
    assert_eq!(read(&process, "theme").expect("a read"), value(b"old"));
    world.reads();
    assert_eq!(read(&process, "theme").expect("a read"), value(b"old"));
    assert_eq!(world.reads(), 0, "it was filled again");
    // Of this one nobody knows: nothing is cached before the mark has ended.
    world.inner.fail_method(Method::Write, ErrorKind::Timeout);
    assert!(write(&process, "theme", b"new").is_err());
    for _ in 0..2 {
        assert_eq!(read(&process, "theme").expect("a read"), value(b"old"));
    }
    assert_eq!(world.reads(), 2);
    world.clock.advance(HOLD);
    for _ in 0..2 {
        assert_eq!(read(&process, "theme").expect("a read"), value(b"old"));
    }
    assert_eq!(world.reads(), 1);
}

#[test]
fn a_write_whose_reply_was_lost_is_looked_up() {
    let world = World::new();
    let (writer, other) = (world.process(), world.process());
    world.put("theme", b"old");
    world.settle(&writer, "theme");
    world.inner.lose_replies(ErrorKind::Timeout);
    assert!(write(&writer, "theme", b"new").is_err());
    for process in [&writer, &other] {
        assert_eq!(read(process, "theme").expect("a read"), value(b"new"));
    }
}

#[test]
fn autofill_beside_a_write_fills_what_was_not_written() {
    let world = World::new();
    let (filler, writer) = (world.process(), world.process());
    let names = ["a", "b", "c"];
    filler.declare(&names.map(key));
    names.iter().for_each(|name| world.put(name, b"old"));
    let late = late_read(&world, &filler, "a", || write(&writer, "b", b"new").expect("a write"));
    assert_eq!(late, value(b"old"));
    world.reads();
    assert_eq!(read(&writer, "a").expect("a read"), value(b"old"));
    assert_eq!(read(&writer, "c").expect("a read"), value(b"old"));
    assert_eq!(world.reads(), 0, "both were filled");
    assert_eq!(read(&writer, "b").expect("a read"), value(b"new"));
    assert_eq!(world.reads(), 1, "the fill of what was written meanwhile was dropped");
}

#[test]
fn cached_absence_ends_with_a_write_by_another_process() {
    let world = World::new();
    let (reader, writer) = (world.process(), world.process());
    world.settle(&reader, "theme");
    world.reads();
    assert_eq!(read(&reader, "theme").expect("a read"), Stored::Absent);
    assert_eq!(world.reads(), 0, "absence is cached");
    write(&writer, "theme", b"new").expect("a write");
    assert_eq!(read(&reader, "theme").expect("a read"), value(b"new"));
    writer.write(&Batch::one(Change::remove(key("theme")))).expect("a removal");
    assert_eq!(read(&reader, "theme").expect("a read"), Stored::Absent);
}

#[test]
fn a_restarted_cache_answers_nothing_and_that_is_not_absence() {
    let world = World::new();
    let process = world.process();
    world.put("theme", b"dark");
    world.settle(&process, "theme");
    world.store.inner().clear();
    assert_eq!(read(&process, "theme").expect("a read"), value(b"dark"));
}

#[test]
fn a_cache_restarted_in_the_middle_of_a_write_takes_no_old_value() {
    let world = World::new();
    let (reader, writer) = (world.process(), world.process());
    world.put("theme", b"old");
    let gate = world.inner.hold_writes();
    std::thread::scope(|scope| {
        let write = scope.spawn(|| write(&writer, "theme", b"new"));
        gate.wait_for(1);
        world.store.inner().clear();
        // The mark is lost: this reader gets a lease, and fills what is old in a moment.
        assert_eq!(read(&reader, "theme").expect("a read"), value(b"old"));
        gate.open();
        write.join().expect("no panic").expect("a write");
    });
    assert_eq!(read(&reader, "theme").expect("a read"), value(b"new"));
}

#[test]
fn a_lease_from_before_a_restart_is_void() {
    let world = World::new();
    let (reader, writer) = (world.process(), world.process());
    world.put("theme", b"old");
    late_read(&world, &reader, "theme", || {
        world.store.inner().clear();
        write(&writer, "theme", b"new").expect("a write");
    });
    assert_eq!(read(&reader, "theme").expect("a read"), value(b"new"));
}

#[test]
fn a_writer_that_died_after_a_restart_leaves_an_old_value_no_longer_than_a_mark() {
    let world = World::new();
    let other = world.process();
    world.put("theme", b"old");
    let gate = world.inner.hold_writes();
    std::thread::scope(|scope| {
        let dying = world.process();
        let write = scope.spawn(move || write(&dying, "theme", b"new"));
        gate.wait_for(1);
        world.store.inner().clear();
        assert_eq!(read(&other, "theme").expect("a read"), value(b"old"));
        // It commits, and can tell nobody.
        world.store.fail();
        gate.open();
        write.join().expect("no panic").expect("the commit was made");
    });
    world.store.heal();
    assert_eq!(read(&other, "theme").expect("a read"), value(b"old"), "the bounded staleness of this case");
    world.clock.advance(HOLD);
    assert_eq!(read(&other, "theme").expect("a read"), value(b"new"));
}

#[test]
fn a_writer_that_could_not_clear_after_a_restart_knows_better() {
    let world = World::new();
    let (writer, other) = (world.process(), world.process());
    world.put("theme", b"old");
    let gate = world.inner.hold_writes();
    std::thread::scope(|scope| {
        let write = scope.spawn(|| write(&writer, "theme", b"new"));
        gate.wait_for(1);
        world.store.inner().clear();
        assert_eq!(read(&other, "theme").expect("a read"), value(b"old"));
        world.store.fail();
        gate.open();
        write.join().expect("no panic").expect("the commit was made");
    });
    world.store.heal();
    assert_eq!(read(&writer, "theme").expect("a read"), value(b"new"));
    world.clock.advance(Duration::from_secs(1));
    assert_eq!(read(&writer, "theme").expect("a read"), value(b"new"));
    assert_eq!(read(&other, "theme").expect("a read"), value(b"new"), "it has cleared what it owed");
}

#[test]
fn two_writers_do_not_uncover_each_other() {
    let world = World::new();
    let (first, second, reader) = (world.process(), world.process(), world.process());
    world.put("theme", b"0");
    world.settle(&reader, "theme");
    let gate = world.inner.hold_writes();
    std::thread::scope(|scope| {
        let slow = scope.spawn(|| write(&first, "theme", b"1"));
        gate.wait_for(1);
        // It comes and goes past the gate, from mark to clearing.
        let (mark, batch) = (world.store.inner(), set("theme", b"2"));
        let past = SharedCache::builder(world.inner.inner(), mark)
            .dangerously_allow_unshared_store()
            .build()
            .expect("valid options");
        past.write(&batch).expect("a write");
        assert_eq!(read(&second, "theme").expect("a read"), value(b"2"));
        world.reads();
        assert_eq!(read(&second, "theme").expect("a read"), value(b"2"));
        assert_eq!(world.reads(), 1, "the other writer's mark is still there");
        gate.open();
        slow.join().expect("no panic").expect("a write");
    });
    assert_eq!(read(&reader, "theme").expect("a read"), value(b"1"));
}

#[test]
fn keys_written_together_are_read_together() {
    let world = World::new();
    let (reader, writer) = (world.process(), world.process());
    let batch = |bytes: &[u8]| {
        let change = |name| Change::set(key(name), Encoded::from(bytes));
        Batch::new(vec![change("a"), change("b")]).expect("no key twice")
    };
    writer.write(&batch(b"1")).expect("a write");
    world.settle(&reader, "a");
    world.settle(&reader, "b");
    // One of the two is gone from the cache: both come from the store.
    world.store.inner().tamper(|key, bytes| {
        if key.ends_with(":b") {
            bytes.clear();
        }
    });
    world.inner.inner().write(&batch(b"2")).expect("a write past the cache");
    let found = read_all(&reader, &["a", "b"]).expect("a read");
    assert_eq!(found, [value(b"2"), value(b"2")]);
}

#[test]
fn what_is_forgotten_is_not_filled_again_by_an_earlier_read() {
    let world = World::new();
    let (reader, other) = (world.process(), world.process());
    world.put("theme", b"old");
    late_read(&world, &reader, "theme", || {
        world.put("theme", b"new");
        other.forget(&[&key("theme")]).expect("forgotten");
    });
    assert_eq!(read(&reader, "theme").expect("a read"), value(b"new"));
    world.put("theme", b"newer");
    world.store.fail();
    assert_eq!(reader.forget(&[&key("theme")]).expect_err("down").kind(), ErrorKind::Unavailable);
    world.store.heal();
    assert_eq!(read(&reader, "theme").expect("a read"), value(b"newer"), "this process knows");
}

#[test]
fn a_conflict_changes_nothing() {
    let world = World::new();
    let process = world.process();
    world.put("theme", b"old");
    world.settle(&process, "theme");
    let change = Change::set(key("theme"), Encoded::from(&b"new"[..])).expecting(Expect::Absent);
    let applied = process.write(&Batch::one(change)).expect("a write");
    assert!(matches!(applied, Applied::Conflict { index: 0, .. }));
    assert_eq!(read(&process, "theme").expect("a read"), value(b"old"));
    world.reads();
    assert_eq!(read(&process, "theme").expect("a read"), value(b"old"));
    assert_eq!(world.reads(), 0, "the mark was cleared");
}

#[test]
fn a_wake_never_leads_to_an_old_value() {
    let world = World::new();
    let (writer, follower) = (world.process(), world.process());
    world.put("theme", b"old");
    world.settle(&follower, "theme");
    let mut feed = follower.watch(&Prefix::empty()).expect("a feed");
    let gate = world.inner.hold_write_replies();
    std::thread::scope(|scope| {
        let write = scope.spawn(|| write(&writer, "theme", b"new"));
        gate.wait_for(1);
        assert_eq!(feed.wait(Duration::from_secs(60)).expect("a wake"), constance_core::backend::Wake::Changed);
        // The writer has not cleared its mark yet.
        assert_eq!(read(&follower, "theme").expect("a read"), value(b"new"));
        gate.open();
        write.join().expect("no panic").expect("a write");
    });
}
