//! Settings with aliases: which name is in force, and making all names agree.

use super::key_by_key::write_key_by_key;
use super::{Config, Found, Front};
use crate::{
    Action, Backend, Codec, ErrorKind, Result, Settings, Warning,
    backend::{Applied, Batch, Capability, Change, Encoded, Key, Op, Stored},
};

impl<S: Settings, C: Codec, B: Backend> Config<S, C, B> {
    /// Stores the value in force of each setting under all its names, where a name has another value. Returns the settings that had
    /// such a name. No value in force changes. Repeat it where other writers came in between.
    ///
    /// Call it once before an [alias](crate::Declaration::alias) is removed from the program: a value that was not written since the
    /// setting was renamed is stored under the old name only. One read, and one write for each such setting.
    ///
    /// # Errors
    ///
    /// Where the store cannot be read or written, or a name that differs has an unreadable value. Some settings may be done then.
    ///
    /// ```
    /// # use constance_core::{Config, Settings};
    /// # use constance_core::testing::ReferenceBackend as MemoryBackend;
    /// # use std::sync::Arc;
    /// #[derive(Clone, Settings)]
    /// struct Old {
    ///     #[setting(default = "My Title")]
    ///     title: String,
    /// }
    ///
    /// #[derive(Clone, Settings)]
    /// struct Shop {
    ///     #[setting(default = "My Title", alias = "title")]
    ///     site_name: String,
    /// }
    ///
    /// # let backend = Arc::new(MemoryBackend::default());
    /// # let (old, config) = (Config::<Old>::new(Arc::clone(&backend)), Config::<Shop>::new(backend));
    /// old.set(Old::TITLE, "Shop".to_owned())?;
    /// assert_eq!(config.get(Shop::SITE_NAME)?, "Shop");
    /// assert_eq!(config.sync_aliases()?, ["site_name"]);
    /// assert!(config.sync_aliases()?.is_empty());
    /// # Ok::<(), constance_core::Error>(())
    /// ```
    pub fn sync_aliases(&self) -> Result<Vec<&'static str>> {
        let inner = &*self.inner;
        let mut settled = Vec::new();
        for (index, batch) in inner.batches_to_sync(&inner.find_all()?)? {
            let applied = write_key_by_key(&batch, true, |batch| inner.backend.write(batch));
            settled.extend(inner.synced(index, applied)?);
        }
        Ok(settled)
    }
}

impl<S: Settings, C: Codec> Front<S, C> {
    /// Decides which of the values under the names of one setting is in force.
    pub(super) fn resolve_names(&self, stored: Vec<Stored>) -> Found {
        Found { place: self.in_force(&stored), stored }
    }

    /// The index of the value in force, of the values under all names, the newest name first.
    ///
    /// A program that declares aliases writes all names at once, and marks the values. So where an alias differs from a marked
    /// value, a program that does not know the new name has written or reset the setting since. An unmarked value was stored by a
    /// program that does not know the alias.
    fn in_force(&self, names: &[Stored]) -> usize {
        let [own, old @ ..] = names else { return 0 };
        if old.is_empty() {
            return 0;
        }
        // The value in force for a program that knows only the aliases.
        let theirs = 1 + self.in_force(old);
        match own {
            Stored::Absent => theirs,
            Stored::Value(bytes) if self.codec.without_alias_mark(bytes).is_some() => match names.get(theirs) {
                Some(stored) if !self.is_same(own, stored) => theirs,
                // A program may know just one of several aliases.
                _ => names.iter().position(Stored::is_absent).unwrap_or(0),
            },
            _ => 0,
        }
    }

    /// Whether two names hold the same value, marked or not.
    fn is_same(&self, one: &Stored, other: &Stored) -> bool {
        let plain = |encoded: &Encoded| self.codec.without_alias_mark(encoded).unwrap_or_else(|| encoded.clone());
        match (one, other) {
            (Stored::Value(one), Stored::Value(other)) => one == other || plain(one) == plain(other),
            _ => one == other,
        }
    }

