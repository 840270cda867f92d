//! A wrapper passes on what is not its own business, and asks no more than it has to.

use std::time::Duration;

use super::WrapperFixture;
use crate::testing::fixture::{expect_stored, ok};
use crate::testing::{Method, ReferenceBackend};
use crate::{
    ErrorKind, Prefix, WatchMode,
    backend::{Applied, Batch, Change, Encoded, Stored},
};

/// Building a wrapper asks nobody.
pub fn wrapping_does_no_io(f: &WrapperFixture<'_>) {
    let _ = (f.backend().name(), f.backend().capability(), f.backend().default_prefix(), format!("{:?}", f.backend()));
    f.backend().declare(&[f.key("theme")]);
    assert_eq!(f.faulty().store_calls(), 0, "to build a wrapper, and to ask what it is, does no I/O");
}

/// Reading never writes, also not what was found absent.
pub fn reading_never_writes_inside(f: &WrapperFixture<'_>) {
    let (stored, unset) = (f.key("stored"), f.key("unset"));
    f.put(&stored, b"dark");
    f.backend().declare(&[stored.clone(), unset.clone()]);
    for _ in 0..2 {
        f.expect(&stored, Some(b"dark"), "a read shows what is stored");
        f.expect(&unset, None, "a read shows what is absent");
        ok(f.backend().visit(&unset, &mut |_| ()), "a visit");
        drop(ok(f.backend().list(&Prefix::empty()), "a listing"));
        ok(f.backend().ping(), "a ping");
    }
    assert_eq!(
        f.faulty().calls(Method::Write),
        0,
        "broken: a read never writes; the wrapper wrote to the store inside"
    );
    f.expect_inside(&unset, None, "a read never writes");
}

/// A write through the wrapper is in the store when it returns, and in every read after it.
pub fn write_is_in_the_store_and_seen_at_once(f: &WrapperFixture<'_>) {
    let key = f.key("theme");
    for value in [Some(&b"1"[..]), Some(b"2"), Some(b""), None, Some(b"3")] {
        match value {
            Some(value) => f.set(&key, value),
            None => drop(ok(f.backend().write(&Batch::one(Change::remove(key.clone()))), "a removal")),
        }
        f.expect_inside(&key, value, "a write is in the store when it returns");
        for _ in 0..2 {
            f.expect(&key, value, "a write through a wrapper is seen at once");
        }
    }
}

/// A kept empty value is not a kept absence.
pub fn empty_and_absent_stay_apart(f: &WrapperFixture<'_>) {
    let (empty, unset) = (f.key("empty"), f.key("unset"));
    f.put(&empty, b"");
    for _ in 0..3 {
        f.expect(&empty, Some(b""), "an empty value stays an empty value, however often it is read");
        f.expect(&unset, None, "an absent value stays absent, however often it is read");
    }
}

/// A read of many keys does not become many reads.
pub fn one_read_is_one_call(f: &WrapperFixture<'_>) {
    let keys: Vec<_> = (0..50).map(|i| f.key(&format!("k{i}"))).collect();
    drop(ok(f.backend().read(&keys.iter().collect::<Vec<_>>()), "a read of 50 keys"));
    let calls = f.faulty().calls(Method::Read) + f.faulty().calls(Method::List) + f.faulty().calls(Method::Visit);
    assert!(calls <= 1, "a read of many keys is one round trip, not {calls}");
}

/// Previous values come from the store.
pub fn previous_values_come_from_the_store(f: &WrapperFixture<'_>) {
    let key = f.key("theme");
    f.set(&key, b"old");
    f.expect(&key, Some(b"old"), "a write is seen");
    f.put(&key, b"foreign");
    let change = Change::set(key, Encoded::from(&b"new"[..]));
    let applied = ok(f.backend().write(&Batch::one(change).wanting_previous(true)), "a write");
    let Applied::Done(previous) = applied else { panic!("a change without an expectation cannot be a conflict") };
    assert_eq!(previous.len(), 1, "a batch that wants previous values gets one for each change");
    expect_stored(&previous[0], Some(b"foreign"), "a previous value is what the store had, not what the wrapper knew");
}

/// A batch reaches the store as one.
pub fn batch_stays_one_batch(f: &WrapperFixture<'_>) {
    let changes = ["a", "b", "c"].map(|name| Change::set(f.key(name), Encoded::from(&b"1"[..])));
    let batch = Batch::new(changes.to_vec()).expect("no key twice");
    drop(ok(f.backend().write(&batch), "a batch"));
    assert_eq!(f.faulty().calls(Method::Write), 1, "a batch reaches the store as one write, or it is not all-or-none");
}

