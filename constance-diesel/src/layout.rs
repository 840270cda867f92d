//! Whose table it is: one of our own, or the one that Django made.

use constance_core::{
    Error, ErrorKind, Result,
    backend::{Batch, Op},
};

/// What the table of the settings looks like; for [`Builder::layout`](crate::Builder::layout), and for the parameter `layout` of a
/// URL.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum Layout {
    /// A table that [`migrate`](crate::DieselBackend::migrate) makes: bytes, with a revision and the time of the last change.
    /// In a URL: `layout=own`.
    #[default]
    Own,
    /// The table that the migrations of django-constance 4 made or converted, `constance_constance` where no other name is
    /// given, shared with a Django application. Use it with the codec `Json`. In a URL: `layout=django`.
    ///
    /// It is Django's: nothing is created or changed but rows. [`migrate`](crate::DieselBackend::migrate) looks at its shape
    /// and refuses another one, [`pending`](crate::DieselBackend::pending) does the same, and adopting and reverting are
    /// `Unsupported`. A missing table is `NotMigrated`, whose hint is Django's `manage.py migrate`.
    ///
    /// Its values are text: bytes that are not UTF-8, or hold a zero byte, are refused with `Encode`. A `NULL` (django-constance
    /// 3 stored `None` as one, and 4 cannot read it) is unreadable under its own key, until somebody sets or resets it.
    ///
    /// Keys are compared byte for byte, also on MySQL and MariaDB. There the table's unique index takes keys that differ
    /// only in case for one, so that it cannot hold both: storing the second is `Unsupported`, and the first stays as it is.
    ///
    /// There is no trigger that tells of a change. On PostgreSQL, MySQL and MariaDB the feed looks for changes at the
    /// [`watch_interval`](crate::Builder::watch_interval).
    Django,
}

/// The next step where Django's table is missing.
const MIGRATE: &str = "run Django's manage.py migrate";

impl Layout {
    /// The one of this name in a URL.
    pub(crate) fn named(name: &str) -> Option<Self> {
        match name {
            "own" => Some(Self::Own),
            "django" => Some(Self::Django),
            _ => None,
        }
    }

    /// The name of the table, where no other is given.
    pub(crate) fn default_table(self) -> &'static str {
        match self {
            Self::Own => "constance_settings",
            Self::Django => "constance_constance",
        }
    }

    /// Refuses values that the table cannot hold. MySQL would store others in their place.
    pub(crate) fn check_values(self, batch: &Batch) -> Result<()> {
        let takes = |change: &constance_core::backend::Change| match &change.op {
            Op::Set(value) => self.can_hold(value.as_bytes()),
            Op::Remove | Op::Keep => true,
        };
        if batch.changes().iter().all(takes) {
            return Ok(());
        }
        let detail = "the table holds text: a value that is not UTF-8, or holds a zero byte, has no place in it";
        Err(Error::new(ErrorKind::Encode).with_detail(detail))
    }

    /// Whether a value can be in the table.
    pub(crate) fn can_hold(self, value: &[u8]) -> bool {
        self == Self::Own || (std::str::from_utf8(value).is_ok() && !value.contains(&0))
    }

    /// Gives the error the hint of this layout.
    pub(crate) fn add_hint(self, error: Error) -> Error {
        if self == Self::Django && error.kind() == ErrorKind::NotMigrated { error.with_hint(MIGRATE) } else { error }
    }

    /// Refuses what is the business of Django's migrations.
    pub(crate) fn require_own(self) -> Result<()> {
        match self {
            Self::Own => Ok(()),
            Self::Django => Err(Error::new(ErrorKind::Unsupported)
                .with_detail("the table belongs to Django's migrations")
                .with_hint("use Django's manage.py migrate")),
        }
    }
}
