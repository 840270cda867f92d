//! Several changes as a whole.

use std::fmt;
use std::sync::Arc;

use super::{AsyncBackend, AsyncConfig};
use crate::config::{Goal, Steps};
use crate::{Codec, Result, Setting, SettingValue, Settings};

/// Changes of several settings, applied as a whole or not at all; from [`AsyncConfig::change`].
///
/// ```
/// # use constance_core::Settings;
/// # use constance_core::aio::{AsyncConfig, Blocking};
/// # use constance_core::testing::ReferenceBackend as SomeBackend;
/// # #[derive(Clone, Settings)]
/// # struct Shop {
/// #     #[setting(default = 42)]
/// #     the_answer: i64,
/// #     #[setting(default = "My Title")]
/// #     site_name: String,
/// # }
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> constance_core::Result<()> {
/// # let config = AsyncConfig::<Shop>::new(Blocking::new(SomeBackend::new()));
/// config.change().set(Shop::THE_ANSWER, 43).set(Shop::SITE_NAME, "Shop".to_owned()).apply().await?;
/// config.change().expect(Shop::THE_ANSWER, 43).reset(Shop::SITE_NAME).apply().await?;
/// # Ok(())
/// # }
/// ```
#[must_use = "nothing is written before `apply`"]
pub struct AsyncChangeSet<'c, S, C, B> {
    config: &'c AsyncConfig<S, C, B>,
    steps: Steps<'c, S, C>,
}

impl<S: Settings, C: Codec, B: AsyncBackend> AsyncConfig<S, C, B> {
    /// Begins a set of changes that is applied as a whole or not at all.
    pub fn change(&self) -> AsyncChangeSet<'_, S, C, B> {
        AsyncChangeSet { config: self, steps: Steps::new(self.front()) }
    }
}

impl<S: Settings, C: Codec, B: AsyncBackend> AsyncChangeSet<'_, S, C, B> {
    /// Stores a value. What was said of this setting before is replaced.
    pub fn set<T: SettingValue>(mut self, setting: Setting<S, T>, value: T) -> Self {
        self.steps.to(setting, Goal::Set(Arc::new(value)));
        self
    }

    /// Removes the stored value, so that the default is in force.
    pub fn reset<T: SettingValue>(mut self, setting: Setting<S, T>) -> Self {
        self.steps.to(setting, Goal::Reset);
        self
    }

    /// Makes the whole set a conflict unless this value is in force.
    pub fn expect<T: SettingValue>(mut self, setting: Setting<S, T>, value: T) -> Self {
        self.steps.expect(setting, value);
        self
    }

    /// Stores a value by name and text, as a tool has it.
    ///
    /// # Errors
    ///
    /// `UnknownSetting`, and `Invalid` where the text is not a value of the setting.
    pub fn set_text(mut self, name: &str, text: &str) -> Result<Self> {
        self.steps.set_text(name, text)?;
        Ok(self)
    }

    /// Resets a setting by name.
    ///
    /// # Errors
    ///
    /// `UnknownSetting`.
    pub fn reset_name(mut self, name: &str) -> Result<Self> {
        self.steps.reset_name(name)?;
        Ok(self)
    }

    /// Writes everything, or nothing; also where the future is dropped. No changes: no I/O.
    ///
    /// # Errors
    ///
    /// As [`ChangeSet::apply`](crate::ChangeSet::apply).
    pub async fn apply(self) -> Result<()> {
        match self.steps.finished()? {
            steps if steps.is_empty() => Ok(()),
            steps => self.config.apply(&steps).await,
        }
    }
}

impl<S: Settings, C: Codec, B> fmt::Debug for AsyncChangeSet<'_, S, C, B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("AsyncChangeSet ")?;
        f.debug_list().entries(self.steps.names()).finish()
    }
}
