//! Creates the tables and brings them up to date.

use std::fmt;
use std::marker::PhantomData;

use constance_core::{Action, ErrorKind, Result};
use diesel::connection::BoxableConnection;
use diesel::migration::{Migration, MigrationMetadata, MigrationName, MigrationSource, MigrationVersion};
use diesel::result::{Error as DriverError, QueryResult};
use diesel_migrations::MigrationHarness;

use crate::DieselBackend;
use crate::dialect::{Dialect, Purpose};
use crate::error::during;
use crate::pool::{For, Pool};
use crate::query::{Forget, Record, Versions};
use crate::schema::Tables;

/// One migration, its text made for the tables' names.
#[derive(Debug, Clone)]
pub struct Step {
    pub(crate) version: &'static str,
    pub(crate) up: String,
    pub(crate) down: String,
}

impl<C: Dialect> DieselBackend<C> {
    /// Creates the tables where they are missing and brings them up to date; gives the versions it applied, oldest first.
    ///
    /// Everything happens in one transaction that keeps other migrations out, so several processes may start and migrate
    /// at once, and a failure leaves nothing half done. The versions are kept in a table of our own: the application's own
    /// diesel migrations are not touched.
    ///
    /// On SQLite this also creates the file where it is missing (but not its folder) and switches it to the write-ahead
    /// log, which stays with the file: reads then never wait for a writer.
    ///
    /// # Errors
    ///
    /// Where the database cannot be opened or refuses; `Timeout` where another connection keeps it locked.
    pub fn migrate(&self) -> Result<Vec<String>> {
        // Most starts find nothing to do, and need neither the lock nor the right to write for it. What is wrong otherwise is
        // better told by the attempt below.
        if self.pending().is_ok_and(|pending| pending.is_empty()) {
            return Ok(Vec::new());
        }
        let during = during(Action::Migrate, C::NAME);
        let tables = &self.tables;
        let work = |connection: &mut C| {
            connection.migrating(tables, &self.options, |connection| Harness { connection, tables }.apply())
        };
        match &self.pool {
            Pool::Brought(_) => self.pool.run(For::Writing, work),
            Pool::Own { door, .. } => C::open(&door.target, Purpose::Migrate, &self.options)
                .and_then(|mut connection| work(&mut connection).map_err(|error| connection.fault(&error).error)),
        }
        .map_err(during)
    }

    /// The versions that [`migrate`](Self::migrate) would apply, oldest first. Changes nothing.
    ///
    /// # Errors
    ///
    /// Where the database cannot be asked. One that does not exist yet is no error: everything is pending there.
    pub fn pending(&self) -> Result<Vec<String>> {
        let asked = self.pool.run(For::Writing, |connection| Harness { connection, tables: &self.tables }.pending());
        match asked {
            Err(error) if error.kind() == ErrorKind::NotMigrated => {
                Ok(C::steps(&self.tables).into_iter().map(|step| step.version.to_owned()).collect())
            }
            other => other.map_err(during(Action::Migrate, C::NAME)),
        }
    }
}

/// Our migrations, for diesel's traits.
struct Source<'a, C>(&'a Tables, PhantomData<fn(C)>);

impl<C: Dialect> MigrationSource<C::Backend> for Source<'_, C> {
    fn migrations(&self) -> diesel::migration::Result<Vec<Box<dyn Migration<C::Backend>>>> {
        Ok(C::steps(self.0).into_iter().map(|step| Box::new(step) as _).collect())
    }
}

/// Applies migrations and keeps their versions in our own table; the caller holds the transaction.
///
/// `diesel_migrations` brings a harness for every connection, but with one table for everybody and without a lock.
struct Harness<'a, C> {
    connection: &'a mut C,
    tables: &'a Tables,
}

impl<C: Dialect> Harness<'_, C> {
    fn apply(&mut self) -> QueryResult<Vec<String>> {
        let source = Source::<C>(self.tables, PhantomData);
        let applied = self.run_pending_migrations(source).map_err(driver_error)?;
        Ok(applied.iter().map(ToString::to_string).collect())
    }

    fn pending(&mut self) -> QueryResult<Vec<String>> {
        let source = Source::<C>(self.tables, PhantomData);
        let pending = self.pending_migrations(source).map_err(driver_error)?;
        Ok(pending.iter().map(|migration| migration.name().version().to_string()).collect())
    }
}

impl<C: Dialect> MigrationHarness<C::Backend> for Harness<'_, C> {
    fn run_migration(
        &mut self,
        migration: &dyn Migration<C::Backend>,
    ) -> diesel::migration::Result<MigrationVersion<'static>> {
        let version = migration.name().version().as_owned();
        // Here and not before: asking what is pending creates nothing.
        self.connection.batch_execute(&C::create_versions(self.tables))?;
        migration.run(self.connection)?;
        self.connection.record(Record { tables: self.tables, version: &version.to_string() })?;
        Ok(version)
    }

    fn revert_migration(
        &mut self,
        migration: &dyn Migration<C::Backend>,
    ) -> diesel::migration::Result<MigrationVersion<'static>> {
        let version = migration.name().version().as_owned();
        migration.revert(self.connection)?;
        self.connection.forget(Forget { tables: self.tables, version: &version.to_string() })?;
        Ok(version)
    }

    fn applied_migrations(&mut self) -> diesel::migration::Result<Vec<MigrationVersion<'static>>> {
        if !self.connection.has_table(&self.tables.versions)? {
            return Ok(Vec::new());
        }
        let versions = self.connection.versions(Versions { tables: self.tables })?;
        Ok(versions.into_iter().map(MigrationVersion::from).collect())
    }
}

/// diesel's migration traits give any error; ours are all the driver's.
fn driver_error(error: Box<dyn std::error::Error + Send + Sync>) -> DriverError {
    match error.downcast::<DriverError>() {
        Ok(error) => *error,
        Err(other) => DriverError::QueryBuilderError(other),
    }
}

impl<DB: diesel::backend::Backend> Migration<DB> for Step {
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
impl MigrationMetadata for Step {}

impl MigrationName for Step {
    fn version(&self) -> MigrationVersion<'_> {
        MigrationVersion::from(self.version)
    }
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.version)
    }
}
