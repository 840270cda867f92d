//! Keys whose value in the cache may be outdated, as far as this process knows.

use std::sync::atomic::{AtomicBool, Ordering};

use constance_core::backend::{Key, KeyMap};
use parking_lot::Mutex;

/// Keys that could not be cleared in the cache, or were written without a mark. This process reads them from the store, and
/// clears them as soon as the cache answers.
#[derive(Debug, Default)]
pub(super) struct PendingInvalidations {
    /// Whether there may be any: where there are none, a read takes no lock.
    any: AtomicBool,
    keys: Mutex<KeyMap<Pending>>,
}

#[derive(Debug, Default, Clone, Copy)]
struct Pending {
    /// Grows each time the key is added: clearing it covers only what was added before.
    times: u64,
    /// Writers that have not committed yet: clearing now would be too early.
    writers: usize,
}

impl PendingInvalidations {
    /// Adds keys that a writer is about to commit without a mark.
    pub(super) fn writer_started<'k>(&self, keys: impl IntoIterator<Item = &'k Key>) {
        self.insert(keys, 1);
    }

    /// The writer has committed, or given up.
    pub(super) fn writer_finished<'k>(&self, keys: impl IntoIterator<Item = &'k Key>) {
        let mut map = self.keys.lock();
        for key in keys {
            if let Some(pending) = map.get_mut(key) {
                pending.writers = pending.writers.saturating_sub(1);
                pending.times += 1;
            }
        }
    }

    /// Adds keys to be cleared.
    pub(super) fn add<'k>(&self, keys: impl IntoIterator<Item = &'k Key>) {
        self.insert(keys, 0);
    }

    fn insert<'k>(&self, keys: impl IntoIterator<Item = &'k Key>, writers: usize) {
        let mut map = self.keys.lock();
        for key in keys {
            let pending = map.entry(key.clone()).or_default();
            pending.times += 1;
            pending.writers += writers;
            self.any.store(true, Ordering::Release);
        }
    }

    /// Whether there are none.
    pub(super) fn is_empty(&self) -> bool {
        !self.any.load(Ordering::Acquire)
    }

    pub(super) fn contains(&self, key: &Key) -> bool {
        !self.is_empty() && self.keys.lock().contains_key(key)
    }

    /// What can be cleared now, with the number to give to [`cleared`](Self::cleared).
    pub(super) fn due(&self) -> Vec<(Key, u64)> {
        let map = self.keys.lock();
        let due = map.iter().filter(|(_, pending)| pending.writers == 0);
        due.map(|(key, pending)| (key.clone(), pending.times)).collect()
    }

    /// Removes keys that were cleared, unless they have been added again meanwhile.
    pub(super) fn cleared(&self, cleared: &[(Key, u64)]) {
        let mut map = self.keys.lock();
        for (key, times) in cleared {
            if map.get(key).is_some_and(|pending| pending.times == *times && pending.writers == 0) {
                map.remove(key);
            }
        }
        if map.is_empty() {
            self.any.store(false, Ordering::Release);
        }
    }
}

#[cfg(test)]
mod tests {
    use constance_core::{Prefix, Result};

    use super::*;

    #[test]
    fn a_key_is_cleared_after_the_commit_and_not_before() -> Result<()> {
        let (pending, key) = (PendingInvalidations::default(), Prefix::empty().key("theme")?);
        pending.writer_started([&key]);
        assert!(pending.contains(&key) && pending.due().is_empty());
        pending.writer_finished([&key]);
        let due = pending.due();
        assert_eq!(due.len(), 1);
        pending.writer_started([&key]);
        pending.cleared(&due);
        assert!(pending.contains(&key), "another writer came in between");
        pending.writer_finished([&key]);
        pending.cleared(&pending.due());
        assert!(pending.is_empty());
        Ok(())
    }

    #[test]
    fn what_is_added_again_while_it_is_cleared_stays() -> Result<()> {
        let (pending, key) = (PendingInvalidations::default(), Prefix::empty().key("theme")?);
        pending.add([&key]);
        let due = pending.due();
        pending.add([&key]);
        pending.cleared(&due);
        assert!(pending.contains(&key));
        Ok(())
    }
}
