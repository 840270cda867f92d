//! What migrating does on a connection; the caller holds the lock, and the transaction where there can be one.

use std::marker::PhantomData;

use constance_core::{Error, ErrorKind, Result, backend::Cause};
use diesel::migration::{Migration, MigrationSource, MigrationVersion};
use diesel::result::{Error as DriverError, QueryResult};
use diesel_migrations::MigrationHarness;

use super::Step;
use super::shape::{differences, in_words};
use crate::dialect::Dialect;
use crate::error::not_migrated;
use crate::query::{AnyKey, Forget, Record, Versions};
use crate::schema::{Column, Tables};

/// Applies migrations and keeps their versions in our own table.
///
/// `diesel_migrations` brings a harness for every connection, but with one table for everybody and without a lock.
///
/// The inner result of its calls is a refusal of ours, made before anything was changed.
pub(crate) struct Harness<'a, C> {
    pub(crate) connection: &'a mut C,
    pub(crate) tables: &'a Tables,
}

/// How many migrations are undone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Far {
    One,
    All,
}

/// What may be lost in that.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Dropping {
    Nothing,
    Values,
}

/// Our migrations, for diesel's traits.
struct Source<'a, C>(&'a Tables, PhantomData<fn(C)>);

impl<C: Dialect> MigrationSource<C::Backend> for Source<'_, C> {
    fn migrations(&self) -> diesel::migration::Result<Vec<Box<dyn Migration<C::Backend>>>> {
        Ok(C::steps(self.0).into_iter().map(|step| Box::new(step) as _).collect())
    }
}

