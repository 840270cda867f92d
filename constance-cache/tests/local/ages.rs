//! The cache says how old what it gives is.

use std::time::Duration;

use constance_core::Backend;

use crate::local_common::{TTL, keys, setup, value};

const SECOND: Duration = Duration::from_secs(1);

#[test]
fn an_answer_is_as_old_as_its_fetch() {
    let s = setup();
    let keys = keys(3);
    let keys: Vec<_> = keys.iter().collect();
    s.elsewhere(keys[0], "dark");
    let age = || s.cache.read_with_age(&keys).map(|(found, age)| (found[0].clone(), age)).expect("reads");
    assert_eq!(age(), (value("dark"), Duration::ZERO));
    s.clock.advance(13 * SECOND);
    assert_eq!(age(), (value("dark"), 13 * SECOND));
    s.clock.advance(TTL);
    assert_eq!(age(), (value("dark"), Duration::ZERO), "it was fetched anew");
}

#[test]
fn what_is_below_may_have_answered_from_memory() {
    let s = setup();
    let keys = keys(1);
    s.store.answer_older_by(13 * SECOND);
    let age = || s.cache.read_with_age(&[&keys[0]]).expect("reads").1;
    assert_eq!(age(), 13 * SECOND);
    s.clock.advance(SECOND);
    assert_eq!(age(), 14 * SECOND);
}

/// Who joins a fetch is given what it found, which may be from before the question.
#[test]
fn an_answer_of_a_fetch_that_began_before_is_as_old_as_that() {
    let s = setup();
    let keys = keys(1);
    let gate = s.store.hold_read_replies();
    std::thread::scope(|scope| {
        let leader = scope.spawn(|| s.cache.read_with_age(&[&keys[0]]).expect("reads").1);
        gate.wait_for(1);
        s.clock.advance(SECOND / 2);
        let joined = scope.spawn(|| s.cache.read_with_age(&[&keys[0]]).expect("reads").1);
        while s.counts().misses < 2 {
            std::thread::yield_now();
        }
        gate.open();
        assert_eq!(leader.join().expect("no panic"), Duration::ZERO, "it was asked for then");
        assert_eq!(joined.join().expect("no panic"), SECOND / 2);
    });
}
