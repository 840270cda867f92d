//! How long a value is kept, and what happens then.

use std::sync::Arc;
use std::time::Duration;

use constance_cache::{CacheEvent, Observer};
use constance_core::testing::Method;
use constance_core::{
    Backend, ErrorKind,
    backend::{Batch, Key, Stored},
};
use parking_lot::Mutex;

use crate::local_common::{TTL, key, keys, set, setup, setup_with, value, write};

const NANO: Duration = Duration::from_nanos(1);

#[test]
fn a_value_is_kept_for_its_time() {
    let s = setup();
    let theme = key("theme");
    s.elsewhere(&theme, "old");
    assert_eq!(s.get(&theme), value("old"));
    s.elsewhere(&theme, "new");
    s.clock.advance(TTL - NANO);
    assert_eq!(s.get(&theme), value("old"));
    assert_eq!(s.reads(), 1);
    s.clock.advance(NANO);
    assert_eq!(s.get(&theme), value("new"));
    assert_eq!(s.reads(), 2);
    let counts = s.counts();
    assert_eq!((counts.hits, counts.misses, counts.fetches), (1, 2, 2));
    assert_eq!((counts.stale_served, counts.lease_lost, counts.cache_errors), (0, 0, 0));
}

#[test]
fn the_time_begins_with_the_fetch() {
    let s = setup();
    let theme = key("theme");
    s.elsewhere(&theme, "old");
    let gate = s.store.hold_read_replies();
    std::thread::scope(|scope| {
        scope.spawn(|| s.get(&theme));
        gate.wait_for(1);
        // What was found is as old as this by the time it arrives.
        s.clock.advance(TTL - NANO);
        gate.open();
    });
    s.elsewhere(&theme, "new");
    assert_eq!(s.get(&theme), value("old"));
    s.clock.advance(NANO);
    assert_eq!(s.get(&theme), value("new"));
}

/// A cached absence, then a write by another process: seen when the time is up.
#[test]
fn cached_absence_ends_with_its_time() {
    let s = setup();
    let theme = key("theme");
    assert!(s.get(&theme).is_absent());
    s.elsewhere(&theme, "dark");
    assert!(s.get(&theme).is_absent());
    assert_eq!(s.reads(), 1, "absence is remembered too");
    s.clock.advance(TTL);
    assert_eq!(s.get(&theme), value("dark"));
}

#[test]
fn something_unreadable_is_remembered_as_such() {
    let s = setup();
    let theme = key("theme");
    s.store.inner().put(&theme, Stored::Foreign("a list"));
    for _ in 0..2 {
        assert_eq!(s.get(&theme), Stored::Foreign("a list"));
        assert_eq!(s.cache.visit(&theme, &mut |_| ()).expect_err("unreadable").kind(), ErrorKind::Decode);
    }
    assert_eq!(s.reads(), 1);
}

#[test]
fn for_ever_is_until_told() {
    let s = setup_with(|builder| builder.ttl_forever());
    let theme = key("theme");
    s.elsewhere(&theme, "old");
    assert_eq!(s.get(&theme), value("old"));
    s.elsewhere(&theme, "new");
    s.clock.advance(Duration::from_secs(1_000_000_000));
    assert_eq!(s.get(&theme), value("old"));
    s.cache.forget(&[&theme]).expect("nothing fails");
    assert_eq!(s.get(&theme), value("new"));
}

#[test]
fn no_time_keeps_nothing() {
    let s = setup_with(|builder| builder.ttl(Duration::ZERO));
    let theme = key("theme");
    s.cache.declare(&keys(3));
    for bytes in ["1", "2"] {
        s.elsewhere(&theme, bytes);
        assert_eq!(s.get(&theme), value(bytes));
    }
}

#[test]
fn jitter_only_shortens() {
    let jitter = Duration::from_secs(20);
    let mut lifetimes = std::collections::HashSet::new();
    for _ in 0..40 {
        let s = setup_with(|builder| builder.jitter(jitter));
        let theme = key("theme");
        s.get(&theme);
        let mut seconds = 0;
        while s.reads() == 1 {
            s.clock.advance(Duration::from_secs(1));
            seconds += 1;
            s.get(&theme);
        }
        assert!((40..=60).contains(&seconds), "{seconds} s");
        lifetimes.insert(seconds);
    }
    assert!(lifetimes.len() > 2, "it differs from fetch to fetch: {lifetimes:?}");
}

/// 20 expired keys: one round trip.
#[test]
fn twenty_expired_keys_are_one_round_trip() {
    let s = setup();
    let all = keys(20);
    let refs: Vec<&Key> = all.iter().collect();
    s.cache.read(&refs).expect("reads");
    s.clock.advance(TTL);
    s.store.reset_calls();
    s.cache.read(&refs).expect("reads");
    assert_eq!(s.reads(), 1);
    s.cache.read(&refs).expect("reads");
    assert_eq!(s.reads(), 1);
}

