//! The entries of the cache, for readers that take no lock.

use std::array;
use std::hash::{BuildHasher, BuildHasherDefault};
use std::sync::Arc;

use arc_swap::{ArcSwap, Guard};
use constance_core::backend::{Key, KeyHasher, KeyMap, Stored};

/// The entry of one key.
#[derive(Clone)]
pub(super) struct Entry {
    pub(super) stored: Stored,
    /// The number of its fetch. Entries of one fetch are of one moment.
    pub(super) fetch: u64,
    /// When that fetch began.
    pub(super) began: u64,
    /// How much older than the fetch it is.
    pub(super) older: u64,
    /// When it expires.
    pub(super) expires: u64,
}

impl Entry {
    /// How old it is for a read that began at this moment.
    pub(super) fn age(&self, asked: u64) -> u64 {
        asked.saturating_sub(self.began).saturating_add(self.older)
    }
}

/// Immutable maps, each with a shard of the keys, which are replaced by changed copies.
///
/// A reader pays for a guard load, and writes to no memory that another thread reads. A fill copies only the shards that
/// it touches: for one of 1,000 keys about thirty entries.
pub(super) struct Entries([ArcSwap<KeyMap<Entry>>; SHARDS]);

const SHARDS: usize = 32;

impl Entries {
    pub(super) fn new() -> Self {
        Self(array::from_fn(|_| ArcSwap::default()))
    }

    /// The shard in which a key is, if it is anywhere.
    #[inline]
    pub(super) fn shard_of(&self, key: &Key) -> Guard<Arc<KeyMap<Entry>>> {
        self.0[shard(key)].load()
    }

    /// How many there are.
    pub(super) fn len(&self) -> usize {
        self.0.iter().map(|shard| shard.load().len()).sum()
    }

    /// Puts entries in, and takes the useless ones of the same shards out, since these are copied anyway. Changes are the
    /// business of one thread at a time.
    pub(super) fn insert(&self, entries: Vec<(Key, Entry)>, is_useless: impl Fn(&Entry) -> bool) {
        let mut of_shard: [Vec<(Key, Entry)>; SHARDS] = array::from_fn(|_| Vec::new());
        for (key, entry) in entries {
            of_shard[shard(&key)].push((key, entry));
        }
        for (shard, entries) in self.0.iter().zip(of_shard).filter(|(_, entries)| !entries.is_empty()) {
            let old = shard.load();
            let kept =
                old.iter().filter(|(_, entry)| !is_useless(entry)).map(|(key, entry)| (key.clone(), entry.clone()));
            let mut new: KeyMap<Entry> = kept.collect();
            new.extend(entries);
            shard.store(Arc::new(new));
        }
    }

    /// Takes keys out.
    pub(super) fn remove<'k>(&self, keys: impl Iterator<Item = &'k Key>) {
        let mut of_shard: [Vec<&Key>; SHARDS] = array::from_fn(|_| Vec::new());
        keys.for_each(|key| of_shard[shard(key)].push(key));
        for (shard, keys) in self.0.iter().zip(of_shard) {
            let old = shard.load();
            if keys.iter().any(|key| old.contains_key(*key)) {
                let mut new = KeyMap::clone(&old);
                keys.iter().for_each(|key| drop(new.remove(*key)));
                shard.store(Arc::new(new));
            }
        }
    }

    /// Changes every entry for which `change` gives another one or none.
    pub(super) fn update_all(&self, change: impl Fn(&Key, &Entry) -> Option<Entry>) {
        for shard in &self.0 {
            let old = shard.load();
            if !old.is_empty() {
                let revised = old.iter().filter_map(|(key, entry)| Some((key.clone(), change(key, entry)?)));
                shard.store(Arc::new(revised.collect()));
            }
        }
    }
}

#[inline]
fn shard(key: &Key) -> usize {
    // Neither the lowest bits nor the highest, by which the maps find their places.
    let hash = BuildHasherDefault::<KeyHasher>::default().hash_one(key);
    (hash >> 32) as usize % SHARDS
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
        entries.shard_of(key).get(key).map(|entry| entry.fetch)
    }

    #[test]
    fn a_change_touches_the_named_keys_only() {
        let (entries, keys) = (Entries::new(), keys(1_000));
        entries.insert(keys.iter().map(|key| (key.clone(), entry(1))).collect(), |_| false);
        entries.insert(vec![(keys[7].clone(), entry(2))], |_| false);
        entries.remove(keys[8..10].iter());
        assert_eq!(entries.len(), 998);
        assert_eq!(found(&entries, &keys[6]), Some(1));
        assert_eq!(found(&entries, &keys[7]), Some(2));
        assert_eq!((found(&entries, &keys[8]), found(&entries, &keys[9])), (None, None));
    }

    #[test]
    fn a_fill_copies_a_small_share() {
        let (entries, keys) = (Entries::new(), keys(1_000));
        entries.insert(keys.iter().map(|key| (key.clone(), entry(1))).collect(), |_| false);
        let before: Vec<_> = entries.0.iter().map(ArcSwap::load_full).collect();
        entries.insert(vec![(keys[7].clone(), entry(2))], |_| false);
        let copied = |(old, new): (&Arc<KeyMap<Entry>>, &ArcSwap<KeyMap<Entry>>)| !Arc::ptr_eq(old, &new.load());
        assert_eq!(before.iter().zip(&entries.0).filter(|pair| copied(*pair)).count(), 1);
        assert!(before.iter().all(|shard| shard.len() < 100), "the keys are spread over the shards");
    }

    #[test]
    fn useless_entries_go_with_the_next_copy() {
        let (entries, keys) = (Entries::new(), keys(1_000));
        entries.insert(keys.iter().map(|key| (key.clone(), entry(1))).collect(), |_| false);
        // Which shard a key is in differs from process to process: one of each.
        let of = |place: usize| keys.iter().find(|key| shard(key) == place).expect("each shard has one of so many");
        entries.insert((0..SHARDS).map(|place| (of(place).clone(), entry(2))).collect(), |entry| entry.fetch == 1);
        assert_eq!(entries.len(), SHARDS, "every shard was copied, and rid of what is useless");
    }
}
