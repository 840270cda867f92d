//! What is cached, for how long, and what it costs. Time stands still.

use std::time::Duration;

use constance_cache::store::{Swap, SwapFrom};
use constance_cache::{CacheEvent, CacheStore, Observer};
use constance_core::{
    Backend, Config, Prefix, Settings,
    backend::{Batch, Change, Encoded, Expect, Key, Stored},
};

use crate::common::{HOLD, World, key, read, read_all, value, write};

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

/// The whole life of the entries, several times over: empty, on probation, for good, too old.
#[test]
fn each_time_the_entries_are_too_old_all_are_filled_together() {
    let names: Vec<String> = (0..20).map(|at| format!("setting-{at}")).collect();
    let keys: Vec<Key> = names.iter().map(|name| key(name)).collect();
    // Shorter than a mark lives, the default, and longer than the period of the filling.
    for ttl in [5, 300, 200_000].map(Duration::from_secs) {
        let world = World::new();
        let process = world.build(|builder| builder.ttl(ttl));
        process.declare(&keys);
        let served = |first: usize| {
            for at in 0..names.len() {
                read(&process, &names[(first + at) % names.len()]).expect("a read");
            }
            world.reads()
        };
        for round in 0..4 {
            assert_eq!(served(round), 1, "{ttl:?}, {round}: nothing is there");
            world.clock.advance(HOLD.min(ttl));
            assert_eq!(served(round + 1), 1, "{ttl:?}, {round}: the probation is over");
            assert_eq!(served(round), 0);
            world.clock.advance(ttl);
        }
        // And a restart in between.
        assert_eq!(served(0), 1);
        world.clock.advance(HOLD.min(ttl));
        assert_eq!(served(0), 1);
        world.store.inner().clear();
        assert_eq!(served(0), 1, "{ttl:?}: what says that all were filled is gone with them");
    }
}

/// A period that is shorter than the time of the entries bounds how often others are filled along.
#[test]
fn a_short_period_is_one_of_its_own() {
    let world = World::new();
    let process = world.build(|builder| builder.autofill(Duration::from_secs(10)));
    process.declare(&["a", "b", "c"].map(key));
    // The cache loses two of them, for want of room.
    let lost_two = || {
        for name in ["constance:2:k:shop:a", "constance:2:k:shop:b"] {
            let swap = Swap { key: name, from: SwapFrom::Any, to: b"", ttl: Duration::from_millis(1) };
            world.store.swap(&[swap]).expect("a store that answers");
        }
        world.clock.advance(Duration::from_millis(1));
        read_all(&process, &["a"]).expect("a read");
        read_all(&process, &["b"]).expect("a read");
        world.reads()
    };
    assert_eq!(lost_two(), 1, "all");
    assert_eq!(lost_two(), 2, "each by itself");
    world.clock.advance(Duration::from_secs(10));
    assert_eq!(lost_two(), 1, "all again");
}

#[derive(Debug, Clone, Settings)]
struct Shop {
    #[setting(default = 42)]
    the_answer: i64,
    #[setting(default = "My Title")]
    site_name: String,
}

#[test]
fn warming_a_config_is_one_read_of_the_store() {
    let world = World::new();
    let config = Config::<Shop>::new(world.process());
    config.warm().expect("warm");
    assert_eq!(world.reads(), 1);
    assert_eq!(config.get(Shop::THE_ANSWER).expect("a get"), 42);
    assert_eq!(config.snapshot().expect("a snapshot").site_name, "My Title");
    assert_eq!(world.reads(), 0);
    config.set(Shop::THE_ANSWER, 43).expect("a set");
    let other = Config::<Shop>::new(world.process());
    assert_eq!(other.get(Shop::THE_ANSWER).expect("a get"), 43);
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
    let counts = process.counters().counts();
    assert_eq!((counts.hits, counts.misses, counts.fetches), (20, 20, 1));
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
fn only_an_expectation_needs_no_mark() {
    let world = World::new();
    let process = world.process();
    process.write(&Batch::one(Change::keep(key("theme")).expecting(Expect::Absent))).expect("a write");
    assert_eq!(world.store.calls(), (0, 0));
}

#[test]
fn an_observer_hears_what_is_counted() {
    #[derive(Debug)]
    struct Heard(std::sync::mpsc::Sender<(CacheEvent, u64)>);
    impl Observer for Heard {
        fn on_event(&self, event: CacheEvent, count: u64) {
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
    let store = format!("{process:?} {:?}", world.store.read(&["constance:2:k:shop:theme"]));
    assert!(store.contains("len") && !store.contains("hunter2"), "{store}");
}
