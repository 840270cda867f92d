//! Keys of which the cache may hold an old value, as far as this process knows.

use std::sync::atomic::{AtomicBool, Ordering};

use constance_core::{Key, KeyMap};
use parking_lot::Mutex;

/// What could not be cleared, or was written without a mark. This process reads such keys from the store, and clears them as
/// soon as the cache answers.
#[derive(Debug, Default)]
pub(super) struct Debts {
    /// Whether there may be any: a read looks no further where there are none.
    any: AtomicBool,
    keys: Mutex<KeyMap<Debt>>,
}

#[derive(Debug, Default, Clone, Copy)]
struct Debt {
    /// Grows when the key is owed anew: what is paid meanwhile does not cover it.
    times: u64,
    /// Writers that have not committed yet: clearing now would be too early.
    writers: usize,
}

impl Debts {
    /// A writer is about to commit without a mark.
    pub(super) fn open<'k>(&self, keys: impl IntoIterator<Item = &'k Key>) {
        self.add(keys, 1);
    }

    /// It has committed.
    pub(super) fn close<'k>(&self, keys: impl IntoIterator<Item = &'k Key>) {
        let mut map = self.keys.lock();
        for key in keys {
            if let Some(debt) = map.get_mut(key) {
                debt.writers = debt.writers.saturating_sub(1);
                debt.times += 1;
            }
        }
    }

    /// These are to be cleared.
    pub(super) fn owe<'k>(&self, keys: impl IntoIterator<Item = &'k Key>) {
        self.add(keys, 0);
    }

    fn add<'k>(&self, keys: impl IntoIterator<Item = &'k Key>, writers: usize) {
        let mut map = self.keys.lock();
        for key in keys {
            let debt = map.entry(key.clone()).or_default();
            debt.times += 1;
            debt.writers += writers;
            self.any.store(true, Ordering::Release);
        }
    }

    /// Whether there is nothing to look for.
    pub(super) fn is_empty(&self) -> bool {
        !self.any.load(Ordering::Acquire)
    }

    pub(super) fn has(&self, key: &Key) -> bool {
        !self.is_empty() && self.keys.lock().contains_key(key)
    }

    /// What can be cleared now, and how often it is owed.
    pub(super) fn due(&self) -> Vec<(Key, u64)> {
        let map = self.keys.lock();
        map.iter().filter(|(_, debt)| debt.writers == 0).map(|(key, debt)| (key.clone(), debt.times)).collect()
    }

    /// These were cleared, unless they have been owed anew.
    pub(super) fn paid(&self, paid: &[(Key, u64)]) {
        let mut map = self.keys.lock();
        for (key, times) in paid {
            if map.get(key).is_some_and(|debt| debt.times == *times && debt.writers == 0) {
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
    fn a_debt_is_paid_after_the_commit_and_not_before() -> Result<()> {
        let (debts, key) = (Debts::default(), Prefix::empty().key("theme")?);
        debts.open([&key]);
        assert!(debts.has(&key) && debts.due().is_empty());
        debts.close([&key]);
        let due = debts.due();
        assert_eq!(due.len(), 1);
        debts.open([&key]);
        debts.paid(&due);
        assert!(debts.has(&key), "another writer came in between");
        debts.close([&key]);
        debts.paid(&debts.due());
        assert!(debts.is_empty());
        Ok(())
    }

    #[test]
    fn what_is_owed_anew_while_it_is_paid_is_still_owed() -> Result<()> {
        let (debts, key) = (Debts::default(), Prefix::empty().key("theme")?);
        debts.owe([&key]);
        let due = debts.due();
        debts.owe([&key]);
        debts.paid(&due);
        assert!(debts.has(&key));
        Ok(())
    }
}
