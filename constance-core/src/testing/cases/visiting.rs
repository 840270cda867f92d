//! A visit shows what a read gives, in place and under no lock.

use super::batches::set;
use crate::testing::Fixture;
use crate::testing::fixture::{expect_stored, ok, read_one};
use crate::{
    Backend,
    backend::{Batch, Encoded, Key, Stored},
};

/// What a visit shows; it must call its visitor exactly once.
#[track_caller]
fn visit(backend: &dyn Backend, key: &Key) -> Stored {
    let mut shown = Vec::new();
    let mut visitor = |bytes: Option<&[u8]>| shown.push(Stored::from(bytes.map(Encoded::from)));
    ok(backend.visit(key, &mut visitor), "a visit of a store that answers");
    assert_eq!(shown.len(), 1, "a visit calls its visitor exactly once");
    shown.remove(0)
}

/// A stored value, once.
pub fn visit_shows_a_value_once(f: &Fixture<'_>) {
    let key = f.key("theme");
    f.set(&key, b"dark");
    expect_stored(&visit(f.backend(), &key), Some(b"dark"), "a visit shows what is stored");
}

/// An absent value, once.
pub fn visit_shows_absence_once(f: &Fixture<'_>) {
    expect_stored(&visit(f.backend(), &f.key("unset")), None, "a visit shows that nothing is stored");
}

/// An empty value is shown as one.
pub fn visit_shows_an_empty_value(f: &Fixture<'_>) {
    let key = f.key("empty");
    f.set(&key, b"");
    expect_stored(&visit(f.backend(), &key), Some(b""), "a visit shows an empty value, not its absence");
}

/// After every write.
pub fn visit_agrees_with_read(f: &Fixture<'_>) {
    let key = f.key("theme");
    let long = vec![b'x'; f.capability().max_value_len.unwrap_or(5_000).min(5_000)];
    for value in [Some(&b"dark"[..]), None, Some(b""), Some(&long), Some(b"light")] {
        match value {
            Some(value) => f.set(&key, value),
            None => f.remove(&key),
        }
        f.expect(&key, value, "a read shows the last write");
        expect_stored(&visit(f.backend(), &key), value, "a visit agrees with a read");
    }
}

/// A visitor may read, list and visit.
pub fn visitor_may_read(f: &Fixture<'_>) {
    let (key, other) = (f.key("theme"), f.key("other"));
    f.set(&key, b"dark");
    f.set(&other, b"1");
    let mut inside = Vec::new();
    let mut visitor = |_: Option<&[u8]>| {
        inside.push(read_one(f.backend(), &key));
        inside.push(visit(f.backend(), &key));
        inside.push(visit(f.backend(), &other));
        assert_eq!(f.list(&f.prefix("")).len(), 2, "a visitor may list");
    };
    ok(f.backend().visit(&key, &mut visitor), "a visit whose visitor reads");
    for (found, wanted) in inside.iter().zip([b"dark".as_slice(), b"dark", b"1"]) {
        expect_stored(found, Some(wanted), "a visitor may read the same backend");
    }
}

/// A visitor may write, also the key that it is shown, whose bytes stay as they are until it is done.
pub fn visitor_may_write(f: &Fixture<'_>) {
    let (key, other) = (f.key("theme"), f.key("other"));
    f.set(&key, b"dark");
    let mut visitor = |bytes: Option<&[u8]>| {
        f.set(&other, b"written");
        f.set(&key, b"light");
        assert_eq!(bytes, Some(&b"dark"[..]), "what a visitor is shown does not change under its hands");
        f.remove(&other);
    };
    ok(f.backend().visit(&key, &mut visitor), "a visit whose visitor writes");
    f.expect(&key, Some(b"light"), "a visitor may write the key that it is shown");
    f.expect(&other, None, "a visitor may remove");
}

/// While a visitor runs, other threads read and write.
pub fn visitor_does_not_stop_other_threads(f: &Fixture<'_>) {
    let (key, other) = (f.key("theme"), f.key("other"));
    f.set(&key, b"dark");
    let mut visitor = |_: Option<&[u8]>| {
        std::thread::scope(|scope| {
            let work = || {
                expect_stored(&read_one(f.backend(), &key), Some(b"dark"), "another thread reads while a visitor runs");
                ok(f.backend().write(&Batch::one(set(&other, b"1"))), "a write while a visitor runs");
            };
            // Joined, so that its panic is this one's.
            scope.spawn(work).join().expect("another thread reads and writes while a visitor runs");
        });
    };
    ok(f.backend().visit(&key, &mut visitor), "a visit");
    f.expect(&other, Some(b"1"), "another thread writes while a visitor runs");
}
