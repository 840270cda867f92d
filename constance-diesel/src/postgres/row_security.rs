//! Row level security: rows that the user may not see look like rows that are not there.

use constance_core::{Error, ErrorKind, Warning};
use diesel::RunQueryDsl;
use diesel::dsl::sql;
use diesel::pg::PgConnection;
use diesel::result::QueryResult;
use diesel::sql_types::{Bool, Text};

use super::diagnose::cause;
use crate::schema::Tables;

pub(super) const DETAIL: &str = "the table has row level security, which hides its rows from the user";
pub(super) const HINT: &str = "create a policy for the user, or make the user the owner of the table";

/// What row level security does to the user on a table; nothing where there is no such table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum VisibleRows {
    /// Nothing: all rows are there.
    All,
    /// Some policy says which rows there are.
    OfPolicies,
    /// No policy lets the user see anything.
    None,
}

/// The columns of a query over a table `t` with an `oid`: whether rows are filtered, and whether a policy lets the user see
/// any.
pub(super) const ROW_SECURITY: &str = "coalesce(row_security_active(t.oid), false), EXISTS (SELECT 1 FROM pg_policy AS p \
     WHERE p.polrelid = t.oid AND p.polpermissive AND p.polcmd IN ('*', 'r') AND EXISTS (\
     SELECT 1 FROM unnest(p.polroles) AS r WHERE r = 0 OR pg_has_role(r, 'USAGE')))";

impl VisibleRows {
    pub(super) fn of(filtered: bool, by_policy: bool) -> Self {
        match (filtered, by_policy) {
            (false, _) => Self::All,
            (true, true) => Self::OfPolicies,
            (true, false) => Self::None,
        }
    }

    pub(super) fn ask(connection: &mut PgConnection, table: &str) -> QueryResult<Self> {
        let query = sql::<(Bool, Bool)>(&format!("SELECT {ROW_SECURITY} FROM (SELECT to_regclass(quote_ident("))
            .bind::<Text, _>(table)
            .sql("))::oid AS oid) AS t");
        query.get_result::<(bool, bool)>(connection).map(|(filtered, by_policy)| Self::of(filtered, by_policy))
    }
}

/// The error where nothing can be seen.
pub(super) fn hides_everything() -> Error {
    Error::new(ErrorKind::Denied)
        .with_detail(DETAIL)
        .with_hint(HINT)
        .with_cause(cause("42501", "row level security without a policy for the user"))
}

/// For connections that were not asked when they were made: those of the application's own pool, and those from before.
pub(super) fn warnings(connection: &mut PgConnection, tables: &Tables) -> QueryResult<Vec<Warning>> {
    Ok(match VisibleRows::ask(connection, &tables.settings)? {
        VisibleRows::None => vec![Warning::new(DETAIL).with_hint(HINT)],
        VisibleRows::All | VisibleRows::OfPolicies => Vec::new(),
    })
}
