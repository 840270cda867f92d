//! Reading settings.

use super::{AsyncBackend, AsyncConfig};
use crate::backend::too_few;
use crate::{Action, Codec, ReadAll, Result, Setting, SettingValue, Settings, Warning, backend::Stored};

impl<S: Settings, C: Codec, B: AsyncBackend> AsyncConfig<S, C, B> {
    /// The value of a setting: the default until one is stored. One read of one key, none where the backend
    /// [holds it](AsyncBackend::peek). Rules across settings are not looked at.
    ///
    /// # Errors
    ///
    /// As [`Config::get`](crate::Config::get): an outage is never the default.
    pub async fn get<T: SettingValue>(&self, setting: Setting<S, T>) -> Result<T> {
        let front = self.front_to_peek();
        let field = front.schema.typed(setting)?;
        let index = setting.index();
        if let Some(value) = self.sync.overridden(index)
            && let Some(value) = value.downcast_ref::<T>()
        {
            return Ok(value.clone());
        }
        if field.is_pinned {
            return Ok(field.default.clone());
        }
        let keys = &front.keys[index];
        if keys.aliases.is_empty() {
            let stored = match self.backend().peek(&keys.own) {
                Some(stored) => stored,
                None => self.read_own(index).await?,
            };
            return front.typed_value(setting, stored.bytes());
        }
        front.typed_value(setting, self.find_one(index).await?.bytes())
    }

    /// What is stored under the key of a setting that has no other. By itself: lists of one cost a read of one key more
    /// than the rest of what is done here.
    async fn read_own(&self, index: usize) -> Result<Stored> {
        let front = self.front();
        let answers = self.backend().read(&[&front.keys[index].own]).await;
        if answers.is_ok() {
            front.read_was_answered();
        }
        answers
            .and_then(|answers| match <[Stored; 1]>::try_from(answers) {
                Ok([stored]) => Ok(stored),
                Err(_) => Err(too_few()),
            })
            .map_err(|e| front.explain_one(e, Action::Read, index))
    }

    /// Whether a value is stored, readable or not, rather than the default in force. One read.
    ///
    /// # Errors
    ///
    /// Where the store could not be asked.
    pub async fn is_set<T: SettingValue>(&self, setting: Setting<S, T>) -> Result<bool> {
        self.front().schema.typed(setting)?;
        Ok(self.find_one(setting.index()).await?.is_any())
    }

    /// Every setting, from one round trip; strict: an unreadable one is an error, and so is a broken rule across settings.
    ///
    /// # Errors
    ///
    /// As [`Config::snapshot`](crate::Config::snapshot).
    pub async fn snapshot(&self) -> Result<S> {
        self.read_all().await?.strict()
    }

    /// Every setting as far as it can be read, from one round trip.
    ///
    /// # Errors
    ///
    /// Where the store could not be asked. An unreadable setting is no error here: it is in
    /// [`ReadAll::unreadable`].
    pub async fn read_all(&self) -> Result<ReadAll<S>> {
        let found = self.find_all().await?;
        Ok(self.front().read_all(&found, self.sync.all_overridden()))
    }

    /// Reads every setting once, so that a cache underneath holds them all: as [`Config::warm`](crate::Config::warm).
    ///
    /// # Errors
    ///
    /// Where the store could not be asked.
    pub async fn warm(&self) -> Result<()> {
        self.find_all().await.map(drop)
    }

    /// For a readiness probe: the store answers, its tables exist, and every stored value is readable and within its
    /// rules, those across settings included. Gives what is to be known of a store that works: see
    /// [`AsyncBackend::warnings`]. Two round trips, and what the backend asks for those.
    ///
    /// # Errors
    ///
    /// The first of these that does not hold.
    pub async fn verify(&self) -> Result<Vec<Warning>> {
        self.backend().ping().await.map_err(|e| self.front().explain(e, Action::Ping))?;
        let found = self.find_all().await?;
        self.front().verify(&found)?;
        let together = match self.front().all_names_probe(self.backend().capability()) {
            Some(batch) => Some(self.backend().write(&batch).await),
            None => None,
        };
        let mut warnings = self.front().alias_warnings(&found, together);
        warnings.extend(self.backend().warnings().await.map_err(|e| self.front().explain(e, Action::Ping))?);
        Ok(warnings)
    }
}
