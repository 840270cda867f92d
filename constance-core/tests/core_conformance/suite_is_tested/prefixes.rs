//! Promise 3: listings and keys that leak.

use std::collections::{BTreeSet, HashMap};
use std::sync::Mutex;

use constance_core::{
    Prefix, Result,
    backend::{Applied, Batch, Change, Key, Portion, Stored},
};

use super::wrong::{Defect, Inside, assert_caught, assert_right};

/// What `LIKE` finds: `%` is anything, `_` one character, a backslash escapes.
fn like(pattern: &[char], text: &[char]) -> bool {
    match pattern {
        [] => text.is_empty(),
        ['%', rest @ ..] => (0..=text.len()).any(|skip| like(rest, &text[skip..])),
        ['_', rest @ ..] => !text.is_empty() && like(rest, &text[1..]),
        ['\\', literal, rest @ ..] => text.first() == Some(literal) && like(rest, &text[1..]),
        [literal, rest @ ..] => text.first() == Some(literal) && like(rest, &text[1..]),
    }
}

/// The name that a listing under a prefix finds in a stored key.
type Name = fn(&Prefix, &str) -> Option<String>;

/// Finds the keys of a prefix in its own way.
#[derive(Debug)]
struct Finds {
    name: Name,
    // A store has all its keys in one place; the right backend shows them by prefix.
    prefixes: Mutex<BTreeSet<Prefix>>,
}

impl Finds {
    fn by(name: Name) -> Self {
        Self { name, prefixes: Mutex::default() }
    }
}

impl Defect for Finds {
    fn write(&self, right: &dyn Inside, batch: &Batch) -> Result<Applied> {
        for change in batch.changes() {
            self.prefixes.lock().expect("no panic").insert(Prefix::new(change.key.prefix())?);
        }
        right.write(batch)
    }

    fn list(&self, right: &dyn Inside, prefix: &Prefix) -> Result<Vec<(Key, Stored)>> {
        let mut prefixes = self.prefixes.lock().expect("no panic").clone();
        // Something may have been put there past the contract.
        prefixes.insert(prefix.clone());
        let mut found = Vec::new();
        for known in &prefixes {
            let named = |(key, stored): (Key, Stored)| {
                let name = (self.name)(prefix, key.as_str())?;
                // What is no name is shown as it was found.
                Some((prefix.key(&name).unwrap_or(key), stored))
            };
            found.extend(right.list(known)?.into_iter().filter_map(named));
        }
        Ok(found)
    }
}

/// `LIKE prefix || '%'`, without escaping.
fn by_like(prefix: &Prefix, key: &str) -> Option<String> {
    let pattern: Vec<char> = prefix.as_str().chars().chain(['%']).collect();
    let text: Vec<char> = key.chars().collect();
    like(&pattern, &text).then(|| key.rsplit([':', '/']).next().unwrap_or(key).to_owned())
}

/// All that begins so.
fn by_beginning(prefix: &Prefix, key: &str) -> Option<String> {
    key.strip_prefix(prefix.as_str()).map(str::to_owned)
}

/// As a collation without case does.
fn by_folded_case(prefix: &Prefix, key: &str) -> Option<String> {
    let name = key.to_lowercase().strip_prefix(&prefix.as_str().to_lowercase())?.to_owned();
    (!name.contains([':', '/'])).then_some(name)
}

#[test]
fn a_listing_that_leaks_is_caught() {
    assert_right(|| Finds::by(|prefix, key| prefix.name_of(key).map(str::to_owned)));
    let by = [
        "pattern_characters_in_a_prefix_are_literal",
        "underscore_in_a_prefix_is_literal",
        "backslash_in_a_prefix_is_literal",
    ];
    assert_caught(|| Finds::by(by_like), &by);
    let by = ["prefix_of_another_prefix_is_isolated", "empty_prefix_lists_no_prefixed_keys", "separators_are_distinct"];
    assert_caught(|| Finds::by(by_beginning), &by);
    let by = ["prefixes_differ_by_case", "non_ascii_prefixes_are_distinct"];
    assert_caught(|| Finds::by(by_folded_case), &by);
}

/// Takes two keys for one, as a column's collation or a careless format does: the one that came first.
#[derive(Debug)]
struct Keys {
    fold: fn(&str) -> String,
    first: Mutex<HashMap<String, Key>>,
}

impl Keys {
    fn folded(fold: fn(&str) -> String) -> Self {
        Self { fold, first: Mutex::default() }
    }

    fn stored(&self, key: &Key) -> Key {
        self.first.lock().expect("no panic").entry((self.fold)(key.as_str())).or_insert_with(|| key.clone()).clone()
    }
}

impl Defect for Keys {
    fn read(&self, right: &dyn Inside, keys: &[&Key]) -> Result<Vec<Stored>> {
        let stored: Vec<Key> = keys.iter().map(|key| self.stored(key)).collect();
        right.read(&stored.iter().collect::<Vec<_>>())
    }

