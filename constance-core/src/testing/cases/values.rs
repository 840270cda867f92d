//! Values come back as they were stored, byte for byte.

use crate::testing::Fixture;
use crate::testing::fixture::{ok, skip};
use crate::testing::secrecy::{SECRET, expect_secrecy};
use crate::{
    ErrorKind,
    backend::{Applied, Batch, Capability, Change, Encoded, Expect},
};

/// Stores a value and demands it back, or a proper refusal where the backend says that it cannot hold it.
#[track_caller]
fn survives(f: &Fixture<'_>, value: &[u8], what: &str) {
    let key = f.key("value");
    let capability = f.capability();
    let is_text = std::str::from_utf8(value).is_ok();
    let too_long = capability.max_value_len.is_some_and(|limit| value.len() > limit);
    f.remove(&key);
    match f.backend().write(&Batch::one(Change::set(key.clone(), Encoded::from(value)))) {
        Err(error) => {
            // Databases refuse NUL in a text.
            let may_refuse = too_long || (!capability.binary && (!is_text || value.contains(&0)));
            assert!(may_refuse, "{what} must be stored, and was refused: {error}");
            assert_eq!(
                error.kind(),
                ErrorKind::Encode,
                "a value that cannot be stored is refused with `Encode`: {error}"
            );
            f.expect(&key, None, "a refused write writes nothing");
        }
        Ok(Applied::Conflict { .. }) => panic!("a change without an expectation cannot be a conflict"),
        Ok(Applied::Done(_)) => {
            assert!(!too_long, "{what} is longer than `max_value_len` and must be refused with `Encode`");
            assert!(
                capability.binary || is_text,
                "{what} is not UTF-8 and must be refused with `Encode` by a backend that is not `binary`"
            );
            f.expect(&key, Some(value), what);
        }
    }
}

/// A stored value of no bytes is a value.
pub fn empty_value_is_not_absent(f: &Fixture<'_>) {
    let (empty, unset) = (f.key("empty"), f.key("unset"));
    f.set(&empty, b"");
    f.expect(&empty, Some(b""), "an empty value is stored, not absent");
    f.expect(&unset, None, "a key that was never set is absent, not empty");
    let listed = f.list(&f.prefix(""));
    assert_eq!(listed.len(), 1, "an empty value is listed, a key that was never set is not");
}

/// Zero bytes neither end a value nor vanish.
pub fn zero_bytes_survive(f: &Fixture<'_>) {
    for value in [&b"\0"[..], b"\0\0", b"a\0b", b"a\0", b"\0a"] {
        survives(f, value, "a value with zero bytes");
    }
}

/// Every byte is data.
pub fn all_byte_values_survive(f: &Fixture<'_>) {
    let all: Vec<u8> = (0..=255).collect();
    survives(f, &all, "a value of all 256 bytes");
}

/// Bytes that are not UTF-8 are kept, or refused where the backend says that it holds text only.
pub fn invalid_utf8_survives(f: &Fixture<'_>) {
    for value in [&b"\xff\xfe"[..], b"\xc3", b"\xc1\x01\x2a", b"a\x80b", b"\xed\xa0\x80"] {
        survives(f, value, "a value that is not UTF-8");
    }
}

/// Text is not normalized, trimmed or translated.
pub fn text_is_not_normalized(f: &Fixture<'_>) {
    for value in ["e\u{301}", "\u{e9}", "\u{feff}a", "a\r\nb\n", " a ", "a  ", "\t", "\u{1f600}", "\u{10ffff}"] {
        survives(f, value.as_bytes(), "a text value");
    }
}

/// What a value looks like means nothing to a store.
pub fn values_that_look_like_other_formats_survive(f: &Fixture<'_>) {
    let looks = [
        "null",
        "NULL",
        "nil",
        "{}",
        "{ \"b\":1, \"a\":1 }",
        "\"quoted\"",
        "0",
        "-1",
        "1e3",
        "01",
        "true",
        "\\x00",
        "'; --",
        "%s",
        "*",
    ];
    for value in looks {
        survives(f, value.as_bytes(), "a value that looks like another format");
    }
}

