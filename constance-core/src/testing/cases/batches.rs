//! A batch is applied as a whole or not at all.

use crate::testing::Fixture;
use crate::testing::fixture::{expect_stored, shown, skip};
use crate::{
    ErrorKind,
    backend::{Applied, Batch, Capability, Change, Encoded, Expect, Key, Stored},
};

pub(in crate::testing) fn set(key: &Key, value: &[u8]) -> Change {
    Change::set(key.clone(), Encoded::from(value))
}

pub(super) fn equals(value: &[u8]) -> Expect {
    Expect::Equals(Encoded::from(value))
}

pub(in crate::testing) fn batch(changes: Vec<Change>) -> Batch {
    Batch::new(changes).expect("a case names no key twice")
}

/// Demands that a batch was a conflict at one of these places, with what is stored there.
#[track_caller]
pub(super) fn expect_conflict(applied: Applied, places: &[usize], current: Option<&[u8]>) {
    match applied {
        Applied::Done(_) => {
            panic!("broken: a batch is applied only if all its expectations hold; one did not, and it is `Done`")
        }
        Applied::Conflict { index, current: found } => {
            assert!(
                places.contains(&index),
                "a conflict must name a change whose expectation failed ({places:?}), not {index}"
            );
            expect_stored(&found, current, "a conflict carries what is stored");
        }
    }
}

#[track_caller]
pub(super) fn expect_done(applied: Applied) -> Vec<Stored> {
    match applied {
        Applied::Done(previous) => previous,
        Applied::Conflict { index, current } => {
            panic!("a batch whose expectations hold must be applied, but change {index} found {}", shown(&current))
        }
    }
}

/// No changes: nothing to do, and no failure.
pub fn empty_batch_is_done(f: &Fixture<'_>) {
    let previous = f.done(batch(Vec::new()).wanting_previous(true));
    assert!(previous.is_empty(), "an empty batch has no previous values, not {}", previous.len());
}

/// Two hundred keys at once, or as many as the backend says that it takes.
pub fn batch_of_200_changes_is_applied(f: &Fixture<'_>) {
    let keys = keys(f, 200.min(f.capability().max_changes.unwrap_or(200)));
    let changes = keys.iter().map(|key| set(key, key.name().as_bytes())).collect();
    let Some(applied) = f.write_several(&batch(changes)) else { return };
    expect_done(applied);
    for key in &keys {
        f.expect(key, Some(key.name().as_bytes()), "every change of a batch is applied");
    }
}

/// Two hundred keys that have to be what they were while another one is written, or as many as the backend takes.
pub fn batch_of_200_expectations_is_checked(f: &Fixture<'_>) {
    let keys = keys(f, 200.min(f.capability().max_expectations.unwrap_or(200)));
    let (Some(last), target) = (keys.last(), f.key("target")) else { return };
    f.set(last, b"1");
    let write = |value: &[u8], of_last: Expect| {
        let others = keys.iter().filter(|key| *key != last);
        let kept = others.map(|key| Change::keep(key.clone()).expecting(Expect::Absent));
        let kept = kept.chain([Change::keep(last.clone()).expecting(of_last)]);
        f.write_several(&batch(kept.chain([set(&target, value)]).collect()))
    };
    let Some(applied) = write(b"first", equals(b"1")) else { return };
    expect_done(applied);
    f.expect(&target, Some(b"first"), "a batch is applied where all of its expectations hold");
    let Some(applied) = write(b"second", equals(b"2")) else { return };
    expect_conflict(applied, &[keys.len() - 1], Some(b"1"));
    f.expect(&target, Some(b"first"), "a batch of which the last expectation fails writes nothing");
}

