//! Reading settings.

use std::fmt;
use std::time::SystemTime;

use super::access::Access;
use super::{Config, Found, Front};
use crate::events::FieldAccess;
use crate::field::AnyValue;
use crate::{Action, Backend, Codec, Error, Result, Setting, SettingValue, Settings, Warning};

/// Every setting as far as it can be read, from [`Config::read_all`].
///
/// A field whose stored value is unreadable has its default, and so have those of a broken rule across settings;
/// [`unreadable`](Self::unreadable) says so. That is why this does not dereference to the struct.
#[non_exhaustive]
pub struct ReadAll<S> {
    /// The settings; unreadable ones, and those of broken rules, have their default.
    pub values: S,
    /// One error for each unreadable setting, which it names, and one for each broken rule, which names the rule's settings.
    pub unreadable: Vec<Error>,
    /// When the values were read.
    pub taken_at: SystemTime,
}

impl<S: Settings, C: Codec, B: Backend> Config<S, C, B> {
    /// The value of a setting: the default until one is stored. One read of one key.
    ///
    /// It is held to its own rules. A rule across settings is not looked at, since it needs the others:
    /// [`snapshot`](Self::snapshot) and [`live`](Self::live) hold it.
    ///
    /// # Errors
    ///
    /// Where the store could not be asked (never the default then); `Decode` where what is stored is unreadable; `Invalid`
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

    /// Every setting, from one round trip; strict: an unreadable one is an error, and so is a broken rule across settings.
    ///
    /// # Errors
    ///
    /// Where the store could not be asked, and one error that names every unreadable setting and every broken rule
    /// ([`Error::each`] has them one by one).
    pub fn snapshot(&self) -> Result<S> {
        self.read_all()?.strict()
    }

    /// Every setting as far as it can be read, from one round trip.
    ///
    /// # Errors
    ///
    /// Where the store could not be asked. An unreadable setting is no error here: it is in
    /// [`ReadAll::unreadable`].
    pub fn read_all(&self) -> Result<ReadAll<S>> {
        self.access().read_all()
    }

    /// Reads every setting once, so that a cache underneath holds them all: for the start of a service. One round trip.
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

    /// For a readiness probe: the store answers, its tables exist, and every stored value is readable and within its
    /// rules, those across settings included. Gives what is to be known of a store that works, such as that it may drop
    /// values (see [`Backend::warnings`]), or that an [old name](crate::Declaration::alias) differs from the new one. Two round
    /// trips, and what the backend asks for those.
    ///
    /// # Errors
    ///
    /// The first of these that does not hold.
    pub fn verify(&self) -> Result<Vec<Warning>> {
        let inner = &*self.inner;
        inner.backend.ping().map_err(|e| inner.explain(e, Action::Ping))?;
        let found = inner.find_all()?;
        inner.verify(&found)?;
        let together = inner.names_together(inner.backend.capability()).map(|batch| inner.backend.write(&batch));
        let mut warnings = inner.alias_warnings(&found, together);
        warnings.extend(inner.backend.warnings().map_err(|e| inner.explain(e, Action::Ping))?);
        Ok(warnings)
    }
}

impl<S> ReadAll<S> {
    /// The struct, or one error for all that is unreadable.
    pub(crate) fn strict(self) -> Result<S> {
        let Self { values, unreadable, taken_at: _ } = self;
        match Error::several(unreadable) {
            None => Ok(values),
            Some(error) => Err(error),
        }
    }
}

impl<S: Settings, C: Codec> Front<S, C> {
    /// What was found just now, under overrides.
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

    /// Whether everything found is readable and within its rules.
    pub(crate) fn verify(&self, found: &[Found]) -> Result<()> {
        self.read_all(found, Vec::new()).strict().map(drop)
    }

    /// The struct, with the default for what is unreadable, and the errors of that.
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
