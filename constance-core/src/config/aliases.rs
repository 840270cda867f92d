//! Settings that have old names: which name counts, and bringing all of them to one state. Free of I/O but for the end.

use super::in_turn::in_turn;
use super::{Config, Found, Front};
use crate::{
    Action, Backend, Codec, ErrorKind, Result, Settings, Warning,
    backend::{Applied, Batch, Capability, Change, Encoded, Key, Op, Stored},
};

impl<S: Settings, C: Codec, B: Backend> Config<S, C, B> {
    /// Makes all names of each setting agree where an old one differs from the new one, and gives the settings for which that was
    /// so. No value changes: what is in force is stored under every name. Repeat it where other writers came in between.
    ///
    /// It is called once before an [alias](crate::Declaration::alias) is dropped from the program: what was not written since the
    /// setting was renamed is stored under the old name alone. One read, and one write for each such setting.
    ///
    /// # Errors
    ///
    /// Where the store could not be asked, or something unreadable is under a name that differs; then some may agree.
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
        for (index, batch) in inner.unsettled(&inner.find_all()?)? {
            let applied = in_turn(&batch, true, |batch| inner.backend.write(batch));
            settled.extend(inner.settled(index, applied)?);
        }
        Ok(settled)
    }
}

impl<S: Settings, C: Codec> Front<S, C> {
    /// What was found under the names of one setting, and which of it is in force.
    pub(super) fn judged(&self, stored: Vec<Stored>) -> Found {
        Found { place: self.in_force(&stored), stored }
    }

    /// The place of what is in force under these names, the newest first.
    ///
    /// A program that declares aliases writes all names at once, and marks that. So where an old name differs from what is
    /// marked so, a program that does not know the new name acted last, be it that it reset the setting. What is not marked
    /// was stored by a program that does not know the old name.
    fn in_force(&self, names: &[Stored]) -> usize {
        let [own, old @ ..] = names else { return 0 };
        if old.is_empty() {
            return 0;
        }
        // What a program has that knows the old names alone.
        let theirs = 1 + self.in_force(old);
        match own {
            Stored::Absent => theirs,
            Stored::Value(bytes) if self.codec.plain(bytes).is_some() => match names.get(theirs) {
                Some(stored) if !self.alike(own, stored) => theirs,
                // One of several old names may be known to a program that knows no other.
                _ => names.iter().position(Stored::is_absent).unwrap_or(0),
            },
            _ => 0,
        }
    }

    /// Whether the same is stored under two names, marked or not.
    fn alike(&self, one: &Stored, other: &Stored) -> bool {
        let plain = |encoded: &Encoded| self.codec.plain(encoded).unwrap_or_else(|| encoded.clone());
        match (one, other) {
            (Stored::Value(one), Stored::Value(other)) => one == other || plain(one) == plain(other),
            _ => one == other,
        }
    }

    /// What becomes of each name of a setting, the oldest last. No program knows a name that is older still: there the value
    /// is not marked.
    pub(super) fn ops_by_name(&self, index: usize, to: &Op) -> Vec<(Key, Op)> {
        let keys = &self.keys[index];
        let joint = match to {
            Op::Set(bytes) if keys.len() > 1 => self.codec.joint(bytes).map(Op::Set),
            _ => None,
        };
        let newer = keys.len() - 1;
        let of = |place: usize| if place < newer { joint.as_ref().unwrap_or(to) } else { to };
        keys.all().enumerate().map(|(place, key)| (key.clone(), of(place).clone())).collect()
    }

    /// Whether not all names agree.
    fn differs(&self, found: &Found) -> bool {
        let in_force = found.in_force();
        found.stored.iter().any(|stored| in_force.is_some_and(|in_force| !self.alike(stored, in_force)))
    }

    /// The batches that make names agree which do not.
    pub(crate) fn unsettled(&self, found: &[Found]) -> Result<Vec<(usize, Batch)>> {
        let unsettled = found.iter().enumerate().filter(|(_, found)| self.differs(found));
        unsettled.map(|(index, found)| Ok((index, self.settling(index, found)?))).collect()
    }

    fn settling(&self, index: usize, found: &Found) -> Result<Batch> {
        let explain = |e| self.explain_one(e, Action::Read, index);
        let plain = |bytes: &Encoded| self.codec.plain(bytes).unwrap_or_else(|| bytes.clone());
        let to = found.bytes().map_err(explain)?.map_or(Op::Remove, |bytes| Op::Set(plain(bytes)));
        let names = self.ops_by_name(index, &to).into_iter().zip(found.expectations().map_err(explain)?);
        Batch::new(names.map(|((key, op), expect)| Change { key, expect, op }).collect())
    }

    /// The name of a setting whose names agree now; `None` where another writer came in between.
    pub(crate) fn settled(&self, index: usize, applied: Result<Applied>) -> Result<Option<&'static str>> {
        let name = self.schema.fields[index].info().name;
        match applied.map_err(|e| self.explain_one(e, Action::Write, index))? {
            Applied::Done(_) => Ok(Some(name)),
            Applied::Conflict { .. } => Ok(None),
        }
    }

    /// A batch that changes nothing, to learn whether a backend of this capability can write all names of a setting in one step;
    /// `None` where that is known.
    pub(crate) fn names_together(&self, capability: Capability) -> Option<Batch> {
        let keys = self.keys.iter().find(|keys| !capability.atomic_batch && keys.len() > 1)?;
        Batch::new(keys.all().cloned().map(Change::keep).collect()).ok()
    }

    /// What is to be known of old names: where no write can be of all names in one step, as `together` was answered, and where an
    /// old name differs from the new one.
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
