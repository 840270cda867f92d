//! Migrates over one connection. The caller holds the lock, and the transaction where there can be one.

use std::marker::PhantomData;

use constance_core::{Error, ErrorKind, Result, backend::Cause};
use diesel::migration::{Migration, MigrationSource, MigrationVersion};
use diesel::result::Error as DriverError;
use diesel_migrations::MigrationHarness;

use super::MigrationStep;
use super::shape::differences;
use crate::dialect::Dialect;
use crate::error::not_migrated;
use crate::failure::Failure;
use crate::query::{AnyKey, AppliedVersions, ForgetVersion, RecordVersion};
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

/// How many migrations are reverted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum HowMany {
    One,
    All,
}

/// What happens where values would be lost.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum OnValues {
    Refuse,
    Drop,
}

/// Our migrations, for diesel's traits.
struct Source<'a, C>(&'a Tables, PhantomData<fn(C)>);

impl<C: Dialect> MigrationSource<C::Backend> for Source<'_, C> {
    fn migrations(&self) -> diesel::migration::Result<Vec<Box<dyn Migration<C::Backend>>>> {
        Ok(C::migrations(self.0).into_iter().map(|step| Box::new(step) as _).collect())
    }
}

impl<C: Dialect> Harness<'_, C> {
    /// Applies what is pending.
    pub(super) fn apply(&mut self) -> Result<Result<Vec<String>>, Failure> {
        let (steps, applied) = (C::migrations(self.tables), self.applied()?);
        if let Err(contradiction) = self.check_applied(&steps, &applied)? {
            return Ok(Err(contradiction));
        }
        if let Some(next) = steps.iter().position(|step| !applied.iter().any(|version| version == step.version))
            && let Err(refused) = self.can_apply(&steps, next)?
        {
            return Ok(Err(refused));
        }
        let source = Source::<C>(self.tables, PhantomData);
        let applied = self.run_pending_migrations(source).map_err(failure_of)?;
        Ok(Ok(applied.iter().map(ToString::to_string).collect()))
    }

    pub(crate) fn pending(&mut self) -> Result<Result<Vec<String>>, Failure> {
        let (steps, applied) = (C::migrations(self.tables), self.applied()?);
        if let Err(contradiction) = self.check_applied(&steps, &applied)? {
            return Ok(Err(contradiction));
        }
        let source = Source::<C>(self.tables, PhantomData);
        let pending = self.pending_migrations(source).map_err(failure_of)?;
        Ok(Ok(pending.iter().map(|migration| migration.name().version().to_string()).collect()))
    }

    /// Whether the table and the columns that the applied migrations made are there.
    fn check_applied(&mut self, steps: &[MigrationStep], applied: &[String]) -> Result<Result<()>, Failure> {
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
            if unknown_version(steps, applied).is_some() { &[] } else { C::COLUMNS.get(..last.columns).unwrap_or(&[]) };
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
    pub(crate) fn check_django_table(&mut self) -> Result<Result<()>, Failure> {
        let mut found = self.columns()?;
        if found.is_empty() {
            let error = not_migrated(Cause::new(C::NAME).with_text("there is no such table"));
            return Ok(Err(self.tables.layout.add_hint(error)));
        }
        for value in found.iter_mut().filter(|column| column.name == "value") {
            // It may be, and need not.
            value.nullable = false;
        }
        let differences = differences(&found, &C::DJANGO_COLUMNS, &[]);
        if differences.is_empty() {
            return Ok(Ok(()));
        }
        Ok(Err(self.refusal("is not as Django's migrations make it", &differences)))
    }

    /// The versions that are applied, in the order of their names.
    pub(super) fn applied(&mut self) -> Result<Vec<String>, Failure> {
        if !self.connection.has_table(&self.tables.versions)? {
            return Ok(Vec::new());
        }
        let mut versions = self.connection.versions(AppliedVersions { tables: self.tables })?;
        versions.sort();
        Ok(versions)
    }

    /// Records the migrations that would have made the table as it is.
    pub(super) fn adopt(&mut self) -> Result<Result<Vec<String>>, Failure> {
        let (steps, applied) = (C::migrations(self.tables), self.applied()?);
        let found = self.columns()?;
        if found.is_empty() {
            let error = not_migrated(Cause::new(C::NAME).with_text("there is no such table"));
            return Ok(Err(error.with_detail("there is no table to adopt")));
        }
        let known = steps.iter().take_while(|step| applied.iter().any(|version| version == step.version)).count();
        if unknown_version(&steps, &applied).is_some() && known == steps.len() {
            // The table is as a newer release made it.
            return Ok(Ok(Vec::new()));
        }
        let mut done = None;
        for (at, step) in steps.iter().enumerate().skip(known.saturating_sub(1)).rev() {
            if shape::<C>(&found, step.columns).is_empty()
                && self.connection.has_objects_of(self.tables, step.version)?
            {
                done = Some(at);
                break;
            }
        }
        let Some(done) = done else {
            let oldest = known.saturating_sub(1);
            let differences = closest_differences::<C>(&found, &steps[oldest..]);
            return Ok(Err(self.refusal("is not as a migration makes it", &differences)));
        };
        let new: Vec<String> = steps[..=done].iter().skip(known).map(|step| step.version.to_owned()).collect();
        if !new.is_empty() {
            self.connection.batch_execute(&C::create_versions_table(self.tables))?;
        }
        for version in &new {
            self.connection.record_version(RecordVersion { tables: self.tables, version })?;
        }
        Ok(Ok(new))
    }

    /// Undoes migrations, newest first.
    pub(super) fn revert(&mut self, how_many: HowMany, on_values: OnValues) -> Result<Result<Vec<String>>, Failure> {
        let (steps, applied) = (C::migrations(self.tables), self.applied()?);
        if let Some(version) = unknown_version(&steps, &applied) {
            let error = Error::new(ErrorKind::Unsupported).with_detail(format!(
                "a newer release applied the migration {version:?}, which this one does not know"
            ));
            return Ok(Err(error.with_hint("revert with that release")));
        }
        let mut last = steps.iter().enumerate().rev().filter(|(_, step)| applied.iter().any(|v| v == step.version));
        let reverted: Vec<(usize, &MigrationStep)> = match how_many {
            HowMany::One => last.next().into_iter().collect(),
            HowMany::All => last.collect(),
        };
        // Everything that can be refused is looked at before anything is changed.
        if let Some((at, step)) = reverted.first()
            && on_values == OnValues::Refuse
            && let Err(refused) = self.can_revert(&steps, *at, step, reverted.iter().any(|(at, _)| *at == 0))?
        {
            return Ok(Err(refused));
        }
        for (_, step) in &reverted {
            self.revert_migration(*step).map_err(failure_of)?;
        }
        Ok(Ok(reverted.into_iter().map(|(_, step)| step.version.to_owned()).collect()))
    }

    /// Whether the table is as the step left it and, where it would be dropped, without values.
    fn can_revert(
        &mut self,
        steps: &[MigrationStep],
        at: usize,
        step: &MigrationStep,
        drops: bool,
    ) -> Result<Result<()>, Failure> {
        let found = self.columns()?;
        let differences =
            if self.is_reverted_already(steps, at)? { Vec::new() } else { shape::<C>(&found, step.columns) };
        if !differences.is_empty() {
            return Ok(Err(self.refusal("is not as its migrations made it", &differences)));
        }
        if drops && !found.is_empty() {
            self.connection.lock_out_writers(self.tables)?;
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
    fn can_apply(&mut self, steps: &[MigrationStep], next: usize) -> Result<Result<()>, Failure> {
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
            0 => self
                .refusal("is there already, and not as a migration makes it", &closest_differences::<C>(&found, steps)),
            _ => self.refusal("is not as its migrations made it", &shape::<C>(&found, before)),
        };
        Ok(Err(refused))
    }

    /// Whether a step was done and not recorded, where the database cannot undo it by itself.
    ///
    /// Every step is preceded by the table of versions. Without that, a table of the right shape is somebody else's.
    fn is_done_already(&mut self, step: &MigrationStep) -> Result<bool, Failure> {
        Ok(!C::TRANSACTIONAL_DDL
            && self.connection.has_table(&self.tables.versions)?
            && is_shape::<C>(&self.columns()?, step.columns)
            && self.connection.has_objects_of(self.tables, step.version)?)
    }

    /// The same for a step that was reverted. Also `true` where the table was dropped, so that reverting can go on from there.
    fn is_reverted_already(&mut self, steps: &[MigrationStep], at: usize) -> Result<bool, Failure> {
        let found = self.columns()?;
        Ok(found.is_empty()
            || (!C::TRANSACTIONAL_DDL
                && is_shape::<C>(&found, columns_before(steps, at))
                && !self.is_done_already(&steps[at])?))
    }

    fn columns(&mut self) -> Result<Vec<Column>, Failure> {
        self.connection.columns(&self.tables.settings)
    }

    fn refusal(&self, what: &str, differences: &[String]) -> Error {
        Error::new(ErrorKind::Configuration)
            .with_detail(format!("the table {:?} {what}: {}", self.tables.settings, differences.join(", ")))
            .with_hint("change the table, or choose another name with Builder::table")
    }
}

/// How a table differs from one with this number of columns.
fn shape<C: Dialect>(found: &[Column], columns: usize) -> Vec<String> {
    let (wanted, later) = C::COLUMNS.split_at(columns.min(C::COLUMNS.len()));
    differences(found, wanted, later)
}

/// Whether a table has this number of our columns; with zero, whether there is none.
fn is_shape<C: Dialect>(found: &[Column], columns: usize) -> bool {
    found.is_empty() == (columns == 0) && shape::<C>(found, columns).is_empty()
}

/// How many of our columns the table has before a step.
fn columns_before(steps: &[MigrationStep], at: usize) -> usize {
    at.checked_sub(1).map_or(0, |before| steps[before].columns)
}

/// The differences from the step that the table is closest to; from the newest of those that are equally close.
fn closest_differences<C: Dialect>(found: &[Column], steps: &[MigrationStep]) -> Vec<String> {
    let all = steps.iter().rev().map(|step| shape::<C>(found, step.columns));
    all.min_by_key(Vec::len).unwrap_or_default()
}

/// The newest applied version that is not one of these steps.
fn unknown_version<'v>(steps: &[MigrationStep], applied: &'v [String]) -> Option<&'v String> {
    applied.iter().rev().find(|version| steps.iter().all(|step| step.version != version.as_str()))
}

