//! Reading settings.

use std::fmt;
use std::time::SystemTime;

use super::{Config, Found};
use crate::backend::too_few;
use crate::{Action, Backend, Codec, Error, Result, Setting, SettingValue, Settings};

/// Every setting as far as it can be read, from [`Config::read_all`].
///
/// A field whose stored value is unreadable has its default, and [`unreadable`](Self::unreadable) says so; that is why this
/// does not dereference to the struct.
#[non_exhaustive]
pub struct ReadAll<S> {
    /// The settings; unreadable ones have their default.
    pub values: S,
    /// One error for each unreadable setting, which it names.
    pub unreadable: Vec<Error>,
    /// When the values were read.
    pub taken_at: SystemTime,
}

impl<S: Settings, C: Codec, B: Backend> Config<S, C, B> {
    /// The value of a setting: the default until one is stored. One read of one key.
    ///
    /// # Errors
    ///
    /// Where the store could not be asked (never the default then); `Decode` where what is stored is unreadable; `Invalid`
    /// where it breaks today's rules.
    pub fn get<T: SettingValue>(&self, setting: Setting<S, T>) -> Result<T> {
        let inner = &*self.inner;
        let index = setting.index();
        let field = inner.schema.typed(setting)?;
        if let Some(value) = self.overridden(index)
            && let Some(value) = value.downcast_ref::<T>()
        {
            return Ok(value.clone());
        }
        let keys = &inner.keys[index];
        if !keys.aliases.is_empty() {
            let found = inner.find_one(index);
            return found
                .and_then(|found| match found.bytes()? {
                    Some(encoded) => field.decode(&inner.codec, encoded.as_bytes()),
                    None => Ok(field.default.clone()),
                })
                .map_err(|e| inner.explain_one(e, Action::Read, index));
        }
        let mut read = None;
        inner
            .backend
            .visit(&keys.own, &mut |bytes| {
                read = Some(match bytes {
                    Some(bytes) => field.decode(&inner.codec, bytes),
                    None => Ok(field.default.clone()),
                });
            })
            .and_then(|()| read.unwrap_or_else(|| Err(too_few())))
            .map_err(|e| inner.explain_one(e, Action::Read, index))
    }

    /// Whether a value is stored, readable or not, rather than the default in force. One read.
    ///
    /// # Errors
    ///
    /// Where the store could not be asked.
    pub fn is_set<T: SettingValue>(&self, setting: Setting<S, T>) -> Result<bool> {
        self.inner.schema.typed(setting)?;
        let index = setting.index();
        let found = self.inner.find_one(index).map_err(|e| self.inner.explain_one(e, Action::Read, index))?;
        Ok(found.is_any())
    }

    /// Every setting, from one round trip; strict: an unreadable one is an error.
    ///
    /// # Errors
    ///
    /// Where the store could not be asked, and one error that names every unreadable setting
    /// ([`Error::each`] has them one by one).
    pub fn snapshot(&self) -> Result<S> {
        let ReadAll { values, unreadable, taken_at: _ } = self.read_all()?;
        match Error::several(unreadable) {
            None => Ok(values),
            Some(error) => Err(error),
        }
    }

    /// Every setting as far as it can be read, from one round trip.
    ///
    /// # Errors
    ///
    /// Where the store could not be asked. An unreadable setting is no error here: it is in
    /// [`ReadAll::unreadable`].
    pub fn read_all(&self) -> Result<ReadAll<S>> {
        let found = self.inner.find_all().map_err(|e| self.inner.explain(e, Action::Read))?;
        let taken_at = SystemTime::now();
        let (mut values, mut unreadable) = self.inner.assemble(&found);
        for (index, value) in self.all_overridden() {
            self.inner.schema.fields[index].put(&mut values, &value);
            let name = self.inner.schema.fields[index].info().name;
            unreadable.retain(|error| error.setting() != Some(name));
        }
        Ok(ReadAll { values, unreadable, taken_at })
    }

    /// For a readiness probe: the store answers, its tables exist, and every stored value is readable and within its
    /// rules, the rule across settings included. Two round trips.
    ///
    /// # Errors
    ///
    /// The first of these that does not hold.
    pub fn verify(&self) -> Result<()> {
        let inner = &*self.inner;
        inner.backend.ping().map_err(|e| inner.explain(e, Action::Ping))?;
        let found = inner.find_all().map_err(|e| inner.explain(e, Action::Read))?;
        let (values, unreadable) = inner.assemble(&found);
        match Error::several(unreadable) {
            Some(error) => Err(error),
            None => inner.schema.check_together(&values).map_err(|e| inner.explain(e, Action::Read)),
        }
    }
}

impl<S: Settings, C: Codec, B: Backend> super::Inner<S, C, B> {
    /// The struct, with the default for what is unreadable, and the errors of that.
    pub(crate) fn assemble(&self, found: &[Found]) -> (S, Vec<Error>) {
        let mut values = self.schema.defaults.clone();
        let mut unreadable = Vec::new();
        for (index, (field, found)) in self.schema.fields.iter().zip(found).enumerate() {
            let read = found.bytes().and_then(|bytes| match bytes {
                Some(encoded) => field.decode_into(&self.codec, encoded.as_bytes(), &mut values),
                None => Ok(()),
            });
            if let Err(error) = read {
                unreadable.push(self.explain_one(error, Action::Read, index));
            }
        }
        (values, unreadable)
    }
}

impl<S> fmt::Debug for ReadAll<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { values: _, unreadable, taken_at } = self;
        f.debug_struct("ReadAll").field("unreadable", unreadable).field("taken_at", taken_at).finish_non_exhaustive()
    }
}
