//! A write from its checks to its result, without I/O. It stays correct where it is cancelled.

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

/// The most tries of a write that other writers keep conflicting with. After these it is a `Conflict`.
pub(crate) const MAX_TRIES: usize = 100;

/// Checked and encoded steps, to be written in as many tries as conflicts with other writers need.
pub(crate) struct WriteAttempt<'w, S: Settings, C: Codec> {
    front: &'w Front<S, C>,
    steps: &'w [Step],
    encoded: Vec<Option<Encoded>>,
    reads: Vec<usize>,
    tries: usize,
    max_tries: usize,
    /// Whether the backend has dropped what it had cached, so that the store itself was read.
    is_reread: bool,
    /// Whether `live()` and the handlers learn of the write at its end.
    is_reported: bool,
}

/// A batch that is about to be sent. Where it is dropped before its result is known, as by a panic or with a future, the write
/// counts as one that may have happened.
pub(crate) struct PlannedWrite<'w, S: Settings, C: Codec> {
    front: &'w Front<S, C>,
    steps: &'w [Step],
    batch: Batch,
    written: Option<InFlightWrite>,
    /// The values that the rules across settings were checked with.
    read_values: Vec<(usize, AnyValue)>,
}

/// What to do before the write.
pub(crate) enum WritePlan<'w, S: Settings, C: Codec> {
    Send(PlannedWrite<'w, S, C>),
    /// A refusal that may be due to outdated cached values: forget these keys, and read them again.
    Reread(Vec<&'w Key>),
}

/// What to do after the write.
pub(crate) enum WriteOutcome<'w, S: Settings, C: Codec> {
    Done,
    /// The write is done, and the store has to be read to learn which of several writes came last.
    Settle(Settling<'w, S, C>),
    /// Another writer came in between: try again.
    Retry,
}

impl<'w, S: Settings, C: Codec> WriteAttempt<'w, S, C> {
    /// Checks the steps against the rules of their settings. They name each setting at most once.
    pub(crate) fn new(front: &'w Front<S, C>, steps: &'w [Step]) -> Result<Self> {
        front.refuse_pinned(steps.iter().filter(|step| step.to.is_some()).map(|step| step.index))?;
        let (encoded, reads) = (front.encode(steps)?, front.indices_to_read(steps));
        Ok(Self { front, steps, encoded, reads, tries: 0, max_tries: MAX_TRIES, is_reread: false, is_reported: true })
    }

    /// The same for a write that is reported later or never, with this many tries.
    pub(super) fn unreported(front: &'w Front<S, C>, steps: &'w [Step], max_tries: usize) -> Result<Self> {
        Ok(Self { max_tries, is_reported: false, ..Self::new(front, steps)? })
    }

    /// The settings to read before the next try; may be empty.
    pub(crate) fn reads(&self) -> &[usize] {
        &self.reads
    }

    /// The batch of the next try, from what a backend with this capability has read.
    pub(crate) fn plan(&mut self, found: Result<Vec<Found>>, capability: Capability) -> Result<WritePlan<'w, S, C>> {
        let Self { front, steps, .. } = *self;
        if self.tries == self.max_tries {
            let error = Error::new(ErrorKind::Conflict).with_detail("other writers kept coming in between");
            return Err(front.explain_steps(error, steps));
        }
        self.tries += 1;
        let found = found.map_err(|e| front.explain(e, Action::Read))?;
        let may_be_old = capability.remembers && !self.is_reread && !self.reads.is_empty();
        // A foreign value cannot be expected: the write would not notice that something else is stored by now.
        if may_be_old && found.iter().any(|found| found.expectations().is_err()) {
            return Ok(self.reread());
        }
        let found: Vec<(usize, Found)> = self.reads.iter().copied().zip(found).collect();
        let batch = match front.plan(steps, &self.encoded, &found) {
            Err(refusal) if may_be_old && may_be_outdated(&refusal) => return Ok(self.reread()),
            batch => batch?,
        };
        let read_values = if self.is_reported { front.read_values(steps, &found) } else { Vec::new() };
        let changed = steps.iter().filter(|s| s.to.is_some()).map(|s| s.index);
        let written = self.is_reported.then(|| front.ledger.begin(changed));
        Ok(WritePlan::Send(PlannedWrite { front, steps, batch, written, read_values }))
    }

    /// At most once: what is then found is what is there.
    fn reread(&mut self) -> WritePlan<'w, S, C> {
        self.is_reread = true;
        WritePlan::Reread(self.front.keys_of(&self.reads))
    }

    /// The number of tries so far.
    pub(crate) fn tries(&self) -> usize {
        self.tries
    }
}

/// Whether the error is due to the values that were read. Where these came from a cache, the store may hold others by now.
pub(crate) fn may_be_outdated(error: &Error) -> bool {
    matches!(error.kind(), ErrorKind::Conflict | ErrorKind::Invalid | ErrorKind::Decode)
}

impl<'w, S: Settings, C: Codec> PlannedWrite<'w, S, C> {
    pub(crate) fn batch(&self) -> &Batch {
        &self.batch
    }

    /// Whether the batch may be written key by key where the backend cannot write it as a whole.
    pub(crate) fn may_write_key_by_key(&self) -> bool {
        self.front.may_write_key_by_key(self.steps, &self.batch)
    }

    /// Handles the result of the batch, and reports the changes to `live()` and the handlers.
    pub(crate) fn finish(mut self, applied: Result<Applied>) -> Result<WriteOutcome<'w, S, C>> {
        let Some(outcomes) = self.outcomes(applied)? else { return Ok(WriteOutcome::Retry) };
        let Some(written) = self.written.take() else { return Ok(WriteOutcome::Done) };
        let front = self.front;
        front.note(outcomes.iter().map(|outcome| outcome.index));
        let indices: Vec<usize> = outcomes.iter().map(|outcome| outcome.index).collect();
        let read_values = std::mem::take(&mut self.read_values);
        let must_ask = front.ledger.finish(written, outcomes, read_values, front);
        Ok(if must_ask { WriteOutcome::Settle(Settling::new(front, indices)) } else { WriteOutcome::Done })
    }

    /// The same for a write that is reported later. `None` where another writer came in between.
    pub(super) fn finish_unreported(mut self, applied: Result<Applied>) -> Result<Option<Vec<Outcome>>> {
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
                front.check_conflict(steps, &self.batch, index, current)?;
                Ok(None)
            }
            // It may have been written. Dropping `self` makes `live()` read the settings again.
            Err(error) => Err(front.explain_steps(error, steps)),
        }
    }
}

impl<S: Settings, C: Codec> Front<S, C> {
    /// Abandons an unfinished write, from a destructor.
    pub(super) fn abandon_quietly(&self, written: InFlightWrite) {
        // The panic of a handler has been reported by then, and a panic in a destructor could end the program.
        let _ = catch_unwind(AssertUnwindSafe(|| self.abandon(written)));
    }

    /// Logs that these settings were written.
    pub(super) fn note(&self, indices: impl Iterator<Item = usize>) {
        indices.for_each(|index| trace::written(self.schema.fields[index].info().name, &self.backend_name));
    }
}

impl<S: Settings, C: Codec> Drop for PlannedWrite<'_, S, C> {
    fn drop(&mut self) {
        if let Some(written) = self.written.take() {
            self.front.abandon_quietly(written);
        }
    }
}
