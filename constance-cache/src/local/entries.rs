//! What is remembered, for readers that take no lock.

use std::array;
use std::hash::{BuildHasher, BuildHasherDefault};
use std::sync::Arc;

use arc_swap::{ArcSwap, Guard};
use constance_core::{CarriedHash, Key, KeyMap, Stored};

/// What is remembered of one key.
#[derive(Clone)]
pub(super) struct Entry {
    pub(super) stored: Stored,
    /// The fetch that it came from. Entries of one fetch are of one moment.
    pub(super) fetch: u64,
    /// When that fetch began.
    pub(super) began: u64,
    /// How much older than the fetch it is.
    pub(super) older: u64,
    /// The moment from which on it is too old.
    pub(super) expires: u64,
}

impl Entry {
    /// How old it is for a question of this moment.
    pub(super) fn age(&self, asked: u64) -> u64 {
        asked.saturating_sub(self.began).saturating_add(self.older)
    }
}

/// Immutable maps, each with a share of the keys, which are replaced by changed copies.
///
/// A reader pays for a guard load, and writes to no memory that another thread reads. A fill copies only the shares that
/// it touches: for one of 1,000 keys about thirty entries.
pub(super) struct Entries([ArcSwap<KeyMap<Entry>>; SHARES]);

const SHARES: usize = 32;

impl Entries {
    pub(super) fn new() -> Self {
        Self(array::from_fn(|_| ArcSwap::default()))
    }

    /// The share in which a key is, if it is anywhere.
    #[inline]
    pub(super) fn share_of(&self, key: &Key) -> Guard<Arc<KeyMap<Entry>>> {
        self.0[share(key)].load()
    }

    /// How many there are.
    pub(super) fn len(&self) -> usize {
        self.0.iter().map(|share| share.load().len()).sum()
    }

    /// Puts entries in, and takes the useless ones of the same shares out, since these are copied anyway. Changes are the
    /// business of one thread at a time.
    pub(super) fn put(&self, entries: Vec<(Key, Entry)>, useless: impl Fn(&Entry) -> bool) {
        let mut of_share: [Vec<(Key, Entry)>; SHARES] = array::from_fn(|_| Vec::new());
        for (key, entry) in entries {
            of_share[share(&key)].push((key, entry));
        }
        for (share, entries) in self.0.iter().zip(of_share).filter(|(_, entries)| !entries.is_empty()) {
            let old = share.load();
            let kept = old.iter().filter(|(_, entry)| !useless(entry)).map(|(key, entry)| (key.clone(), entry.clone()));
            let mut new: KeyMap<Entry> = kept.collect();
            new.extend(entries);
            share.store(Arc::new(new));
        }
    }

    /// Takes keys out.
    pub(super) fn remove<'k>(&self, keys: impl Iterator<Item = &'k Key>) {
        let mut of_share: [Vec<&Key>; SHARES] = array::from_fn(|_| Vec::new());
        keys.for_each(|key| of_share[share(key)].push(key));
        for (share, keys) in self.0.iter().zip(of_share) {
            let old = share.load();
            if keys.iter().any(|key| old.contains_key(*key)) {
                let mut new = KeyMap::clone(&old);
                keys.iter().for_each(|key| drop(new.remove(*key)));
                share.store(Arc::new(new));
            }
        }
    }

    /// Changes every entry for which `change` gives another one or none.
    pub(super) fn revise(&self, change: impl Fn(&Key, &Entry) -> Option<Entry>) {
        for share in &self.0 {
            let old = share.load();
            if !old.is_empty() {
                let revised = old.iter().filter_map(|(key, entry)| Some((key.clone(), change(key, entry)?)));
                share.store(Arc::new(revised.collect()));
            }
        }
    }
}

#[inline]
fn share(key: &Key) -> usize {
    // Neither the lowest bits nor the highest, by which the maps find their places.
    let hash = BuildHasherDefault::<CarriedHash>::default().hash_one(key);
    (hash >> 32) as usize % SHARES
}

#[cfg(test)]
mod tests {
    use constance_core::Prefix;

    use super::*;

    fn keys(count: usize) -> Vec<Key> {
        (0..count).map(|i| Prefix::empty().key(&format!("k{i}")).expect("a key")).collect()
    }

    fn entry(fetch: u64) -> Entry {
        Entry { stored: Stored::Absent, fetch, began: 0, older: 0, expires: 10 }
    }

    fn found(entries: &Entries, key: &Key) -> Option<u64> {
        entries.share_of(key).get(key).map(|entry| entry.fetch)
    }

    #[test]
    fn a_change_touches_the_named_keys_only() {
        let (entries, keys) = (Entries::new(), keys(1_000));
        entries.put(keys.iter().map(|key| (key.clone(), entry(1))).collect(), |_| false);
        entries.put(vec![(keys[7].clone(), entry(2))], |_| false);
        entries.remove(keys[8..10].iter());
        assert_eq!(entries.len(), 998);
        assert_eq!(found(&entries, &keys[6]), Some(1));
        assert_eq!(found(&entries, &keys[7]), Some(2));
        assert_eq!((found(&entries, &keys[8]), found(&entries, &keys[9])), (None, None));
    }

    #[test]
    fn a_fill_copies_a_small_share() {
        let (entries, keys) = (Entries::new(), keys(1_000));
        entries.put(keys.iter().map(|key| (key.clone(), entry(1))).collect(), |_| false);
        let before: Vec<_> = entries.0.iter().map(ArcSwap::load_full).collect();
        entries.put(vec![(keys[7].clone(), entry(2))], |_| false);
        let copied = |(old, new): (&Arc<KeyMap<Entry>>, &ArcSwap<KeyMap<Entry>>)| !Arc::ptr_eq(old, &new.load());
        assert_eq!(before.iter().zip(&entries.0).filter(|pair| copied(*pair)).count(), 1);
        assert!(before.iter().all(|share| share.len() < 100), "the keys are spread over the shares");
    }

    #[test]
    fn useless_entries_go_with_the_next_copy() {
        let (entries, keys) = (Entries::new(), keys(1_000));
        entries.put(keys.iter().map(|key| (key.clone(), entry(1))).collect(), |_| false);
        // Which share a key is in differs from process to process: one of each.
        let of = |place: usize| keys.iter().find(|key| share(key) == place).expect("each share has one of so many");
        entries.put((0..SHARES).map(|place| (of(place).clone(), entry(2))).collect(), |entry| entry.fetch == 1);
        assert_eq!(entries.len(), SHARES, "every share was copied, and rid of what is useless");
    }
}
