//! Reading gives what is stored, for every key that was asked for.

use std::collections::HashSet;

use super::batches::{batch, set};
use crate::testing::Fixture;
use crate::testing::fixture::{expect_stored, ok};
use crate::{
    ErrorKind,
    backend::{Key, Stored},
};

#[track_caller]
fn read(f: &Fixture<'_>, keys: &[&Key]) -> Vec<Stored> {
    let answers = ok(f.backend().read(keys), "a read of a store that answers");
    assert_eq!(answers.len(), keys.len(), "a read gives one answer for each key");
    answers
}

/// Stores a key's own text under each key, many at a time where that is possible.
fn fill(f: &Fixture<'_>, keys: &[Key]) {
    for some in keys.chunks(200) {
        let changes = some.iter().map(|key| set(key, key.as_str().as_bytes())).collect();
        match f.backend().write(&batch(changes)) {
            Err(error) if error.kind() == ErrorKind::Unsupported => {
                some.iter().for_each(|key| f.set(key, key.as_str().as_bytes()));
            }
            result => drop(ok(result, "a batch written to a store that answers")),
        }
    }
}

/// Nothing asked, nothing answered.
pub fn read_of_no_keys_is_empty(f: &Fixture<'_>) {
    f.set(&f.key("theme"), b"dark");
    assert!(read(f, &[]).is_empty());
}

/// In the order of the question, not of the keys or of their writing.
pub fn answers_come_in_the_order_of_the_keys(f: &Fixture<'_>) {
    let keys = ["c", "a", "d", "b"].map(|name| f.key(name));
    fill(f, &keys);
    for order in [[0, 1, 2, 3], [3, 2, 1, 0], [2, 0, 3, 1]] {
        let asked = order.map(|index| &keys[index]);
        for (key, found) in asked.iter().zip(read(f, &asked)) {
            expect_stored(&found, Some(key.as_str().as_bytes()), "answers come in the order of the keys");
        }
    }
}

/// A key that is asked for twice is answered twice.
pub fn repeated_keys_are_answered_each(f: &Fixture<'_>) {
    let (one, other, unset) = (f.key("one"), f.key("other"), f.key("unset"));
    f.set(&one, b"1");
    f.set(&other, b"2");
    let answers = read(f, &[&one, &other, &one, &unset, &unset, &one]);
    let wanted: [Option<&[u8]>; 6] = [Some(b"1"), Some(b"2"), Some(b"1"), None, None, Some(b"1")];
    for (found, wanted) in answers.iter().zip(wanted) {
        expect_stored(found, wanted, "a key that is asked for twice is answered twice, in its place");
    }
}

/// The read that says how old its answer is answers as the other.
pub fn read_with_its_age_reads_the_same(f: &Fixture<'_>) {
    let (one, other, unset) = (f.key("one"), f.key("other"), f.key("unset"));
    f.set(&one, b"1");
    f.set(&other, b"2");
    for keys in [&[][..], &[&one], &[&unset, &other, &one, &unset]] {
        let (found, _) = ok(f.backend().read_with_age(keys), "a read of a store that answers");
        assert_eq!(found, read(f, keys), "a read with its age gives what a read gives");
    }
}

/// What is absent keeps its place among what is stored.
pub fn absent_keys_keep_their_place(f: &Fixture<'_>) {
    let keys: Vec<Key> = (0..20).map(|i| f.key(&format!("k{i}"))).collect();
    let stored: Vec<Key> = keys.iter().step_by(3).cloned().collect();
    fill(f, &stored);
    for (index, found) in read(f, &keys.iter().collect::<Vec<_>>()).iter().enumerate() {
        let wanted = (index % 3 == 0).then(|| keys[index].as_str().as_bytes());
        expect_stored(found, wanted, "an absent key is `Absent` in its own place");
    }
}

/// More keys than fit into one query of some stores.
pub fn thousand_keys_are_read_at_once(f: &Fixture<'_>) {
    let keys: Vec<Key> = (0..1_000).map(|i| f.key(&format!("k{i}"))).collect();
    fill(f, &keys[..999]);
    for (key, found) in keys.iter().zip(read(f, &keys.iter().collect::<Vec<_>>())) {
        let wanted = (*key != keys[999]).then(|| key.as_str().as_bytes());
        expect_stored(&found, wanted, "a read of 1,000 keys answers each");
    }
}