    /// The operation for each name of a setting, the oldest last. Under the oldest name the value has no mark, since there is no
    /// older name that could differ from it.
    pub(super) fn ops_by_name(&self, index: usize, to: &Op) -> Vec<(Key, Op)> {
        let keys = &self.keys[index];
        let marked = match to {
            Op::Set(bytes) if keys.len() > 1 => self.codec.with_alias_mark(bytes).map(Op::Set),
            _ => None,
        };
        let newer = keys.len() - 1;
        let of = |place: usize| if place < newer { marked.as_ref().unwrap_or(to) } else { to };
        keys.all().enumerate().map(|(place, key)| (key.clone(), of(place).clone())).collect()
    }

    /// Whether the names hold different values.
    fn differs(&self, found: &Found) -> bool {
        let in_force = found.in_force();
        found.stored.iter().any(|stored| in_force.is_some_and(|in_force| !self.is_same(stored, in_force)))
    }

    /// The batches that make all names agree.
    pub(crate) fn batches_to_sync(&self, found: &[Found]) -> Result<Vec<(usize, Batch)>> {
        let batches_to_sync = found.iter().enumerate().filter(|(_, found)| self.differs(found));
        batches_to_sync.map(|(index, found)| Ok((index, self.batch_to_sync(index, found)?))).collect()
    }

    fn batch_to_sync(&self, index: usize, found: &Found) -> Result<Batch> {
        let explain = |e| self.explain_one(e, Action::Read, index);
        let plain = |bytes: &Encoded| self.codec.without_alias_mark(bytes).unwrap_or_else(|| bytes.clone());
        let to = found.bytes().map_err(explain)?.map_or(Op::Remove, |bytes| Op::Set(plain(bytes)));
        let names = self.ops_by_name(index, &to).into_iter().zip(found.expectations().map_err(explain)?);
        Batch::new(names.map(|((key, op), expect)| Change { key, expect, op }).collect())
    }

    /// The name of the setting if its names agree now; `None` where another writer came in between.
    pub(crate) fn synced(&self, index: usize, applied: Result<Applied>) -> Result<Option<&'static str>> {
        let name = self.schema.fields[index].info().name;
        match applied.map_err(|e| self.explain_one(e, Action::Write, index))? {
            Applied::Done(_) => Ok(Some(name)),
            Applied::Conflict { .. } => Ok(None),
        }
    }

    /// A batch that changes nothing, which shows whether the backend can write all names of a setting in one step. `None` where the
    /// capability says so already.
    pub(crate) fn all_names_probe(&self, capability: Capability) -> Option<Batch> {
        let keys = self.keys.iter().find(|keys| !capability.atomic_batch && keys.len() > 1)?;
        Batch::new(keys.all().cloned().map(Change::keep).collect()).ok()
    }

    /// Warnings about aliases: where the backend cannot write all names in one step, by the answer to `together`, and where an alias
    /// differs from the new name.
    pub(crate) fn alias_warnings(&self, found: &[Found], together: Option<Result<Applied>>) -> Vec<Warning> {
        let apart = together.and_then(Result::err).filter(|error| error.kind() == ErrorKind::Unsupported).map(|_| {
            Warning::new("settings that have old names cannot be written under all of them in one step")
                .with_hint("on Redis Cluster, choose a prefix with a hash tag, such as {constance}:")
        });
        let both = |found: &Found| found.stored.first().is_some_and(|own| !own.is_absent()) && self.differs(found);
        let differing = self.schema.settings().zip(found).filter(|(_, found)| both(found)).map(|(info, found)| {
            let words = match found.place {
                0 => "an old name differs, and a program that does not know it wrote last",
                _ => "an old name differs, and a program that knows only that wrote or reset it last",
            };
            Warning::new(format!("setting \"{}\": {words}", info.name)).with_hint("set or reset it to have one state")
        });
        apart.into_iter().chain(differing).collect()
    }
}
