//! Writes hold the rules, and expect what those look at, and nothing else.

use std::sync::Arc;
use std::thread;

use constance_core::testing::Method;
use constance_core::{Config, ErrorKind};

use super::{Old, Shop, store};

#[test]
fn one_change_set_repairs_what_single_writes_cannot() {
    let (_, config, old) = store();
    old.change().set(Old::MIN, 50).set(Old::STEP, 5).apply().expect("writes");
    for refused in [config.set(Shop::MIN, 20), config.set(Shop::MAX, 40), config.update(Shop::MAX, |n| n + 1).map(drop)]
    {
        let error = refused.expect_err("still above");
        assert_eq!(error.kind(), ErrorKind::Invalid);
        assert!(error.to_string().contains("the minimum is above the maximum"), "{error}");
    }
    config.change().set(Shop::MIN, 20).set(Shop::MAX, 40).apply().expect("both together");
    assert_eq!(config.snapshot().expect("reads"), Shop { min: 20, max: 40, step: 5, site_name: "My Title".into() });
    old.set(Old::MIN, 50).expect("writes");
    config.reset(Shop::MIN).expect("the default is below");
    old.set(Old::MIN, 50).expect("writes");
    config.set_text("max", "60").expect("above both");
    config.snapshot().expect("repaired");
}

#[test]
fn what_no_rule_looks_at_is_written_beside_a_broken_pair() {
    let (store, config, old) = store();
    old.set(Old::MIN, 50).expect("writes");
    store.reset_calls();
    config.set(Shop::SITE_NAME, "Shop".into()).expect("writes");
    assert_eq!((store.calls(Method::Read), store.calls(Method::Write)), (0, 1), "nothing is read for it");
    config.set(Shop::STEP, 7).expect("its own rule holds");
    assert_eq!(config.set(Shop::STEP, 11).expect_err("above max").kind(), ErrorKind::Invalid);
}

/// A write of `min` that has read and is about to be sent, while somebody else writes: how often it is sent, and its end.
fn written_while(foreign: impl FnOnce(&Config<Old>)) -> (usize, constance_core::Result<()>) {
    let (store, config, old) = store();
    let gate = store.hold_writes();
    let writer = thread::spawn(move || config.set(Shop::MIN, 9));
    gate.wait_for(1);
    foreign(&old);
    gate.open();
    let written = writer.join().expect("no panic");
    (store.calls(Method::Write), written)
}

#[test]
fn another_writer_of_the_rules_settings_is_seen() {
    let (sent, written) = written_while(|old| old.set(Old::MAX, 8).expect("writes"));
    assert_eq!((sent, written.expect_err("9 is above 8").kind()), (1, ErrorKind::Invalid));
    let (sent, written) = written_while(|old| old.set(Old::MAX, 20).expect("writes"));
    assert_eq!(sent, 2, "planned anew");
    written.expect("9 is below 20");
}

#[test]
fn a_writer_of_other_settings_is_not_in_the_way() {
    let (sent, written) = written_while(|old| {
        old.change().set(Old::SITE_NAME, "Shop".into()).set(Old::STEP, 3).apply().expect("writes");
    });
    written.expect("nothing of the rule changed");
    assert_eq!(sent, 1, "neither is expected");
}

/// What a writer that knows no rule would pass by is not there.
#[test]
fn there_is_no_key_beside_those_of_the_settings() {
    let (store, config, _) = store();
    config.set(Shop::MIN, 2).expect("writes");
    assert_eq!(store.inner().stored(), 1);
}

#[test]
fn a_change_set_that_only_expects_holds_no_rule() {
    let (_, config, old) = store();
    old.set(Old::MIN, 50).expect("writes");
    config.change().expect(Shop::MIN, 50).set(Shop::SITE_NAME, "Shop".into()).apply().expect("the pair is not written");
    config.compare_and_set(Shop::MIN, 50, 5).expect("repaired");
    config.snapshot().expect("reads");
}

#[test]
fn writes_inside_a_transaction_hold_the_rules() {
    let (store, config, old) = store();
    let settings = config.within(&store);
    settings.set(Shop::MAX, 5).expect("above 1");
    assert_eq!(settings.set(Shop::MIN, 6).expect_err("above 5").kind(), ErrorKind::Invalid);
    settings.set(Shop::SITE_NAME, "Shop".into()).expect("writes");
    old.set(Old::MIN, 50).expect("writes");
    assert_eq!(settings.set(Shop::MAX, 6).expect_err("below 50").kind(), ErrorKind::Invalid);
    settings.change().set(Shop::MIN, 6).set(Shop::MAX, 6).apply().expect("both together");
    settings.snapshot().expect("repaired");
}

#[test]
fn an_old_name_counts_for_a_rule() {
    let (store, config, _) = store();
    let key = config.prefix().key("maximum").expect("a name");
    let seven = Config::<Old>::builder(Arc::clone(&store)).build().expect("builds");
    seven.set(Old::MAX, 7).expect("writes");
    let bytes = store.inner().peek(&seven.prefix().key("max").expect("a name"));
    seven.reset(Old::MAX).expect("writes");
    store.inner().put(&key, bytes);
    assert_eq!(config.set(Shop::MIN, 8).expect_err("above 7").kind(), ErrorKind::Invalid);
    config.set(Shop::MIN, 7).expect("not above");
}