impl<C: Dialect> MigrationHarness<C::Backend> for Harness<'_, C> {
    fn run_migration(
        &mut self,
        migration: &dyn Migration<C::Backend>,
    ) -> diesel::migration::Result<MigrationVersion<'static>> {
        let version = migration.name().version().as_owned();
        // Here and not before: asking what is pending creates nothing.
        self.connection.batch_execute(&C::create_versions_table(self.tables))?;
        let steps = C::migrations(self.tables);
        let step = steps.iter().find(|step| step.version == version.to_string());
        if !step.map_or(Ok(false), |step| self.is_done_already(step))? {
            migration.run(self.connection)?;
        }
        self.connection.record_version(RecordVersion { tables: self.tables, version: &version.to_string() })?;
        Ok(version)
    }

    fn revert_migration(
        &mut self,
        migration: &dyn Migration<C::Backend>,
    ) -> diesel::migration::Result<MigrationVersion<'static>> {
        let version = migration.name().version().as_owned();
        let steps = C::migrations(self.tables);
        let at = steps.iter().position(|step| step.version == version.to_string());
        if !at.map_or(Ok(false), |at| self.is_reverted_already(&steps, at))? {
            migration.revert(self.connection)?;
        }
        self.connection.forget_version(ForgetVersion { tables: self.tables, version: &version.to_string() })?;
        Ok(version)
    }

    fn applied_migrations(&mut self) -> diesel::migration::Result<Vec<MigrationVersion<'static>>> {
        Ok(self.applied()?.into_iter().rev().map(MigrationVersion::from).collect())
    }
}

/// diesel's migration traits give any error; all of ours are failures of statements.
fn failure_of(error: Box<dyn std::error::Error + Send + Sync>) -> Failure {
    match error.downcast::<Failure>() {
        Ok(failure) => *failure,
        Err(error) => match error.downcast::<DriverError>() {
            Ok(error) => Failure::from(*error),
            Err(other) => Failure::from(DriverError::QueryBuilderError(other)),
        },
    }
}
