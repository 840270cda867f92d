//! A write from its check to its end, but for the store: free of I/O, and right also where it is broken off.

use std::panic::{AssertUnwindSafe, catch_unwind};

use super::plan::Step;
use super::{Found, Front};
use crate::events::Written;
use crate::live::Settling;
use crate::{Action, Applied, Batch, Codec, Encoded, Error, ErrorKind, Result, Settings, trace};

/// How often a write that others keep getting in the way of is tried before it is a conflict.
pub(crate) const TRIES: usize = 100;

/// Steps that are checked and encoded, to be tried until no other writer is in the way.
pub(crate) struct Attempt<'w, S: Settings, C: Codec> {
    front: &'w Front<S, C>,
    steps: &'w [Step],
    encoded: Vec<Option<Encoded>>,
    reads: Vec<usize>,
    tries: usize,
}

/// A batch that is about to be sent. Dropped before its end is known, as by a panic or with a future, it is taken to have
/// been written perhaps.
pub(crate) struct Planned<'w, S: Settings, C: Codec> {
    front: &'w Front<S, C>,
    steps: &'w [Step],
    batch: Batch,
    written: Option<Written>,
}

/// What comes after a write.
pub(crate) enum Next<'w, S: Settings, C: Codec> {
    Done,
    /// It is done, and the store has to be asked which of several writes came last.
    Settle(Settling<'w, S, C>),
    /// Another writer was in the way: try again.
    Again,
}

impl<'w, S: Settings, C: Codec> Attempt<'w, S, C> {
    /// Holds the steps to the rules of their settings. They name each setting at most once.
    pub(crate) fn new(front: &'w Front<S, C>, steps: &'w [Step]) -> Result<Self> {
        Ok(Self { front, steps, encoded: front.encode(steps)?, reads: front.to_look_at(steps), tries: 0 })
    }

    /// The settings to find before the next try; none: nothing has to be read.
    pub(crate) fn reads(&self) -> &[usize] {
        &self.reads
    }

    /// The batch of the next try, from what was found.
    pub(crate) fn plan(&mut self, found: Result<Vec<Found>>) -> Result<Planned<'w, S, C>> {
        let Self { front, steps, .. } = *self;
        if self.tries == TRIES {
            let error = Error::new(ErrorKind::Conflict).with_detail("other writers kept coming in between");
            return Err(front.explain_steps(error, steps));
        }
        self.tries += 1;
        let found = found.map_err(|e| front.explain(e, Action::Read))?;
        let found: Vec<(usize, Found)> = self.reads.iter().copied().zip(found).collect();
        let batch = front.plan(steps, &self.encoded, &found)?;
        let written = front.ledger.begin(steps.iter().filter(|s| s.to.is_some()).map(|s| s.index));
        Ok(Planned { front, steps, batch, written: Some(written) })
    }

    /// How often it was tried.
    pub(crate) fn tries(&self) -> usize {
        self.tries
    }
}

impl<'w, S: Settings, C: Codec> Planned<'w, S, C> {
    pub(crate) fn batch(&self) -> &Batch {
        &self.batch
    }

    /// Draws the conclusions from what became of the batch: `live()` and the handlers are told here.
    pub(crate) fn end(mut self, applied: Result<Applied>) -> Result<Next<'w, S, C>> {
        let (front, steps) = (self.front, self.steps);
        match applied {
            Ok(Applied::Done(previous)) => {
                let outcomes = front.outcomes(steps, &self.batch, &previous);
                let Some(written) = self.written.take() else { return Ok(Next::Done) };
                for outcome in &outcomes {
                    trace::written(front.schema.fields[outcome.index].info().name, &front.backend_name);
                }
                let indices: Vec<usize> = outcomes.iter().map(|outcome| outcome.index).collect();
                let overlapped = front.ledger.finish(written, outcomes, front);
                Ok(if overlapped { Next::Settle(Settling::new(front, indices)) } else { Next::Done })
            }
            Ok(Applied::Conflict { index, current }) => {
                if let Some(written) = self.written.take() {
                    front.ledger.cancel(written, front);
                }
                front.lost(steps, &self.batch, index, current)?;
                Ok(Next::Again)
            }
            // Whether it was written is not known: dropping this has it looked up.
            Err(error) => Err(front.explain_steps(error, steps)),
        }
    }
}

impl<S: Settings, C: Codec> Drop for Planned<'_, S, C> {
    fn drop(&mut self) {
        if let Some(written) = self.written.take() {
            // A handler that panics has been reported by then; out of a destructor it would end the program.
            let _ = catch_unwind(AssertUnwindSafe(|| self.front.abandon(written)));
        }
    }
}