/// A value of one mebibyte is kept whole, or refused by a backend that names a lower limit.
pub fn mebibyte_value_survives(f: &Fixture<'_>) {
    let value: Vec<u8> = (0..1 << 20).map(|i: u32| b'a' + u8::try_from(i % 23).unwrap_or(0)).collect();
    survives(f, &value, "a value of one mebibyte");
}

/// Lengths at which column types and length fields end.
pub fn values_of_awkward_lengths_survive(f: &Fixture<'_>) {
    for len in [1, 127, 128, 255, 256, 4_095, 4_096, 65_535, 65_536, 65_537] {
        survives(f, &vec![b'x'; len], "a value, in its whole length,");
    }
}

/// The longest value that is declared acceptable is accepted, and one byte more is not.
pub fn max_value_len_is_the_truth(f: &Fixture<'_>) {
    let Some(limit) = f.capability().max_value_len else {
        return skip("the backend has no limit of its own");
    };
    if limit > 16 << 20 {
        return skip("the limit is too high to be tried");
    }
    survives(f, &vec![b'x'; limit], "a value as long as `max_value_len`");
    survives(f, &vec![b'x'; limit + 1], "a value longer than `max_value_len`");
}

/// A refused value leaves what was stored before.
pub fn refused_value_leaves_the_old_one(f: &Fixture<'_>) {
    let capability = f.capability();
    let refused = match capability.max_value_len.filter(|limit| *limit < 16 << 20) {
        Some(limit) => vec![b'x'; limit + 1],
        None if !capability.binary => vec![0xff],
        None => return skip("the backend refuses no value"),
    };
    let key = f.key("value");
    f.set(&key, b"old");
    let error =
        f.backend().write(&Batch::one(Change::set(key.clone(), Encoded::from(refused)))).expect_err("a refusal");
    assert_eq!(error.kind(), ErrorKind::Encode, "a value that cannot be stored is refused with `Encode`: {error}");
    f.expect(&key, Some(b"old"), "a refused write leaves the old value");
}

/// What is refused is not shown by the refusal, nor by a conflict.
pub fn refusals_show_no_value(f: &Fixture<'_>) {
    let Capability { binary, max_value_len, max_batch_len, .. } = f.capability();
    let key = f.key("password");
    let secret = |len: usize| {
        let mut value = SECRET.as_bytes().repeat(len / SECRET.len() + 1);
        value.truncate(len);
        value
    };
    let refuse = |value: Vec<u8>, what: &str| {
        let written = f.backend().write(&Batch::one(Change::set(key.clone(), Encoded::from(value))));
        expect_secrecy(&written.expect_err("a refusal"), what);
    };
    if let Some(limit) = max_value_len.filter(|limit| *limit < 16 << 20) {
        refuse(secret(limit + 1), "a value that is too long");
    }
    if !binary {
        refuse([SECRET.as_bytes(), &[0xff]].concat(), "a value that is not UTF-8");
    }
    if let Some(limit) = max_batch_len.filter(|limit| *limit < max_value_len.unwrap_or(16 << 20)) {
        refuse(secret(limit + 1), "a batch that is too long");
    }
    f.set(&key, SECRET.as_bytes());
    let other = Encoded::from(format!("{SECRET} of another writer").into_bytes());
    let conflict = f.try_one(Change::set(key.clone(), other.clone()).expecting(Expect::Equals(other)));
    let said = format!("{conflict:?}\n{conflict:#?}");
    assert!(!said.contains(SECRET), "broken: no value appears in a `Debug`; that of a conflict shows one");
}

/// Nothing of a longer value stays behind a shorter one.
pub fn overwritten_value_is_replaced_whole(f: &Fixture<'_>) {
    let key = f.key("value");
    for value in [&b"a long value"[..], b"short", b"", b"a long value again"] {
        f.set(&key, value);
        f.expect(&key, Some(value), "a value replaces the one before as a whole");
    }
}

/// A value does not fade: reading it many times gives it every time.
pub fn reading_does_not_consume(f: &Fixture<'_>) {
    let key = f.key("value");
    f.set(&key, b"dark");
    for _ in 0..3 {
        f.expect(&key, Some(b"dark"), "a read leaves the value where it is");
        ok(f.backend().visit(&key, &mut |_| ()), "a visit of a store that answers");
    }
}
