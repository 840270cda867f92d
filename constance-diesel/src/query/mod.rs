//! The statements, as fragments that diesel caches.
//!
//! `sql_query`, the usual way to a table whose name is known at run time, is prepared anew each time. A fragment of our
//! own with `push_identifier` is cached under its text.

pub(crate) mod column_sql;
mod params;
mod read;
mod versions;
mod write;

pub(crate) use self::column_sql::ColumnSql;
pub(crate) use self::params::KeyParam;
pub(crate) use self::params::ValueParam;
pub(crate) use self::read::{DefaultTable, KeysIn, RowsIn, ValueOf};
pub(crate) use self::versions::{AnyKey, AppliedVersions, ForgetVersion, RecordVersion};
#[cfg(any(feature = "mysql", feature = "postgres"))]
pub(crate) use self::write::update_first;
pub(crate) use self::write::{Delete, Insert, OnConflict, UpdateIf};

/// Gives a statement the traits that diesel asks for: its result columns, and its text as the key in diesel's cache (the
/// type alone would not do, since the table's name is a value).
macro_rules! statement {
    ($name:ident $(, $columns:ty)?) => {
        impl QueryId for $name<'_> {
            type QueryId = ();
            const HAS_STATIC_QUERY_ID: bool = false;
        }

        impl<C> RunQueryDsl<C> for $name<'_> {}

        $(impl Query for $name<'_> {
            type SqlType = $columns;
        })?
    };
}
pub(crate) use statement;
