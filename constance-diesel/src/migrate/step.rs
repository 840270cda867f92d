//! One migration.

use std::fmt;

use diesel::connection::BoxableConnection;
use diesel::migration::{Migration, MigrationMetadata, MigrationName, MigrationVersion};

/// One migration, its text made for the tables' names.
///
/// The first creates the settings table, and its `down` drops it. No other `down` may lose a value.
#[derive(Debug, Clone)]
pub struct MigrationStep {
    pub(crate) version: &'static str,
    pub(crate) up: String,
    pub(crate) down: String,
    /// How many of [`Migrations::COLUMNS`](crate::dialect::Migrations::COLUMNS), from the first on, the settings table has after it.
    pub(crate) columns: usize,
}

impl<DB: diesel::backend::Backend> Migration<DB> for MigrationStep {
    fn run(&self, connection: &mut dyn BoxableConnection<DB>) -> diesel::migration::Result<()> {
        Ok(connection.batch_execute(&self.up)?)
    }

    fn revert(&self, connection: &mut dyn BoxableConnection<DB>) -> diesel::migration::Result<()> {
        Ok(connection.batch_execute(&self.down)?)
    }

    fn metadata(&self) -> &dyn MigrationMetadata {
        self
    }

    fn name(&self) -> &dyn MigrationName {
        self
    }
}

/// All migrations share one transaction; there is nothing to say about one of them.
impl MigrationMetadata for MigrationStep {}

impl MigrationName for MigrationStep {
    fn version(&self) -> MigrationVersion<'_> {
        MigrationVersion::from(self.version)
    }
}

impl fmt::Display for MigrationStep {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.version)
    }
}
