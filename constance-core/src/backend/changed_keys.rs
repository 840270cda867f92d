//! Which keys changed.

use std::fmt;

use super::{Key, KeyMap};

/// The keys that a [`Watch`](super::Watch) names, or everything under its prefix.
///
/// It holds at most 1,000 keys: with one more it is everything, so that a feed whose listener never asks stays small.
///
/// ```
/// use constance_core::{Prefix, backend::ChangedKeys};
///
/// let (a, b) = (Prefix::empty().key("a")?, Prefix::empty().key("b")?);
/// let mut changed = ChangedKeys::none();
/// changed.add(a.clone());
/// assert!(changed.contains(&a) && !changed.contains(&b));
///
/// // Some changes could not be seen: any key may be another.
/// changed.join(ChangedKeys::everything());
/// assert!(changed.contains(&b));
/// assert!(changed.keys().is_none());
/// # Ok::<(), constance_core::Error>(())
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct ChangedKeys(Option<KeyMap<()>>);

/// The most keys that are named.
const MOST: usize = 1_000;

impl ChangedKeys {
    /// No key.
    #[must_use]
    pub fn none() -> Self {
        Self(Some(KeyMap::default()))
    }

    /// Every key: which ones changed is not known.
    #[must_use]
    pub const fn everything() -> Self {
        Self(None)
    }

    /// Adds a key.
    pub fn add(&mut self, key: Key) {
        if let Some(keys) = &mut self.0 {
            keys.insert(key, ());
            if keys.len() > MOST {
                self.0 = None;
            }
        }
    }

    /// Adds those of another feed or moment.
    pub fn join(&mut self, other: Self) {
        match other.0 {
            Some(keys) => keys.into_keys().for_each(|key| self.add(key)),
            None => self.0 = None,
        }
    }

    /// Gives what is named, and names no key any more.
    #[must_use]
    pub fn take(&mut self) -> Self {
        std::mem::take(self)
    }

    /// The keys; `None` where it is everything.
    #[must_use]
    pub fn keys(&self) -> Option<impl Iterator<Item = &Key> + Clone> {
        self.0.as_ref().map(KeyMap::keys)
    }

    /// Whether this key is among them.
    #[must_use]
    pub fn contains(&self, key: &Key) -> bool {
        self.0.as_ref().is_none_or(|keys| keys.contains_key(key))
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.as_ref().is_some_and(KeyMap::is_empty)
    }

    /// Whether any key may have changed.
    #[must_use]
    pub fn is_everything(&self) -> bool {
        self.0.is_none()
    }
}

impl Default for ChangedKeys {
    fn default() -> Self {
        Self::none()
    }
}

impl FromIterator<Key> for ChangedKeys {
    fn from_iter<I: IntoIterator<Item = Key>>(keys: I) -> Self {
        let mut changed = Self::none();
        keys.into_iter().for_each(|key| changed.add(key));
        changed
    }
}

impl fmt::Debug for ChangedKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.keys() {
            Some(keys) => f.debug_set().entries(keys.map(Key::as_str)).finish(),
            None => f.write_str("everything"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Prefix, Result};

    #[test]
    fn more_than_it_holds_is_everything() -> Result<()> {
        let mut changed = ChangedKeys::none();
        for number in 0..=MOST {
            assert!(!changed.is_everything());
            changed.add(Prefix::empty().key(&format!("key{number}"))?);
        }
        assert!(changed.is_everything());
        assert!(changed.take().is_everything());
        assert!(changed.is_empty(), "what was taken is not named again");
        Ok(())
    }
}
