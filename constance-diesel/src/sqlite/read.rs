//! Reads keys, and what the columns hold.

use diesel::RunQueryDsl;
use diesel::deserialize::{self, FromSql};
use diesel::query_builder::{AstPass, Query, QueryFragment, QueryId};
use diesel::result::QueryResult;
use diesel::sql_types::{Binary, Nullable, Text};
use diesel::sqlite::{Sqlite, SqliteConnection, SqliteType, SqliteValue};

use crate::dialect::{ReadManyKeys, Run, Statement};
use crate::failure::Failure;
use crate::layout::Layout;
use crate::query::{ColumnSql, KeyParam, statement};
use crate::schema::{FoundKey, FoundValue, Row, Tables};

impl ReadManyKeys for SqliteConnection {
    // Measured, keys looked up one by one / as a range without others in it: 32 keys 18 / 18 us, 100 keys 55 / 41,
    // 1,000 keys 574 / 367.
    const MIN_KEYS_FOR_RANGE: usize = 64;

    fn rows_of(&mut self, tables: &Tables, keys: &[&str]) -> Result<Vec<Row>, Failure> {
        self.run_for_rows(Statement::Reads(tables), |connection| {
            RowsOf { tables, keys: json_array(keys) }.load(connection)
        })
    }
}

/// The rows of the keys in a JSON array: one cached statement, and one parameter, for any number of keys.
#[derive(Debug)]
struct RowsOf<'a> {
    tables: &'a Tables,
    keys: String,
}

statement!(RowsOf, (Text, Nullable<Binary>));

impl QueryFragment<Sqlite> for RowsOf<'_> {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Sqlite>) -> QueryResult<()> {
        out.push_sql("SELECT s.\"key\", ");
        out.push_sql(match self.tables.layout {
            Layout::Own => "s.\"value\"",
            Layout::Django => BYTES_OF_TEXT_IN_S,
        });
        out.push_sql(" FROM json_each(");
        out.push_bind_param::<Text, String>(&self.keys)?;
        // CROSS keeps the order: walk the array, look each key up.
        out.push_sql(") AS wanted CROSS JOIN ");
        out.push_identifier(&self.tables.settings)?;
        out.push_sql(" AS s ON s.\"key\" = wanted.value");
        Ok(())
    }
}

fn json_array(keys: &[&str]) -> String {
    let mut json = String::with_capacity(keys.iter().map(|key| key.len() + 3).sum::<usize>() + 2);
    for (at, key) in keys.iter().enumerate() {
        json.push_str(if at == 0 { "[\"" } else { ",\"" });
        for c in key.chars() {
            match c {
                '"' | '\\' => json.extend(['\\', c]),
                c if c < ' ' => json.push_str(&format!("\\u{:04x}", u32::from(c))),
                c => json.push(c),
            }
        }
        json.push('"');
    }
    json.push_str(if keys.is_empty() { "[]" } else { "]" });
    json
}

/// Django's column `value` as bytes, of the table `s` that is joined with a list.
const BYTES_OF_TEXT_IN_S: &str =
    "CASE typeof(s.\"value\") WHEN 'text' THEN CAST(s.\"value\" AS BLOB) ELSE s.\"value\" END";

impl ColumnSql for Sqlite {
    const BYTES_OF_TEXT: &'static str =
        "CASE typeof(\"value\") WHEN 'text' THEN CAST(\"value\" AS BLOB) ELSE \"value\" END";
    const TEXT_OF_BYTES: [&'static str; 2] = ["CAST(", " AS TEXT)"];

    fn order(_: Layout) -> &'static str {
        "\"key\""
    }

    fn key<'b>(_: Layout, key: &'b KeyParam<'_>, mut out: AstPass<'_, 'b, Self>) -> QueryResult<()> {
        out.push_bind_param::<Text, str>(key.0)
    }
}

/// A column declared for bytes may hold anything in SQLite.
impl FromSql<Nullable<Binary>, Sqlite> for FoundValue {
    fn from_sql(mut value: SqliteValue<'_, '_, '_>) -> deserialize::Result<Self> {
        Ok(match value.value_type() {
            Some(SqliteType::Binary) => Self::bytes(value.read_blob()),
            Some(SqliteType::Text) => Self::foreign("a text"),
            Some(SqliteType::Integer | SqliteType::SmallInt | SqliteType::Long) => Self::foreign("an integer"),
            Some(SqliteType::Float | SqliteType::Double) => Self::foreign("a real number"),
            None => Self::foreign("an SQL NULL"),
        })
    }

    fn from_nullable_sql(value: Option<SqliteValue<'_, '_, '_>>) -> deserialize::Result<Self> {
        match value {
            Some(value) => FromSql::<Nullable<Binary>, Sqlite>::from_sql(value),
            None => Ok(Self::foreign("an SQL NULL")),
        }
    }
}

impl FromSql<Text, Sqlite> for FoundKey {
    fn from_sql(mut value: SqliteValue<'_, '_, '_>) -> deserialize::Result<Self> {
        // What is not UTF-8 is read with replacement characters. That makes no other key of it: a row is found by its
        // bytes, so that only the name can be replaced, and a name is ASCII.
        Ok(Self(value.read_text().as_bytes().into()))
    }
}

#[cfg(test)]
mod tests {
    use super::json_array;

    #[test]
    fn keys_are_escaped_in_json() {
        assert_eq!(json_array(&["a", "q\"\\:b", "t\u{1}:\u{e9}"]), "[\"a\",\"q\\\"\\\\:b\",\"t\\u0001:\u{e9}\"]");
        assert_eq!(json_array(&[]), "[]");
    }
}
