//! While the store fails, a wrapper says so, and afterwards it shows what the store has.

use super::WrapperFixture;
use super::fixture::refused;
use crate::testing::Method;
use crate::testing::fixture::{expect_stored, ok, read_one};
use crate::{
    ErrorKind,
    backend::{Applied, Batch, Change, Encoded, Expect, Stored},
};

const OUTAGES: [ErrorKind; 4] = [ErrorKind::Unavailable, ErrorKind::Timeout, ErrorKind::Denied, ErrorKind::NotMigrated];

/// What was never read cannot be answered while the store is down: not with `Absent` either.
pub fn outage_is_not_absence(f: &WrapperFixture<'_>) {
    let (stored, unset) = (f.key("stored"), f.key("unset"));
    f.put(&stored, b"dark");
    for kind in OUTAGES {
        f.faulty().fail_all(kind);
        for key in [&stored, &unset] {
            let error = refused(f.backend().read(&[key]), "a read during an outage");
            assert_eq!(error.kind(), kind, "the kind of the store's error is passed on");
        }
        refused(f.backend().read(&[&stored, &unset]), "a read of two keys during an outage");
    }
}

/// Nor is a visitor called.
pub fn visitor_is_not_called_in_an_outage(f: &WrapperFixture<'_>) {
    let key = f.key("stored");
    f.put(&key, b"dark");
    f.faulty().fail_all(ErrorKind::Unavailable);
    let mut calls = 0;
    refused(f.backend().visit(&key, &mut |_| calls += 1), "a visit during an outage");
    assert_eq!(calls, 0, "a visit that fails does not call its visitor");
}

/// Tools learn of an outage as well.
pub fn outage_fails_every_other_call(f: &WrapperFixture<'_>) {
    f.faulty().fail_all(ErrorKind::Unavailable);
    let key = f.key("theme");
    refused(f.backend().list(&crate::Prefix::new("wrapped:").expect("a valid prefix")), "a listing during an outage");
    refused(f.backend().ping(), "a ping during an outage");
    refused(f.backend().migrate(), "a migration during an outage");
    refused(f.try_set(&key, b"dark"), "a write during an outage");
}

/// The first call may fail; the next one tries again.
pub fn outage_is_not_remembered(f: &WrapperFixture<'_>) {
    let (stored, unset) = (f.key("stored"), f.key("unset"));
    f.put(&stored, b"dark");
    f.faulty().fail_all(ErrorKind::Unavailable);
    refused(f.backend().read(&[&stored, &unset]), "a read during an outage");
    refused(f.backend().visit(&stored, &mut |_| ()), "a visit during an outage");
    f.faulty().heal();
    f.expect(&stored, Some(b"dark"), "after an outage the store is asked again");
    f.expect(&unset, None, "after an outage the store is asked again");
    ok(f.backend().ping(), "a ping after an outage");
}

/// A failure of one call among several does not become a value in the others.
pub fn single_failures_are_errors(f: &WrapperFixture<'_>) {
    let keys = ["a", "b", "c"].map(|name| f.key(name));
    keys.iter().for_each(|key| f.put(key, b"stored"));
    f.faulty().fail_call(1, ErrorKind::Timeout);
    refused(f.backend().read(&[&keys[0], &keys[1]]), "a read whose only call failed");
    let found = ok(f.backend().read(&keys.each_ref()), "a read after a failed one");
    for found in &found {
        expect_stored(found, Some(b"stored"), "what one call could not read the next one reads");
    }
}

/// A write that did not happen is an error, and shows nowhere.
pub fn failed_write_is_an_error_and_changes_nothing(f: &WrapperFixture<'_>) {
    let (old, new) = (f.key("old"), f.key("new"));
    f.set(&old, b"old");
    f.expect(&old, Some(b"old"), "a write is seen");
    f.expect(&new, None, "nothing is stored yet");
    for kind in OUTAGES {
        f.faulty().fail_method(Method::Write, kind);
        for key in [&old, &new] {
            let error = refused(f.try_set(key, b"lost"), "a write that did not happen");
            assert_eq!(error.kind(), kind, "the kind of the store's error is passed on");
        }
        refused(f.backend().write(&Batch::one(Change::remove(old.clone()))), "a removal that did not happen");
    }
    f.faulty().heal();
    f.expect(&old, Some(b"old"), "a write that failed is not seen");
    f.expect(&new, None, "a write that failed is not seen");
    f.expect_inside(&old, Some(b"old"), "a write that failed is not made later");
}

