//! Expectations compare what is stored, byte for byte.

use super::batches::{equals, expect_conflict, expect_done, set};
use crate::backend::{Change, Expect};
use crate::testing::Fixture;

/// Anything or nothing may be there.
pub fn any_holds_always(f: &Fixture<'_>) {
    let key = f.key("theme");
    for value in [b"1", b"2"] {
        expect_done(f.try_one(set(&key, value).expecting(Expect::Any)));
        f.expect(&key, Some(value), "`Any` holds for what is absent and for what is stored");
    }
}

/// Creating what is there already is a conflict, also where the value is the same.
pub fn absent_refuses_what_is_stored(f: &Fixture<'_>) {
    let key = f.key("theme");
    expect_done(f.try_one(set(&key, b"dark").expecting(Expect::Absent)));
    f.expect(&key, Some(b"dark"), "`Absent` holds for what is absent");
    for value in [&b"light"[..], b"dark"] {
        expect_conflict(f.try_one(set(&key, value).expecting(Expect::Absent)), &[0], Some(b"dark"));
        f.expect(&key, Some(b"dark"), "a conflict writes nothing");
    }
}

/// A stored value of no bytes is not absent.
pub fn absent_refuses_an_empty_value(f: &Fixture<'_>) {
    let key = f.key("theme");
    f.set(&key, b"");
    expect_conflict(f.try_one(set(&key, b"dark").expecting(Expect::Absent)), &[0], Some(b""));
    f.expect(&key, Some(b""), "a conflict writes nothing");
}

/// The same bytes: applied, once.
pub fn equals_accepts_the_same_bytes(f: &Fixture<'_>) {
    let key = f.key("theme");
    f.set(&key, b"dark");
    expect_done(f.try_one(set(&key, b"light").expecting(equals(b"dark"))));
    f.expect(&key, Some(b"light"), "`Equals` holds for the stored bytes");
    expect_conflict(f.try_one(set(&key, b"blue").expecting(equals(b"dark"))), &[0], Some(b"light"));
    f.expect(&key, Some(b"light"), "the loser of a compare-and-set writes nothing");
}

/// Writing what is there already is no conflict.
pub fn equals_accepts_a_change_to_the_same(f: &Fixture<'_>) {
    let key = f.key("theme");
    f.set(&key, b"dark");
    for _ in 0..2 {
        expect_done(f.try_one(set(&key, b"dark").expecting(equals(b"dark"))));
        f.expect(&key, Some(b"dark"), "a compare-and-set to the same value is applied");
    }
}

/// What is absent equals nothing, also not the empty value.
pub fn equals_refuses_the_absent(f: &Fixture<'_>) {
    let key = f.key("unset");
    for expected in [&b"dark"[..], b""] {
        expect_conflict(f.try_one(set(&key, b"new").expecting(equals(expected))), &[0], None);
        f.expect(&key, None, "a conflict creates nothing");
    }
}

/// The empty value equals itself only.
pub fn equals_knows_the_empty_value(f: &Fixture<'_>) {
    let key = f.key("theme");
    f.set(&key, b"");
    expect_conflict(f.try_one(set(&key, b"new").expecting(equals(b" "))), &[0], Some(b""));
    expect_done(f.try_one(set(&key, b"new").expecting(equals(b""))));
    f.expect(&key, Some(b"new"), "`Equals` of no bytes holds for the empty value");
}

/// Not by case, number, trailing spaces or the beginning.
pub fn equals_is_exact(f: &Fixture<'_>) {
    let key = f.key("theme");
    let pairs: [(&[u8], &[u8]); 8] = [
        (b"dark", b"Dark"),
        (b"dark", b"dark "),
        (b"dark ", b"dark"),
        (b"dark", b"dar"),
        (b"1", b"1.0"),
        (b"1", b"01"),
        (b"a_c", b"abc"),
        ("\u{e9}".as_bytes(), "e\u{301}".as_bytes()),
    ];
    for (stored, expected) in pairs {
        f.set(&key, stored);
        expect_conflict(f.try_one(set(&key, b"new").expecting(equals(expected))), &[0], Some(stored));
        f.expect(&key, Some(stored), "`Equals` compares bytes, exactly; a conflict writes nothing");
    }
}

/// The end of a long value counts as well.
pub fn equals_compares_long_values_whole(f: &Fixture<'_>) {
    let key = f.key("theme");
    let len = f.capability().max_value_len.unwrap_or(70_000).min(70_000);
    let stored = vec![b'x'; len];
    let mut other = stored.clone();
    if let Some(last) = other.last_mut() {
        *last = b'y';
    }
    f.set(&key, &stored);
    expect_conflict(f.try_one(set(&key, b"n").expecting(equals(&other))), &[0], Some(&stored));
    expect_done(f.try_one(set(&key, b"n").expecting(equals(&stored))));
    f.expect(&key, Some(b"n"), "`Equals` holds for a long value");
}

/// A removal may have an expectation as well.
pub fn removal_checks_its_expectation(f: &Fixture<'_>) {
    let key = f.key("theme");
    f.set(&key, b"dark");
    let remove = |expect| Change::remove(key.clone()).expecting(expect);
    expect_conflict(f.try_one(remove(equals(b"light"))), &[0], Some(b"dark"));
    expect_conflict(f.try_one(remove(Expect::Absent)), &[0], Some(b"dark"));
    f.expect(&key, Some(b"dark"), "a removal whose expectation fails removes nothing");
    expect_done(f.try_one(remove(equals(b"dark"))));
    f.expect(&key, None, "a removal whose expectation holds removes");
    expect_conflict(f.try_one(remove(equals(b"dark"))), &[0], None);
    expect_done(f.try_one(remove(Expect::Absent)));
}