impl<C: Dialect> Harness<'_, C> {
    /// Applies what is pending.
    pub(super) fn apply(&mut self) -> QueryResult<Result<Vec<String>>> {
        let (steps, applied) = (C::steps(self.tables), self.applied()?);
        if let Err(contradiction) = self.agrees(&steps, &applied)? {
            return Ok(Err(contradiction));
        }
        if let Some(next) = steps.iter().position(|step| !applied.iter().any(|version| version == step.version))
            && let Err(refused) = self.fits(&steps, next)?
        {
            return Ok(Err(refused));
        }
        let source = Source::<C>(self.tables, PhantomData);
        let applied = self.run_pending_migrations(source).map_err(driver_error)?;
        Ok(Ok(applied.iter().map(ToString::to_string).collect()))
    }

    pub(crate) fn pending(&mut self) -> QueryResult<Result<Vec<String>>> {
        let (steps, applied) = (C::steps(self.tables), self.applied()?);
        if let Err(contradiction) = self.agrees(&steps, &applied)? {
            return Ok(Err(contradiction));
        }
        let source = Source::<C>(self.tables, PhantomData);
        let pending = self.pending_migrations(source).map_err(driver_error)?;
        Ok(Ok(pending.iter().map(|migration| migration.name().version().to_string()).collect()))
    }

    /// Whether what the applied migrations made is there: the table, and the columns that they left it with.
    fn agrees(&mut self, steps: &[Step], applied: &[String]) -> QueryResult<Result<()>> {
        let Some(last) = steps.iter().rfind(|step| applied.iter().any(|version| version == step.version)) else {
            return Ok(Ok(()));
        };
        let (found, Tables { settings, versions, .. }) = (self.columns()?, self.tables);
        if found.is_empty() {
            let error = Error::new(ErrorKind::NotMigrated)
                .with_detail(format!("the table {settings:?} is missing, and {versions:?} says that it was made"))
                .with_hint(format!(
                    "restore it, or, to begin with an empty one, drop {versions:?} as well \
                     (or run DieselBackend::revert_all) and migrate again"
                ));
            return Ok(Err(error));
        }
        // What a newer release made of it is not known here.
        let wanted =
            if unknown(steps, applied).is_some() { &[] } else { C::COLUMNS.get(..last.columns).unwrap_or(&[]) };
        let missing = wanted.iter().filter(|(name, _)| found.iter().all(|column| column.name != *name));
        let missing: Vec<String> = missing.map(|(name, _)| format!("it has no column {name:?}")).collect();
        if missing.is_empty() {
            return Ok(Ok(()));
        }
        Ok(Err(self.refusal("is not as its migrations made it", &missing).with_hint(format!(
            "restore the table, or, where it is an older one, remove {:?} from {versions:?} and migrate again",
            last.version
        ))))
    }

    /// Whether there is the table that Django's migrations make.
    pub(crate) fn look(&mut self) -> QueryResult<Result<()>> {
        let mut found = self.columns()?;
        if found.is_empty() {
            let error = not_migrated(Cause::new(C::NAME).with_text("there is no such table"));
            return Ok(Err(self.tables.layout.advise(error)));
        }
        for value in found.iter_mut().filter(|column| column.name == "value") {
            // It may be, and need not.
            value.nullable = false;
        }
        let differences = differences(&found, &C::COLUMNS_OF_DJANGO, &[]);
        if differences.is_empty() {
            return Ok(Ok(()));
        }
        Ok(Err(self.refusal("is not as Django's migrations make it", &differences)))
    }

    /// The versions that are applied, in the order of their names.
    pub(super) fn applied(&mut self) -> QueryResult<Vec<String>> {
        if !self.connection.has_table(&self.tables.versions)? {
            return Ok(Vec::new());
        }
        let mut versions = self.connection.versions(Versions { tables: self.tables })?;
        versions.sort();
        Ok(versions)
    }

    /// Notes the migrations that the table is the outcome of.
    pub(super) fn adopt(&mut self) -> QueryResult<Result<Vec<String>>> {
        let (steps, applied) = (C::steps(self.tables), self.applied()?);
        let found = self.columns()?;
        if found.is_empty() {
            let error = not_migrated(Cause::new(C::NAME).with_text("there is no such table"));
            return Ok(Err(error.with_detail("there is no table to adopt")));
        }
        let known = steps.iter().take_while(|step| applied.iter().any(|version| version == step.version)).count();
        if unknown(&steps, &applied).is_some() && known == steps.len() {
            // The table is as a newer release made it.
            return Ok(Ok(Vec::new()));
        }
        let mut done = None;
        for (at, step) in steps.iter().enumerate().skip(known.saturating_sub(1)).rev() {
            if shape::<C>(&found, step.columns).is_empty() && self.connection.made(self.tables, step.version)? {
                done = Some(at);
                break;
            }
        }
        let Some(done) = done else {
            let oldest = known.saturating_sub(1);
            let differences = least::<C>(&found, &steps[oldest..]);
            return Ok(Err(self.refusal("is not as a migration makes it", &differences)));
        };
        let new: Vec<String> = steps[..=done].iter().skip(known).map(|step| step.version.to_owned()).collect();
        if !new.is_empty() {
            self.connection.batch_execute(&C::create_versions(self.tables))?;
        }
        for version in &new {
            self.connection.record(Record { tables: self.tables, version })?;
        }
        Ok(Ok(new))
    }

    /// Undoes migrations, newest first.
    pub(super) fn undo(&mut self, far: Far, dropping: Dropping) -> QueryResult<Result<Vec<String>>> {
        let (steps, applied) = (C::steps(self.tables), self.applied()?);
        if let Some(version) = unknown(&steps, &applied) {
            let error = Error::new(ErrorKind::Unsupported).with_detail(format!(
                "a newer release applied the migration {version:?}, which this one does not know"
            ));
            return Ok(Err(error.with_hint("revert with that release")));
        }
        let mut last = steps.iter().enumerate().rev().filter(|(_, step)| applied.iter().any(|v| v == step.version));
        let undone: Vec<(usize, &Step)> = match far {
            Far::One => last.next().into_iter().collect(),
            Far::All => last.collect(),
        };
        // Everything that can be refused is looked at before anything is changed.
        if let Some((at, step)) = undone.first()
            && dropping == Dropping::Nothing
            && let Err(refused) = self.can_undo(&steps, *at, step, undone.iter().any(|(at, _)| *at == 0))?
        {
            return Ok(Err(refused));
        }
        for (_, step) in &undone {
            self.revert_migration(*step).map_err(driver_error)?;
        }
        Ok(Ok(undone.into_iter().map(|(_, step)| step.version.to_owned()).collect()))
    }

    /// Whether the table is as the step left it and, where it would be dropped, without values.
    fn can_undo(&mut self, steps: &[Step], at: usize, step: &Step, drops: bool) -> QueryResult<Result<()>> {
        let found = self.columns()?;
        let differences =
            if self.is_undone_already(steps, at)? { Vec::new() } else { shape::<C>(&found, step.columns) };
        if !differences.is_empty() {
            return Ok(Err(self.refusal("is not as its migrations made it", &differences)));
        }
        if drops && !found.is_empty() {
            self.connection.keep_writers_out(self.tables)?;
            if self.connection.has_rows(AnyKey { tables: self.tables })? {
                let error = Error::new(ErrorKind::Unsupported)
                    .with_detail(format!("the table {:?} holds values, which would be lost", self.tables.settings))
                    .with_hint("remove them first, or run DieselBackend::revert_all_dropping_values");
                return Ok(Err(error));
            }
        }
        Ok(Ok(()))
    }

    /// Whether the step can be applied to what is there.
    fn fits(&mut self, steps: &[Step], next: usize) -> QueryResult<Result<()>> {
        let before = columns_before(steps, next);
        let found = self.columns()?;
        if is_shape::<C>(&found, before) || self.is_done_already(&steps[next])? {
            return Ok(Ok(()));
        }
        let newer = steps[next..].iter().any(|step| shape::<C>(&found, step.columns).is_empty());
        let table = &self.tables.settings;
        let refused = match next {
            _ if newer => Error::new(ErrorKind::Configuration)
                .with_detail(format!("the table {table:?} is there already, made by no migration"))
                .with_hint("run DieselBackend::fake to adopt it, or choose another name with Builder::table"),
            0 => self.refusal("is there already, and not as a migration makes it", &least::<C>(&found, steps)),
            _ => self.refusal("is not as its migrations made it", &shape::<C>(&found, before)),
        };
        Ok(Err(refused))
    }

    /// Whether a step was done and not noted, where the database cannot undo it by itself.
    ///
    /// Every step is preceded by the table of versions. Without that, a table of the right shape is somebody else's.
    fn is_done_already(&mut self, step: &Step) -> QueryResult<bool> {
        Ok(!C::UNDOES_CHANGES_OF_TABLES
            && self.connection.has_table(&self.tables.versions)?
            && is_shape::<C>(&self.columns()?, step.columns)
            && self.connection.made(self.tables, step.version)?)
    }

    /// The same for a step that was undone; also where somebody has dropped the table, so that there is a way on from there.
    fn is_undone_already(&mut self, steps: &[Step], at: usize) -> QueryResult<bool> {
        let found = self.columns()?;
        Ok(found.is_empty()
            || (!C::UNDOES_CHANGES_OF_TABLES
                && is_shape::<C>(&found, columns_before(steps, at))
                && !self.is_done_already(&steps[at])?))
    }

    fn columns(&mut self) -> QueryResult<Vec<Column>> {
        self.connection.columns(&self.tables.settings)
    }

    fn refusal(&self, what: &str, differences: &[String]) -> Error {
        Error::new(ErrorKind::Configuration)
            .with_detail(format!("the table {:?} {what}: {}", self.tables.settings, in_words(differences)))
            .with_hint("change the table, or choose another name with Builder::table")
    }
}