/// No wrapper can do more than what it wraps.
pub fn wrapper_claims_no_more_than_the_inner(f: &WrapperFixture<'_>) {
    let (outer, inner) = (f.backend().capability(), crate::Backend::capability(f.faulty()));
    let claims = [
        ("atomic_batch", outer.atomic_batch, inner.atomic_batch),
        ("binary", outer.binary, inner.binary),
        ("watch", outer.watch, inner.watch),
        ("persistent", outer.persistent, inner.persistent),
        ("shared", outer.shared, inner.shared),
    ];
    for (what, outer, inner) in claims {
        assert!(inner || !outer, "a wrapper claims `{what}` over a backend that cannot do it");
    }
    let silent = f.wrap(ReferenceBackend::new().without_watch());
    assert!(!silent.capability().watch, "a wrapper claims `watch` over a backend that has no feed");
    let error = silent.watch(&Prefix::empty()).err().map(|error| error.kind());
    assert_eq!(error, Some(ErrorKind::Unsupported), "a wrapper passes on that there is no feed");
}

/// The default prefix is the store's.
pub fn default_prefix_is_passed_on(f: &WrapperFixture<'_>) {
    let (outer, inner) = (f.backend().default_prefix(), crate::Backend::default_prefix(f.faulty()));
    assert_eq!(outer, inner, "a wrapper passes on the default prefix, else it reads other keys than the backend alone");
}

/// Which store it is, what is to be known of it, and its keys in portions are the store's business.
pub fn what_the_store_says_is_passed_on(f: &WrapperFixture<'_>) {
    let (outer, inner) = (f.backend().identity(), crate::Backend::identity(f.faulty()));
    assert_eq!(outer, inner, "a wrapper passes on `identity`, else a cache around it cannot tell the store");
    drop(ok(f.backend().warnings(), "warnings"));
    assert_eq!(f.faulty().calls(Method::Warnings), 1, "a wrapper passes on `warnings`, else nobody hears of them");
    let key = f.key("theme");
    f.put(&key, b"dark");
    let prefix = Prefix::without_separator(key.prefix()).expect("it is one");
    let portion = ok(f.backend().keys_from(&prefix, None), "a portion of the keys");
    assert_eq!(portion.keys, [key], "a wrapper passes on `keys_from`");
}

/// An answer does not become younger on its way out, also not while it is remembered.
pub fn how_old_an_answer_is_is_passed_on(f: &WrapperFixture<'_>) {
    const HOUR: Duration = Duration::from_secs(3600);
    let key = f.key("theme");
    f.put(&key, b"dark");
    f.faulty().answer_older_by(HOUR);
    for _ in 0..2 {
        let (found, age) = ok(f.backend().read_with_age(&[&key]), "a read with its age");
        expect_stored(&found[0], Some(b"dark"), "a read with its age shows what is stored");
        assert!(age >= HOUR, "a wrapper passes on how old an answer of the backend inside is: an hour, not {age:?}");
    }
}

/// How changes come to be known is the store's business.
pub fn how_a_feed_learns_of_changes_is_passed_on(f: &WrapperFixture<'_>) {
    let looking = WatchMode::Looking { every: Duration::from_millis(70) };
    f.faulty().watch_as(looking);
    let watch = ok(f.backend().watch(&Prefix::empty()), "a feed");
    assert_eq!(
        watch.mode(),
        looking,
        "a wrapper passes on how a feed learns of changes, else `live()` says it wrongly"
    );
}

/// Pings and migrations are the store's business.
pub fn ping_and_migrate_reach_the_store(f: &WrapperFixture<'_>) {
    ok(f.backend().migrate(), "a migration");
    ok(f.backend().ping(), "a ping");
    assert_eq!(f.faulty().calls(Method::Migrate), 1, "a wrapper passes on `migrate`");
    assert!(f.faulty().calls(Method::Ping) >= 1, "a wrapper passes on `ping`: that it answers itself says nothing");
}

/// A wrapper below may remember what was changed past all of them.
pub fn what_is_to_be_forgotten_is_passed_on(f: &WrapperFixture<'_>) {
    ok(f.backend().forget(&[&f.key("theme")]), "to forget a key");
    assert_eq!(f.faulty().calls(Method::Forget), 1, "a wrapper passes on `forget`, for the wrapper below it");
}

/// A wrapper that answers from memory says that it does, and stops when it is told of a change.
pub fn what_is_remembered_is_said_and_forgotten(f: &WrapperFixture<'_>) {
    let key = f.key("theme");
    f.set(&key, b"old");
    f.expect(&key, Some(b"old"), "a write is seen");
    f.put(&key, b"new");
    let remembered = f.get(&key) != Stored::Value(Encoded::from(&b"new"[..]));
    let says = f.backend().capability().remembers;
    assert!(says || !remembered, "broken: a wrapper that answers from what it remembers says `remembers`");
    ok(f.backend().forget(&[&key]), "to forget a key");
    f.expect(&key, Some(b"new"), "what a wrapper is told to forget is read from the store");
}

/// A wrapper below may need to know which keys there are.
pub fn declared_keys_are_passed_on(f: &WrapperFixture<'_>) {
    f.backend().declare(&[f.key("theme")]);
    assert!(f.faulty().calls(Method::Declare) >= 1, "a wrapper passes on `declare`, for the wrapper below it");
}
