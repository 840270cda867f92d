//! Stored keys that no setting declares any more.

use std::collections::HashSet;

use super::{Config, Front, SettingKeys};
use crate::{Action, Backend, Batch, Change, Codec, ErrorKind, Key, Portion, Result, Settings};

/// Stored keys under the prefix that no setting and no alias declares, from [`Config::stale_keys`] and
/// [`Config::stale_portions`].
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

    /// All of these portions as one.
    pub(crate) fn all(portions: Vec<Self>) -> Self {
        let mut keys: Vec<Key> = portions.into_iter().flat_map(|portion| portion.0).collect();
        keys.sort();
        // A listing may meet one twice.
        keys.dedup();
        Self(keys)
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
        self.stale_portions().collect::<Result<_>>().map(StaleKeys::all)
    }

    /// The same in portions, for a store of a great many: no more than one of them is in memory. A portion may be empty, which
    /// is time to show how far it is, and each may be removed before the next is looked for.
    ///
    /// Where the store is changed meanwhile, a key may come twice. After an error there is nothing more.
    ///
    /// ```
    /// # use constance_core::{Config, Settings};
    /// # use constance_core::testing::ReferenceBackend as MemoryBackend;
    /// # #[derive(Clone, Settings)]
    /// # struct Shop {
    /// #     #[setting(default = 42)]
    /// #     the_answer: i64,
    /// # }
    /// # let config = Config::<Shop>::new(MemoryBackend::default());
    /// let mut removed = 0;
    /// for stale in config.stale_portions() {
    ///     let stale = stale?;
    ///     config.remove_stale_keys(&stale)?;
    ///     removed += stale.len();
    /// }
    /// # Ok::<(), constance_core::Error>(())
    /// ```
    pub fn stale_portions(&self) -> impl Iterator<Item = Result<StaleKeys>> {
        let inner = &*self.inner;
        let mut next = Some(None::<Vec<u8>>);
        std::iter::from_fn(move || {
            let from = next.take()?;
            let portion = inner.backend.keys_from(&inner.prefix, from.as_deref());
            Some(portion.map_err(|e| inner.explain(e, Action::List)).map(|portion| {
                next = portion.next.clone().map(Some);
                inner.stale_among(portion)
            }))
        })
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
    pub(crate) fn stale_among(&self, portion: Portion) -> StaleKeys {
        let declared: HashSet<&Key> = self.keys.iter().flat_map(SettingKeys::all).collect();
        StaleKeys::all(vec![StaleKeys(portion.keys.into_iter().filter(|key| !declared.contains(key)).collect())])
    }
}
