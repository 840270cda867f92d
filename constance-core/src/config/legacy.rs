//! Stored values of django-constance 1 to 3, converted in place.

use super::{Config, Front};
use crate::pickle::{decode_legacy, is_legacy};
use crate::{
    Action, Backend, Codec, Error, ErrorKind, Kind, Result, Settings,
    backend::{Applied, Batch, Change, Encoded, Expect, Key, Stored},
};

/// Stored pickles under the prefix, declared as settings here or not, from [`Config::legacy_values`] or its asynchronous twin.
///
/// It says what [`Config::convert_legacy`] would convert. Its `Debug` shows names and lengths, no value.
#[derive(Debug, Clone)]
pub struct LegacyValues {
    convertible: Vec<(Key, Pair)>,
    refused: Vec<Error>,
}

/// What is stored, and what is to be stored in its place.
#[derive(Debug, Clone)]
struct Pair {
    old: Encoded,
    new: Encoded,
}

/// What [`Config::convert_legacy`] did.
#[non_exhaustive]
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConvertedLegacy {
    /// The names whose values were converted, sorted.
    pub converted: Vec<String>,
    /// Those that somebody else changed or removed meanwhile, and which were left as they are.
    pub changed: Vec<String>,
}

impl LegacyValues {
    /// The names of the values that can be converted, without the prefix, sorted.
    pub fn names(&self) -> impl ExactSizeIterator<Item = &str> {
        self.convertible.iter().map(|(key, _)| key.name())
    }

    /// Why the others cannot, one error for each, which names it; also for what is no value at all, such as the `NULL` that
    /// django-constance 3 stored for `None`.
    #[must_use]
    pub fn refused(&self) -> &[Error] {
        &self.refused
    }

    /// Whether there is nothing to convert, and nothing that cannot be.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.convertible.is_empty() && self.refused.is_empty()
    }
}

impl<S: Settings, C: Codec, B: Backend> Config<S, C, B> {
    /// Finds the values under the prefix that are pickles. It lists the prefix, which may take many round trips, and writes
    /// nothing.
    ///
    /// # Errors
    ///
    /// `Configuration` where the codec of this `Config` is not [`Json`](crate::Json), which alone reads what they become; where
    /// the store could not be asked.
    pub fn legacy_values(&self) -> Result<LegacyValues> {
        let inner = &*self.inner;
        inner.reads_what_legacy_values_become()?;
        let listed = inner.backend.list(&inner.prefix).map_err(|e| inner.explain(e, Action::List))?;
        Ok(inner.legacy_among(listed))
    }

    /// Stores what django-constance 4 would store in place of each of these values, where it is still there: one write each,
    /// which can be repeated at any time.
    ///
    /// A django-constance before 4 cannot read them any more. No handler is called: the values are the same.
    ///
    /// # Errors
    ///
    /// Where the store could not be asked; then some may be converted.
    ///
    /// ```
    /// # use constance_core::{backend::{Batch, Change, Encoded}, Backend, Config, Json, Settings};
    /// # use constance_core::testing::ReferenceBackend as MemoryBackend;
    /// # #[derive(Clone, Settings)]
    /// # struct Shop {
    /// #     #[setting(default = 1, rename = "THE_ANSWER")]
    /// #     the_answer: i64,
    /// # }
    /// let config = Config::<Shop>::builder(MemoryBackend::new()).codec(Json::new()).build()?;
    /// # let key = config.prefix().key("THE_ANSWER")?;
    /// # config.backend().write(&Batch::one(Change::set(key, Encoded::from(&b"\x80\x04K\x2a."[..]))))?;
    /// assert!(config.get(Shop::THE_ANSWER).is_err());
    ///
    /// let found = config.legacy_values()?;
    /// assert_eq!(config.convert_legacy(&found)?.converted, ["THE_ANSWER"]);
    /// assert_eq!(config.get(Shop::THE_ANSWER)?, 42);
    /// # Ok::<(), constance_core::Error>(())
    /// ```
    pub fn convert_legacy(&self, found: &LegacyValues) -> Result<ConvertedLegacy> {
        let inner = &*self.inner;
        let mut done = ConvertedLegacy::none();
        for one in found.conversions() {
            inner.converted(&mut done, &one, inner.backend.write(&one.batch))?;
        }
        Ok(done)
    }
}

