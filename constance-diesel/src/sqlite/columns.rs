//! What the database says about a table's columns.

use diesel::RunQueryDsl;
use diesel::dsl::sql;
use diesel::result::QueryResult;
use diesel::sql_types::{Bool, Nullable, Text};
use diesel::sqlite::SqliteConnection;

use crate::schema::Column;

/// A table's columns.
pub(super) fn of(connection: &mut SqliteConnection, table: &str) -> QueryResult<Vec<Column>> {
    let column = |(name, kind, collation, nullable, has_default, unique): (_, String, Option<String>, _, _, _)| {
        // A key that compares otherwise than byte for byte would be another key's.
        let kind = collation.map_or(kind.clone(), |collation| format!("{kind} collate {collation}"));
        Column { name, kind, nullable, has_default, unique }
    };
    let rows = sql::<(Text, Text, Nullable<Text>, Bool, Bool, Bool)>(
        "WITH indices AS MATERIALIZED (\
             SELECT i.origin, i.\"unique\" AND NOT i.partial AS is_unique, \
                 (SELECT count(*) FROM pragma_index_info(i.name)) AS width, x.name, x.coll \
             FROM pragma_index_list(",
    )
    .bind::<Text, _>(table)
    .sql(
        ") AS i JOIN pragma_index_xinfo(i.name) AS x ON x.key\
         ) \
         SELECT c.name, lower(c.type), \
             (SELECT lower(min(coll)) FROM indices WHERE name = c.name AND is_unique AND width = 1 \
                 GROUP BY name HAVING sum(coll = 'BINARY') = 0), \
             c.\"notnull\" = 0 AND c.pk = 0, \
             c.dflt_value IS NOT NULL OR (c.pk = 1 AND lower(c.type) = 'integer' \
                 AND NOT EXISTS (SELECT 1 FROM indices WHERE origin = 'pk')), \
             EXISTS (SELECT 1 FROM indices WHERE name = c.name AND is_unique AND width = 1) \
         FROM pragma_table_info(",
    )
    .bind::<Text, _>(table)
    .sql(") AS c ORDER BY c.cid")
    .load::<(String, String, Option<String>, bool, bool, bool)>(connection)?;
    Ok(rows.into_iter().map(column).collect())
}
