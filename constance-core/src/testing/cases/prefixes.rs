//! Prefixes isolate, whatever they contain.

use crate::testing::Fixture;
use crate::{
    ErrorKind, Prefix,
    backend::{Batch, Change, Encoded, Key, Stored},
};

const NAMES: [&str; 2] = ["theme", "size"];

/// Under every prefix the same names with values of their own; no operation under one sees or changes another.
#[track_caller]
fn isolated(f: &Fixture<'_>, tails: &[&str]) {
    let prefixes: Vec<Prefix> = tails.iter().map(|tail| f.prefix(tail)).collect();
    isolated_prefixes(f, &prefixes, &NAMES);
}

#[track_caller]
fn isolated_prefixes(f: &Fixture<'_>, prefixes: &[Prefix], names: &[&str]) {
    let value = |key: &Key| key.as_str().as_bytes().to_vec();
    let keys = |prefix: &Prefix| -> Vec<Key> { names.iter().map(|name| f.key_under(prefix, name)).collect() };
    for prefix in prefixes {
        keys(prefix).iter().for_each(|key| f.set(key, &value(key)));
    }
    for prefix in prefixes {
        for key in keys(prefix) {
            f.expect(&key, Some(&value(&key)), "a key keeps its value, whatever is written under other prefixes");
        }
        expect_listed(f, prefix, names, "");
    }
    for removed in prefixes {
        keys(removed).iter().for_each(|key| f.remove(key));
        for other in prefixes.iter().filter(|other| *other != removed) {
            expect_listed(f, other, names, &format!(", after removals under {removed:?}"));
        }
        expect_listed(f, removed, &[], ", after their removal");
        keys(removed).iter().for_each(|key| f.set(key, &value(key)));
    }
}

#[track_caller]
fn expect_listed(f: &Fixture<'_>, prefix: &Prefix, names: &[&str], when: &str) {
    let listed = f.list(prefix);
    let mut found: Vec<&str> = listed.iter().map(|(key, _)| key.as_str()).collect();
    let mut wanted: Vec<String> = names.iter().map(|name| format!("{prefix}{name}")).collect();
    if prefix.as_str().is_empty() {
        // The empty prefix is everybody's: only what this case wrote is its business.
        found.retain(|key| key.starts_with("suite-") && names.contains(key));
    }
    wanted.sort_unstable();
    assert!(
        found == wanted,
        "broken: a prefix isolates; a listing of {prefix:?}{when} must show exactly {wanted:?}, and shows {found:?}"
    );
    for (key, stored) in listed.iter().filter(|(key, _)| wanted.iter().any(|wanted| wanted == key.as_str())) {
        assert_eq!(key.prefix(), prefix.as_str(), "a listed key is split where the prefix that was asked for ends");
        let right = matches!(stored, Stored::Value(value) if value.as_bytes() == key.as_str().as_bytes());
        assert!(right, "broken: a prefix isolates; a listing of {prefix:?} gives another key's value for {key}");
    }
}

/// `a%b*[c]:`: what SQL and Redis take for patterns.
pub fn pattern_characters_in_a_prefix_are_literal(f: &Fixture<'_>) {
    isolated(f, &["a%b*[c]:", "aXXbYYc:", "a%b*c:", "ab:", "%:", "*:", "?:", "[a-z]:", "^:", "a:"]);
}

/// `_:` is not any character and a colon.
pub fn underscore_in_a_prefix_is_literal(f: &Fixture<'_>) {
    isolated(f, &["_:", "x:", "__:", "a_b:", "axb:"]);
}

/// Backslashes escape nothing.
pub fn backslash_in_a_prefix_is_literal(f: &Fixture<'_>) {
    isolated(f, &["\\:", "\\\\:", "\\_:", "_:", "x:", "a\\%:", "a%:", "\\*:", "*:", "a\\:", "a:"]);
}

/// Quotes and other marks of query languages.
pub fn quotes_in_a_prefix_are_literal(f: &Fixture<'_>) {
    isolated(f, &["'a':", "\"a\":", "`a`:", "$$a$$:", "a'; --:", "{a}:", "${a}:", "$1:", "#:", "a|b:", "(a):", "a:"]);
}

