//! Creates the tables, brings them up to date, adopts those that are there, and reverts migrations.

mod harness;
mod shape;
mod step;

use constance_core::{Action, ErrorKind, Result};

pub(crate) use self::harness::Harness;
use self::harness::{HowMany, OnValues};
pub(crate) use self::step::MigrationStep;
use crate::DieselBackend;
use crate::dialect::{Dialect, Purpose};
use crate::error::during;
use crate::failure::Failure;
use crate::layout::Layout;
use crate::pool::Pool;

/// # Migrations
///
/// Each call is one transaction that keeps other migrations out, so several processes may migrate, adopt and revert at once,
/// and a failure leaves nothing half done (MySQL cannot undo a change of a table: there the next call goes on where the
/// last one stopped). The versions are kept in a table of our own: the application's own diesel migrations are not touched.
///
/// Versions that this build does not know, since a newer release has migrated the database, are left alone: an older
/// process goes on beside the newer one, [`pending`](Self::pending) and [`migrate`](Self::migrate) find nothing to do, and
/// only reverting refuses.
impl<C: Dialect> DieselBackend<C> {
    /// Creates the tables where they are missing and brings them up to date; gives the versions it applied, oldest first.
    ///
    /// On SQLite this also creates the file where it is missing (but not its folder) and switches it to the write-ahead
    /// log, which stays with the file: reads then never wait for a writer.
    ///
    /// # Errors
    ///
    /// Where the database cannot be opened or refuses; `Timeout` where another connection keeps it locked; `Configuration`
    /// where there is a table of that name that no migration made, or one that was changed by hand: the error says what is
    /// different. [`fake`](Self::fake) adopts a table that is right.
    ///
    /// Where the table of versions says that the settings table was made, and it is missing (dropped, or left out of a backup that
    /// was restored), it is `NotMigrated`; where it lacks columns that it was given, `Configuration`. The error says what to do.
    /// Nothing is made in its place: somebody should know that the values are gone.
    ///
    /// With [`Layout::Django`] this makes nothing, and only looks: `Configuration` where Django's table has another shape,
    /// `NotMigrated` where there is none.
    pub fn migrate(&self) -> Result<Vec<String>> {
        if self.tables.layout == Layout::Django {
            return self.check_django_table();
        }
        // Most starts find nothing to do, and need neither the lock nor the right to write for it. Other failures are
        // reported by the attempt below.
        if self.pending().is_ok_and(|pending| pending.is_empty()) {
            return Ok(Vec::new());
        }
        self.with_lock(|harness| harness.apply())
    }

    /// The versions that [`migrate`](Self::migrate) would apply, oldest first. Changes nothing.
    ///
    /// # Errors
    ///
    /// Where the database cannot be asked. One that does not exist yet is no error: everything is pending there. As
    /// [`migrate`](Self::migrate) where the table contradicts the table of versions, and with [`Layout::Django`], where nothing is
    /// ever pending.
    pub fn pending(&self) -> Result<Vec<String>> {
        if self.tables.layout == Layout::Django {
            return self.check_django_table();
        }
        match self.ask(|harness| harness.pending()) {
            // There is no database.
            Err(error) if error.kind() == ErrorKind::NotMigrated => {
                Ok(C::migrations(&self.tables).into_iter().map(|step| step.version.to_owned()).collect())
            }
            asked => asked.and_then(|pending| pending).map_err(during(Action::Migrate, C::NAME)),
        }
    }

    /// Adopts a table that is there already, made by hand or by another tool: marks the migrations that it is the outcome of as
    /// applied, without running them, and gives their versions, oldest first. As `manage.py migrate --fake` does, but it
    /// looks first.
    ///
    /// A table with the columns `key` and `value` alone is of the first version: [`migrate`](Self::migrate) then adds the
    /// rest and keeps the values. Further columns are welcome where a row can be inserted without them.
    ///
    /// ```
    /// # #[cfg(feature = "sqlite")] {
    /// # use constance_diesel::diesel::{Connection, SqliteConnection, connection::SimpleConnection};
    /// # let dir = tempfile::tempdir().unwrap();
    /// # let path = format!("{}/app.sqlite3", dir.path().display());
    /// # let mut connection = SqliteConnection::establish(&path).unwrap();
    /// use constance_diesel::SqliteBackend;
    ///
    /// connection.batch_execute("CREATE TABLE shop_settings (key TEXT PRIMARY KEY, value BLOB NOT NULL)").unwrap();
    ///
    /// let backend = SqliteBackend::builder().url(format!("sqlite://{path}")).table("shop_settings").build()?;
    /// assert_eq!(backend.fake()?, ["0001_settings"]);
    /// assert_eq!(backend.migrate()?, ["0002_revisions"]);
    /// # }
    /// # Ok::<(), constance_core::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// `Configuration` where the table does not have the right shape, naming every difference: a column that is missing, of
    /// another type, or may be null; a key that is not unique; a column that has to be given a value. `NotMigrated` where
    /// there is no table. Nothing is changed then. `Unsupported` with [`Layout::Django`].
    pub fn fake(&self) -> Result<Vec<String>> {
        self.tables.layout.require_own().map_err(during(Action::Migrate, C::NAME))?;
        // Opening a database in order to migrate may create it; adopting must not.
        self.ask(|harness| harness.applied()).map_err(during(Action::Migrate, C::NAME))?;
        self.with_lock(|harness| harness.adopt())
    }

