//! Writing the names of one setting one by one, for a backend that cannot write them in one step.

use crate::{
    ErrorKind, Result,
    backend::{Applied, Batch, Change, Stored},
};

/// Writes the keys of a batch from the last to the first: from the oldest alias to the setting's own name. In this order no step
/// brings back the old value: the new one is in force from the first step on, or else from the last.
pub(crate) struct KeyByKey<'b> {
    batch: &'b Batch,
    /// What was stored before, in the order of the writes.
    previous: Vec<Stored>,
    left: usize,
}

impl<'b> KeyByKey<'b> {
    /// Begins where the backend has refused the batch as a whole, and `may` allows it.
    pub(crate) fn after(applied: &Result<Applied>, batch: &'b Batch, may: bool) -> Option<Self> {
        let refused = matches!(applied, Err(error) if error.kind() == ErrorKind::Unsupported);
        (may && refused).then(|| Self { batch, previous: Vec::new(), left: batch.changes().len() })
    }

    /// The next write; `None` after the last.
    pub(crate) fn next(&mut self) -> Option<Batch> {
        self.left = self.left.checked_sub(1)?;
        let change: &Change = self.batch.changes().get(self.left)?;
        Some(Batch::one(change.clone()).wanting_previous(self.batch.want_previous()))
    }

    /// Takes the result of a write. Returns a conflict, which ends the whole.
    pub(crate) fn take(&mut self, applied: Applied) -> Option<Applied> {
        match applied {
            Applied::Done(previous) => {
                self.previous.extend(previous);
                None
            }
            Applied::Conflict { index: _, current } => Some(Applied::Conflict { index: self.left, current }),
        }
    }

    /// The result of the whole.
    pub(crate) fn end(mut self) -> Applied {
        self.previous.reverse();
        Applied::Done(self.previous)
    }
}

/// Writes a batch as a whole. Where the backend cannot, and `may` allows it, writes its keys one by one.
pub(super) fn write_key_by_key(
    batch: &Batch,
    may: bool,
    mut write: impl FnMut(&Batch) -> Result<Applied>,
) -> Result<Applied> {
    let applied = write(batch);
    let Some(mut turn) = KeyByKey::after(&applied, batch, may) else { return applied };
    while let Some(one) = turn.next() {
        if let Some(conflict) = turn.take(write(&one)?) {
            return Ok(conflict);
        }
    }
    Ok(turn.end())
}
