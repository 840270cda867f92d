//! Keys are compared byte for byte, and as a whole.

use crate::backend::{Key, MAX_KEY_LEN};
use crate::testing::Fixture;

/// Every name is a key of its own: each keeps its value, and removing one removes no other.
#[track_caller]
fn distinct(f: &Fixture<'_>, names: &[&str], what: &str) {
    let keys: Vec<Key> = names.iter().map(|name| f.key(name)).collect();
    keys.iter().for_each(|key| f.set(key, key.name().as_bytes()));
    for key in &keys {
        f.expect(key, Some(key.name().as_bytes()), what);
    }
    assert_eq!(f.list(&f.prefix("")).len(), keys.len(), "broken: {what}; a listing must show every key");
    f.remove(&keys[0]);
    for (index, key) in keys.iter().enumerate() {
        f.expect(key, (index > 0).then_some(key.name().as_bytes()), what);
    }
}

/// `theme`, `Theme` and `THEME` are three keys.
pub fn keys_differ_by_case(f: &Fixture<'_>) {
    distinct(f, &["theme", "Theme", "THEME"], "keys that differ by case are different keys");
}

/// `theme` and `theme.` are two keys.
pub fn keys_differ_by_trailing_dot(f: &Fixture<'_>) {
    distinct(f, &["theme", "theme.", "theme.."], "keys that differ by trailing dots are different keys");
}

/// Keys are not numbers.
pub fn keys_differ_by_leading_zeros(f: &Fixture<'_>) {
    distinct(f, &["1", "01", "1.0", "1e0"], "keys that look like equal numbers are different keys");
}

/// `_` is a character, not a pattern.
pub fn keys_differ_by_punctuation(f: &Fixture<'_>) {
    distinct(f, &["a_b", "a-b", "a.b", "axb", "ab"], "keys that differ by one punctuation mark are different keys");
}

/// A key that is the beginning of another is not that other.
pub fn keys_that_begin_alike_are_distinct(f: &Fixture<'_>) {
    distinct(f, &["theme", "theme2", "theme-2", "them"], "keys that begin alike are different keys");
}

/// A key may have 255 bytes, and all of them count.
pub fn longest_keys_work(f: &Fixture<'_>) {
    let room = MAX_KEY_LEN - f.prefix("").as_str().len();
    let names = ["a", "b", "B"].map(|last| format!("{}{last}", "n".repeat(room - 1)));
    let shorter = "n".repeat(room - 1);
    assert_eq!(f.key(&names[0]).as_str().len(), MAX_KEY_LEN);
    distinct(f, &[&names[0], &names[1], &names[2], &shorter], "keys of 255 bytes are stored whole");
}

/// Letters, digits, `_`, `.` and `-`, at every place.
pub fn every_character_of_a_name_works(f: &Fixture<'_>) {
    let all: String = ('a'..='z').chain('A'..='Z').chain('0'..='9').chain("_.-".chars()).collect();
    let single: Vec<String> = all.chars().map(String::from).collect();
    let mut names: Vec<&str> = single.iter().map(String::as_str).collect();
    names.push(&all);
    distinct(f, &names, "every character that a name may have is stored as itself");
}

/// Names that stores or languages use for themselves.
pub fn reserved_words_are_names(f: &Fixture<'_>) {
    let names =
        ["key", "value", "null", "NULL", "select", "default", "order", "__proto__", "autofilled", ".", "..", "-", "--"];
    distinct(f, &names, "a name is a name, whatever it means elsewhere");
}
