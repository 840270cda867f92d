//! Makes the tables, and describes those that are there.

use super::Transactions;
use crate::failure::Failure;
use crate::migrate::MigrationStep;
use crate::options::Options;
use crate::schema::{Column, Tables};

/// Makes and changes the tables.
pub trait Migrations: Transactions {
    /// The columns of the settings table, in the order in which migrations made them, each with the types that will do, as
    /// [`Column::kind`] has them.
    const COLUMNS: [(&'static str, &'static [&'static str]); 4];

    /// The same for the columns that Django's migrations make, beside `id`; its values may be null.
    const DJANGO_COLUMNS: [(&'static str, &'static [&'static str]); 2];

    /// Whether rolling back undoes changes of tables. Where not, a migration may have been done and not recorded. The columns and
    /// [`has_objects_of`](Self::has_objects_of) tell, so that each migration has to be one statement.
    const TRANSACTIONAL_DDL: bool;

    /// Why the database takes no table of this name, where it does not. Default: it takes all.
    fn table_name_error(name: &str) -> Option<&'static str> {
        let _ = name;
        None
    }

    /// The migrations, oldest first.
    fn migrations(tables: &Tables) -> Vec<MigrationStep>;

    /// The statement that creates the table of versions where it is missing.
    fn create_versions_table(tables: &Tables) -> String;

    /// The columns of a table; none where there is no such table.
    fn columns(&mut self, table: &str) -> Result<Vec<Column>, Failure>;

    /// Whether a table exists.
    fn has_table(&mut self, name: &str) -> Result<bool, Failure>;

    /// Whether what a migration makes beside columns, such as a trigger, is there. Default: it makes columns alone.
    fn has_objects_of(&mut self, tables: &Tables, version: &str) -> Result<bool, Failure> {
        let _ = (tables, version);
        Ok(true)
    }

    /// Runs `work` while no other migration of these tables runs, in this process or another. As one transaction where the
    /// database can undo changes of tables; where not, every step is safe to repeat.
    fn with_migration_lock<T>(
        &mut self,
        tables: &Tables,
        options: &Options,
        work: impl FnOnce(&mut Self) -> Result<T, Failure>,
    ) -> Result<T, Failure>;

    /// Keeps every other connection from writing to the settings table until
    /// [`with_migration_lock`](Self::with_migration_lock) ends. Default: its lock does so already.
    fn lock_out_writers(&mut self, tables: &Tables) -> Result<(), Failure> {
        let _ = tables;
        Ok(())
    }
}
