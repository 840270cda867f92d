//! The columns `key` and `value` in SQL, which depend on the database and on whose table it is.

use diesel::backend::Backend;
use diesel::query_builder::AstPass;
use diesel::result::QueryResult;
use diesel::serialize::ToSql;
use diesel::sql_types::{Binary, HasSqlType};

use super::{KeyParam, ValueParam};
use crate::layout::Layout;

/// How a database writes the two columns.
pub trait ColumnSql: Backend + HasSqlType<Binary> {
    /// Django's column `value` as bytes; what is no text stays what it is.
    const BYTES_OF_TEXT: &'static str;
    /// The SQL around a parameter of bytes that makes a text of it.
    const TEXT_OF_BYTES: [&'static str; 2];

    /// A key as a value of its column.
    fn key<'b>(layout: Layout, key: &'b KeyParam<'_>, out: AstPass<'_, 'b, Self>) -> QueryResult<()>;

    /// Whether a row has this key.
    fn is_key<'b>(layout: Layout, key: &'b KeyParam<'_>, mut out: AstPass<'_, 'b, Self>) -> QueryResult<()> {
        out.push_identifier("key")?;
        out.push_sql(" = ");
        Self::key(layout, key, out)
    }

    /// The expression that sorts keys by their bytes.
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
pub(crate) fn value_column<DB: ColumnSql>(layout: Layout, mut out: AstPass<'_, '_, DB>) -> QueryResult<()> {
    match layout {
        Layout::Own => out.push_identifier("value"),
        Layout::Django => {
            out.push_sql(DB::BYTES_OF_TEXT);
            Ok(())
        }
    }
}

/// A value as one of its column.
pub(crate) fn value<'b, DB: ColumnSql>(
    layout: Layout,
    value: &'b ValueParam<'_>,
    mut out: AstPass<'_, 'b, DB>,
) -> QueryResult<()>
where
    [u8]: ToSql<Binary, DB>,
{
    let [before, after] = if layout == Layout::Django { DB::TEXT_OF_BYTES } else { [""; 2] };
    out.push_sql(before);
    out.push_bind_param::<Binary, ValueParam<'_>>(value)?;
    out.push_sql(after);
    Ok(())
}

/// Whether a row has exactly this value.
pub(crate) fn is_value<'b, DB: ColumnSql>(
    layout: Layout,
    value: &'b ValueParam<'_>,
    mut out: AstPass<'_, 'b, DB>,
) -> QueryResult<()>
where
    [u8]: ToSql<Binary, DB>,
{
    value_column(layout, out.reborrow())?;
    out.push_sql(" = ");
    out.push_bind_param::<Binary, ValueParam<'_>>(value)
}