/// The write that converts one value where it is still there.
pub(crate) struct Conversion<'f> {
    key: &'f Key,
    pub(crate) batch: Batch,
}

impl<S: Settings, C: Codec> Front<S, C> {
    /// The pickles among what is stored.
    pub(crate) fn legacy_among(&self, listed: Vec<(Key, Stored)>) -> LegacyValues {
        let mut found = LegacyValues { convertible: Vec::new(), refused: Vec::new() };
        for (key, stored) in listed {
            let old = match stored {
                Stored::Value(old) => old,
                Stored::Absent => continue,
                // Such as the NULL that django-constance 3 stored for None: it cannot be converted, and is readable to nobody.
                foreign => {
                    found.refused.extend(foreign.bytes().err().map(|error| error.with_setting(key.name())));
                    continue;
                }
            };
            if !is_legacy(old.as_bytes()) {
                continue;
            }
            let converted = self.codec.check(old.as_bytes()).and_then(|()| decode_legacy(old.as_bytes())?.to_json());
            match converted {
                Ok(new) => found.convertible.push((key, Pair { old, new })),
                Err(error) => found.refused.push(self.about(&key, error)),
            }
        }
        found.convertible.sort_by(|(one, _), (other, _)| one.cmp(other));
        found.refused.sort_by(|one, other| one.setting().cmp(&other.setting()));
        found
    }

    /// The error with the name, and without what it says of a secret.
    fn about(&self, key: &Key, error: Error) -> Error {
        let name = key.name();
        let mut infos = self.schema.settings();
        let is_secret = infos.any(|info| info.secret && (info.name == name || info.aliases.contains(&name)));
        let error = match is_secret {
            true => Error::new(error.kind()).with_detail("what is stored for this secret setting cannot be converted"),
            false => error,
        };
        error.with_setting(name)
    }
}

impl LegacyValues {
    /// A write for each value that can be converted.
    pub(crate) fn conversions(&self) -> impl Iterator<Item = Conversion<'_>> {
        self.convertible.iter().map(|(key, Pair { old, new })| {
            let change = Change::set(key.clone(), new.clone()).expecting(Expect::Equals(old.clone()));
            Conversion { key, batch: Batch::one(change) }
        })
    }
}

impl ConvertedLegacy {
    pub(crate) fn none() -> Self {
        Self { converted: Vec::new(), changed: Vec::new() }
    }
}

impl<S: Settings, C: Codec> Front<S, C> {
    /// Refuses a codec that could not read the values any more once they are converted.
    pub(crate) fn reads_what_legacy_values_become(&self) -> Result<()> {
        let probe = self.codec.decode::<bool>(&Kind::Bool, br#"{"__type__": "default", "__value__": true}"#);
        if probe.is_ok_and(|read| read) {
            return Ok(());
        }
        Err(Error::new(ErrorKind::Configuration)
            .with_detail("the codec does not read what django-constance 4 stores, which legacy values are converted to")
            .with_hint("build the Config with the codec Json"))
    }

    /// Notes what became of one value.
    pub(crate) fn converted(
        &self,
        done: &mut ConvertedLegacy,
        one: &Conversion<'_>,
        applied: Result<Applied>,
    ) -> Result<()> {
        let name = one.key.name();
        match applied.map_err(|e| self.explain(e.with_setting(name), Action::Write))? {
            Applied::Done(_) => done.converted.push(name.to_owned()),
            Applied::Conflict { .. } => done.changed.push(name.to_owned()),
        }
        Ok(())
    }
}
