//! Whose table it is: one of our own, or the one that Django made.

use constance_core::{
    Error, ErrorKind, Result,
    backend::{Batch, Op},
};
use diesel::backend::Backend;
use diesel::query_builder::AstPass;
use diesel::result::QueryResult;
use diesel::serialize::ToSql;
use diesel::sql_types::{Binary, HasSqlType};

use crate::query::{Bound, KeyParam};
#[cfg(any(feature = "mysql", feature = "postgres"))]
use crate::query::{Clash, Insert, UpdateIf};

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
    pub(crate) fn usual_table(self) -> &'static str {
        match self {
            Self::Own => "constance_settings",
            Self::Django => "constance_constance",
        }
    }

    /// Refuses values that the table cannot hold. MySQL would store others in their place.
    pub(crate) fn takes(self, batch: &Batch) -> Result<()> {
        let takes = |change: &constance_core::backend::Change| match &change.op {
            Op::Set(value) => self.holds(value.as_bytes()),
            Op::Remove | Op::Keep => true,
        };
        if batch.changes().iter().all(takes) {
            return Ok(());
        }
        let detail = "the table holds text: a value that is not UTF-8, or holds a zero byte, has no place in it";
        Err(Error::new(ErrorKind::Encode).with_detail(detail))
    }

    /// Whether a value can be in the table.
    pub(crate) fn holds(self, value: &[u8]) -> bool {
        self == Self::Own || (std::str::from_utf8(value).is_ok() && !value.contains(&0))
    }

    /// Gives the error the hint of this layout.
    pub(crate) fn advise(self, error: Error) -> Error {
        if self == Self::Django && error.kind() == ErrorKind::NotMigrated { error.with_hint(MIGRATE) } else { error }
    }

    /// Refuses what is the business of Django's migrations.
    pub(crate) fn is_ours(self) -> Result<()> {
        match self {
            Self::Own => Ok(()),
            Self::Django => Err(Error::new(ErrorKind::Unsupported)
                .with_detail("the table belongs to Django's migrations")
                .with_hint("use Django's manage.py migrate")),
        }
    }
}

/// The words of a database that depend on the layout.
pub trait Wording: Backend + HasSqlType<Binary> {
    /// Django's column `value` as bytes; what is no text stays what it is.
    const BYTES_OF_TEXT: &'static str;
    /// What stands around a parameter of bytes to make a text of it.
    const TEXT_OF_BYTES: [&'static str; 2];

    /// A key as a value of its column.
    fn key<'b>(layout: Layout, key: &'b KeyParam<'_>, out: AstPass<'_, 'b, Self>) -> QueryResult<()>;

    /// Whether a row has this key.
    fn is_key<'b>(layout: Layout, key: &'b KeyParam<'_>, mut out: AstPass<'_, 'b, Self>) -> QueryResult<()> {
        out.push_identifier("key")?;
        out.push_sql(" = ");
        Self::key(layout, key, out)
    }

    /// What sorts keys by their bytes.
    fn order(layout: Layout) -> &'static str;

    /// Whether a row's key lies from `low` to `high`, in the order of bytes.
    fn is_between<'b>(
        layout: Layout,
        low: &'b KeyParam<'_>,
        high: &'b KeyParam<'_>,
        mut out: AstPass<'_, 'b, Self>,
    ) -> QueryResult<()> {
        out.push_identifier("key")?;
        out.push_sql(" >= ");
        Self::key(layout, low, out.reborrow())?;
        out.push_sql(" AND ");
        out.push_identifier("key")?;
        out.push_sql(" <= ");
        Self::key(layout, high, out)
    }
}

/// The column `value`, as bytes.
pub(crate) fn value_column<DB: Wording>(layout: Layout, mut out: AstPass<'_, '_, DB>) -> QueryResult<()> {
    match layout {
        Layout::Own => out.push_identifier("value"),
        Layout::Django => {
            out.push_sql(DB::BYTES_OF_TEXT);
            Ok(())
        }
    }
}

/// A value as one of its column.
pub(crate) fn value<'b, DB: Wording>(
    layout: Layout,
    value: &'b Bound<'_>,
    mut out: AstPass<'_, 'b, DB>,
) -> QueryResult<()>
where
    [u8]: ToSql<Binary, DB>,
{
    let [before, after] = if layout == Layout::Django { DB::TEXT_OF_BYTES } else { [""; 2] };
    out.push_sql(before);
    out.push_bind_param::<Binary, Bound<'_>>(value)?;
    out.push_sql(after);
    Ok(())
}

/// Whether a row has exactly this value.
pub(crate) fn is_value<'b, DB: Wording>(
    layout: Layout,
    value: &'b Bound<'_>,
    mut out: AstPass<'_, 'b, DB>,
) -> QueryResult<()>
where
    [u8]: ToSql<Binary, DB>,
{
    value_column(layout, out.reborrow())?;
    out.push_sql(" = ");
    out.push_bind_param::<Binary, Bound<'_>>(value)
}

/// What to try before an insert that may replace: one that finds a row takes a number for `id` all the same, and Django's are
/// of 32 bits.
#[cfg(any(feature = "mysql", feature = "postgres"))]
pub(crate) fn update_first<'a>(statement: &Insert<'a>) -> Option<UpdateIf<'a>> {
    let Insert { tables, key, value: Bound(value), now, clash } = statement;
    let replaces = tables.layout == Layout::Django && matches!(clash, Clash::Replace(_));
    replaces.then_some(UpdateIf { tables, key: *key, old: None, value: Bound(value), now })
}
