//! Writes to the settings table.

use constance_core::backend::Stored;

use super::Transactions;
use crate::failure::Failure;
use crate::query::{Delete, Insert, UpdateIf};
use crate::schema::Tables;

/// Changes the settings table.
pub trait WriteSettings: Transactions {
    /// The expression for the time of a change.
    const NOW: &'static str;

    /// Runs an [`Insert`]; whether it stored the value. With [`OnConflict::Keep`](crate::query::OnConflict::Keep) a key that has
    /// a row is `false` and no error; one that another transaction is about to store is waited for.
    fn insert(&mut self, statement: Insert<'_>) -> Result<bool, Failure>;

    /// Runs an [`UpdateIf`]; whether there was such a row, also where it had the new value already. `false` as well where the old
    /// and the new value are longer than the database takes in one statement, and the new one alone is not; nothing was changed.
    fn update_if(&mut self, statement: UpdateIf<'_>) -> Result<bool, Failure>;

    /// Runs a [`Delete`]; whether there was such a row. `false` as well where the old value is longer than the database takes in
    /// a statement; nothing was changed.
    fn delete(&mut self, statement: Delete<'_>) -> Result<bool, Failure>;

    /// Stores a value, whatever is there, and gives what was there, in one statement. `None`: the database cannot, or
    /// somebody came in between; nothing was stored. Default: it cannot.
    fn replace(&mut self, tables: &Tables, key: &str, value: &[u8]) -> Result<Option<Stored>, Failure> {
        let _ = (tables, key, value);
        Ok(None)
    }

    /// Removes a key and gives what was there, in one statement. `None`: the database cannot; nothing was removed. Default: it
    /// cannot.
    fn take(&mut self, tables: &Tables, key: &str) -> Result<Option<Stored>, Failure> {
        let _ = (tables, key);
        Ok(None)
    }

    /// Stores all of these, whatever is there, in one statement; the keys are sorted and none is there twice. `false`: the
    /// database cannot; nothing was stored. Default: it cannot.
    fn set_all(&mut self, tables: &Tables, rows: &[(&str, &[u8])]) -> Result<bool, Failure> {
        let _ = (tables, rows);
        Ok(false)
    }
}
