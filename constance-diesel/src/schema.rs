//! The tables, in one place.

use std::sync::Arc;

use constance_core::{
    Error, ErrorKind, Result,
    backend::{Encoded, Stored},
};
use smallvec::SmallVec;

use crate::dialect::Dialect;
use crate::layout::Layout;

/// The names of the tables.
///
/// Everything that puts a name into SQL takes it from here.
#[derive(Debug, Clone)]
pub struct Tables {
    /// Holds a row for each stored setting.
    pub(crate) settings: Arc<str>,
    /// Holds a row for each migration that was applied. It is our own, since the table that `diesel_migrations` uses is
    /// the application's: each side would take the other's versions for unknown ones of its own.
    pub(crate) versions: Arc<str>,
    pub(crate) layout: Layout,
    usual: bool,
}

impl Tables {
    /// PostgreSQL cuts a name after 63 bytes without an error, and what is longest here is the name of the trigger's
    /// function or of the table of versions.
    const LONGEST: usize = 48;

    /// The tables for settings in a table of this name.
    pub(crate) fn named<C: Dialect>(name: &str, layout: Layout) -> Result<Self> {
        let wrong = |detail: &'static str| Err(Error::new(ErrorKind::Configuration).with_detail(detail));
        match name {
            "" => wrong("the table's name is empty"),
            long if long.len() > Self::LONGEST => wrong("the table's name has more than 48 bytes"),
            name if name.chars().any(char::is_control) => wrong("the table's name holds a control character"),
            name => C::refuses_table(name).map_or_else(|| Ok(Self::of(name, layout)), wrong),
        }
    }

    /// The tables of the usual name.
    pub(crate) fn usual(layout: Layout) -> Self {
        Self::of(layout.usual_table(), layout)
    }

    fn of(name: &str, layout: Layout) -> Self {
        let usual = layout == Layout::Own && name == layout.usual_table();
        Self { settings: name.into(), versions: format!("{name}_migrations").into(), layout, usual }
    }

    pub(crate) fn are_usual(&self) -> bool {
        self.usual
    }
}

/// A name in SQL text that is written by hand, between such quotes; diesel's `push_identifier` does it in fragments.
pub(crate) fn quoted(name: &str, quote: char) -> String {
    let twice = String::from_iter([quote, quote]);
    format!("{quote}{}{quote}", name.replace(quote, &twice))
}

/// A column of a table, as the database describes it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Column {
    pub(crate) name: String,
    /// Its type in lower case, as the database writes it.
    pub(crate) kind: String,
    pub(crate) nullable: bool,
    /// Whether a row can be inserted without saying it.
    pub(crate) has_default: bool,
    /// Whether the column alone is the primary key or has a unique index.
    pub(crate) unique: bool,
}

/// What a `value` column holds.
///
/// Each dialect reads it by itself, since what a column may hold beside bytes differs.
#[derive(Debug, diesel::deserialize::FromSqlRow)]
pub struct FoundValue(pub Stored);

/// The bytes of a `key` column, which need not be text in a table that others write to. In place where they are as few as
/// usual: to allocate them one by one was a twentieth of a snapshot.
#[derive(Debug, diesel::deserialize::FromSqlRow)]
pub struct FoundKey(pub SmallVec<[u8; 48]>);

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
