//! Keeps the table of the migrations that were applied.

use diesel::RunQueryDsl;
use diesel::query_dsl::methods::{ExecuteDsl, LoadQuery};

use super::{Migrations, Statement};
use crate::failure::Failure;
use crate::query::{AnyKey, AppliedVersions, ForgetVersion, RecordVersion};
use crate::schema::FoundKey;

/// The statements of migrations that are the same in every database.
pub trait Versions: Migrations {
    fn versions(&mut self, statement: AppliedVersions<'_>) -> Result<Vec<String>, Failure>;

    fn record_version(&mut self, statement: RecordVersion<'_>) -> Result<(), Failure>;

    fn forget_version(&mut self, statement: ForgetVersion<'_>) -> Result<(), Failure>;

    /// Whether the settings table has a row.
    fn has_rows(&mut self, statement: AnyKey<'_>) -> Result<bool, Failure>;
}

impl<C> Versions for C
where
    C: Migrations,
    for<'q> AppliedVersions<'q>: LoadQuery<'q, C, String>,
    for<'q> AnyKey<'q>: LoadQuery<'q, C, FoundKey>,
    for<'q> RecordVersion<'q>: ExecuteDsl<C>,
    for<'q> ForgetVersion<'q>: ExecuteDsl<C>,
{
    fn versions(&mut self, statement: AppliedVersions<'_>) -> Result<Vec<String>, Failure> {
        self.run_for_rows(Statement::Other, |connection| statement.load(connection))
    }

    fn record_version(&mut self, statement: RecordVersion<'_>) -> Result<(), Failure> {
        match self.run(Statement::Other, |connection| statement.execute(connection)) {
            // A cluster of MySQL does not lock for all of its servers: another has done the same, which is no harm.
            Err(failure) if !C::TRANSACTIONAL_DDL && failure.is_unique_violation() => Ok(()),
            done => done.map(drop),
        }
    }

    fn forget_version(&mut self, statement: ForgetVersion<'_>) -> Result<(), Failure> {
        self.run(Statement::Other, |connection| statement.execute(connection)).map(drop)
    }

    fn has_rows(&mut self, statement: AnyKey<'_>) -> Result<bool, Failure> {
        let rows = self.run_for_rows(Statement::Other, |connection| statement.load::<FoundKey>(connection))?;
        Ok(!rows.is_empty())
    }
}
