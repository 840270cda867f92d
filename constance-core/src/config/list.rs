//! Settings by name and text, for tools.

use std::fmt;

use super::{Config, Found, Front};
use crate::events::FieldAccess;
use crate::schema::Breach;
use crate::{Action, Backend, Codec, Error, Result, SettingInfo, Settings};

/// One setting as a tool shows it, from [`Config::list`].
#[non_exhaustive]
#[derive(Clone)]
pub struct SettingEntry {
    /// What is known about the setting.
    pub info: SettingInfo,
    /// Whether something is stored; otherwise the default is in force.
    pub is_set: bool,
    /// The value in force in its text form, or why what is stored is unreadable.
    ///
    /// For a [secret](SettingInfo::secret) this is the real value too: the tool masks it.
    pub text: Result<String>,
    /// The first rule across settings that this one is in and that what is stored breaks: then a [`live`](Config::live) keeps the
    /// last good value. Only a listing of all settings can tell; for a single entry it is `None`.
    pub broken_rule: Option<Error>,
}

impl<S: Settings, C: Codec, B: Backend> Config<S, C, B> {
    /// Every setting in the order of declaration, from one round trip. Overrides are not looked at.
    ///
    /// # Errors
    ///
    /// Where the store could not be asked. An unreadable setting is in its entry, and so is a broken rule across settings.
    pub fn list(&self) -> Result<Vec<SettingEntry>> {
        Ok(self.inner.entries(&self.inner.find_all()?))
    }

    /// One setting by name, from one read. Overrides are not looked at.
    ///
    /// # Errors
    ///
    /// `UnknownSetting`, with the nearest name; where the store could not be asked.
    pub fn entry(&self, name: &str) -> Result<SettingEntry> {
        self.access().entry(name)
    }

    /// The value in force in its text form, by name. One read.
    ///
    /// # Errors
    ///
    /// `UnknownSetting`, with the nearest name; otherwise as [`get`](Self::get).
    pub fn get_text(&self, name: &str) -> Result<String> {
        self.access().get_text(name)
    }

    /// Stores a value by name and text. As [`set`](Self::set).
    ///
    /// # Errors
    ///
    /// `UnknownSetting`, with the nearest name; `Invalid`, saying what is wrong with the text and what is accepted, never the
    /// text itself; otherwise as [`set`](Self::set).
    ///
    /// ```
    /// # use constance_core::{Config, Settings};
    /// # use constance_core::testing::ReferenceBackend as MemoryBackend;
    /// # #[derive(Clone, Settings)]
    /// # struct Shop {
    /// #     #[setting(default = 42, min = 0)]
    /// #     the_answer: i64,
    /// # }
    /// # let config = Config::<Shop>::new(MemoryBackend::default());
    /// config.set_text("the_answer", "43")?;
    /// assert_eq!(config.get_text("the_answer")?, "43");
    /// assert_eq!(
    ///     config.set_text("the_answer", "many").unwrap_err().to_string(),
    ///     "setting \"the_answer\": this is not a whole number; accepted is a whole number, at least 0"
    /// );
    /// assert_eq!(
    ///     config.set_text("the_anwser", "43").unwrap_err().to_string(),
    ///     "setting \"the_anwser\": there is no such setting; did you mean \"the_answer\"?"
    /// );
    /// # Ok::<(), constance_core::Error>(())
    /// ```
    pub fn set_text(&self, name: &str, text: &str) -> Result<()> {
        self.change().set_text(name, text)?.apply()
    }

    /// Resets a setting by name. As [`reset`](Self::reset).
    ///
    /// # Errors
    ///
    /// `UnknownSetting`, with the nearest name; otherwise as [`reset`](Self::reset).
    pub fn reset_name(&self, name: &str) -> Result<()> {
        self.change().reset_name(name)?.apply()
    }
}

impl<S: Settings, C: Codec> Front<S, C> {
    pub(crate) fn entries(&self, found: &[Found]) -> Vec<SettingEntry> {
        let mut entries: Vec<SettingEntry> = found.iter().enumerate().map(|(i, found)| self.entry(i, found)).collect();
        let (mut values, _) = self.assemble(found);
        for Breach { settings, error } in self.hold(&self.schema.defaults, &mut values) {
            for index in settings {
                entries[index].broken_rule.get_or_insert_with(|| error.clone());
            }
        }
        entries
    }

    pub(crate) fn entry(&self, index: usize, found: &Found) -> SettingEntry {
        let field = &self.schema.fields[index];
        let text = self.value_in(index, found).and_then(|value| field.print(&value));
        let text = text.map_err(|e| self.explain_one(e, Action::Read, index));
        SettingEntry { info: field.info().clone(), is_set: found.is_any(), text, broken_rule: None }
    }
}

impl fmt::Debug for SettingEntry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { info, is_set, text, broken_rule } = self;
        let readable: Result<(), &Error> = text.as_ref().map(drop);
        f.debug_struct("SettingEntry")
            .field("name", &info.name)
            .field("is_set", is_set)
            .field("text", &readable)
            .field("broken_rule", broken_rule)
            .finish()
    }
}