/// How a table differs from one of so many columns.
fn shape<C: Dialect>(found: &[Column], columns: usize) -> Vec<String> {
    let (wanted, later) = C::COLUMNS.split_at(columns.min(C::COLUMNS.len()));
    differences(found, wanted, later)
}

/// Whether a table is one of so many columns; of none: whether it is not there.
fn is_shape<C: Dialect>(found: &[Column], columns: usize) -> bool {
    found.is_empty() == (columns == 0) && shape::<C>(found, columns).is_empty()
}

/// How many of our columns the table has before a step.
fn columns_before(steps: &[Step], at: usize) -> usize {
    at.checked_sub(1).map_or(0, |before| steps[before].columns)
}

/// The least differences from what one of these steps leaves; those from the newest where several are as near.
fn least<C: Dialect>(found: &[Column], steps: &[Step]) -> Vec<String> {
    let all = steps.iter().rev().map(|step| shape::<C>(found, step.columns));
    all.min_by_key(Vec::len).unwrap_or_default()
}

/// The newest version that is none of these.
fn unknown<'v>(steps: &[Step], applied: &'v [String]) -> Option<&'v String> {
    applied.iter().rev().find(|version| steps.iter().all(|step| step.version != version.as_str()))
}

impl<C: Dialect> MigrationHarness<C::Backend> for Harness<'_, C> {
    fn run_migration(
        &mut self,
        migration: &dyn Migration<C::Backend>,
    ) -> diesel::migration::Result<MigrationVersion<'static>> {
        let version = migration.name().version().as_owned();
        // Here and not before: asking what is pending creates nothing.
        self.connection.batch_execute(&C::create_versions(self.tables))?;
        let steps = C::steps(self.tables);
        let step = steps.iter().find(|step| step.version == version.to_string());
        if !step.map_or(Ok(false), |step| self.is_done_already(step))? {
            migration.run(self.connection)?;
        }
        self.connection.record(Record { tables: self.tables, version: &version.to_string() })?;
        Ok(version)
    }

    fn revert_migration(
        &mut self,
        migration: &dyn Migration<C::Backend>,
    ) -> diesel::migration::Result<MigrationVersion<'static>> {
        let version = migration.name().version().as_owned();
        let steps = C::steps(self.tables);
        let at = steps.iter().position(|step| step.version == version.to_string());
        if !at.map_or(Ok(false), |at| self.is_undone_already(&steps, at))? {
            migration.revert(self.connection)?;
        }
        self.connection.forget(Forget { tables: self.tables, version: &version.to_string() })?;
        Ok(version)
    }

    fn applied_migrations(&mut self) -> diesel::migration::Result<Vec<MigrationVersion<'static>>> {
        Ok(self.applied()?.into_iter().rev().map(MigrationVersion::from).collect())
    }
}

/// diesel's migration traits give any error; ours are all the driver's.
fn driver_error(error: Box<dyn std::error::Error + Send + Sync>) -> DriverError {
    match error.downcast::<DriverError>() {
        Ok(error) => *error,
        Err(other) => DriverError::QueryBuilderError(other),
    }
}
