//! Reads the settings table.

use constance_core::backend::{Key, Stored};
use diesel::query_dsl::methods::LoadQuery;
use diesel::{OptionalExtension, RunQueryDsl};

use super::{Run, Statement};
use crate::failure::Failure;
use crate::query::{DefaultTable, KeyParam, KeysIn, RowsIn, ValueOf};
use crate::schema::{FoundKey, FoundValue, Row, Tables};

/// Reads many keys by one statement, which each database does in its own way.
pub trait ReadManyKeys: Run {
    /// The least number of keys for which reading the range that holds them is faster than looking each one up.
    const MIN_KEYS_FOR_RANGE: usize;

    /// The rows of these keys, each by its key, in one statement however many there are.
    fn rows_of(&mut self, tables: &Tables, keys: &[&str]) -> Result<Vec<Row>, Failure>;

    /// As [`rows_of`](Self::rows_of), inside a transaction that is going to change them: nobody else can until it ends. `keys` are
    /// sorted, and rows are locked in that order. Default: the rows alone, as where a transaction has locked everything.
    fn lock_rows_of(&mut self, tables: &Tables, keys: &[&str]) -> Result<Vec<Row>, Failure> {
        self.rows_of(tables, keys)
    }
}

/// The statements that read and are the same in every database.
pub trait ReadSettings: ReadManyKeys {
    /// What is stored under a key.
    fn stored(&mut self, tables: &Tables, key: &Key) -> Result<Stored, Failure>;

    fn rows_in(&mut self, statement: RowsIn<'_>) -> Result<Vec<Row>, Failure>;

    fn keys_in(&mut self, statement: KeysIn<'_>) -> Result<Vec<FoundKey>, Failure>;
}

impl<C> ReadSettings for C
where
    C: ReadManyKeys,
    for<'q> ValueOf<'q>: LoadQuery<'q, C, FoundValue>,
    for<'q> DefaultTable<ValueOf<'q>>: LoadQuery<'q, C, FoundValue>,
    for<'q> RowsIn<'q>: LoadQuery<'q, C, Row>,
    for<'q> KeysIn<'q>: LoadQuery<'q, C, FoundKey>,
{
    fn stored(&mut self, tables: &Tables, key: &Key) -> Result<Stored, Failure> {
        let found = self.run_for_rows(Statement::Reads(tables), |connection| {
            match DefaultTable::of(ValueOf { tables, key: KeyParam(key.as_str()) }) {
                Ok(statement) => statement.get_result(connection),
                Err(statement) => statement.get_result(connection),
            }
            .optional()
        })?;
        Ok(found.map_or(Stored::Absent, |FoundValue(stored)| stored))
    }

    fn rows_in(&mut self, statement: RowsIn<'_>) -> Result<Vec<Row>, Failure> {
        self.run_for_rows(Statement::Reads(statement.tables), |connection| statement.load(connection))
    }

    fn keys_in(&mut self, statement: KeysIn<'_>) -> Result<Vec<FoundKey>, Failure> {
        self.run_for_rows(Statement::Reads(statement.tables), |connection| statement.load(connection))
    }
}
