//! What writes and loads tell each other.

use std::sync::Arc;
use std::time::Duration;

use super::LastGood;
use crate::config::{Found, Front, Inner};
use crate::events::{FieldAccess, InFlightWrite, Loaded, Origin, Taken};
use crate::field::AnyValue;
use crate::live::Core;
use crate::{Action, Backend, Codec, Error, Result, Settings};

/// What was read of some settings.
pub(super) struct Reading {
    indices: Vec<usize>,
    /// In the ledger's count.
    began: u64,
    origin: Origin,
    found: Vec<Found>,
    loaded: Vec<(usize, Loaded)>,
    /// What is unreadable.
    pub(super) faults: Vec<Error>,
}

impl<S: Settings, C: Codec, B: Backend> Inner<S, C, B> {
    /// Asks the backend for these settings.
    pub(super) fn reading(&self, core: &Core<S>, indices: &[usize]) -> Result<Reading> {
        let (now, began) = (core.now(), self.ledger.begin_load());
        let answers = self.backend.read_with_age(&self.keys_of(indices));
        let found = answers.and_then(|(answers, age)| Ok((self.found(indices, answers)?, age)));
        let (found, age) = found.map_err(|e| self.explain(e, Action::Read))?;
        let (loaded, faults) = self.loaded(indices, &found);
        let origin = Origin { began: now, older: age };
        Ok(Reading { indices: indices.to_vec(), began, origin, found, loaded, faults })
    }

    /// Reads everything into `live()`. What is unreadable keeps its last good value, and errors name it, and the rules that are broken.
    pub(super) fn load(&self, core: &Core<S>, last_good: Option<&mut LastGood<S>>) -> Result<(Taken, Vec<Error>)> {
        let reading = self.reading(core, &self.all())?;
        if let Some(error) = Error::several(reading.faults.clone()) {
            // Before the other values are out: who sees them finds in the status what is missing.
            core.note_error(error);
        }
        Ok(self.take(core, last_good, reading))
    }

    /// Takes into `live()` what was read of some settings, at a moment when all others were what they are there.
    pub(super) fn take_named(
        &self,
        core: &Core<S>,
        mut last_good: Option<&mut LastGood<S>>,
        reading: Reading,
    ) -> (Taken, Vec<Error>) {
        // Before the values are out: the status has their age then.
        self.ledger.confirm(reading.began, reading.origin, &reading.indices);
        if let Some(last_good) = &mut last_good {
            last_good.confirm(core.date_of(reading.origin), &reading.indices);
        }
        self.take(core, last_good, reading)
    }

    fn take(&self, core: &Core<S>, last_good: Option<&mut LastGood<S>>, reading: Reading) -> (Taken, Vec<Error>) {
        let Reading { indices: _, began, origin, found, loaded, mut faults } = reading;
        if let Some(last_good) = last_good {
            last_good.take(self, &found, &loaded, core.date_of(origin));
        }
        let mut taken = self.ledger.finish_load(began, Some(origin), loaded, &**self);
        faults.append(&mut taken.broken);
        core.note_load(origin, Error::several(faults.clone()));
        (taken, faults)
    }
}

impl<S: Settings, C: Codec> Front<S, C> {
    /// What was found, for the ledger; names what is unreadable.
    fn loaded(&self, indices: &[usize], found: &[Found]) -> (Vec<(usize, Loaded)>, Vec<Error>) {
        let mut unreadable = Vec::new();
        let loaded = indices
            .iter()
            .zip(found)
            .map(|(&index, found)| match self.value_in(index, found) {
                Ok(value) => (index, Loaded::Value(value)),
                Err(error) => {
                    unreadable.push(self.explain_one(error, Action::Read, index));
                    (index, Loaded::Unreadable)
                }
            })
            .collect();
        (loaded, unreadable)
    }

    /// The values under overrides, and which rules across settings those broke: without effect there.
    pub(super) fn overlaid(&self, values: &Arc<S>, overrides: &[(usize, AnyValue)]) -> (Arc<S>, Option<Error>) {
        let mut overlaid = Arc::clone(values);
        for (index, value) in overrides {
            self.schema.fields[*index].put(Arc::make_mut(&mut overlaid), value);
        }
        let breaches = self.hold(values, Arc::make_mut(&mut overlaid));
        (overlaid, Error::several(breaches.into_iter().map(|breach| breach.error).collect()))
    }

    /// Whether a write happened is not known: the following thread has to look.
    pub(crate) fn abandon(&self, written: InFlightWrite) {
        self.ledger.abandon(written, self);
        self.read_again();
    }

    fn read_again(&self) {
        if let Some(core) = self.ledger.live() {
            core.read_again();
        }
    }
}

/// Several writes through one front overlapped: only the store knows which came last. Where it is not asked, or cannot say
/// now, the following thread asks again.
pub(crate) struct Settling<'f, S: Settings, C: Codec> {
    front: &'f Front<S, C>,
    indices: Vec<usize>,
    began: u64,
    origin: Option<Origin>,
    settled: bool,
}

impl<'f, S: Settings, C: Codec> Settling<'f, S, C> {
    /// The store is asked after this, for these settings and for what the rules across them look at.
    pub(crate) fn new(front: &'f Front<S, C>, mut indices: Vec<usize>) -> Self {
        let mut ruled = front.schema.settings_of_rules(|index| indices.contains(&index));
        ruled.retain(|index| !indices.contains(index));
        indices.extend(ruled);
        // A cache has dropped what it remembered of them before this.
        let origin = front.ledger.live().map(|core| Origin { began: core.now(), older: Duration::ZERO });
        Self { front, indices, began: front.ledger.begin_load(), origin, settled: false }
    }

    pub(crate) fn front(&self) -> &'f Front<S, C> {
        self.front
    }

    /// The settings to find.
    pub(crate) fn indices(&self) -> &[usize] {
        &self.indices
    }

    pub(crate) fn take(mut self, found: Result<Vec<Found>>) {
        if let Ok(found) = found {
            let (loaded, _) = self.front.loaded(&self.indices, &found);
            self.settled = self.front.ledger.settle_order(self.began, self.origin, loaded, self.front);
        }
    }
}

impl<S: Settings, C: Codec> Drop for Settling<'_, S, C> {
    fn drop(&mut self) {
        if !self.settled {
            self.front.read_again();
        }
    }
}
