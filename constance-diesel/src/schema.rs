//! The tables, in one place.

use constance_core::{Encoded, Stored};

/// The names of the tables.
///
/// Everything that puts a name into SQL takes it from here, so that a name of the user's choice has one place to arrive at.
#[derive(Debug, Clone)]
pub struct Tables {
    /// Holds a row for each stored setting.
    pub(crate) settings: &'static str,
    /// Holds a row for each migration that was applied. It is our own, since the table that `diesel_migrations` uses is
    /// the application's: each side would take the other's versions for unknown ones of its own.
    pub(crate) versions: &'static str,
}

impl Tables {
    const USUAL: &'static str = "constance_settings";

    pub(crate) fn are_usual(&self) -> bool {
        self.settings == Self::USUAL
    }
}

impl Default for Tables {
    fn default() -> Self {
        Self { settings: Self::USUAL, versions: "constance_settings_migrations" }
    }
}

/// What a `value` column holds.
///
/// Each dialect reads it by itself, since what a column may hold beside bytes differs.
#[derive(Debug, diesel::deserialize::FromSqlRow)]
pub struct FoundValue(pub Stored);

/// The bytes of a `key` column, which need not be text in a table that others write to.
#[derive(Debug, diesel::deserialize::FromSqlRow)]
pub struct FoundKey(pub Vec<u8>);

/// A row of the settings table.
pub(crate) type Row = (FoundKey, FoundValue);

impl FoundValue {
    /// Bytes that the driver lends.
    pub(crate) fn bytes(bytes: &[u8]) -> Self {
        Self(Stored::Value(Encoded::from(bytes)))
    }

    /// Something else, in words.
    pub(crate) fn foreign(what: &'static str) -> Self {
        Self(Stored::Foreign(what))
    }
}
