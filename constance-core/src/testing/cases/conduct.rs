//! What a backend says about itself is true, and what it offers besides does no harm.

use std::collections::BTreeSet;
use std::io::Write as _;
use std::sync::Arc;

use parking_lot::Mutex;

use super::batches::set;
use super::watching::expect_wake;
use crate::testing::Fixture;
use crate::testing::fixture::{expect_stored, ok, read_one, skip};
use crate::{Backend, Prefix, backend::Batch};

/// One word, for messages.
pub fn name_is_one_word(f: &Fixture<'_>) {
    let name = f.backend().name();
    let is_word = name.starts_with(|c: char| c.is_ascii_lowercase())
        && name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b"-_+".contains(&b));
    assert!(is_word, "a backend's name is one word of lower-case letters, such as `redis`, not {name:?}");
    assert_eq!(name, f.another().name(), "two backends of one kind have one name");
}

/// Backends of one kind say the same about themselves, at any time.
pub fn capability_does_not_change(f: &Fixture<'_>) {
    let capability = f.capability();
    f.set(&f.key("theme"), b"dark");
    assert_eq!(f.capability(), capability, "what a backend can do does not change while it is used");
    assert_eq!(f.another().capability(), capability, "two backends of one kind can do the same");
    say_what_does_not_apply(f);
}

/// Otherwise nobody learns of it: what a test that passes prints is not shown.
fn say_what_does_not_apply(f: &Fixture<'_>) {
    let can = f.capability();
    let without = [
        (can.atomic_batch, "batches of several keys (not `atomic_batch`)"),
        (can.binary, "values that are not text (not `binary`)"),
        (can.watch, "a feed of changes (not `watch`)"),
        (can.persistent, "what outlives a backend (not `persistent`)"),
        (can.shared, "other backends on the same store (not `shared`)"),
        (!f.is_confined(), "keys outside of its prefix (`Confined`)"),
    ];
    let not_applicable: Vec<&str> = without.into_iter().filter(|(can, _)| !can).map(|(_, what)| what).collect();
    static SAID: Mutex<BTreeSet<String>> = Mutex::new(BTreeSet::new());
    if !not_applicable.is_empty() {
        let line =
            format!("{}: not tested, since it does not apply: {}\n", f.backend().name(), not_applicable.join("; "));
        // Once in a test program, past its capture of what tests print; and no test fails for it.
        if SAID.lock().insert(line.clone()) {
            let _ = std::io::stderr().write_all(line.as_bytes());
        }
    }
}

/// Backends on one store say the same, those on two do not, and no write makes a difference.
pub fn identity_tells_stores_apart(f: &Fixture<'_>) {
    let (another, key) = (f.another(), f.key("theme"));
    let (identity, other) = (f.backend().identity(), another.identity());
    f.set(&key, b"dark");
    assert_eq!(f.backend().identity(), identity, "which store it is does not change while it is used");
    if !read_one(&*another, &key).is_absent() {
        assert_eq!(identity, other, "two backends that are opened alike on one store say that it is the same");
    } else {
        let same = identity.is_some() && identity == other;
        assert!(!same, "two stores never say that they are the same: a shared cache would mix up their values");
    }
}

/// The prefix for those who name none is a valid one.
pub fn default_prefix_is_valid(f: &Fixture<'_>) {
    let prefix = f.backend().default_prefix();
    let valid = Prefix::new(prefix.as_str());
    assert!(valid.is_ok(), "the default prefix is empty or ends in a separator: {valid:?}");
    assert!(prefix.key("constance.ping").is_ok(), "the default prefix leaves room for names");
}

/// A store that works answers.
pub fn ping_of_a_working_store_succeeds(f: &Fixture<'_>) {
    let (backend, key) = (f.backend(), f.key("theme"));
    ok(backend.ping(), "a ping of a store that answers");
    f.set(&key, b"dark");
    ok(backend.ping(), "a second ping");
    f.expect(&key, Some(b"dark"), "a ping changes nothing");
}

/// To migrate again, also from two sides at once, changes nothing.
pub fn migrating_again_changes_nothing(f: &Fixture<'_>) {
    let key = f.key("theme");
    f.set(&key, b"dark");
    ok(f.backend().migrate(), "a migration of what is up to date");
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| ok(f.backend().migrate(), "a migration beside another one"));
        }
    });
    f.expect(&key, Some(b"dark"), "a migration keeps what is stored");
}