/// Also where they are asked for one by one, if it is known that they will be.
#[test]
fn declared_keys_are_fetched_together() {
    let s = setup();
    let all = keys(20);
    s.cache.declare(&all);
    for _ in 0..2 {
        s.store.reset_calls();
        all.iter().for_each(|key| assert!(s.get(key).is_absent()));
        assert_eq!(s.reads(), 1);
        s.clock.advance(TTL);
    }
    let alone = setup_with(|builder| builder.fill_together(false));
    alone.cache.declare(&all);
    all.iter().for_each(|key| assert!(alone.get(key).is_absent()));
    assert_eq!(alone.reads(), 20);
}

/// A save costs its own keys, not all of them.
#[test]
fn only_what_is_missing_is_fetched_along() {
    let s = setup();
    let all = keys(20);
    s.cache.declare(&all);
    s.get(&all[0]);
    write(&s.cache, vec![set(&all[3], "1"), set(&all[4], "1")]);
    s.elsewhere(&all[5], "1");
    assert_eq!(s.get(&all[3]), value("1"));
    assert_eq!(s.get(&all[4]), value("1"));
    assert_eq!(s.reads(), 2, "the two together");
    assert!(s.get(&all[5]).is_absent(), "this one was there, and is not too old");
}

/// An outage when the time is up, without a word about it: the store's error.
#[test]
fn outage_at_expiry_is_an_error() {
    let s = setup();
    let theme = key("theme");
    s.elsewhere(&theme, "dark");
    assert_eq!(s.get(&theme), value("dark"));
    s.store.fail_all(ErrorKind::Unavailable);
    s.clock.advance(TTL - NANO);
    assert_eq!(s.get(&theme), value("dark"), "until then an outage goes unnoticed");
    s.clock.advance(NANO);
    assert_eq!(s.cache.read(&[&theme]).expect_err("an outage").kind(), ErrorKind::Unavailable);
    assert_eq!(s.cache.visit(&theme, &mut |_| ()).expect_err("an outage").kind(), ErrorKind::Unavailable);
    assert_eq!(s.counts().stale_served, 0);
    s.store.heal();
    assert_eq!(s.get(&theme), value("dark"));
}

/// An outage when the time is up, with a bound: the last value until then, counted, then the store's error.
#[test]
fn outage_at_expiry_serves_the_last_value_within_its_bound() {
    let bound = Duration::from_secs(600);
    let s = setup_with(|builder| builder.stale_on_error(bound));
    let (theme, unset, never) = (key("theme"), key("unset"), key("never"));
    s.elsewhere(&theme, "dark");
    s.cache.read(&[&theme, &unset]).expect("reads");
    for kind in [ErrorKind::Unavailable, ErrorKind::Timeout, ErrorKind::Denied] {
        s.store.fail_all(kind);
    }
    s.clock.advance(TTL);
    assert_eq!(s.get(&theme), value("dark"));
    assert_eq!(s.cache.read(&[&unset, &theme]).expect("of one moment"), [Stored::Absent, value("dark")]);
    s.cache.visit(&theme, &mut |bytes| assert_eq!(bytes, Some(&b"dark"[..]))).expect("visits");
    assert_eq!(s.counts().stale_served, 4);
    assert_eq!(s.cache.read(&[&never]).expect_err("it was never read").kind(), ErrorKind::Denied);
    s.clock.advance(bound - NANO);
    assert_eq!(s.get(&theme), value("dark"));
    s.clock.advance(NANO);
    assert_eq!(s.cache.read(&[&theme]).expect_err("an outage").kind(), ErrorKind::Denied);
    s.store.heal();
    assert_eq!(s.get(&theme), value("dark"));
}

/// Not every read waits for a store that does not answer.
#[test]
fn a_failed_store_is_asked_once_a_second() {
    let s = setup_with(|builder| builder.stale_on_error(Duration::from_secs(600)));
    let theme = key("theme");
    s.elsewhere(&theme, "old");
    s.get(&theme);
    s.elsewhere(&theme, "new");
    s.clock.advance(TTL);
    s.store.fail_all(ErrorKind::Timeout);
    s.store.reset_calls();
    (0..10).for_each(|_| assert_eq!(s.get(&theme), value("old")));
    assert_eq!(s.reads(), 1);
    s.clock.advance(Duration::from_secs(1));
    (0..10).for_each(|_| assert_eq!(s.get(&theme), value("old")));
    assert_eq!(s.reads(), 2);
    // A key that cannot be served so is asked for.
    s.cache.read(&[&key("other")]).expect_err("an outage");
    assert_eq!(s.reads(), 3);
    s.store.heal();
    s.clock.advance(Duration::from_secs(1));
    assert_eq!(s.get(&theme), value("new"));
    assert_eq!(s.reads(), 4);
}

