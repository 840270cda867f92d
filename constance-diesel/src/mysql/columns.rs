//! What the database says about its tables.

use diesel::RunQueryDsl;
use diesel::dsl::sql;
use diesel::mysql::MysqlConnection;
use diesel::result::QueryResult;
use diesel::sql_types::{BigInt, Text};

use crate::schema::Column;

pub(super) fn has_table(connection: &mut MysqlConnection, name: &str) -> QueryResult<bool> {
    sql::<BigInt>("SELECT COUNT(*) FROM information_schema.tables WHERE table_schema = DATABASE() AND table_name = ")
        .bind::<Text, _>(name)
        .get_result::<i64>(connection)
        .map(|count| count > 0)
}

/// A table's columns.
pub(super) fn of(connection: &mut MysqlConnection, table: &str) -> QueryResult<Vec<Column>> {
    let rows = sql::<(Text, Text, Text, BigInt, BigInt, BigInt)>(
        "SELECT CAST(c.column_name AS CHAR), LOWER(CAST(c.data_type AS CHAR)), LOWER(CAST(c.column_type AS CHAR)), \
         c.is_nullable = 'YES', c.column_default IS NOT NULL OR c.extra LIKE '%auto_increment%', \
         EXISTS (SELECT 1 FROM information_schema.statistics s \
             WHERE s.table_schema = c.table_schema AND s.table_name = c.table_name AND s.non_unique = 0 \
             GROUP BY s.index_name HAVING COUNT(*) = 1 AND MAX(s.column_name) = c.column_name) \
         FROM information_schema.columns c WHERE c.table_schema = DATABASE() AND c.table_name = ",
    )
    .bind::<Text, _>(table)
    .sql(" ORDER BY c.ordinal_position")
    .load::<(String, String, String, i64, i64, i64)>(connection)?;
    Ok(rows
        .into_iter()
        .map(|(name, kind, whole, nullable, has_default, unique)| Column {
            name,
            // The width of an integer says nothing, and MySQL has stopped writing it. All other lengths count.
            kind: if kind.ends_with("int") { kind } else { whole },
            nullable: nullable != 0,
            has_default: has_default != 0,
            unique: unique != 0,
        })
        .collect())
}