/// Telling which keys will be asked for is only a hint.
pub fn declaring_keys_does_no_harm(f: &Fixture<'_>) {
    let (set, unset, other) = (f.key("set"), f.key("unset"), f.key("other"));
    f.set(&set, b"1");
    for keys in [vec![set.clone(), unset.clone()], Vec::new(), vec![set.clone(), set.clone()]] {
        f.backend().declare(&keys);
        f.expect(&set, Some(b"1"), "to declare a key does not change it");
        f.expect(&unset, None, "to declare a key does not create it");
    }
    f.set(&other, b"2");
    f.expect(&other, Some(b"2"), "a key that was not declared works as well");
    f.set(&unset, b"3");
    f.expect(&unset, Some(b"3"), "a declared key can be set");
}

/// A second backend sees the writes of the first exactly where the store is shared.
pub fn shared_capability_is_the_truth(f: &Fixture<'_>) {
    let (other, key) = (f.another(), f.key("theme"));
    f.set(&key, b"dark");
    let seen = read_one(&*other, &key);
    if !f.capability().shared {
        return expect_stored(&seen, None, "a backend that is not `shared` is a store of its own");
    }
    expect_stored(&seen, Some(b"dark"), "a backend that is `shared` sees what another wrote");
    ok(other.write(&Batch::one(set(&key, b"light"))), "a write by a second backend");
    let found = read_one(&*f.another(), &key);
    expect_stored(&found, Some(b"light"), "a backend that is `shared` sees what another wrote");
}

/// What a write has stored is what every later read gives, through whichever backend on the store.
pub fn write_is_read_through_another_backend(f: &Fixture<'_>) {
    if !f.capability().shared {
        return skip("the store is that of one backend");
    }
    let (other, key) = (f.another(), f.key("theme"));
    for round in 0..50 {
        let value = round.to_string();
        let writer = if round % 2 == 0 { f.backend() } else { &*other };
        ok(writer.write(&Batch::one(set(&key, value.as_bytes()))), "a write to a store that answers");
        for reader in [f.backend(), &*other] {
            if f.capability().remembers {
                ok(reader.forget(&[&key]), "telling that a key was changed elsewhere");
            }
            let promise = "a read gives what a write has stored, through whichever backend on the store";
            expect_stored(&read_one(reader, &key), Some(value.as_bytes()), promise);
        }
    }
}

/// What is persistent is still there for a backend that is opened later.
pub fn persistent_capability_is_the_truth(f: &Fixture<'_>) {
    let capability = f.capability();
    if !(capability.persistent && capability.shared) {
        return skip("the store is not persistent, or a backend opened later is on another one");
    }
    let key = f.key("theme");
    let earlier = f.another();
    ok(earlier.write(&Batch::one(set(&key, b"dark"))), "a write");
    drop(earlier);
    expect_stored(
        &read_one(&*f.another(), &key),
        Some(b"dark"),
        "what is `persistent` outlives the backend that wrote it",
    );
}

/// A feed learns what other backends on the same store write.
pub fn feed_learns_of_other_writers(f: &Fixture<'_>) {
    let capability = f.capability();
    if !(capability.watch && capability.shared) {
        return skip("the backend has no feed, or there are no other writers");
    }
    let (other, key) = (f.another(), f.key("theme"));
    let mut feed = ok(f.backend().watch(&f.prefix("")), "opening a feed");
    ok(other.write(&Batch::one(set(&key, b"dark"))), "a write by a second backend");
    expect_wake(f, &mut *feed, "a change by another backend on the same store");
}

/// A reference, a box and an `Arc` do what the backend does.
pub fn pointers_are_backends(f: &Fixture<'_>) {
    let key = f.key("theme");
    let boxed: Box<dyn Backend + '_> = Box::new(f.backend());
    let shared: Arc<dyn Backend + '_> = Arc::new(&boxed);
    ok(shared.write(&Batch::one(set(&key, b"dark"))), "a write through pointers");
    for backend in [&*boxed, &*shared] {
        expect_stored(&read_one(backend, &key), Some(b"dark"), "a pointer to a backend reads what the backend reads");
        assert_eq!(
            (backend.name(), backend.capability(), backend.default_prefix()),
            (f.backend().name(), f.capability(), f.backend().default_prefix()),
            "a pointer to a backend says what the backend says"
        );
        assert!(
            ok(backend.list(&f.prefix("")), "a listing") == f.list(&f.prefix("")),
            "a pointer lists what the backend lists"
        );
    }
    f.expect(&key, Some(b"dark"), "a write through a pointer arrives");
}

/// Text for people and logs shows no stored value.
pub fn debug_shows_no_value(f: &Fixture<'_>) {
    let key = f.key("password");
    f.set(&key, b"hunter2-of-the-suite");
    f.expect(&key, Some(b"hunter2-of-the-suite"), "a value is stored");
    for text in [format!("{:?}", f.backend()), format!("{:#?}", f.backend())] {
        let shows = text.contains("hunter2") || text.contains("104, 117, 110, 116");
        assert!(!shows, "broken: no value appears in a `Debug`; that of the backend shows a stored one");
    }
}
