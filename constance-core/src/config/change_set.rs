//! Several changes as a whole.

use std::fmt;
use std::sync::Arc;

use super::plan::{Expected, Goal, Step};
use super::{Config, Front, TransactionConfig};
use crate::{Backend, Codec, Result, Setting, SettingValue, Settings};

/// Changes of several settings, applied as a whole or not at all; from [`Config::change`] and its twins, whose type `W` is.
///
/// Rules across settings are held against what the settings become, also when another writer changes another setting of such
/// a rule meanwhile.
///
/// ```
/// # use constance_core::{Config, Settings};
/// # use constance_core::testing::ReferenceBackend as MemoryBackend;
/// # #[derive(Clone, Settings)]
/// # struct Shop {
/// #     #[setting(default = 42)]
/// #     the_answer: i64,
/// #     #[setting(default = "My Title")]
/// #     site_name: String,
/// # }
/// # let config = Config::<Shop>::new(MemoryBackend::default());
/// config.change().set(Shop::THE_ANSWER, 43).set(Shop::SITE_NAME, "Shop".to_owned()).apply()?;
/// config.change().expect(Shop::THE_ANSWER, 43).reset(Shop::SITE_NAME).apply()?;
/// assert_eq!(config.get(Shop::SITE_NAME)?, "My Title");
/// # Ok::<(), constance_core::Error>(())
/// ```
#[must_use = "nothing is written before `apply`"]
pub struct ChangeSet<'c, S, C, W> {
    /// The front that writes it.
    pub(crate) writer: &'c W,
    steps: Steps<'c, S, C>,
}

/// What a change set is to do, without a store.
struct Steps<'c, S, C> {
    front: &'c Front<S, C>,
    steps: Vec<Step>,
    problem: Option<crate::Error>,
}

impl<S: Settings, C: Codec, B: Backend> Config<S, C, B> {
    /// Begins a set of changes that is applied as a whole or not at all.
    pub fn change(&self) -> ChangeSet<'_, S, C, Self> {
        ChangeSet::new(self, &self.inner.front)
    }
}

impl<S: Settings, C: Codec, B: Backend> ChangeSet<'_, S, C, Config<S, C, B>> {
    /// Writes everything, or nothing. One write; one read before it where something is expected or a rule across settings
    /// looks at what is changed. No changes: no I/O.
    ///
    /// # Errors
    ///
    /// `Invalid` naming every refused setting; `Conflict` where something expected is not in force; `Unsupported` where the
    /// backend cannot write these keys as a whole; otherwise as [`Config::set`].
    pub fn apply(self) -> Result<()> {
        match self.steps.finished()? {
            steps if steps.is_empty() => Ok(()),
            steps => self.writer.apply(&steps),
        }
    }
}

impl<S: Settings, C: Codec, T: Backend + ?Sized> ChangeSet<'_, S, C, TransactionConfig<'_, S, C, T>> {
    /// Writes everything, or nothing, as part of the transaction. No changes: no I/O.
    ///
    /// # Errors
    ///
    /// As [`Config::set`] and [`TransactionConfig::compare_and_set`]. What the transaction did before stays.
    pub fn apply(self) -> Result<()> {
        match self.steps.finished()? {
            steps if steps.is_empty() => Ok(()),
            steps => self.writer.apply(&steps),
        }
    }
}

impl<'c, S: Settings, C: Codec, W> ChangeSet<'c, S, C, W> {
    pub(crate) fn new(writer: &'c W, front: &'c Front<S, C>) -> Self {
        Self { writer, steps: Steps { front, steps: Vec::new(), problem: None } }
    }

    /// The steps, if all of them are possible.
    #[cfg(feature = "tokio")]
    pub(crate) fn finished(self) -> Result<Vec<Step>> {
        self.steps.finished()
    }

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
}

impl<S: Settings, C: Codec> Steps<'_, S, C> {
    fn to<T: SettingValue>(&mut self, setting: Setting<S, T>, goal: Goal) {
        if self.checked(setting) {
            self.step(setting.index()).to = Some(goal);
        }
    }

    fn expect<T: SettingValue>(&mut self, setting: Setting<S, T>, value: T) {
        if self.checked(setting) {
            self.step(setting.index()).expect = Expected::Value(Arc::new(value));
        }
    }

    fn set_text(&mut self, name: &str, text: &str) -> Result<()> {
        let (index, field) = self.front.schema.field_named(name)?;
        self.front.codec.check_text(text).map_err(|e| e.with_setting(field.info().name))?;
        let value = field.parse(text)?;
        self.step(index).to = Some(Goal::Set(value));
        Ok(())
    }

    fn reset_name(&mut self, name: &str) -> Result<()> {
        let (index, _) = self.front.schema.field_named(name)?;
        self.step(index).to = Some(Goal::Reset);
        Ok(())
    }

    /// The steps, if all of them are possible.
    fn finished(self) -> Result<Vec<Step>> {
        self.problem.map_or(Ok(self.steps), Err)
    }

    /// A handle that is not of this schema is reported at the end, so that the calls can be chained.
    fn checked<T: SettingValue>(&mut self, setting: Setting<S, T>) -> bool {
        match self.front.schema.typed(setting) {
            Ok(_) => true,
            Err(error) => {
                self.problem.get_or_insert(error);
                false
            }
        }
    }

    fn step(&mut self, index: usize) -> &mut Step {
        let at = self.steps.iter().position(|step| step.index == index).unwrap_or_else(|| {
            self.steps.push(Step { index, to: None, expect: Expected::Anything });
            self.steps.len() - 1
        });
        &mut self.steps[at]
    }

    /// The names, for a `Debug`.
    fn names(&self) -> impl Iterator<Item = &'static str> {
        self.steps.iter().map(|step| self.front.schema.fields[step.index].info().name)
    }
}

impl<S: Settings, C: Codec, W> fmt::Debug for ChangeSet<'_, S, C, W> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ChangeSet ")?;
        f.debug_list().entries(self.steps.names()).finish()
    }
}