/// Just within each limit that the backend declares a batch is applied; just beyond, it is refused and nothing is written.
pub fn batch_beyond_a_limit_is_refused(f: &Fixture<'_>) {
    let Capability { max_changes, max_expectations, max_batch_len, max_value_len, .. } = f.capability();
    if (max_changes, max_expectations, max_batch_len) == (None, None, None) {
        return skip("the backend has no limits of a batch");
    }
    let target = f.key("target");
    let within_and_beyond = |what: &str, within: &[Change], beyond: &[Change]| {
        let Some(applied) = f.write_several(&batch(within.to_vec())) else { return };
        expect_done(applied);
        f.set(&target, b"before");
        let refused = f.backend().write(&batch(beyond.to_vec()));
        let right = refused.as_ref().is_err_and(|error| error.kind() == ErrorKind::Unsupported);
        assert!(right, "a batch beyond {what} must be refused with `Unsupported`, and got {refused:?}");
        f.expect(&target, Some(b"before"), "a batch that is refused writes nothing");
    };
    if let Some(limit) = max_changes {
        let others: Vec<Change> = keys(f, limit).iter().map(|key| set(key, b"1")).collect();
        let beyond: Vec<Change> = [set(&target, b"beyond")].into_iter().chain(others.clone()).collect();
        within_and_beyond("`max_changes`", &others, &beyond);
    }
    if let Some(limit) = max_expectations {
        let kept = |key: &Key| Change::keep(key.clone()).expecting(Expect::Absent);
        let others: Vec<Change> = keys(f, limit).iter().map(kept).collect();
        keys(f, limit).iter().for_each(|key| f.remove(key));
        let beyond = [set(&target, b"beyond").expecting(equals(b"before"))];
        let beyond: Vec<Change> = beyond.into_iter().chain(others.clone()).collect();
        within_and_beyond("`max_expectations`", &others, &beyond);
    }
    // One longer than a case can write is no limit that a batch of settings meets.
    if let Some(limit) = max_batch_len.filter(|limit| *limit <= 16 << 20) {
        let parts = limit / max_value_len.unwrap_or(1 << 20).min(1 << 20) + 1;
        let names = keys(f, parts);
        let overhead = |keys: &[Key]| keys.iter().map(|key| key.as_str().len()).sum::<usize>();
        let filled = |keys: &[Key], len: usize| {
            let bytes = len - overhead(keys);
            let part = bytes / keys.len();
            let first = bytes - part * (keys.len() - 1);
            let lens = std::iter::once(first).chain(std::iter::repeat(part));
            keys.iter().zip(lens).map(|(key, len)| set(key, &vec![b'x'; len])).collect::<Vec<_>>()
        };
        let with_target: Vec<Key> = [target.clone()].into_iter().chain(names.clone()).collect();
        within_and_beyond("`max_batch_len`", &filled(&names, limit), &filled(&with_target, limit + 1));
    }
}

fn keys(f: &Fixture<'_>, count: usize) -> Vec<Key> {
    (0..count).map(|i| f.key(&format!("k{i}"))).collect()
}

/// One batch may hold every kind of change.
pub fn batch_sets_and_removes_together(f: &Fixture<'_>) {
    let (new, old, gone) = (f.key("new"), f.key("old"), f.key("gone"));
    f.set(&old, b"1");
    f.set(&gone, b"1");
    let changes = vec![set(&new, b"2"), Change::remove(gone.clone()), set(&old, b"2").expecting(equals(b"1"))];
    let Some(applied) = f.write_several(&batch(changes)) else { return };
    expect_done(applied);
    f.expect(&new, Some(b"2"), "a batch sets what was absent");
    f.expect(&old, Some(b"2"), "a batch replaces what was there");
    f.expect(&gone, None, "a batch removes");
}

/// The changes before the one whose expectation fails are not applied either.
pub fn failing_last_expectation_writes_nothing(f: &Fixture<'_>) {
    let (one, two, three, last) = (f.key("one"), f.key("two"), f.key("three"), f.key("last"));
    f.set(&two, b"old");
    f.set(&three, b"old");
    f.set(&last, b"old");
    let changes = vec![
        set(&one, b"new"),
        set(&two, b"new"),
        Change::remove(three.clone()),
        set(&last, b"new").expecting(Expect::Absent),
    ];
    let Some(applied) = f.write_several(&batch(changes)) else { return };
    expect_conflict(applied, &[3], Some(b"old"));
    f.expect(&one, None, "a batch that is a conflict writes nothing");
    for key in [&two, &three, &last] {
        f.expect(key, Some(b"old"), "a batch that is a conflict writes nothing");
    }
}

/// The place in the batch, and the value that stands in the way.
pub fn conflict_names_the_change_and_what_is_stored(f: &Fixture<'_>) {
    let keys = ["a", "b", "c", "d"].map(|name| f.key(name));
    keys.iter().for_each(|key| f.set(key, key.name().as_bytes()));
    for failing in 0..keys.len() {
        let change = |(index, key): (usize, &Key)| {
            let expected = if index == failing { b"other" } else { key.name().as_bytes() };
            set(key, b"new").expecting(equals(expected))
        };
        // Not in the order of the keys, so that an index into a sorted copy is found out.
        let changes: Vec<Change> = keys.iter().enumerate().map(change).rev().collect();
        let Some(applied) = f.write_several(&batch(changes)) else { return };
        expect_conflict(applied, &[keys.len() - 1 - failing], Some(keys[failing].name().as_bytes()));
    }
    let changes = vec![set(&keys[0], b"new"), set(&f.key("unset"), b"new").expecting(equals(b"x"))];
    let Some(applied) = f.write_several(&batch(changes)) else { return };
    expect_conflict(applied, &[1], None);
}

