//! What users of such caches report, one test each. Time stands still, and every interleaving is made by hand.
#![allow(clippy::expect_used)]

mod common;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Duration;

use common::{HOLD, World, key, read, read_all, set, value, write};
use constance_cache::{CacheDown, CacheEvent, CacheStore, Observer, SharedCache};
use constance_core::testing::Method;
use constance_core::{
    Applied, Backend, Batch, Capability, Change, Encoded, ErrorKind, Expect, Key, Prefix, Result, Stored,
};

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
    assert_eq!(reader.counts().lease_lost, 1);
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
    assert_eq!(process.counts().cache_errors, 1);
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
fn garbage_in_the_cache_is_never_a_value() {
    let world = World::new();
    let process = world.process();
    world.put("theme", b"dark");
    let damages: [fn(&str, &mut Vec<u8>); 5] = [
        |_, bytes| bytes.clear(),
        |_, bytes| bytes.truncate(bytes.len() / 2),
        |_, bytes| *bytes = b"dark".to_vec(),
        |_, bytes| bytes.push(b'!'),
        |_, bytes| {
            if let Some(last) = bytes.last_mut() {
                *last ^= 1;
            }
        },
    ];
    for damage in damages {
        world.settle(&process, "theme");
        world.store.inner().tamper(damage);
        for _ in 0..2 {
            assert_eq!(read(&process, "theme").expect("a read"), value(b"dark"));
        }
        world.reads();
        assert_eq!(read(&process, "theme").expect("a read"), value(b"dark"));
        assert_eq!(world.reads(), 0, "what is no record is replaced");
        world.store.inner().tamper(damage);
        write(&process, "theme", b"light").expect("a write");
        assert_eq!(read(&process, "theme").expect("a read"), value(b"light"));
        write(&process, "theme", b"dark").expect("a write");
    }
}

