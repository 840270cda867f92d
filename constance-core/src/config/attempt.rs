//! A write from its check to its end, but for the store: free of I/O, and right also where it is broken off.

use std::panic::{AssertUnwindSafe, catch_unwind};

use super::follow::Settling;
use super::plan::Step;
use super::{Found, Front};
use crate::events::{InFlightWrite, Outcome};
use crate::field::AnyValue;
use crate::{
    Action, Codec, Error, ErrorKind, Result, Settings,
    backend::{Applied, Batch, Capability, Encoded, Key},
    trace,
};

/// How often a write that others keep getting in the way of is tried before it is a conflict.
pub(crate) const TRIES: usize = 100;

/// Steps that are checked and encoded, to be tried until no other writer is in the way.
pub(crate) struct Attempt<'w, S: Settings, C: Codec> {
    front: &'w Front<S, C>,
    steps: &'w [Step],
    encoded: Vec<Option<Encoded>>,
    reads: Vec<usize>,
    tries: usize,
    most: usize,
    /// Whether what the backend remembered was dropped, so that the store itself was asked.
    afresh: bool,
    /// Whether `live()` and the handlers are told at its end.
    told: bool,
}

/// A batch that is about to be sent. Dropped before its end is known, as by a panic or with a future, it is taken to have
/// been written perhaps.
pub(crate) struct Planned<'w, S: Settings, C: Codec> {
    front: &'w Front<S, C>,
    steps: &'w [Step],
    batch: Batch,
    written: Option<InFlightWrite>,
    /// What the rules across settings were held against.
    kept: Vec<(usize, AnyValue)>,
}

/// What comes before a write.
pub(crate) enum Plan<'w, S: Settings, C: Codec> {
    Send(Planned<'w, S, C>),
    /// What was read may be what a cache remembers, and stands in the way: these keys are to be forgotten and read again.
    Afresh(Vec<&'w Key>),
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
        let (encoded, reads) = (front.encode(steps)?, front.to_look_at(steps));
        Ok(Self { front, steps, encoded, reads, tries: 0, most: TRIES, afresh: false, told: true })
    }

    /// The same for a write that is told of later, if at all, and tried at most so often.
    pub(super) fn untold(front: &'w Front<S, C>, steps: &'w [Step], most: usize) -> Result<Self> {
        Ok(Self { most, told: false, ..Self::new(front, steps)? })
    }

    /// The settings to find before the next try; none: nothing has to be read.
    pub(crate) fn reads(&self) -> &[usize] {
        &self.reads
    }

    /// The batch of the next try, from what was found by a backend with this capability.
    pub(crate) fn plan(&mut self, found: Result<Vec<Found>>, capability: Capability) -> Result<Plan<'w, S, C>> {
        let Self { front, steps, .. } = *self;
        if self.tries == self.most {
            let error = Error::new(ErrorKind::Conflict).with_detail("other writers kept coming in between");
            return Err(front.explain_steps(error, steps));
        }
        self.tries += 1;
        let found = found.map_err(|e| front.explain(e, Action::Read))?;
        let may_be_old = capability.remembers && !self.afresh && !self.reads.is_empty();
        // What is foreign cannot be expected: the write would not notice that something else is there by now.
        if may_be_old && found.iter().any(|found| found.expectations().is_err()) {
            return Ok(self.again_from_the_store());
        }
        let found: Vec<(usize, Found)> = self.reads.iter().copied().zip(found).collect();
        let batch = match front.plan(steps, &self.encoded, &found) {
            Err(refusal) if may_be_old && is_of_what_was_read(&refusal) => return Ok(self.again_from_the_store()),
            batch => batch?,
        };
        let kept = if self.told { front.kept(steps, &found) } else { Vec::new() };
        let changed = steps.iter().filter(|s| s.to.is_some()).map(|s| s.index);
        let written = self.told.then(|| front.ledger.begin(changed));
        Ok(Plan::Send(Planned { front, steps, batch, written, kept }))
    }

    /// At most once: what is then found is what is there.
    fn again_from_the_store(&mut self) -> Plan<'w, S, C> {
        self.afresh = true;
        Plan::Afresh(self.front.keys_of(&self.reads))
    }

    /// How often it was tried.
    pub(crate) fn tries(&self) -> usize {
        self.tries
    }
}

/// Whether it was what is stored that stood in the way. Where a cache answered, that may be so no longer.
pub(crate) fn is_of_what_was_read(error: &Error) -> bool {
    matches!(error.kind(), ErrorKind::Conflict | ErrorKind::Invalid | ErrorKind::Decode)
}

impl<'w, S: Settings, C: Codec> Planned<'w, S, C> {
    pub(crate) fn batch(&self) -> &Batch {
        &self.batch
    }

    /// Whether it may be written key by key where the backend cannot write it as a whole.
    pub(crate) fn may_be_in_turn(&self) -> bool {
        self.front.may_be_in_turn(self.steps, &self.batch)
    }

    /// Draws the conclusions from what became of the batch: `live()` and the handlers are told here.
    pub(crate) fn end(mut self, applied: Result<Applied>) -> Result<Next<'w, S, C>> {
        let Some(outcomes) = self.outcomes(applied)? else { return Ok(Next::Again) };
        let Some(written) = self.written.take() else { return Ok(Next::Done) };
        let front = self.front;
        front.note(outcomes.iter().map(|outcome| outcome.index));
        let indices: Vec<usize> = outcomes.iter().map(|outcome| outcome.index).collect();
        let kept = std::mem::take(&mut self.kept);
        let must_ask = front.ledger.finish(written, outcomes, kept, front);
        Ok(if must_ask { Next::Settle(Settling::new(front, indices)) } else { Next::Done })
    }

    /// The same for a write that is told of later; `None`: another writer was in the way.
    pub(super) fn end_untold(mut self, applied: Result<Applied>) -> Result<Option<Vec<Outcome>>> {
        self.outcomes(applied)
    }

    fn outcomes(&mut self, applied: Result<Applied>) -> Result<Option<Vec<Outcome>>> {
        let (front, steps) = (self.front, self.steps);
        if applied.is_ok() {
            front.write_was_answered();
        }
        match applied {
            Ok(Applied::Done(previous)) => Ok(Some(front.outcomes(steps, &self.batch, &previous))),
            Ok(Applied::Conflict { index, current }) => {
                if let Some(written) = self.written.take() {
                    front.ledger.cancel(written, front);
                }
                front.lost(steps, &self.batch, index, current)?;
                Ok(None)
            }
            // Whether it was written is not known: dropping this has it looked up.
            Err(error) => Err(front.explain_steps(error, steps)),
        }
    }
}

impl<S: Settings, C: Codec> Front<S, C> {
    /// Gives an unfinished write up in a destructor.
    pub(super) fn abandon_quietly(&self, written: InFlightWrite) {
        // A handler that panics has been reported by then; out of a destructor it would end the program.
        let _ = catch_unwind(AssertUnwindSafe(|| self.abandon(written)));
    }

    /// Records that these settings were written.
    pub(super) fn note(&self, indices: impl Iterator<Item = usize>) {
        indices.for_each(|index| trace::written(self.schema.fields[index].info().name, &self.backend_name));
    }
}

impl<S: Settings, C: Codec> Drop for Planned<'_, S, C> {
    fn drop(&mut self) {
        if let Some(written) = self.written.take() {
            self.front.abandon_quietly(written);
        }
    }
}
