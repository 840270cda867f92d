//! Settings by name and text, for tools.

use std::fmt;

use super::{Config, Found, Front};
use crate::events::FieldAccess;
use crate::schema::BrokenRule;
use crate::{Action, Backend, Codec, Error, Result, SettingInfo, Settings, Source};

/// One setting with everything that a tool shows, from [`Config::list`].
#[non_exhaustive]
#[derive(Clone)]
pub struct SettingEntry {
    /// What is known about the setting.
    pub info: SettingInfo,
    /// Whether something is stored, readable or not.
    pub is_set: bool,
    /// Where the value in force comes from. Of a pinned setting with something stored, that is hidden beneath the pin.
    pub source: Source,
    /// The value in force in its text form, or why the stored value is unreadable.
    ///
    /// For a [secret](SettingInfo::secret) setting this is the real value, which the tool has to mask.
    pub text: Result<String>,
    /// The first rule across settings that names this setting and that the stored values break. Then [`live`](Config::live) keeps
    /// the last good value. Always `None` from [`Config::entry`], since a rule needs the other settings too.
    pub broken_rule: Option<Error>,
}

impl<S: Settings, C: Codec, B: Backend> Config<S, C, B> {
    /// Every setting in the order of declaration, in one round trip. Overrides are ignored.
    ///
    /// # Errors
    ///
    /// Where the store cannot be read. Unreadable settings and broken rules across settings are in the entries.
    pub fn list(&self) -> Result<Vec<SettingEntry>> {
        Ok(self.inner.entries(&self.inner.find_all()?))
    }

    /// One setting by name, in one read. Overrides are ignored.
    ///
    /// # Errors
    ///
    /// `UnknownSetting`, with the nearest name; where the store cannot be read.
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
    /// `UnknownSetting`, with the nearest name; `Invalid`, which says what is wrong with the text and what is accepted, and does
    /// not show the text; otherwise as [`set`](Self::set).
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
        for BrokenRule { settings, error } in self.hold(&self.schema.defaults, &mut values) {
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
        let source = match &self.sources[index] {
            pinned if pinned.is_pinned() => pinned.clone(),
            _ if found.is_any() => Source::Stored,
            source => source.clone(),
        };
        SettingEntry { info: field.info().clone(), is_set: found.is_any(), source, text, broken_rule: None }
    }
}

impl fmt::Debug for SettingEntry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { info, is_set, source, text, broken_rule } = self;
        let readable: Result<(), &Error> = text.as_ref().map(drop);
        f.debug_struct("SettingEntry")
            .field("name", &info.name)
            .field("is_set", is_set)
            .field("source", source)
            .field("text", &readable)
            .field("broken_rule", broken_rule)
            .finish()
    }
}
