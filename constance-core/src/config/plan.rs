//! Planning the batch of a write, without I/O.

use std::sync::Arc;

use super::{Found, Front};
use crate::events::{Old, Outcome};
use crate::field::AnyValue;
use crate::overrides::Scope;
use crate::{
    Action, Codec, Error, ErrorKind, Result, Settings,
    backend::{Batch, Change, Encoded, Expect, Op, Stored},
};

/// The part of a write that concerns one setting.
pub(crate) struct Step {
    pub(crate) index: usize,
    /// `None` leaves the setting as it is: the step only has an expectation.
    pub(crate) to: Option<Goal>,
    pub(crate) expect: Expected,
}

pub(crate) enum Goal {
    Set(AnyValue),
    Reset,
}

/// The value that has to be in force before the write.
pub(crate) enum Expected {
    Anything,
    /// This value, in any encoding.
    Value(AnyValue),
    /// Exactly what was read.
    Found(Found),
}

impl Step {
    /// A step without an expectation.
    pub(crate) fn to(index: usize, goal: Goal) -> Self {
        Self { index, to: Some(goal), expect: Expected::Anything }
    }
}

/// Whether one of the steps changes this setting.
fn is_changed(steps: &[Step], index: usize) -> bool {
    steps.iter().any(|step| step.index == index && step.to.is_some())
}

/// The settings that were read only for rules across settings, and are in no step.
fn only_read<'f>(steps: &[Step], found: &'f [(usize, Found)]) -> impl Iterator<Item = &'f (usize, Found)> {
    found.iter().filter(|(index, _)| steps.iter().all(|step| step.index != *index))
}

impl<S: Settings, C: Codec> Front<S, C> {
    pub(super) fn explain_steps(&self, error: Error, steps: &[Step]) -> Error {
        match steps {
            [one] => self.explain_one(error, Action::Write, one.index),
            _ => self.explain(error, Action::Write),
        }
    }

    /// Refuses steps for settings with an override in the scope: the caller sees the override, and the store holds another value.
    pub(crate) fn refuse_overridden(&self, scope: Option<&Scope>, indices: impl Iterator<Item = usize>) -> Result<()> {
        let Some(scope) = scope else { return Ok(()) };
        let refused = indices.filter(|&index| scope.find(index).is_some()).map(|index| {
            let error =
                Error::new(ErrorKind::Overridden).with_hint("end it, or write through a handle without overrides");
            self.explain_one(error, Action::Write, index)
        });
        Error::several(refused.collect()).map_or(Ok(()), Err)
    }

    /// Refuses to write what this process pins.
    #[inline]
    pub(crate) fn refuse_pinned(&self, indices: impl Iterator<Item = usize>) -> Result<()> {
        if !self.has_pins {
            return Ok(());
        }
        let refused = indices.filter(|&index| self.schema.fields[index].is_pinned()).map(|index| {
            let error = Error::new(ErrorKind::Pinned)
                .with_detail(format!("it is pinned by {}", self.sources[index]))
                .with_hint("take the pin away and start the process again");
            self.explain_one(error, Action::Write, index)
        });
        Error::several(refused.collect()).map_or(Ok(()), Err)
    }

    /// Checks every value against its rules, and encodes it.
    pub(super) fn encode(&self, steps: &[Step]) -> Result<Vec<Option<Encoded>>> {
        let (mut encoded, mut refused) = (Vec::with_capacity(steps.len()), Vec::new());
        for step in steps {
            let Some(Goal::Set(value)) = &step.to else {
                encoded.push(None);
                continue;
            };
            match self.schema.fields[step.index].encode(&self.codec, value) {
                Ok(bytes) => encoded.push(Some(bytes)),
                Err(error) if error.kind() == ErrorKind::Invalid => {
                    refused.push(error.with_setting(self.schema.fields[step.index].info().name));
                }
                Err(error) => refused.push(self.explain_one(error, Action::Write, step.index)),
            }
        }
        Error::several(refused).map_or(Ok(encoded), Err)
    }

    /// The settings to read before the write: those with an expected value, and those of the rules of changed settings.
    pub(super) fn indices_to_read(&self, steps: &[Step]) -> Vec<usize> {
        let mut indices = self.schema.settings_of_rules(|index| is_changed(steps, index));
        indices.extend(steps.iter().filter(|s| matches!(s.expect, Expected::Value(_))).map(|s| s.index));
        indices.sort_unstable();
        indices.dedup();
        indices
    }

    /// The batch for the steps, if the values that were read allow it.
    pub(super) fn plan(&self, steps: &[Step], encoded: &[Option<Encoded>], found: &[(usize, Found)]) -> Result<Batch> {
        self.check_rules(steps, found)?;
        let want_previous = self.ledger.is_heard();
        let mut changes = Vec::with_capacity(steps.len());
        for (step, encoded) in steps.iter().zip(encoded) {
            let expectations = self.expectations(step, found)?;
            let mut expectations = expectations.into_iter().flatten();
            let mut next = || expectations.next().unwrap_or(Expect::Any);
            let to = match (&step.to, encoded) {
                (Some(Goal::Set(_)), Some(encoded)) => Op::Set(encoded.clone()),
                (Some(Goal::Reset), _) => Op::Remove,
                _ => Op::Keep,
            };
            // The aliases too, for programs that do not know the new name.
            let names = self.ops_by_name(step.index, &to).into_iter();
            changes.extend(names.map(|(key, op)| Change { key, expect: next(), op }));
        }
        for (index, found) in only_read(steps, found) {
            // An unreadable value cannot be expected. The rules were checked with the default in its place.
            let Ok(expectations) = found.expectations() else { continue };
            let keys = self.keys[*index].all().cloned();
            changes.extend(keys.zip(expectations).map(|(key, expect)| Change::keep(key).expecting(expect)));
        }
        Ok(Batch::new(changes)?.wanting_previous(want_previous))
    }

