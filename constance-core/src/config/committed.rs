//! Catching up with changes that a transaction of the application's made: free of I/O.

use super::follow::Settling;
use super::{Found, Front, TransactionChanges};
use crate::events::{self, Old, Outcome};
use crate::field::AnyValue;
use crate::{Action, Codec, Result, Settings, backend::Key};

/// A setting that was written in a transaction.
#[derive(Clone)]
pub(super) struct Touched {
    pub(super) index: usize,
    /// What was in force before the transaction.
    pub(super) old: Old,
    /// What it was set to last; `None` where it is not known whether anything was written.
    pub(super) new: Option<AnyValue>,
}

/// A commit that is being caught up with. Dropped before its end, it counts as a write that perhaps happened.
pub(crate) struct CatchingUp<'f, S: Settings, C: Codec> {
    front: &'f Front<S, C>,
    touched: Vec<Touched>,
    written: Option<events::InFlightWrite>,
}

impl<S: Settings, C: Codec> Front<S, C> {
    /// Begins to catch up; `None` where nothing was written.
    pub(crate) fn committed(&self, written: TransactionChanges<S>) -> Option<CatchingUp<'_, S, C>> {
        let touched = written.into_touched();
        if touched.is_empty() {
            return None;
        }
        self.note(touched.iter().filter(|one| one.new.is_some()).map(|one| one.index));
        // As a write in flight: a load that began before the commit is not taken for these settings, and a write that
        // comes in between is put in order with them.
        let written = Some(self.ledger.begin(touched.iter().map(|one| one.index)));
        Some(CatchingUp { front: self, touched, written })
    }
}

impl<'f, S: Settings, C: Codec> CatchingUp<'f, S, C> {
    /// The keys that the backend has to forget.
    pub(crate) fn keys(&self) -> Vec<&'f Key> {
        let indices: Vec<usize> = self.touched.iter().map(|one| one.index).collect();
        self.front.keys_of(&indices)
    }

    /// Goes on once the backend has forgotten, or failed to: handlers are told here where there is no `live()`. Where there
    /// is one, the store has to be asked for what it gives.
    pub(crate) fn end(mut self, forgotten: Result<()>) -> Result<Option<Settling<'f, S, C>>> {
        let front = self.front;
        let touched = std::mem::take(&mut self.touched);
        let indices: Vec<usize> = touched.iter().map(|one| one.index).collect();
        let outcomes = touched.into_iter().filter_map(Touched::outcome).collect();
        let Some(written) = self.written.take() else { return Ok(None) };
        let followed = front.ledger.catch_up(written, outcomes, front);
        let settling = followed.then(|| Settling::new(front, indices));
        // Dropped after an error, it has the following thread look.
        forgotten.map(|()| settling).map_err(|e| front.explain(e, Action::Read))
    }
}

impl<S: Settings, C: Codec> Settling<'_, S, C> {
    /// Takes what the store says, and says why where it does not.
    pub(crate) fn take_or_say(self, found: Result<Vec<Found>>) -> Result<()> {
        let (front, failure) = (self.front(), found.as_ref().err().cloned());
        self.take(found);
        failure.map_or(Ok(()), |error| Err(front.explain(error, Action::Read)))
    }
}

impl<S: Settings, C: Codec> Drop for CatchingUp<'_, S, C> {
    fn drop(&mut self) {
        if let Some(written) = self.written.take() {
            self.front.abandon_quietly(written);
        }
    }
}

impl Touched {
    pub(super) fn by(outcome: Outcome) -> Self {
        let Outcome { index, old, new } = outcome;
        Self { index, old, new: Some(new) }
    }

    fn outcome(self) -> Option<Outcome> {
        let Self { index, old, new } = self;
        Some(Outcome { index, old, new: new? })
    }
}