/// One read may span prefixes.
pub fn one_read_may_span_prefixes(f: &Fixture<'_>) {
    let keys = ["", "a:", "b/"].map(|tail| f.key_under(&f.prefix(tail), "theme"));
    fill(f, &keys);
    for (key, found) in keys.iter().zip(read(f, &keys.iter().collect::<Vec<_>>())) {
        expect_stored(&found, Some(key.as_str().as_bytes()), "one read may ask under several prefixes");
    }
}

/// Asking for what is absent leaves it absent.
pub fn reading_writes_nothing(f: &Fixture<'_>) {
    let key = f.key("unset");
    for _ in 0..2 {
        f.expect(&key, None, "a read writes nothing");
        ok(f.backend().visit(&key, &mut |_| ()), "a visit of a store that answers");
        f.backend().declare(std::slice::from_ref(&key));
    }
    assert!(f.list(&f.prefix("")).is_empty(), "broken: a read writes nothing; the key is listed after it");
}

/// The same keys and the same values.
pub fn listing_agrees_with_reading(f: &Fixture<'_>) {
    let keys: Vec<Key> = ["b", "a", "C", "d.e", "_", "-"].iter().map(|name| f.key(name)).collect();
    fill(f, &keys);
    f.set(&keys[0], b"");
    f.remove(&keys[1]);
    let listed = f.list(&f.prefix(""));
    assert_eq!(listed.len(), keys.len() - 1, "a listing shows every stored key once, and no removed one");
    for (key, stored) in &listed {
        assert!(keys.contains(key), "a listing shows {key}, which was never written");
        assert!(f.get(key) == *stored, "a listing and a read of {key} must agree");
    }
}

/// A listing in pages forgets nothing and repeats nothing.
pub fn many_keys_are_listed_once_each(f: &Fixture<'_>) {
    let mut keys: Vec<Key> = (0..600).map(|i| f.key(&format!("k{i}"))).collect();
    fill(f, &keys);
    keys.sort();
    let listed: Vec<Key> = f.list(&f.prefix("")).into_iter().map(|(key, _)| key).collect();
    assert_eq!(listed.len(), keys.len(), "a listing shows every key once");
    assert!(listed == keys, "a listing shows exactly the keys that are stored");
}

/// A listing of keys in portions ends, and shows what the listing shows.
pub fn portions_hold_every_listed_key(f: &Fixture<'_>) {
    let mut keys: Vec<Key> = (0..600).map(|i| f.key(&format!("k{i}"))).collect();
    fill(f, &keys);
    f.set(&f.key_under(&f.prefix("other:"), "k"), b"1");
    keys.sort();
    let (prefix, mut found, mut from) = (f.prefix(""), Vec::new(), None);
    let mut places = HashSet::new();
    for _ in 0..10_000 {
        let portion = ok(f.backend().keys_from(&prefix, from.as_deref()), "a portion of the keys");
        found.extend(portion.keys);
        from = portion.next;
        // From a place where it has been it would go on for ever.
        if from.as_ref().is_none_or(|place| !places.insert(place.clone())) {
            break;
        }
    }
    assert_eq!(from, None, "a listing in portions ends");
    found.sort();
    // A store may show one twice.
    found.dedup();
    assert!(found == keys, "a listing in portions shows exactly the keys that are stored");
}

/// The keys of a listing name their settings, and work as keys.
pub fn listed_keys_are_usable(f: &Fixture<'_>) {
    let prefix = f.prefix("a:");
    f.set(&f.key_under(&prefix, "theme"), b"dark");
    let listed = f.list(&prefix);
    assert_eq!(listed.len(), 1, "a listing shows the one key that is stored");
    let key = &listed[0].0;
    assert_eq!((key.prefix(), key.name()), (prefix.as_str(), "theme"), "a listed key knows its prefix and name");
    f.remove(key);
    f.expect(key, None, "a listed key can be removed");
}
