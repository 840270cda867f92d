//! Writes a batch: by one statement where that can be, else in a transaction.

use constance_core::backend::{Applied, Batch, Change, Encoded, Expect, Key, Op, Stored};

use super::Store;
use super::batch::{Attempt, done, first_conflict, is_unconditional};
use crate::dialect::{Dialect, MAX_ATTEMPTS};
use crate::failure::{Failure, Reason};
use crate::query::{Delete, Insert, KeyParam, OnConflict, UpdateIf, ValueParam};

impl<C: Dialect> Store<'_, C> {
    /// Applies a batch as a whole or not at all.
    pub(crate) fn write(&mut self, batch: &Batch) -> Result<Applied, Failure> {
        for _ in 1..MAX_ATTEMPTS {
            match self.in_one_statement(batch) {
                Ok(Some(applied)) => return Ok(applied),
                Ok(None) => break,
                // A statement alone can be rolled back as well: a deadlock with a batch, a default isolation that is stricter.
                Err(failure) if !self.in_transaction && self.connection.was_rolled_back(&failure) => {}
                Err(failure) => return Err(failure),
            }
        }
        if batch.changes().iter().all(|change| change.op == Op::Keep) {
            // One statement sees one moment, and takes no lock.
            let keys: Vec<&Key> = batch.changes().iter().map(|change| &change.key).collect();
            let Self { tables, in_transaction, .. } = *self;
            let found =
                self.connection.retry_read(|connection| Store { connection, tables, in_transaction }.many(&keys))?;
            return Ok(first_conflict(batch, &found).unwrap_or_else(|| done(batch, found)));
        }
        for _ in 1..MAX_ATTEMPTS {
            match self.transaction(batch) {
                Ok(Attempt::Ended(applied)) => return Ok(applied),
                Ok(Attempt::Overtaken) => {}
                Err(failure) if !self.in_transaction && self.connection.was_rolled_back(&failure) => {}
                Err(failure) => return Err(failure),
            }
        }
        match self.transaction(batch)? {
            Attempt::Ended(applied) => Ok(applied),
            // Another moment may go better, as after any other lost race.
            Attempt::Overtaken => Err(Reason::Overtaken.into()),
        }
    }

    /// Applies a batch by one statement. `None`: nothing was changed, and it takes a transaction.
    fn in_one_statement(&mut self, batch: &Batch) -> Result<Option<Applied>, Failure> {
        let previous = match batch.changes() {
            [change] => self.change_at_once(change, batch.want_previous())?.map(|previous| vec![previous]),
            changes if is_unconditional(batch) => self.set_all_at_once(changes)?.then(Vec::new),
            _ => None,
        };
        Ok(previous.map(|previous| done(batch, previous)))
    }

    /// Stores several values by one statement. `false`: nothing was stored.
    fn set_all_at_once(&mut self, changes: &[Change]) -> Result<bool, Failure> {
        let rows = changes.iter().map(|change| match &change.op {
            Op::Set(value) => Some((change.key.as_str(), value.as_bytes())),
            Op::Remove | Op::Keep => None,
        });
        let Some(mut rows) = rows.collect::<Option<Vec<_>>>() else { return Ok(false) };
        rows.sort_unstable();
        self.connection.set_all(self.tables, &rows)
    }

    /// Makes one change by one statement and gives what was stored before, if that is known without asking. `None`: nothing
    /// was changed, and it takes a transaction to say why or what was there.
    fn change_at_once(&mut self, change: &Change, want_previous: bool) -> Result<Option<Stored>, Failure> {
        let (tables, key) = (self.tables, KeyParam(change.key.as_str()));
        match (&change.expect, &change.op) {
            (Expect::Any, Op::Keep) if !want_previous => Ok(Some(Stored::Absent)),
            (Expect::Any, Op::Set(value)) if !want_previous => {
                self.insert(key, value, OnConflict::Replace(tables)).map(|_| Some(Stored::Absent))
            }
            (Expect::Any, Op::Remove) if !want_previous => {
                self.connection.delete(Delete { tables, key, old: None }).map(|_| Some(Stored::Absent))
            }
            (Expect::Any, Op::Remove) => self.connection.take(tables, change.key.as_str()),
            (Expect::Any, Op::Set(value)) => self.connection.replace(tables, change.key.as_str(), value.as_bytes()),
            (Expect::Absent, Op::Set(value)) => {
                Ok(self.insert(key, value, OnConflict::Keep)?.then_some(Stored::Absent))
            }
            (Expect::Equals(old), Op::Set(value)) => {
                let (expected, value) = (Some(ValueParam(old.as_bytes())), ValueParam(value.as_bytes()));
                let statement = UpdateIf { tables, key, old: expected, value, now: C::NOW };
                Ok(self.connection.update_if(statement)?.then(|| Stored::Value(old.clone())))
            }
            (Expect::Equals(old), Op::Remove) => {
                let statement = Delete { tables, key, old: Some(ValueParam(old.as_bytes())) };
                Ok(self.connection.delete(statement)?.then(|| Stored::Value(old.clone())))
            }
            _ => Ok(None),
        }
    }

    pub(super) fn insert(
        &mut self,
        key: KeyParam<'_>,
        value: &Encoded,
        on_conflict: OnConflict<'_>,
    ) -> Result<bool, Failure> {
        let value = ValueParam(value.as_bytes());
        self.connection.insert(Insert { tables: self.tables, key, value, now: C::NOW, on_conflict })
    }
}
