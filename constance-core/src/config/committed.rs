//! Reporting the changes of a committed transaction of the application, without I/O.

use super::follow::Settling;
use super::{Found, Front, TransactionChanges};
use crate::events::{self, Old, Outcome};
use crate::field::AnyValue;
use crate::{Action, Codec, Result, Settings, backend::Key};

/// A setting that was written in a transaction.
#[derive(Clone)]
pub(super) struct WrittenSetting {
    pub(super) index: usize,
    /// What was in force before the transaction.
    pub(super) old: Old,
    /// What it was set to last; `None` where it is not known whether anything was written.
    pub(super) new: Option<AnyValue>,
}

/// The report of a commit. Where it is dropped before its end, the commit counts as a write that may have happened.
pub(crate) struct CommitUpdate<'f, S: Settings, C: Codec> {
    front: &'f Front<S, C>,
    written: Vec<WrittenSetting>,
    in_flight: Option<events::InFlightWrite>,
}

impl<S: Settings, C: Codec> Front<S, C> {
    /// Begins the report; `None` where nothing was written.
    pub(crate) fn committed(&self, changes: TransactionChanges<S>) -> Option<CommitUpdate<'_, S, C>> {
        let written = changes.into_settings();
        if written.is_empty() {
            return None;
        }
        self.note(written.iter().filter(|one| one.new.is_some()).map(|one| one.index));
        // As a write in flight: a load that began before the commit is not taken for these settings, and a write that
        // comes in between is put in order with them.
        let in_flight = Some(self.ledger.begin(written.iter().map(|one| one.index)));
        Some(CommitUpdate { front: self, written, in_flight })
    }
}

impl<'f, S: Settings, C: Codec> CommitUpdate<'f, S, C> {
    /// The keys that the backend has to forget.
    pub(crate) fn keys(&self) -> Vec<&'f Key> {
        let indices: Vec<usize> = self.written.iter().map(|one| one.index).collect();
        self.front.keys_of(&indices)
    }

    /// Continues after the backend has forgotten the keys, or failed to. Without a `live()`, handlers are called here. With one,
    /// the store has to be read first.
    pub(crate) fn end(mut self, forgotten: Result<()>) -> Result<Option<Settling<'f, S, C>>> {
        let front = self.front;
        let written = std::mem::take(&mut self.written);
        let indices: Vec<usize> = written.iter().map(|one| one.index).collect();
        let outcomes = written.into_iter().filter_map(WrittenSetting::outcome).collect();
        let Some(in_flight) = self.in_flight.take() else { return Ok(None) };
        let followed = front.ledger.catch_up(in_flight, outcomes, front);
        let settling = followed.then(|| Settling::new(front, indices));
        // After an error the value is dropped, which makes the background thread read the settings.
        forgotten.map(|()| settling).map_err(|e| front.explain(e, Action::Read))
    }
}

impl<S: Settings, C: Codec> Settling<'_, S, C> {
    /// Takes what was read, and returns the error where the read failed.
    pub(crate) fn take_or_error(self, found: Result<Vec<Found>>) -> Result<()> {
        let (front, failure) = (self.front(), found.as_ref().err().cloned());
        self.take(found);
        failure.map_or(Ok(()), |error| Err(front.explain(error, Action::Read)))
    }
}

impl<S: Settings, C: Codec> Drop for CommitUpdate<'_, S, C> {
    fn drop(&mut self) {
        if let Some(in_flight) = self.in_flight.take() {
            self.front.abandon_quietly(in_flight);
        }
    }
}

impl WrittenSetting {
    pub(super) fn by(outcome: Outcome) -> Self {
        let Outcome { index, old, new } = outcome;
        Self { index, old, new: Some(new) }
    }

    fn outcome(self) -> Option<Outcome> {
        let Self { index, old, new } = self;
        Some(Outcome { index, old, new: new? })
    }
}
