//! Writing: mark, commit, clear.

use constance_core::{
    Backend, Error, ErrorKind, Result,
    backend::{Applied, Batch, Cause, Key, Op},
};

use super::cells::new_mark;
use super::pending_invalidations::PendingInvalidations;
use super::{CacheDown, SharedCache};
use crate::store::CacheStore;

impl<B: Backend, C: CacheStore> SharedCache<B, C> {
    pub(super) fn change(&self, batch: &Batch) -> Result<Applied> {
        let changed = batch.changes().iter().filter(|change| change.op != Op::Keep);
        let keys: Vec<&Key> = changed.map(|change| &change.key).collect();
        if keys.is_empty() {
            return self.inner.write(batch);
        }
        let mark = new_mark();
        let (marks, failure) = self.cells.mark(&keys, mark);
        let unmarked: Vec<&Key> = match failure {
            None => Vec::new(),
            Some(failure) if self.cache_down == CacheDown::Refuse => {
                // What cannot be cleared either goes away by itself.
                let _ = self.cells.clear(&marks, mark);
                return Err(self.refused(&failure));
            }
            Some(_) => keys.iter().copied().filter(|key| !marks.iter().any(|(marked, ..)| marked == *key)).collect(),
        };
        let unmarked = Unmarked::new(&self.pending, unmarked);
        let applied = self.inner.write(batch);
        drop(unmarked);
        // Such a write may still arrive: its marks stay until they end.
        let is_open = |error: &Error| matches!(error.kind(), ErrorKind::Unavailable | ErrorKind::Timeout);
        if !applied.as_ref().is_err_and(is_open) && !marks.is_empty() && self.cells.clear(&marks, mark).is_some() {
            self.pending.add(marks.iter().map(|(key, ..)| key));
        }
        self.clear_pending();
        applied
    }

    pub(super) fn drop_cached(&self, keys: &[&Key]) -> Result<()> {
        // What is below first: a fill must not take from there what is forgotten here.
        let below = self.inner.forget(keys);
        match self.cells.forget(keys) {
            Some(failure) => {
                self.pending.add(keys.iter().copied());
                below.and(Err(self.failed("the shared cache does not answer, and may hold an old value", &failure)))
            }
            None => below,
        }
    }

    fn refused(&self, failure: &Error) -> Error {
        self.failed(
            "the shared cache does not answer, and other processes would go on with the old value in it",
            failure,
        )
        .with_hint("nothing was written; CacheDown::Proceed writes all the same")
    }

    fn failed(&self, detail: &'static str, failure: &Error) -> Error {
        let cause = failure.cause().cloned().unwrap_or_else(|| Cause::new(self.cells.store.name().to_owned()));
        Error::new(ErrorKind::Unavailable).with_detail(detail).with_cause(cause).with_backend(self.cells.store.name())
    }
}

/// Keys while they are written without a mark.
struct Unmarked<'d> {
    pending: &'d PendingInvalidations,
    keys: Vec<&'d Key>,
}

impl<'d> Unmarked<'d> {
    fn new(pending: &'d PendingInvalidations, keys: Vec<&'d Key>) -> Self {
        pending.writer_started(keys.iter().copied());
        Self { pending, keys }
    }
}

impl Drop for Unmarked<'_> {
    /// Also where the backend panics.
    fn drop(&mut self) {
        self.pending.writer_finished(self.keys.iter().copied());
    }
}
