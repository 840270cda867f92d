//! Reading settings.

use std::fmt;
use std::time::SystemTime;

use super::access::Access;
use super::{Config, Found, Front};
use crate::events::FieldAccess;
use crate::field::AnyValue;
use crate::{Action, Backend, Codec, Error, Result, Setting, SettingValue, Settings, Warning};

/// Every setting, with defaults in the place of unreadable values; from [`Config::read_all`].
///
/// A field with an unreadable stored value has its default, and so have the fields of a broken rule across settings.
/// [`unreadable`](Self::unreadable) lists both. That is why this type does not dereference to the struct.
#[non_exhaustive]
pub struct ReadAll<S> {
    /// The settings. Unreadable ones and those of broken rules have their default.
    pub values: S,
    /// One error for each unreadable setting, which it names, and one for each broken rule, which names the rule's settings.
    pub unreadable: Vec<Error>,
    /// When the values were read.
    pub taken_at: SystemTime,
}

impl<S: Settings, C: Codec, B: Backend> Config<S, C, B> {
    /// The value of a setting: the default until one is stored. One read of one key.
    ///
    /// The rules of the setting are checked. Rules across settings are not, since they need the other settings too:
    /// [`snapshot`](Self::snapshot) and [`live`](Self::live) check these.
    ///
    /// # Errors
    ///
    /// Where the store cannot be read: the default is never returned then. `Decode` where the stored value is unreadable; `Invalid`
    /// where it breaks today's rules.
    #[inline]
    pub fn get<T: SettingValue>(&self, setting: Setting<S, T>) -> Result<T> {
        Access { scope: self.scope.as_deref(), ..self.inner.access_to_read() }.get(setting)
    }

    /// Whether a value is stored, readable or not, rather than the default in force. One read.
    ///
    /// # Errors
    ///
    /// Where the store could not be asked.
    pub fn is_set<T: SettingValue>(&self, setting: Setting<S, T>) -> Result<bool> {
        self.inner.schema.typed(setting)?;
        Ok(self.inner.find_one(setting.index())?.is_any())
    }

    /// Every setting, in one round trip. An unreadable one is an error, and so is a broken rule across settings.
    ///
    /// # Errors
    ///
    /// Where the store cannot be read. Otherwise one error that names every unreadable setting and every broken rule;
    /// [`Error::each`] returns them one by one.
    pub fn snapshot(&self) -> Result<S> {
        self.read_all()?.strict()
    }

    /// Every setting, with the default in the place of an unreadable one, in one round trip.
    ///
    /// # Errors
    ///
    /// Where the store cannot be read. An unreadable setting is no error here: it is in
    /// [`ReadAll::unreadable`].
    pub fn read_all(&self) -> Result<ReadAll<S>> {
        self.access().read_all()
    }

    /// Reads every setting once, so that a cache holds them all when a service starts. One round trip.
    ///
    /// Without a cache it only shows that the store can be read. An unreadable setting is no error here:
    /// [`verify`](Self::verify) finds it.
    ///
    /// # Errors
    ///
    /// Where the store could not be asked.
    pub fn warm(&self) -> Result<()> {
        self.inner.find_all().map(drop)
    }

    /// Checks the store, for a readiness probe: it answers, its tables exist, and every stored value is readable and keeps to its
    /// rules and the rules across settings. Returns warnings about a store that works, such as that it may drop values (see
    /// [`Backend::warnings`]), or that an [alias](crate::Declaration::alias) has another value than the new name. Two round trips,
    /// and those that the backend needs for its warnings.
    ///
    /// # Errors
    ///
    /// The first of these checks that fails.
    pub fn verify(&self) -> Result<Vec<Warning>> {
        let inner = &*self.inner;
        inner.backend.ping().map_err(|e| inner.explain(e, Action::Ping))?;
        let found = inner.find_all()?;
        inner.verify(&found)?;
        let together = inner.all_names_probe(inner.backend.capability()).map(|batch| inner.backend.write(&batch));
        let mut warnings = inner.alias_warnings(&found, together);
        warnings.extend(inner.backend.warnings().map_err(|e| inner.explain(e, Action::Ping))?);
        Ok(warnings)
    }
}

impl<S> ReadAll<S> {
    /// The struct, or one error for everything that is unreadable.
    pub(crate) fn strict(self) -> Result<S> {
        let Self { values, unreadable, taken_at: _ } = self;
        match Error::several(unreadable) {
            None => Ok(values),
            Some(error) => Err(error),
        }
    }
}

impl<S: Settings, C: Codec> Front<S, C> {
    /// The values that were just read, with overrides applied.
    pub(crate) fn read_all(&self, found: &[Found], overridden: Vec<(usize, AnyValue)>) -> ReadAll<S> {
        let taken_at = SystemTime::now();
        let (mut values, mut unreadable) = self.assemble(found);
        for (index, value) in overridden {
            self.schema.fields[index].put(&mut values, &value);
            let name = self.schema.fields[index].info().name;
            unreadable.retain(|error| error.setting() != Some(name));
        }
        let breaches = self.hold(&self.schema.defaults, &mut values);
        unreadable.extend(breaches.into_iter().map(|breach| breach.error));
        ReadAll { values: *values, unreadable, taken_at }
    }

    /// Checks that every value is readable and keeps to the rules.
    pub(crate) fn verify(&self, found: &[Found]) -> Result<()> {
        self.read_all(found, Vec::new()).strict().map(drop)
    }

    /// The struct, with defaults in the place of unreadable values, and their errors.
    pub(super) fn assemble(&self, found: &[Found]) -> (Box<S>, Vec<Error>) {
        let mut values = self.schema.defaults.clone();
        let mut unreadable = Vec::new();
        for (index, (field, found)) in self.schema.fields.iter().zip(found).enumerate() {
            if field.is_pinned() {
                continue;
            }
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
