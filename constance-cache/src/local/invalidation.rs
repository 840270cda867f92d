//! Dropping the entries of keys that are being changed.

use constance_core::{
    ErrorKind, Result,
    backend::{Applied, Batch, Key, Op},
};

use super::state::State;

/// A batch that is being written. However that ends, the entries of its keys are dropped before the writer goes on: only the
/// store knows what is stored now.
///
/// Dropped before its end, by a panic or with its future, the batch may still arrive.
pub(super) struct InFlightWrite<'a> {
    state: &'a State,
    batch: &'a Batch,
    ended: bool,
}

impl<'a> InFlightWrite<'a> {
    pub(super) fn new(state: &'a State, batch: &'a Batch) -> Self {
        Self { state, batch, ended: false }
    }

    pub(super) fn end(mut self, applied: Result<Applied>) -> Result<Applied> {
        self.ended = true;
        let changes = self.batch.changes().iter();
        match &applied {
            // Keys that were only compared have not changed.
            Ok(Applied::Done(_)) => {
                self.state.drop_keys(changes.filter(|change| change.op != Op::Keep).map(|change| &change.key), false);
            }
            // The expected value may have come from these entries.
            Ok(Applied::Conflict { .. }) => self.state.drop_keys(changes.map(|change| &change.key), false),
            Err(error) => {
                let is_outcome_unknown = matches!(error.kind(), ErrorKind::Timeout | ErrorKind::Unavailable);
                self.state.drop_keys(changes.map(|change| &change.key), is_outcome_unknown);
            }
        }
        applied
    }
}

impl Drop for InFlightWrite<'_> {
    fn drop(&mut self) {
        if !self.ended {
            self.state.drop_keys(self.batch.changes().iter().map(|change| &change.key), true);
        }
    }
}

/// Keys that the backend below is forgetting. They are dropped afterwards, and not before: a reader would fetch the old value
/// from below again.
pub(super) struct InvalidateOnDrop<'a> {
    pub(super) state: &'a State,
    pub(super) keys: &'a [&'a Key],
}

impl Drop for InvalidateOnDrop<'_> {
    fn drop(&mut self) {
        self.state.drop_keys(self.keys.iter().copied(), false);
    }
}