#[test]
fn another_keys_entry_is_never_a_value() {
    let world = World::new();
    let process = world.process();
    world.put("theme", b"dark");
    world.settle(&process, "theme");
    world.settle(&process, "title");
    let mut theme = Vec::new();
    world.store.inner().tamper(|key, bytes| {
        if key.ends_with("theme") {
            theme.clone_from(bytes);
        }
    });
    world.store.inner().tamper(|_, bytes| bytes.clone_from(&theme));
    assert_eq!(read(&process, "title").expect("a read"), Stored::Absent);
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
fn a_setting_named_autofilled_is_a_setting() {
    let world = World::new();
    let process = world.process();
    let names = ["autofilled", "filled", "o", "k", "constance"];
    process.declare(&names.map(key));
    for name in names {
        write(&process, name, name.as_bytes()).expect("a write");
    }
    world.store.inner().clear();
    for _ in 0..3 {
        for name in names {
            assert_eq!(read(&process, name).expect("a read"), value(name.as_bytes()));
        }
        world.clock.advance(HOLD);
    }
}

#[test]
fn the_first_miss_fills_all_declared_settings() {
    let world = World::new();
    let names: Vec<String> = (0..20).map(|at| format!("setting-{at}")).collect();
    let keys: Vec<Key> = names.iter().map(|name| key(name)).collect();
    let (first, second) = (world.process(), world.process());
    first.declare(&keys);
    second.declare(&keys);
    for round in 0..2 {
        assert_eq!(read(&first, "setting-7").expect("a read"), Stored::Absent);
        assert_eq!(world.reads(), 1, "round {round}");
        for process in [&first, &second] {
            names.iter().for_each(|name| drop(read(process, name).expect("a read")));
        }
        assert_eq!(world.reads(), 0, "round {round}: everything was filled by one read");
        world.clock.advance(HOLD);
    }
    world.clock.advance(HOLD);
    names.iter().for_each(|name| drop(read(&first, name).expect("a read")));
    assert_eq!(world.reads(), 0, "the second time it was for good");
}

#[test]
fn a_save_refreshes_its_own_keys_only() {
    let world = World::new();
    let names = ["a", "b", "c", "d"];
    let process = world.process();
    process.declare(&names.map(key));
    for _ in 0..2 {
        read_all(&process, &names).expect("a read");
        world.clock.advance(HOLD);
    }
    world.store.calls();
    write(&process, "a", b"1").expect("a write");
    assert_eq!(world.store.calls(), (1, 2), "look, mark, clear");
    world.reads();
    for name in &names[1..] {
        read(&process, name).expect("a read");
    }
    assert_eq!(world.reads(), 0);
    assert_eq!(read(&process, "a").expect("a read"), value(b"1"));
    assert_eq!(world.reads(), 1);
}

#[test]
fn without_autofill_each_is_filled_by_itself() {
    let world = World::new();
    let process = world.build(|builder| builder.autofill(None));
    process.declare(&["a", "b"].map(key));
    read(&process, "a").expect("a read");
    world.reads();
    read(&process, "a").expect("a read");
    assert_eq!(world.reads(), 0);
    read(&process, "b").expect("a read");
    assert_eq!(world.reads(), 1);
}

#[test]
fn many_keys_are_one_round_trip_each_way() {
    let world = World::new();
    let names: Vec<String> = (0..20).map(|at| format!("setting-{at}")).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let process = world.process();
    read_all(&process, &names).expect("a read");
    assert_eq!(world.reads(), 1);
    assert_eq!(world.store.calls(), (1, 2), "look; make room, fill");
    read_all(&process, &names).expect("a read");
    assert_eq!((world.reads(), world.store.calls()), (0, (1, 0)));
    let counts = process.counts();
    assert_eq!((counts.hits, counts.misses, counts.fetches), (20, 20, 1));
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
fn what_a_cache_cannot_take_comes_from_the_store() {
    let world = World::new();
    let process = world.process();
    let large = vec![b'x'; 1_100_000];
    write(&process, "large", &large).expect("a write");
    for _ in 0..2 {
        assert_eq!(read(&process, "large").expect("a read"), value(&large));
    }
    assert_eq!(world.reads(), 2);
    let long = Prefix::new(&format!("{} \u{e9}:", "p".repeat(220))).expect("a prefix");
    let long = long.key("theme").expect("a key");
    process.write(&Batch::one(Change::set(long.clone(), Encoded::from(&b"dark"[..])))).expect("a write");
    for _ in 0..2 {
        assert_eq!(process.read(&[&long]).expect("a read"), [value(b"dark")]);
    }
    assert_eq!(world.reads(), 1, "it is cached");
    for name in world.store.inner().keys() {
        assert!(name.len() <= 250 && name.bytes().all(|byte| byte.is_ascii_graphic()), "{name}");
    }
}

#[test]
fn something_unreadable_is_not_cached() {
    let world = World::new();
    let process = world.process();
    world.inner.inner().put(&key("theme"), Stored::Foreign("a list"));
    for _ in 0..2 {
        assert_eq!(read(&process, "theme").expect("a read"), Stored::Foreign("a list"));
    }
    assert_eq!(world.reads(), 2);
}

#[test]
fn an_entry_lives_no_longer_than_its_time() {
    let world = World::new();
    let process = world.build(|builder| builder.ttl(Duration::from_secs(100)));
    world.put("theme", b"old");
    world.settle(&process, "theme");
    world.put("theme", b"new");
    world.clock.advance(Duration::from_secs(99));
    assert_eq!(read(&process, "theme").expect("a read"), value(b"old"), "a change past the cache is not seen");
    world.clock.advance(Duration::from_secs(1));
    assert_eq!(read(&process, "theme").expect("a read"), value(b"new"));
}

#[test]
fn a_time_shorter_than_a_mark_is_kept() {
    let world = World::new();
    let process = world.build(|builder| builder.ttl(Duration::from_secs(5)));
    world.put("theme", b"old");
    read(&process, "theme").expect("a read");
    world.put("theme", b"new");
    world.clock.advance(Duration::from_secs(5));
    assert_eq!(read(&process, "theme").expect("a read"), value(b"new"));
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
fn only_an_expectation_needs_no_mark() {
    let world = World::new();
    let process = world.process();
    process.write(&Batch::one(Change::keep(key("theme")).expecting(Expect::Absent))).expect("a write");
    assert_eq!(world.store.calls(), (0, 0));
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
        assert_eq!(feed.wait(Duration::from_secs(60)).expect("a wake"), constance_core::Wake::Changed);
        // The writer has not cleared its mark yet.
        assert_eq!(read(&follower, "theme").expect("a read"), value(b"new"));
        gate.open();
        write.join().expect("no panic").expect("a write");
    });
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

#[test]
fn an_observer_hears_what_is_counted() {
    #[derive(Debug)]
    struct Heard(std::sync::mpsc::Sender<(CacheEvent, u64)>);
    impl Observer for Heard {
        fn saw(&self, event: CacheEvent, count: u64) {
            self.0.send((event, count)).expect("a listener");
        }
    }
    let world = World::new();
    let (sender, heard) = std::sync::mpsc::channel();
    let process = world.build(|builder| builder.observer(Heard(sender)));
    read_all(&process, &["a", "b"]).expect("a read");
    read(&process, "a").expect("a read");
    let heard: Vec<_> = heard.try_iter().collect();
    assert_eq!(heard, [(CacheEvent::Miss, 2), (CacheEvent::Fetch, 1), (CacheEvent::Hit, 1)]);
}

#[test]
fn nothing_shows_a_value() {
    let world = World::new();
    let process = world.process();
    write(&process, "theme", b"hunter2").expect("a write");
    read(&process, "theme").expect("a read");
    let store = format!("{process:?} {:?}", world.store.read(&["constance:1:k:shop:theme"]));
    assert!(store.contains("len") && !store.contains("hunter2"), "{store}");
}