    /// The values that were read only for rules: they are in force when the batch is applied.
    pub(super) fn read_values(&self, steps: &[Step], found: &[(usize, Found)]) -> Vec<(usize, AnyValue)> {
        let readable = |(index, found): &(usize, Found)| Some((*index, self.value_in(*index, found).ok()?));
        only_read(steps, found).filter_map(readable).collect()
    }

    /// Checks the struct, with the steps applied, against the rules across the settings that change.
    fn check_rules(&self, steps: &[Step], found: &[(usize, Found)]) -> Result<()> {
        if self.schema.rules.is_empty() {
            return Ok(());
        }
        let mut values = self.schema.defaults.clone();
        // Values that are about to be replaced are ignored.
        for (index, found) in found.iter().filter(|(index, _)| !is_changed(steps, *index)) {
            let field = &self.schema.fields[*index];
            if !field.is_pinned()
                && let Ok(Some(encoded)) = found.bytes()
            {
                // Where it is unreadable, the default stays: one bad value must not prevent the repair of another.
                let _ = field.decode_into(&self.codec, encoded.as_bytes(), &mut values);
            }
        }
        for step in steps {
            let field = &self.schema.fields[step.index];
            match &step.to {
                Some(Goal::Set(value)) => field.put(&mut values, value),
                Some(Goal::Reset) => field.put(&mut values, &field.default()),
                None => {}
            }
        }
        self.schema.check_together(&values, |index| is_changed(steps, index)).map_err(|error| match steps {
            [one] => error.with_setting(self.schema.fields[one.index].info().name),
            _ => error,
        })
    }

    /// What each key of a step has to hold; `None` where there is no expectation.
    fn expectations(&self, step: &Step, found: &[(usize, Found)]) -> Result<Option<Vec<Expect>>> {
        let explain = |e| self.explain_one(e, Action::Read, step.index);
        match &step.expect {
            Expected::Anything => Ok(None),
            Expected::Found(found) => found.expectations().map(Some).map_err(explain),
            Expected::Value(expected) => {
                let Some((_, found)) = found.iter().find(|(index, _)| *index == step.index) else { return Ok(None) };
                let current = self.value_in(step.index, found).map_err(explain)?;
                if !self.schema.fields[step.index].same(&self.codec, &current, expected) {
                    return Err(self.conflict(step.index, Some(current)));
                }
                found.expectations().map(Some).map_err(explain)
            }
        }
    }

    /// Whether a batch may be written key by key where the backend cannot write it as a whole. It may where it is of one setting
    /// with aliases, and at most one key has an expectation.
    pub(super) fn may_write_key_by_key(&self, steps: &[Step], batch: &Batch) -> bool {
        let [Step { index, to: Some(_), .. }] = steps else { return false };
        let (changes, keys) = (batch.changes(), self.keys[*index].len());
        keys > 1 && changes.len() == keys && (keys == 2 || changes.iter().all(|change| change.expect == Expect::Any))
    }

    /// An error where a failed expectation is that of the caller. Otherwise the write is tried again.
    pub(super) fn check_conflict(&self, steps: &[Step], plan: &Batch, at: usize, current: Stored) -> Result<()> {
        let key = plan.changes().get(at).map(|change| &change.key);
        let step = steps.iter().find(|step| key.is_some_and(|key| self.keys[step.index].all().any(|k| k == key)));
        match step {
            Some(step) if matches!(step.expect, Expected::Found(_)) => {
                let current = self.value_in(step.index, &self.resolve_names(vec![current])).ok();
                Err(self.conflict(step.index, current))
            }
            _ => Ok(()),
        }
    }

    pub(super) fn conflict(&self, index: usize, current: Option<AnyValue>) -> Error {
        let error = self.explain_one(Error::new(ErrorKind::Conflict), Action::Write, index);
        match current {
            Some(current) => error.with_current(current),
            None => error,
        }
    }

    /// The changes, with the previous values that the backend returned.
    pub(super) fn outcomes(&self, steps: &[Step], plan: &Batch, previous: &[Stored]) -> Vec<Outcome> {
        let was = |index: usize| {
            if !plan.want_previous() || previous.len() != plan.changes().len() {
                return Old::Unknown;
            }
            let stored = |key| plan.changes().iter().position(|c| &c.key == key).map(|at| previous[at].clone());
            let found = self.resolve_names(self.keys[index].all().filter_map(stored).collect());
            self.value_in(index, &found).map_or(Old::Unreadable, Old::Value)
        };
        steps
            .iter()
            .filter_map(|step| {
                let new = match step.to.as_ref()? {
                    Goal::Set(value) => Arc::clone(value),
                    Goal::Reset => self.schema.fields[step.index].default(),
                };
                Some(Outcome { index: step.index, old: was(step.index), new })
            })
            .collect()
    }
}
