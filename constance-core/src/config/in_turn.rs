//! A write of one setting to a backend that cannot write all its names in one step.

use crate::{
    ErrorKind, Result,
    backend::{Applied, Batch, Change, Stored},
};

/// One key after the other, from the last of the batch, which is that of the oldest name, to the setting's own. So no step
/// brings back what was in force before: with the first, or else the last, the new state is in force.
pub(crate) struct InTurn<'b> {
    batch: &'b Batch,
    /// What was stored before, in the order of the writes.
    previous: Vec<Stored>,
    left: usize,
}

impl<'b> InTurn<'b> {
    /// Where a batch that `may` be written so was refused as a whole.
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

    /// Goes on after a write, or ends with a conflict.
    pub(crate) fn take(&mut self, applied: Applied) -> Option<Applied> {
        match applied {
            Applied::Done(previous) => {
                self.previous.extend(previous);
                None
            }
            Applied::Conflict { index: _, current } => Some(Applied::Conflict { index: self.left, current }),
        }
    }

    /// What became of the whole.
    pub(crate) fn end(mut self) -> Applied {
        self.previous.reverse();
        Applied::Done(self.previous)
    }
}

/// Writes a batch as a whole, or, where the backend cannot and it `may` be so, its keys in turn.
pub(super) fn in_turn(batch: &Batch, may: bool, mut write: impl FnMut(&Batch) -> Result<Applied>) -> Result<Applied> {
    let applied = write(batch);
    let Some(mut turn) = InTurn::after(&applied, batch, may) else { return applied };
    while let Some(one) = turn.next() {
        if let Some(conflict) = turn.take(write(&one)?) {
            return Ok(conflict);
        }
    }
    Ok(turn.end())
}
