//! What writes and loads tell each other.

use super::Core;
use crate::config::Inner;
use crate::events::{Judge, Loaded, Outcome, Taken, Written};
use crate::field::AnyValue;
use crate::{Action, Backend, Codec, Error, Result, Settings, trace};

impl<S: Settings, C: Codec, B: Backend> Inner<S, C, B> {
    /// Reads everything into `live()`. What is unreadable keeps its last good value, and an error names it.
    pub(super) fn load(&self, core: &Core<S>) -> Result<(Taken, Option<Error>)> {
        let all: Vec<usize> = (0..self.keys.len()).collect();
        let (taken, unreadable) = self.load_some(&all)?;
        let unreadable = Error::several(unreadable);
        core.note_load(unreadable.clone());
        Ok((taken, unreadable))
    }

    fn load_some(&self, indices: &[usize]) -> Result<(Taken, Vec<Error>)> {
        let began = self.ledger.begin_load();
        let found = self.find(indices).map_err(|e| self.explain(e, Action::Read))?;
        let mut unreadable = Vec::new();
        let loaded: Vec<(usize, Loaded)> = indices
            .iter()
            .zip(&found)
            .map(|(&index, found)| match self.value_in(index, found) {
                Ok(value) => (index, Loaded::Value(value)),
                Err(error) => {
                    unreadable.push(self.explain_one(error, Action::Read, index));
                    (index, Loaded::Unreadable)
                }
            })
            .collect();
        Ok((self.ledger.finish_load(began, loaded, self), unreadable))
    }

    /// A write happened.
    pub(crate) fn finish(&self, written: Written, outcomes: Vec<Outcome>) {
        for outcome in &outcomes {
            trace::written(self.schema.fields[outcome.index].info().name, self.backend.name());
        }
        let indices: Vec<usize> = outcomes.iter().map(|outcome| outcome.index).collect();
        if self.ledger.finish(written, outcomes, self) {
            // Another write through this `Config` overlapped: only the store knows which came last. Where it cannot say
            // now, the following thread asks again.
            let settled = self.load_some(&indices);
            if !settled.is_ok_and(|(taken, _)| taken.all)
                && let Some(core) = self.ledger.live()
            {
                core.read_again();
            }
        }
    }

    /// Whether a write happened is not known: the following thread has to look.
    pub(crate) fn abandon(&self, written: Written) {
        self.ledger.abandon(written, self);
        if let Some(core) = self.ledger.live() {
            core.read_again();
        }
    }
}

impl<S: Settings, C: Codec, B: Backend> Judge<S> for Inner<S, C, B> {
    fn name(&self, index: usize) -> &'static str {
        self.schema.fields[index].info().name
    }

    fn same(&self, index: usize, one: &AnyValue, other: &AnyValue) -> bool {
        self.schema.fields[index].same(&self.codec, one, other)
    }

    fn get(&self, values: &S, index: usize) -> AnyValue {
        self.schema.fields[index].get(values)
    }

    fn put(&self, values: &mut S, index: usize, value: &AnyValue) {
        self.schema.fields[index].put(values, value);
    }

    fn default(&self, index: usize) -> AnyValue {
        self.schema.fields[index].default()
    }
}
