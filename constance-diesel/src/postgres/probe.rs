//! Looks for changes where nobody tells of them.

use diesel::RunQueryDsl;
use diesel::dsl::sql;
use diesel::pg::PgConnection;
use diesel::result::QueryResult;
use diesel::sql_types::{Nullable, Text};

use super::migration::quoted;
use crate::schema::Tables;

/// What was seen at the last look.
#[derive(Debug, Default)]
pub struct Seen {
    /// Which transactions had ended.
    snapshot: String,
    /// What the rows were, without their values.
    rows: Option<String>,
}

/// Whether anything was committed to the table since the last look.
///
/// Every row carries the transaction that wrote it, so a sum over them tells of every writer, also of one that writes the same
/// value again, and needs no trigger and no column. The table is only looked at if any transaction at all has ended since; on a
/// replica always, where the snapshot does not list them.
pub(super) fn changed(connection: &mut PgConnection, tables: &Tables, seen: &mut Seen) -> QueryResult<bool> {
    let table = quoted(&tables.settings);
    let look = sql::<(Text, Nullable<Text>)>(
        "SELECT txid_current_snapshot()::text, \
         CASE WHEN txid_current_snapshot()::text <> ",
    )
    .bind::<Text, _>(&seen.snapshot)
    .sql(&format!(
        " OR pg_is_in_recovery() \
         THEN (SELECT concat(count(*), ' ', sum(hashtext(concat(xmin, ' ', \"key\"))::bigint)) FROM {table}) END"
    ));
    let (snapshot, rows) = look.get_result::<(String, Option<String>)>(connection)?;
    seen.snapshot = snapshot;
    // A snapshot of the same transactions holds the same rows.
    let Some(rows) = rows else { return Ok(false) };
    Ok(seen.rows.replace(rows.clone()) != Some(rows))
}
