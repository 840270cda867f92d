//! Stored keys that this program does not declare.

use std::collections::{BTreeSet, HashSet};

use super::{Config, Front, SettingKeys};
use crate::{
    Action, Backend, Codec, Error, ErrorKind, Result, Settings,
    backend::{Applied, Batch, Change, Key, Portion, Stored},
};

impl<S: Settings, C: Codec, B: Backend> Config<S, C, B> {
    /// The names under which something is stored that this program does not declare, neither as a setting nor as an alias;
    /// sorted. It lists the prefix, which may take many round trips.
    ///
    /// Another program may declare them and use them: one that shares the store, or another version of this one. Under a
    /// prefix [without a separator](crate::Prefix::without_separator) they may even be keys of another application.
    ///
    /// # Errors
    ///
    /// Where the store could not be asked.
    pub fn stale_keys(&self) -> Result<Vec<String>> {
        Ok(joined(self.stale_portions().collect::<Result<_>>()?))
    }

    /// The same in portions, for a store of a great many: no more than one of them is in memory. A portion may be empty, which
    /// is time to show how far it is.
    ///
    /// Where the store is changed meanwhile, a name may come twice. After an error there is nothing more.
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
    /// for portion in config.stale_portions() {
    ///     for name in portion? {
    ///         println!("{name} is not declared by this program");
    ///     }
    /// }
    /// # Ok::<(), constance_core::Error>(())
    /// ```
    pub fn stale_portions(&self) -> impl Iterator<Item = Result<Vec<String>>> {
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

    /// Removes what is stored under these names: as a whole where the backend can, else one by one. Gives those under which
    /// something was stored.
    ///
    /// The caller names what nobody needs any more, such as what this version
    /// [gave up](crate::Schema::removed) once the version before it runs nowhere. Not all
    /// [undeclared names](Self::stale_keys) are that: nobody but the programs that share the store knows which they use.
    ///
    /// # Errors
    ///
    /// `Invalid` where this program declares one of them as a setting or as an alias, or where one cannot be a name; then
    /// nothing is removed. Otherwise where the store could not be asked; then some may be removed.
    ///
    /// ```
    /// # use constance_core::{backend::{Batch, Change, Encoded}, Backend, Config, Settings};
    /// # use constance_core::testing::ReferenceBackend as MemoryBackend;
    /// #[derive(Clone, Settings)]
    /// #[settings(removed("old_name"))]
    /// struct Shop {
    ///     #[setting(default = 42)]
    ///     the_answer: i64,
    /// }
    ///
    /// # let config = Config::<Shop>::new(MemoryBackend::default());
    /// # for name in ["old_name", "of_the_worker"] {
    /// #     let key = config.prefix().key(name)?;
    /// #     config.backend().write(&Batch::one(Change::set(key, Encoded::from(vec![1]))))?;
    /// # }
    /// assert_eq!(config.stale_keys()?, ["of_the_worker", "old_name"]);
    /// assert_eq!(config.remove_stale_keys(config.schema().removed())?, ["old_name"]);
    /// assert_eq!(config.stale_keys()?, ["of_the_worker"]);
    /// # Ok::<(), constance_core::Error>(())
    /// ```
    pub fn remove_stale_keys<N: AsRef<str>>(&self, names: impl IntoIterator<Item = N>) -> Result<Vec<String>> {
        let inner = &*self.inner;
        let removal = inner.removal(names)?;
        let Some(whole) = removal.whole()? else { return Ok(Vec::new()) };
        let removed = match inner.backend.write(&whole) {
            Err(error) if error.kind() == ErrorKind::Unsupported => {
                removal.each().map(|one| inner.backend.write(&one)).collect::<Result<Vec<_>>>()
            }
            whole => whole.map(|applied| vec![applied]),
        };
        removed.map(|applied| removal.removed(applied)).map_err(|e| inner.explain(e, Action::Write))
    }
}

/// Keys to remove.
pub(crate) struct Removal(Vec<Key>);

impl Removal {
    /// The batch that removes them all, if there are any.
    pub(crate) fn whole(&self) -> Result<Option<Batch>> {
        let changes: Vec<Change> = self.0.iter().cloned().map(Change::remove).collect();
        if changes.is_empty() { Ok(None) } else { Ok(Some(Batch::new(changes)?.wanting_previous(true))) }
    }

    /// The same, one by one.
    pub(crate) fn each(&self) -> impl Iterator<Item = Batch> {
        self.0.iter().cloned().map(|key| Batch::one(Change::remove(key)).wanting_previous(true))
    }

    /// The names under which something was stored.
    pub(crate) fn removed(&self, applied: Vec<Applied>) -> Vec<String> {
        let previous = applied.into_iter().flat_map(|applied| match applied {
            Applied::Done(previous) => previous,
            // Nothing was expected.
            Applied::Conflict { .. } => Vec::new(),
        });
        let stored = self.0.iter().zip(previous).filter(|(_, previous)| !matches!(previous, Stored::Absent));
        stored.map(|(key, _)| key.name().to_owned()).collect()
    }
}

/// All portions as one. A listing may meet a name twice.
pub(crate) fn joined(portions: Vec<Vec<String>>) -> Vec<String> {
    portions.into_iter().flatten().collect::<BTreeSet<_>>().into_iter().collect()
}

impl<S: Settings, C: Codec> Front<S, C> {
    pub(crate) fn stale_among(&self, portion: Portion) -> Vec<String> {
        let declared: HashSet<&Key> = self.keys.iter().flat_map(SettingKeys::all).collect();
        let stale = portion.keys.iter().filter(|key| !declared.contains(key));
        joined(vec![stale.map(|key| key.name().to_owned()).collect()])
    }

    /// The keys of these names, none of which this program may declare.
    pub(crate) fn removal<N: AsRef<str>>(&self, names: impl IntoIterator<Item = N>) -> Result<Removal> {
        let mut keys = BTreeSet::new();
        for name in names {
            let name = name.as_ref();
            if let Ok(info) = self.schema.find(name) {
                let error = Error::new(ErrorKind::Invalid).with_setting(name);
                return Err(match info.name == name {
                    true => error.with_detail("this program declares it").with_hint("reset it instead"),
                    false => error
                        .with_detail(format!("it is an old name of \"{}\"", info.name))
                        .with_hint("drop the alias first, when no program that knows the old name runs any more"),
                });
            }
            let key = self.prefix.key(name).map_err(|_| {
                // It may be anything, pasted in the place of a name: it is not shown.
                Error::new(ErrorKind::Invalid).with_detail("one of the names to remove cannot be the name of a setting")
            })?;
            keys.insert(key);
        }
        Ok(Removal(keys.into_iter().collect()))
    }
}
