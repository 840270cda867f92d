//! What the database says about its tables.

use diesel::RunQueryDsl;
use diesel::dsl::sql;
use diesel::pg::PgConnection;
use diesel::sql_types::{Bool, Text};

use crate::failure::{Failure, Reason};
use crate::schema::Column;

/// Whether there is a table of a name, which follows, in a schema of the search path that the user may not use: to them it is
/// not there, and a right is missing and not a table. `current_schemas` leaves such a schema out, so the path is read as it is
/// written.
pub(super) const IS_HIDDEN: &str = "EXISTS (SELECT 1 FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace \
     WHERE c.relkind IN ('r', 'p', 'v') AND NOT has_schema_privilege(n.oid, 'USAGE') AND n.nspname IN (\
     SELECT CASE WHEN s.name = '$user' THEN current_user ELSE s.name END FROM (\
     SELECT coalesce(replace(m[1], '\"\"', '\"'), lower(m[2])) AS name FROM \
     regexp_matches(current_setting('search_path'), '\"((?:[^\"]|\"\")*)\"|([^,\"[:space:]]+)', 'g') AS m) AS s) \
     AND c.relname = ";

/// Whether a name without a schema leads to a table, by way of `search_path`.
///
/// # Errors
///
/// Also where a table that the user may not see has the name: one that is made then would be another. And where the search path
/// leads to no schema, so that none can be made.
pub(super) fn has_table(connection: &mut PgConnection, name: &str) -> Result<bool, Failure> {
    // It reads a catalogue on purpose: that takes a lock, and only then a session hears what others have made. Without it a
    // name that was not there before it waited for a migration's end stays unknown to it.
    let query = sql::<(Bool, Bool, Bool)>(&format!("SELECT t.found, NOT t.found AND {IS_HIDDEN}"))
        .bind::<Text, _>(name)
        .sql("), current_schema() IS NULL FROM (SELECT EXISTS (SELECT 1 FROM pg_class WHERE oid = to_regclass(quote_ident(")
        .bind::<Text, _>(name)
        .sql("))) AS found) AS t");
    match query.get_result::<(bool, bool, bool)>(connection)? {
        (true, ..) => Ok(true),
        (_, true, _) => Err(Reason::HiddenSchema.into()),
        (_, _, true) => Err(Reason::NoSchema.into()),
        _ => Ok(false),
    }
}

/// The columns of the table that the name leads to. The collation belongs to the type of the key: under a language's order
/// a prefix is no range.
///
/// # Errors
///
/// As [`has_table`].
pub(super) fn of(connection: &mut PgConnection, table: &str) -> Result<Vec<Column>, Failure> {
    let rows = sql::<(Text, Text, Bool, Bool, Bool)>(
        "SELECT a.attname::text, lower(format_type(a.atttypid, a.atttypmod)) || \
         CASE WHEN a.attname = 'key' AND a.attcollation <> 0 THEN ' COLLATE ' || quote_ident(c.collname) ELSE '' END, NOT a.attnotnull, \
         a.atthasdef OR a.attidentity <> '', \
         EXISTS (SELECT 1 FROM pg_index AS i WHERE i.indrelid = a.attrelid AND i.indisunique AND i.indisvalid \
         AND i.indimmediate AND i.indpred IS NULL AND i.indnkeyatts = 1 AND i.indkey[0] = a.attnum) \
         FROM pg_attribute AS a LEFT JOIN pg_collation AS c ON c.oid = a.attcollation WHERE a.attrelid = to_regclass(quote_ident(",
    )
    .bind::<Text, _>(table)
    .sql(")) AND a.attnum > 0 AND NOT a.attisdropped ORDER BY a.attnum")
    .load::<(String, String, bool, bool, bool)>(connection)?;
    if rows.is_empty() {
        has_table(connection, table)?;
    }
    let column = |(name, kind, nullable, has_default, unique)| Column { name, kind, nullable, has_default, unique };
    Ok(rows.into_iter().map(column).collect())
}