    fn write(&self, right: &dyn Inside, batch: &Batch) -> Result<Applied> {
        let changed = |change: &Change| {
            let mut change = change.clone();
            change.key = self.stored(&change.key);
            change
        };
        let changes = batch.changes().iter().map(changed).collect();
        right.write(&Batch::new(changes)?.wanting_previous(batch.want_previous()))
    }
}

#[test]
fn keys_that_lose_a_difference_are_caught() {
    assert_right(|| Keys::folded(str::to_owned));
    assert_caught(|| Keys::folded(str::to_ascii_lowercase), &["keys_differ_by_case", "prefixes_differ_by_case"]);
    assert_caught(|| Keys::folded(str::to_lowercase), &["non_ascii_prefixes_are_distinct"]);
    assert_caught(|| Keys::folded(|key| key.trim_end_matches('.').to_owned()), &["keys_differ_by_trailing_dot"]);
    assert_caught(|| Keys::folded(|key| key.replace(' ', "")), &["spaces_in_a_prefix_count"]);
    assert_caught(|| Keys::folded(|key| key.replace(['_', '-'], "")), &["keys_differ_by_punctuation"]);
    assert_caught(|| Keys::folded(|key| key.replace('\\', "")), &["backslash_in_a_prefix_is_literal"]);
    assert_caught(|| Keys::folded(|key| key.replace('\'', "\"")), &["quotes_in_a_prefix_are_literal"]);
    assert_caught(|| Keys::folded(|key| key.replace('/', ":")), &["separators_are_distinct"]);
    assert_caught(|| Keys::folded(|key| key.replace(":0", ":")), &["keys_differ_by_leading_zeros"]);
    assert_caught(|| Keys::folded(|key| key.trim_end_matches('2').to_owned()), &["keys_that_begin_alike_are_distinct"]);
    assert_caught(|| Keys::folded(|key| key.replace('Q', "q")), &["every_character_of_a_name_works"]);
    assert_caught(|| Keys::folded(|key| key.replace("null", "NULL")), &["reserved_words_are_names"]);
    let cut: fn() -> Keys = || Keys::folded(|key| key.chars().take(250).collect());
    assert_caught(cut, &["longest_keys_work", "long_prefixes_are_isolated"]);
    let bare: fn() -> Keys = || Keys::folded(|key| key.rsplit([':', '/']).next().unwrap_or(key).to_owned());
    assert_caught(bare, &["prefix_of_another_prefix_is_isolated", "one_read_may_span_prefixes"]);
}

/// A listing in pages loses the last one, or repeats a key.
#[derive(Debug)]
struct Pages(fn(&mut Vec<(Key, Stored)>));

impl Defect for Pages {
    fn list(&self, right: &dyn Inside, prefix: &Prefix) -> Result<Vec<(Key, Stored)>> {
        let mut found = right.list(prefix)?;
        (self.0)(&mut found);
        Ok(found)
    }
}

#[test]
fn a_listing_that_drops_or_repeats_is_caught() {
    assert_caught(|| Pages(|found| found.truncate(500)), &["many_keys_are_listed_once_each"]);
    assert_caught(
        || Pages(|found| found.extend(found.first().cloned())),
        &["many_keys_are_listed_once_each", "listing_agrees_with_reading", "empty_value_is_not_absent"],
    );
    assert_caught(|| Pages(|found| drop(found.pop())), &["listing_agrees_with_reading", "listing_during_writes_works"]);
    assert_caught(
        || Pages(|found| found.iter_mut().for_each(|(_, stored)| *stored = Stored::Absent)),
        &["listing_agrees_with_reading"],
    );
}

/// Portions of keys that go wrong.
#[derive(Debug)]
struct Portions(fn(Portion) -> Portion);

impl Defect for Portions {
    fn keys_from(&self, right: &dyn Inside, prefix: &Prefix, from: Option<&[u8]>) -> Result<Portion> {
        right.keys_from(prefix, from).map(self.0)
    }
}

#[test]
fn portions_that_drop_or_do_not_end_are_caught() {
    let by = ["portions_hold_every_listed_key"];
    assert_right(|| Portions(|portion| portion));
    assert_caught(|| Portions(|portion| Portion::last(portion.keys.into_iter().skip(1).collect())), &by);
    assert_caught(|| Portions(|portion| Portion::before(portion.keys, vec![1])), &by);
}

/// A key for the same text, split elsewhere.
fn split_elsewhere(found: &mut Vec<(Key, Stored)>) {
    for (key, _) in found {
        let (beginning, end) = key.as_str().split_at(key.as_str().len() - 1);
        *key = Prefix::without_separator(beginning).and_then(|prefix| prefix.key(end)).expect("a key");
    }
}

/// Where nothing is, something is shown.
fn never_empty(found: &mut Vec<(Key, Stored)>) {
    if found.is_empty() {
        found.push((Prefix::empty().key("autofilled").expect("a key"), Stored::Absent));
    }
}

#[test]
fn listed_keys_that_are_not_the_stored_ones_are_caught() {
    assert_caught(|| Pages(split_elsewhere), &["listed_keys_are_usable"]);
    assert_caught(|| Pages(never_empty), &["unused_prefix_lists_nothing"]);
}
