//! Settings by name and text, for tools.

use super::{AsyncBackend, AsyncConfig};
use crate::{Codec, Result, SettingEntry, Settings};

impl<S: Settings, C: Codec, B: AsyncBackend> AsyncConfig<S, C, B> {
    /// Every setting in the order of declaration, from one round trip. Overrides are not looked at.
    ///
    /// # Errors
    ///
    /// Where the store could not be asked. An unreadable setting is in its entry.
    pub async fn list(&self) -> Result<Vec<SettingEntry>> {
        Ok(self.front().entries(&self.find_all().await?))
    }

    /// One setting by name, from one read. Overrides are not looked at.
    ///
    /// # Errors
    ///
    /// `UnknownSetting`, with the nearest name; where the store could not be asked.
    pub async fn entry(&self, name: &str) -> Result<SettingEntry> {
        let (index, _) = self.front().schema.field_named(name)?;
        Ok(self.front().entry(index, &self.find_one(index).await?))
    }

    /// The value in force in its text form, by name. One read.
    ///
    /// # Errors
    ///
    /// `UnknownSetting`, with the nearest name; otherwise as [`get`](Self::get).
    pub async fn get_text(&self, name: &str) -> Result<String> {
        let (index, field) = self.front().schema.field_named(name)?;
        if let Some(value) = self.sync.overridden(index) {
            return field.print(&value).map_err(|e| e.with_setting(field.info().name));
        }
        self.entry(name).await?.text
    }

    /// Stores a value by name and text. As [`set`](Self::set).
    ///
    /// # Errors
    ///
    /// As [`Config::set_text`](crate::Config::set_text).
    pub async fn set_text(&self, name: &str, text: &str) -> Result<()> {
        self.change().set_text(name, text)?.apply().await
    }

    /// Resets a setting by name. As [`reset`](Self::reset).
    ///
    /// # Errors
    ///
    /// `UnknownSetting`, with the nearest name; otherwise as [`reset`](Self::reset).
    pub async fn reset_name(&self, name: &str) -> Result<()> {
        self.change().reset_name(name)?.apply().await
    }
}