/// A removal says what is to be, not what was.
pub fn removing_the_absent_is_done(f: &Fixture<'_>) {
    let key = f.key("unset");
    f.remove(&key);
    f.expect(&key, None, "removing what is absent leaves it absent");
}

/// Set, removed, set again.
pub fn removed_key_is_absent_again(f: &Fixture<'_>) {
    let (key, other) = (f.key("theme"), f.key("other"));
    f.set(&other, b"stays");
    for value in [b"1", b"2"] {
        f.set(&key, value);
        f.expect(&key, Some(value), "a key can be set again after its removal");
        f.remove(&key);
        f.expect(&key, None, "a removed key is absent");
        f.expect(&other, Some(b"stays"), "a removal removes its own key only");
    }
}

/// One for each change, in the batch's order.
pub fn previous_values_come_in_order(f: &Fixture<'_>) {
    let keys = ["d", "a", "c", "b"].map(|name| f.key(name));
    f.set(&keys[0], b"old d");
    f.set(&keys[2], b"");
    f.set(&keys[3], b"old b");
    let changes = vec![
        set(&keys[0], b"new"),
        set(&keys[1], b"new"),
        Change::remove(keys[2].clone()),
        Change::keep(keys[3].clone()),
    ];
    let Some(applied) = f.write_several(&batch(changes).wanting_previous(true)) else { return };
    let previous = expect_done(applied);
    assert_eq!(previous.len(), 4, "a batch that wants previous values gets one for each change");
    let wanted: [Option<&[u8]>; 4] = [Some(b"old d"), None, Some(b""), Some(b"old b")];
    for (found, wanted) in previous.iter().zip(wanted) {
        expect_stored(found, wanted, "previous values come in the order of the changes");
    }
}

/// Of a single change too, and only on demand.
pub fn previous_values_are_not_given_unasked(f: &Fixture<'_>) {
    let key = f.key("theme");
    for value in [b"1", b"2"] {
        let previous = f.done(Batch::one(set(&key, value)));
        assert!(previous.is_empty(), "a batch that does not want previous values gets none, not {}", previous.len());
    }
    for (value, wanted) in [(b"3", b"2"), (b"4", b"3")] {
        let previous = f.done(Batch::one(set(&key, value)).wanting_previous(true));
        assert_eq!(previous.len(), 1, "a batch of one change has one previous value");
        expect_stored(&previous[0], Some(wanted), "the previous value is the one that was replaced");
    }
}

/// A change that only checks leaves the value, with and without an expectation.
pub fn keep_changes_nothing(f: &Fixture<'_>) {
    let key = f.key("theme");
    f.set(&key, b"dark");
    for expect in [Expect::Any, equals(b"dark")] {
        expect_done(f.try_one(Change::keep(key.clone()).expecting(expect)));
        f.expect(&key, Some(b"dark"), "`Keep` leaves the value as it is");
    }
    expect_conflict(f.try_one(Change::keep(key.clone()).expecting(equals(b"light"))), &[0], Some(b"dark"));
    expect_conflict(f.try_one(Change::keep(key.clone()).expecting(Expect::Absent)), &[0], Some(b"dark"));
}

/// Keeping what is absent keeps it absent.
pub fn keep_on_absent_creates_nothing(f: &Fixture<'_>) {
    let key = f.key("unset");
    for expect in [Expect::Any, Expect::Absent] {
        expect_done(f.try_one(Change::keep(key.clone()).expecting(expect)));
        f.expect(&key, None, "`Keep` creates nothing");
    }
    expect_conflict(f.try_one(Change::keep(key.clone()).expecting(equals(b""))), &[0], None);
    assert!(f.list(&f.prefix("")).is_empty(), "`Keep` creates nothing, and a listing shows it");
}

/// A rule across settings holds: one that only checks can stop the ones that write.
pub fn failing_keep_stops_the_others(f: &Fixture<'_>) {
    let (checked, written) = (f.key("checked"), f.key("written"));
    f.set(&checked, b"1");
    for order in [true, false] {
        let mut changes = vec![Change::keep(checked.clone()).expecting(equals(b"2")), set(&written, b"new")];
        if order {
            changes.reverse();
        }
        let Some(applied) = f.write_several(&batch(changes)) else { return };
        expect_conflict(applied, &[usize::from(order)], Some(b"1"));
        f.expect(&written, None, "the failing expectation of a `Keep` stops the whole batch");
    }
}