/// What is known to be old is not served: a failed write, then an outage.
#[test]
fn what_may_have_been_changed_is_not_served_in_an_outage() {
    let s = setup_with(|builder| builder.stale_on_error(Duration::from_secs(600)));
    let theme = key("theme");
    s.elsewhere(&theme, "old");
    s.get(&theme);
    s.store.lose_replies(ErrorKind::Timeout);
    s.cache.write(&Batch::one(set(&theme, "new"))).expect_err("its reply is lost");
    s.store.fail_all(ErrorKind::Unavailable);
    assert_eq!(s.cache.read(&[&theme]).expect_err("an outage").kind(), ErrorKind::Unavailable);
}

/// Nor are keys of several moments, which nobody ever wrote together.
#[test]
fn a_mixed_snapshot_is_not_served_in_an_outage() {
    let s = setup_with(|builder| builder.stale_on_error(Duration::from_secs(600)));
    let (one, other) = (key("one"), key("other"));
    s.get(&one);
    s.get(&other);
    s.store.fail_all(ErrorKind::Unavailable);
    s.cache.read(&[&one, &other]).expect_err("they are not of one moment");
    s.clock.advance(TTL);
    assert!(s.get(&one).is_absent() && s.get(&other).is_absent(), "each alone is");
    s.cache.read(&[&one, &other]).expect_err("they still are not");
}

/// A write whose end is not known may arrive after a read that followed it.
#[test]
fn a_write_that_arrives_late_is_seen_within_a_minute() {
    let s = setup_with(|builder| builder.ttl_forever());
    let theme = key("theme");
    s.elsewhere(&theme, "old");
    for kind in [ErrorKind::Timeout, ErrorKind::Unavailable] {
        s.store.fail_method(Method::Write, kind);
        s.cache.write(&Batch::one(set(&theme, "late"))).expect_err("it fails");
        s.store.heal();
        assert_eq!(s.get(&theme), value("old"));
        s.elsewhere(&theme, "late");
        assert_eq!(s.get(&theme), value("old"));
        s.clock.advance(Duration::from_secs(60));
        assert_eq!(s.get(&theme), value("late"));
        s.clock.advance(Duration::from_secs(1_000_000));
        s.elsewhere(&theme, "old");
        assert_eq!(s.get(&theme), value("late"), "and is then kept as everything else");
        s.cache.forget(&[&theme]).expect("nothing fails");
    }
}

/// Keys that nobody asks for any more do not stay for ever.
#[test]
fn keys_of_the_past_are_let_go() {
    let s = setup();
    for round in 0..20 {
        for i in 0..200 {
            s.get(&key(&format!("r{round}k{i}")));
        }
        s.clock.advance(TTL);
    }
    let shown = format!("{:?}", s.cache);
    let entries = shown.split("entries: ").nth(1).and_then(|rest| rest.split(',').next()).expect("it shows how many");
    assert!(entries.parse::<usize>().expect("a number") <= 400, "4,000 were asked for, and {entries} are there");
}

#[test]
fn an_observer_hears_what_is_counted() {
    #[derive(Debug, Default)]
    struct Heard(Mutex<Vec<(CacheEvent, u64)>>);
    impl Observer for Heard {
        fn on_event(&self, event: CacheEvent, count: u64) {
            self.0.lock().push((event, count));
        }
    }
    let heard = Arc::new(Heard::default());
    let s = setup_with(|builder| builder.observer(heard.clone()).stale_on_error(TTL));
    let (theme, other) = (key("theme"), key("other"));
    s.cache.read(&[&theme, &other]).expect("reads");
    s.get(&theme);
    s.clock.advance(TTL);
    s.store.fail_all(ErrorKind::Unavailable);
    s.get(&theme);
    use CacheEvent::{Fetch, Hit, Miss, StaleServed};
    assert_eq!(*heard.0.lock(), [(Miss, 2), (Fetch, 1), (Hit, 1), (Miss, 1), (Fetch, 1), (StaleServed, 1)]);
    assert_eq!(s.counts().to_string(), "1 hits, 3 misses, 2 fetches, 1 stale served, 0 leases lost, 0 cache errors");
}

#[test]
fn debug_shows_no_value() {
    let s = setup();
    s.elsewhere(&key("password"), "hunter2");
    s.get(&key("password"));
    let shown = format!("{:?}", s.cache);
    assert!(shown.contains("entries: 1, "), "{shown}");
    assert!(!shown.contains("hunter2"), "{shown}");
}
