//! Applies a batch in a transaction.

use constance_core::backend::{Applied, Batch, Change, Encoded, Expect, Key, Op, Stored};

use super::Store;
use super::read::{in_asked_order, names, sorted};
use crate::dialect::Dialect;
use crate::failure::Failure;
use crate::query::{Delete, KeyParam, OnConflict};

/// How a transaction ended.
pub(super) enum Attempt {
    /// With the answer to the batch.
    Ended(Applied),
    /// Another connection stored something under a key that was absent a moment ago. Nothing is applied.
    Overtaken,
}

impl<C: Dialect> Store<'_, C> {
    /// Applies a batch in a transaction.
    pub(super) fn transaction(&mut self, batch: &Batch) -> Result<Attempt, Failure> {
        self.connection.begin(C::BEGIN_WRITE)?;
        let Self { tables, in_transaction, .. } = *self;
        self.connection.finish_transaction(
            |connection| Store { connection, tables, in_transaction }.apply(batch),
            |ended| matches!(ended, Attempt::Ended(Applied::Done(_))),
        )
    }

    /// Locks the rows of the batch, checks it, and applies the changes in the order of their keys, so that two batches
    /// wait for each other and do not stop each other.
    fn apply(&mut self, batch: &Batch) -> Result<Attempt, Failure> {
        let changes = batch.changes();
        let keys: Vec<&Key> = changes.iter().map(|change| &change.key).collect();
        let wanted = sorted(&keys);
        if is_unconditional(batch) {
            for (_, at) in &wanted {
                self.apply_change(&changes[*at])?;
            }
            return Ok(Attempt::Ended(Applied::Done(Vec::new())));
        }
        let rows = self.connection.lock_rows_of(self.tables, &names(&wanted))?;
        let found = in_asked_order(&wanted, rows);
        if let Some(conflict) = first_conflict(batch, &found) {
            return Ok(Attempt::Ended(conflict));
        }
        for (_, at) in &wanted {
            let change = &changes[*at];
            // A row that is not there cannot be locked. Storing one where there must be none settles who was first.
            let kept = match (&found[*at], &change.op) {
                (Stored::Absent, Op::Set(value)) => {
                    self.insert(KeyParam(change.key.as_str()), value, OnConflict::Keep)?
                }
                (Stored::Absent, Op::Remove | Op::Keep) if change.expect == Expect::Absent => self.reserve(change)?,
                // What is removed here came since, and nobody has seen what it was.
                (Stored::Absent, Op::Remove) if batch.want_previous() => !self.remove(change)?,
                _ => {
                    self.apply_change(change)?;
                    true
                }
            };
            if !kept {
                return Ok(Attempt::Overtaken);
            }
        }
        Ok(Attempt::Ended(done(batch, found)))
    }

    fn apply_change(&mut self, change: &Change) -> Result<(), Failure> {
        match &change.op {
            Op::Set(value) => {
                self.insert(KeyParam(change.key.as_str()), value, OnConflict::Replace(self.tables)).map(drop)
            }
            Op::Remove => self.remove(change).map(drop),
            Op::Keep => Ok(()),
        }
    }

    /// Removes a key, whatever is stored there; whether there was a row.
    fn remove(&mut self, change: &Change) -> Result<bool, Failure> {
        self.connection.delete(Delete { tables: self.tables, key: KeyParam(change.key.as_str()), old: None })
    }

    /// Keeps a key absent until the transaction ends: a connection that stores something under it waits for the row that comes and
    /// goes here. `false`: another connection was faster.
    fn reserve(&mut self, change: &Change) -> Result<bool, Failure> {
        if !self.insert(KeyParam(change.key.as_str()), &Encoded::from(Vec::new()), OnConflict::Keep)? {
            return Ok(false);
        }
        self.remove(change)
    }
}

/// Whether nothing need be known of what is there.
pub(super) fn is_unconditional(batch: &Batch) -> bool {
    !batch.want_previous() && batch.changes().iter().all(|change| change.expect == Expect::Any)
}

/// The first change whose expectation does not hold.
pub(super) fn first_conflict(batch: &Batch, found: &[Stored]) -> Option<Applied> {
    let index = batch.changes().iter().zip(found).position(|(change, found)| !change.expect.holds(found))?;
    Some(Applied::Conflict { index, current: found[index].clone() })
}

pub(super) fn done(batch: &Batch, found: Vec<Stored>) -> Applied {
    Applied::Done(if batch.want_previous() { found } else { Vec::new() })
}
