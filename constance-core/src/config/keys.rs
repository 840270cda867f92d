//! The stored keys of a setting, and what is found under them.

use super::Inner;
use crate::backend::too_few;
use crate::field::AnyValue;
use crate::{Backend, Codec, Encoded, Expect, Key, Prefix, Result, SettingInfo, Settings, Stored};

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

    /// Every key, the one that counts most first.
    pub(super) fn all(&self) -> impl Iterator<Item = &Key> {
        std::iter::once(&self.own).chain(&self.aliases)
    }

    pub(super) fn len(&self) -> usize {
        1 + self.aliases.len()
    }
}

/// What is stored under each key of one setting: its own, then those of its old names.
#[derive(Debug, Clone)]
pub(crate) struct Found(pub(super) Vec<Stored>);

impl Found {
    /// What counts: the first that is not absent.
    pub(crate) fn bytes(&self) -> Result<Option<&Encoded>> {
        self.0.iter().find(|stored| !stored.is_absent()).map_or(Ok(None), Stored::bytes)
    }

    /// Whether anything is stored, readable or not.
    pub(super) fn is_any(&self) -> bool {
        self.0.iter().any(|stored| !stored.is_absent())
    }

    /// The expectation that a key still holds what was found. Something foreign cannot be expected.
    pub(super) fn expectations(&self) -> Result<Vec<Expect>> {
        let exactly =
            |stored: &Stored| Ok(stored.bytes()?.map_or(Expect::Absent, |bytes| Expect::Equals(bytes.clone())));
        self.0.iter().map(exactly).collect()
    }
}

impl<S: Settings, C: Codec, B: Backend> Inner<S, C, B> {
    /// Asks the backend for these settings in one round trip.
    pub(crate) fn find(&self, indices: &[usize]) -> Result<Vec<Found>> {
        let keys: Vec<&Key> = indices.iter().flat_map(|&index| self.keys[index].all()).collect();
        let answers = self.backend.read(&keys)?;
        if answers.len() != keys.len() {
            return Err(too_few());
        }
        let mut answers = answers.into_iter();
        Ok(indices.iter().map(|&index| Found(answers.by_ref().take(self.keys[index].len()).collect())).collect())
    }

    pub(crate) fn find_all(&self) -> Result<Vec<Found>> {
        let all: Vec<usize> = (0..self.keys.len()).collect();
        self.find(&all)
    }

    pub(super) fn find_one(&self, index: usize) -> Result<Found> {
        self.find(&[index])?.pop().ok_or_else(too_few)
    }

    /// The value of a setting, the default where nothing is stored.
    pub(crate) fn value_in(&self, index: usize, found: &Found) -> Result<AnyValue> {
        let field = &self.schema.fields[index];
        match found.bytes()? {
            Some(encoded) => field.decode(&self.codec, encoded.as_bytes()),
            None => Ok(field.default()),
        }
    }
}
