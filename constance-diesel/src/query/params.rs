//! Values and keys on their way into a statement.

use std::fmt;

use diesel::backend::Backend;
use diesel::serialize::{self, Output, ToSql};
use diesel::sql_types::Binary;

/// A value in a statement.
///
/// The application may have set an instrumentation that logs every query with its parameters; this one shows as its
/// length there.
pub(crate) struct ValueParam<'a>(pub(crate) &'a [u8]);

impl fmt::Debug for ValueParam<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} bytes", self.0.len())
    }
}

impl<DB: Backend> ToSql<Binary, DB> for ValueParam<'_>
where
    [u8]: ToSql<Binary, DB>,
{
    fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, DB>) -> serialize::Result {
        self.0.to_sql(out)
    }
}

/// A key in a statement. Each dialect binds it as the type of its column: [`ColumnSql::key`](super::ColumnSql::key).
#[derive(Debug, Clone, Copy)]
pub struct KeyParam<'a>(pub(crate) &'a str);