    /// Undoes the newest migration that is applied and gives its version; `None` where none is.
    ///
    /// Every value is kept where the older table has a place for it. Where it has none, since the table itself would go, a
    /// table that still holds values is refused. What an older table cannot hold, as the revision and the time of the
    /// last change, begins anew with the next [`migrate`](Self::migrate).
    ///
    /// Stop the processes of this release first: they cannot write to the older table.
    ///
    /// # Errors
    ///
    /// `Unsupported` where the table still holds values that would be dropped, or where the newest migration is one of a newer
    /// release; with [`Layout::Django`]; `Configuration` where the table was changed by hand; otherwise as
    /// [`migrate`](Self::migrate). Nothing is changed then.
    pub fn revert_last(&self) -> Result<Option<String>> {
        self.revert(HowMany::One, OnValues::Refuse).map(|mut reverted| reverted.pop())
    }

    /// Undoes every migration that is applied and gives their versions, newest first. The table of versions stays, empty.
    ///
    /// Where somebody has dropped the settings table, this forgets the versions, and [`migrate`](Self::migrate) makes it anew.
    ///
    /// # Errors
    ///
    /// As [`revert_last`](Self::revert_last): `Unsupported` while the table holds values.
    pub fn revert_all(&self) -> Result<Vec<String>> {
        self.revert(HowMany::All, OnValues::Refuse)
    }

    /// As [`revert_all`](Self::revert_all), and drops whatever values the table holds, of every prefix.
    ///
    /// # Errors
    ///
    /// As [`revert_last`](Self::revert_last), but for the values.
    pub fn revert_all_dropping_values(&self) -> Result<Vec<String>> {
        self.revert(HowMany::All, OnValues::Drop)
    }

    fn revert(&self, how_many: HowMany, on_values: OnValues) -> Result<Vec<String>> {
        self.tables.layout.require_own().map_err(during(Action::Migrate, C::NAME))?;
        match self.ask(|harness| harness.applied()) {
            // There is no database.
            Err(error) if error.kind() == ErrorKind::NotMigrated => return Ok(Vec::new()),
            Err(error) => return Err(during(Action::Migrate, C::NAME)(error)),
            Ok(_) => {}
        }
        self.with_lock(|harness| harness.revert(how_many, on_values))
    }

    /// Whether Django's table is as its migrations make it. There is nothing to apply in any case.
    fn check_django_table(&self) -> Result<Vec<String>> {
        let checked = self.ask(|harness| harness.check_django_table()).and_then(|checked| checked);
        let advised = checked.map_err(|error| self.tables.layout.add_hint(error));
        advised.map(|()| Vec::new()).map_err(during(Action::Migrate, C::NAME))
    }

    /// Asks on a pooled connection.
    fn ask<T: Send + 'static>(
        &self,
        ask: impl Fn(&mut Harness<'_, C>) -> Result<T, Failure> + Send + Sync + 'static,
    ) -> Result<T> {
        let tables = self.tables.clone();
        let ask = move |connection: &mut C| ask(&mut Harness { connection, tables: &tables });
        match self.options.call_timeout {
            Some(within) => self.pool.run_within(within, constance_pool::Purpose::Write, ask),
            None => self.pool.run(constance_pool::Purpose::Write, ask),
        }
    }

    /// Runs `work` while no other process migrates.
    fn with_lock<T>(&self, work: impl Fn(&mut Harness<'_, C>) -> Result<Result<T>, Failure>) -> Result<T> {
        let tables = &self.tables;
        let work = |connection: &mut C| {
            connection
                .with_migration_lock(tables, &self.options, |connection| work(&mut Harness { connection, tables }))
        };
        match &self.pool {
            Pool::External(_) => self.pool.run(constance_pool::Purpose::Write, work),
            Pool::Own(pool) => crate::manager::open::<C>(&pool.manager().target, Purpose::Migrate, &self.options)
                .and_then(|mut connection| {
                    work(&mut connection).map_err(|failure| connection.diagnose(&failure).error)
                }),
        }
        .and_then(|done| done)
        .map_err(during(Action::Migrate, C::NAME))
    }
}