/// Spaces count, also at the end and before the separator.
pub fn spaces_in_a_prefix_count(f: &Fixture<'_>) {
    isolated(f, &["a b:", "ab:", " a:", "a:", "a :", "a  :", "a\t:", "a\n:", " :"]);
}

/// `Shop:` and `shop:` are two prefixes.
pub fn prefixes_differ_by_case(f: &Fixture<'_>) {
    isolated(f, &["shop:", "Shop:", "SHOP:"]);
}

/// Letters outside ASCII are themselves: not folded, normalized or counted as one byte.
pub fn non_ascii_prefixes_are_distinct(f: &Fixture<'_>) {
    let tails = [
        "\u{e9}:",
        "e\u{301}:",
        "e:",
        "\u{c9}:",
        "stra\u{df}e:",
        "strasse:",
        "\u{130}:",
        "i:",
        "\u{1f600}:",
        "\u{10ffff}:",
        "\u{3042}/",
    ];
    isolated(f, &tails);
}

/// `a:` and `a:b:`.
pub fn prefix_of_another_prefix_is_isolated(f: &Fixture<'_>) {
    isolated(f, &["", "a:", "a:b:", "a:b:c:", "a:bb:", "a::"]);
}

/// `a:` and `a/`, and one within the other.
pub fn separators_are_distinct(f: &Fixture<'_>) {
    isolated(f, &["a:", "a/", "a:/", "a/:", "a/b:", ":", "/"]);
}

/// A prefix may be so long that the name has one byte left.
pub fn long_prefixes_are_isolated(f: &Fixture<'_>) {
    let room = crate::backend::MAX_KEY_LEN - f.prefix("").as_str().len();
    let tails = ["a", "b"].map(|last| format!("{}{last}:", "p".repeat(room - 3)));
    let prefixes = tails.map(|tail| f.prefix(&tail));
    isolated_prefixes(f, &prefixes, &["n"]);
}

/// The empty prefix does not show the keys of others, and is not part of them.
pub fn empty_prefix_lists_no_prefixed_keys(f: &Fixture<'_>) {
    let name = f.unused_name();
    if f.is_confined() {
        isolated_prefixes(f, &[f.prefix(""), f.prefix("a:")], &[&name]);
        // A store whose rights are for parts of its keys may refuse to list beyond them.
        match f.backend().list(&Prefix::empty()) {
            Ok(listed) => {
                let shows_it = listed.iter().any(|(listed, _)| listed.name() == name);
                assert!(!shows_it, "broken: a prefix isolates; the empty prefix lists a key under another one");
            }
            Err(error) => assert_eq!(
                error.kind(),
                ErrorKind::Denied,
                "a user who may not list keys outside of a prefix is told so with `Denied`: {error}"
            ),
        }
        let outside = Prefix::empty().key(&name).expect("a valid name");
        let refused = f.backend().write(&Batch::one(Change::set(outside, Encoded::from(b"outside".to_vec()))));
        let denied = refused.as_ref().is_err_and(|error| error.kind() == ErrorKind::Denied);
        assert!(denied, "a user who is said to be confined to a prefix writes outside of it, and gets {refused:?}");
        return;
    }
    isolated_prefixes(f, &[Prefix::empty(), f.prefix(""), f.prefix("a:")], &[&name]);
    let key = f.key_under(&f.prefix("a:"), &name);
    let listed = f.list(&Prefix::empty());
    let shows_it = listed.iter().any(|(listed, _)| listed.as_str() == key.as_str());
    assert!(!shows_it, "broken: a prefix isolates; the empty prefix lists {key}");
}

/// Nothing was ever written there.
pub fn unused_prefix_lists_nothing(f: &Fixture<'_>) {
    f.set(&f.key("theme"), b"dark");
    expect_listed(f, &f.prefix("unused:"), &[], "");
    let name = f.unused_name();
    expect_listed(f, &Prefix::new(&format!("{name}:")).expect("a valid prefix"), &[], "");
}
