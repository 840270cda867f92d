//! The stored keys of a setting, and what is found under them.

use super::{Front, Inner};
use crate::backend::too_few;
use crate::field::AnyValue;
use crate::{
    Action, Backend, Codec, Prefix, Result, Setting, SettingInfo, SettingValue, Settings,
    backend::{Encoded, Expect, Key, Stored},
};

/// The key of a setting and those of its old names.
pub(crate) struct SettingKeys {
    pub(crate) own: Key,
    pub(crate) aliases: Vec<Key>,
}

impl SettingKeys {
    pub(super) fn new(prefix: &Prefix, info: &SettingInfo) -> Result<Self> {
        let aliases = info.aliases.iter().map(|alias| prefix.key(alias)).collect::<Result<_>>()?;
        Ok(Self { own: prefix.key(info.name)?, aliases })
    }

    /// Every key: its own, then those of its old names, the oldest last.
    pub(super) fn all(&self) -> impl Iterator<Item = &Key> {
        std::iter::once(&self.own).chain(&self.aliases)
    }

    pub(super) fn len(&self) -> usize {
        1 + self.aliases.len()
    }
}

/// What is stored under each key of one setting: its own, then those of its old names.
#[derive(Debug, Clone)]
pub(crate) struct Found {
    pub(super) stored: Vec<Stored>,
    /// The place of what is in force.
    pub(super) place: usize,
}

impl Found {
    /// What is in force.
    pub(super) fn in_force(&self) -> Option<&Stored> {
        self.stored.get(self.place)
    }

    /// What is stored under each name, the newest first.
    pub(crate) fn stored(&self) -> &[Stored] {
        &self.stored
    }

    /// The bytes in force.
    pub(crate) fn bytes(&self) -> Result<Option<&Encoded>> {
        self.in_force().map_or(Ok(None), Stored::bytes)
    }

    /// Whether what is in force is stored, readable or not.
    pub(crate) fn is_any(&self) -> bool {
        self.in_force().is_some_and(|stored| !stored.is_absent())
    }

    /// The expectation that a key still holds what was found. Something foreign cannot be expected.
    pub(super) fn expectations(&self) -> Result<Vec<Expect>> {
        let exactly =
            |stored: &Stored| Ok(stored.bytes()?.map_or(Expect::Absent, |bytes| Expect::Equals(bytes.clone())));
        self.stored.iter().map(exactly).collect()
    }
}

impl<S: Settings, C: Codec> Front<S, C> {
    /// The keys to read for these settings.
    pub(crate) fn keys_of(&self, indices: &[usize]) -> Vec<&Key> {
        indices.iter().flat_map(|&index| self.keys[index].all()).collect()
    }

    /// What the answers to [`keys_of`](Self::keys_of) say of each setting.
    pub(crate) fn found(&self, indices: &[usize], answers: Vec<Stored>) -> Result<Vec<Found>> {
        if answers.len() != indices.iter().map(|&index| self.keys[index].len()).sum::<usize>() {
            return Err(too_few());
        }
        let mut answers = answers.into_iter();
        Ok(indices
            .iter()
            .map(|&index| self.resolve_names(answers.by_ref().take(self.keys[index].len()).collect()))
            .collect())
    }

    /// The value of a setting, the default where nothing is stored.
    pub(crate) fn value_in(&self, index: usize, found: &Found) -> Result<AnyValue> {
        let field = &self.schema.fields[index];
        if field.is_pinned() {
            return Ok(field.default());
        }
        match found.bytes()? {
            Some(encoded) => field.decode(&self.codec, encoded.as_bytes()),
            None => Ok(field.default()),
        }
    }

    /// The same for a setting whose type is known, from what counts of it.
    pub(crate) fn typed_value<T: SettingValue>(
        &self,
        setting: Setting<S, T>,
        found: Result<Option<&Encoded>>,
    ) -> Result<T> {
        let field = self.schema.typed(setting)?;
        if field.is_pinned {
            return Ok(field.default.clone());
        }
        let read = found.and_then(|bytes| match bytes {
            Some(encoded) => field.decode(&self.codec, encoded.as_bytes()),
            None => Ok(field.default.clone()),
        });
        read.map_err(|e| self.explain_one(e, Action::Read, setting.index()))
    }
}

impl<S: Settings, C: Codec, B: Backend> Inner<S, C, B> {
    /// Asks the backend for these settings in one round trip.
    pub(crate) fn find(&self, indices: &[usize]) -> Result<Vec<Found>> {
        self.access().find(indices)
    }

    pub(crate) fn find_all(&self) -> Result<Vec<Found>> {
        self.access().find_all()
    }

    pub(crate) fn find_one(&self, index: usize) -> Result<Found> {
        self.access().find_one(index)
    }
}