/// A write whose reply was lost may have happened: only the store knows.
pub fn lost_reply_is_looked_up(f: &WrapperFixture<'_>) {
    let (set, removed) = (f.key("set"), f.key("removed"));
    f.set(&set, b"old");
    f.set(&removed, b"old");
    f.expect(&set, Some(b"old"), "a write is seen");
    f.expect(&removed, Some(b"old"), "a write is seen");
    f.faulty().lose_replies(ErrorKind::Timeout);
    refused(f.try_set(&set, b"new"), "a write whose reply was lost");
    refused(f.backend().write(&Batch::one(Change::remove(removed.clone()))), "a removal whose reply was lost");
    f.faulty().heal();
    f.expect(&set, Some(b"new"), "after a write of unknown end a read shows what the store has");
    f.expect(&removed, None, "after a removal of unknown end a read shows what the store has");
}

/// A conflict shows what the store has, and so do the reads after it.
pub fn conflict_shows_what_the_store_has(f: &WrapperFixture<'_>) {
    let key = f.key("theme");
    f.set(&key, b"old");
    f.expect(&key, Some(b"old"), "a write is seen");
    f.put(&key, b"foreign");
    let change = Change::set(key.clone(), Encoded::from(&b"mine"[..]));
    let expecting = |expect| f.backend().write(&Batch::one(change.clone().expecting(expect)));
    let conflict =
        ok(expecting(Expect::Equals(Encoded::from(&b"old"[..]))), "a compare-and-set over a store that answers");
    let Applied::Conflict { index: 0, current } = conflict else {
        panic!(
            "broken: an expectation is compared with the store, not with a copy of it; another writer's change was overwritten"
        )
    };
    expect_stored(&current, Some(b"foreign"), "a conflict carries what the store has");
    f.expect_inside(&key, Some(b"foreign"), "a conflict writes nothing");
    f.expect(&key, Some(b"foreign"), "a read after a conflict shows what the loser was told");
}

/// A read that was under way during a write does not bring the old value back.
pub fn late_read_does_not_undo_a_write(f: &WrapperFixture<'_>) {
    let key = f.key("theme");
    f.put(&key, b"old");
    let gate = f.faulty().hold_read_replies();
    std::thread::scope(|scope| {
        let reader = scope.spawn(|| f.backend().read(&[&key]));
        gate.wait_for(1);
        f.set(&key, b"new");
        gate.open();
        // The reader began before the write, so that either value is right for it.
        let _ = ok(reader.join().expect("a reader that does not panic"), "a read during a write");
    });
    f.expect(&key, Some(b"new"), "a read that began before a write does not bring the old value back");
    let mut seen = Stored::Absent;
    ok(f.backend().visit(&key, &mut |bytes| seen = bytes.map(Encoded::from).into()), "a visit");
    expect_stored(&seen, Some(b"new"), "nor does it for a visit");
}

/// Something unreadable is neither absent nor an outage, on the first read and on the second.
pub fn foreign_things_stay_foreign(f: &WrapperFixture<'_>) {
    let (foreign, other) = (f.key("foreign"), f.key("other"));
    f.faulty().inner().put(&foreign, Stored::Foreign("a list"));
    f.put(&other, b"dark");
    for _ in 0..2 {
        let found = ok(f.backend().read(&[&foreign, &other]), "a read with something unreadable in it");
        assert!(matches!(found[0], Stored::Foreign(_)), "something unreadable stays `Foreign`, it is not absent");
        expect_stored(&found[1], Some(b"dark"), "one unreadable value does not hide the others");
        let mut calls = 0;
        let error = refused(f.backend().visit(&foreign, &mut |_| calls += 1), "a visit of something unreadable");
        assert_eq!(
            (error.kind(), calls),
            (ErrorKind::Decode, 0),
            "a visit of something unreadable is a `Decode` error"
        );
    }
    f.set(&foreign, b"repaired");
    assert_eq!(read_one(f.backend(), &foreign), Stored::Value(Encoded::from(&b"repaired"[..])), "a set repairs it");
}
