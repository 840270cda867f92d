//! Stored keys that no setting declares any more.

use std::collections::HashSet;

use super::{Config, Front, SettingKeys};
use crate::{Action, Backend, Batch, Change, Codec, ErrorKind, Key, Result, Settings, Stored};

/// Stored keys under the prefix that no setting and no alias declares, from [`Config::stale_keys`].
///
/// It says what [`Config::remove_stale_keys`] would remove, and nothing else is removed: neither keys under another prefix,
/// nor keys that became stale since.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StaleKeys(Vec<Key>);

impl StaleKeys {
    /// The names, without the prefix, sorted.
    pub fn names(&self) -> impl ExactSizeIterator<Item = &str> {
        self.0.iter().map(Key::name)
    }

    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The batch that removes them all, if there are any.
    pub(crate) fn removal(&self) -> Result<Option<Batch>> {
        let removals: Vec<Change> = self.0.iter().cloned().map(Change::remove).collect();
        if removals.is_empty() { Ok(None) } else { Batch::new(removals).map(Some) }
    }

    /// The same, one by one.
    pub(crate) fn removals(&self) -> impl Iterator<Item = Batch> {
        self.0.iter().cloned().map(|key| Batch::one(Change::remove(key)))
    }
}

impl<S: Settings, C: Codec, B: Backend> Config<S, C, B> {
    /// Finds the stored keys that no setting declares. It lists the prefix, which may take many round trips.
    ///
    /// Under a prefix [without a separator](crate::Prefix::without_separator) these may be keys of another application.
    ///
    /// # Errors
    ///
    /// Where the store could not be asked.
    pub fn stale_keys(&self) -> Result<StaleKeys> {
        let inner = &*self.inner;
        let listed = inner.backend.list(&inner.prefix).map_err(|e| inner.explain(e, Action::List))?;
        Ok(inner.stale_among(listed))
    }

    /// Removes these keys: as a whole where the backend can, else one by one. Those already gone are no error.
    ///
    /// # Errors
    ///
    /// Where the store could not be asked; then some may be removed.
    ///
    /// ```
    /// # use constance_core::{Backend, Batch, Change, Config, Encoded, Settings};
    /// # use constance_core::testing::ReferenceBackend as MemoryBackend;
    /// # #[derive(Clone, Settings)]
    /// # struct Shop {
    /// #     #[setting(default = 42)]
    /// #     the_answer: i64,
    /// # }
    /// # let config = Config::<Shop>::new(MemoryBackend::default());
    /// # let old = config.prefix().key("old_name")?;
    /// # config.backend().write(&Batch::one(Change::set(old, Encoded::from(vec![1]))))?;
    /// let stale = config.stale_keys()?;
    /// assert_eq!(stale.names().collect::<Vec<_>>(), ["old_name"]);
    /// config.remove_stale_keys(&stale)?;
    /// assert!(config.stale_keys()?.is_empty());
    /// # Ok::<(), constance_core::Error>(())
    /// ```
    pub fn remove_stale_keys(&self, stale: &StaleKeys) -> Result<()> {
        let inner = &*self.inner;
        let Some(whole) = stale.removal()? else { return Ok(()) };
        let removed = match inner.backend.write(&whole) {
            Err(error) if error.kind() == ErrorKind::Unsupported => {
                stale.removals().try_for_each(|one| inner.backend.write(&one).map(drop))
            }
            whole => whole.map(drop),
        };
        removed.map_err(|e| inner.explain(e, Action::Write))
    }
}

impl<S: Settings, C: Codec> Front<S, C> {
    pub(crate) fn stale_among(&self, listed: Vec<(Key, Stored)>) -> StaleKeys {
        let declared: HashSet<&Key> = self.keys.iter().flat_map(SettingKeys::all).collect();
        let mut stale: Vec<Key> =
            listed.into_iter().map(|(key, _)| key).filter(|key| !declared.contains(key)).collect();
        stale.sort();
        StaleKeys(stale)
    }
}
