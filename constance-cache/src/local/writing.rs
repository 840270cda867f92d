//! A change on its way through the cache.

use constance_core::{Applied, Batch, ErrorKind, Key, Result, To};

use super::state::State;

/// A batch on its way. However it ends, what is remembered of its keys is dropped before the writer goes on: only the store
/// knows what is stored now.
///
/// Dropped before its end is known, by a panic or with its future, it may still arrive.
pub(super) struct Writing<'a> {
    state: &'a State,
    batch: &'a Batch,
    ended: bool,
}

impl<'a> Writing<'a> {
    pub(super) fn new(state: &'a State, batch: &'a Batch) -> Self {
        Self { state, batch, ended: false }
    }

    pub(super) fn end(mut self, applied: Result<Applied>) -> Result<Applied> {
        self.ended = true;
        let changes = self.batch.changes().iter();
        match &applied {
            // Nothing has happened to what was only looked at.
            Ok(Applied::Done(_)) => {
                self.state.drop_keys(changes.filter(|change| change.to != To::Keep).map(|change| &change.key), false);
            }
            // What was expected may have come from here.
            Ok(Applied::Conflict { .. }) => self.state.drop_keys(changes.map(|change| &change.key), false),
            Err(error) => {
                let in_doubt = matches!(error.kind(), ErrorKind::Timeout | ErrorKind::Unavailable);
                self.state.drop_keys(changes.map(|change| &change.key), in_doubt);
            }
        }
        applied
    }
}

impl Drop for Writing<'_> {
    fn drop(&mut self) {
        if !self.ended {
            self.state.drop_keys(self.batch.changes().iter().map(|change| &change.key), true);
        }
    }
}

/// Keys that are being forgotten by what is below as well. They are dropped when that is done, and not before: a reader
/// would bring back what is below.
pub(super) struct Forgetting<'a> {
    pub(super) state: &'a State,
    pub(super) keys: &'a [&'a Key],
}

impl Drop for Forgetting<'_> {
    fn drop(&mut self) {
        self.state.drop_keys(self.keys.iter().copied(), false);
    }
}
