//! Which batch makes changes true: free of I/O.

use std::sync::Arc;

use super::{Found, Front};
use crate::events::{Old, Outcome};
use crate::field::AnyValue;
use crate::overrides::Scope;
use crate::{
    Action, Codec, Error, ErrorKind, Result, Settings,
    backend::{Batch, Change, Encoded, Expect, Op, Stored},
};

/// What happens to one setting in a write.
pub(crate) struct Step {
    pub(crate) index: usize,
    /// `None` leaves the setting as it is: the step only expects.
    pub(crate) to: Option<Goal>,
    pub(crate) expect: Expected,
}

pub(crate) enum Goal {
    Set(AnyValue),
    Reset,
}

/// What must be in force before.
pub(crate) enum Expected {
    Anything,
    /// This value, stored in whatever bytes.
    Value(AnyValue),
    /// Exactly what was found.
    Found(Found),
}

impl Step {
    /// A step that expects nothing.
    pub(crate) fn to(index: usize, goal: Goal) -> Self {
        Self { index, to: Some(goal), expect: Expected::Anything }
    }
}

/// Whether one of the steps changes this setting.
fn is_changed(steps: &[Step], index: usize) -> bool {
    steps.iter().any(|step| step.index == index && step.to.is_some())
}

/// What was found of settings that are in no step: the rules across settings need them.
fn only_looked_at<'f>(steps: &[Step], found: &'f [(usize, Found)]) -> impl Iterator<Item = &'f (usize, Found)> {
    found.iter().filter(|(index, _)| steps.iter().all(|step| step.index != *index))
}

impl<S: Settings, C: Codec> Front<S, C> {
    pub(super) fn explain_steps(&self, error: Error, steps: &[Step]) -> Error {
        match steps {
            [one] => self.explain_one(error, Action::Write, one.index),
            _ => self.explain(error, Action::Write),
        }
    }

    /// Refuses to write what a scope shows another value of, or to expect it: neither that value nor the one below is meant.
    pub(crate) fn refuse_overridden(&self, scope: Option<&Scope>, indices: impl Iterator<Item = usize>) -> Result<()> {
        let Some(scope) = scope else { return Ok(()) };
        let refused = indices.filter(|&index| scope.find(index).is_some()).map(|index| {
            let error =
                Error::new(ErrorKind::Overridden).with_hint("end it, or write through a handle without overrides");
            self.explain_one(error, Action::Write, index)
        });
        Error::several(refused.collect()).map_or(Ok(()), Err)
    }

    /// The bytes of every value to set, each held to its rules.
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

    /// What has to be known before writing: what is expected as a value, and what the rules of the changed settings look at.
    pub(super) fn to_look_at(&self, steps: &[Step]) -> Vec<usize> {
        let mut indices = self.schema.ruled_with(|index| is_changed(steps, index));
        indices.extend(steps.iter().filter(|s| matches!(s.expect, Expected::Value(_))).map(|s| s.index));
        indices.sort_unstable();
        indices.dedup();
        indices
    }

    /// The batch that makes the steps true, if what was found allows it.
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
            // The old names too: programs that know no other read them.
            let names = self.ops_by_name(step.index, &to).into_iter();
            changes.extend(names.map(|(key, op)| Change { key, expect: next(), op }));
        }
        for (index, found) in only_looked_at(steps, found) {
            // What is unreadable cannot be expected; the rules saw the default in its place.
            let Ok(expectations) = found.expectations() else { continue };
            let keys = self.keys[*index].all().cloned();
            changes.extend(keys.zip(expectations).map(|(key, expect)| Change::keep(key).expecting(expect)));
        }
        Ok(Batch::new(changes)?.wanting_previous(want_previous))
    }

    /// The values of the settings that are only looked at: those in force when the batch is applied.
    pub(super) fn kept(&self, steps: &[Step], found: &[(usize, Found)]) -> Vec<(usize, AnyValue)> {
        let readable = |(index, found): &(usize, Found)| Some((*index, self.value_in(*index, found).ok()?));
        only_looked_at(steps, found).filter_map(readable).collect()
    }

    /// Holds the struct as it would become to the rules across the settings that change.
    fn check_rules(&self, steps: &[Step], found: &[(usize, Found)]) -> Result<()> {
        if self.schema.rules.is_empty() {
            return Ok(());
        }
        let mut values = self.schema.defaults.clone();
        // What is about to be replaced is not looked at.
        for (index, found) in found.iter().filter(|(index, _)| !is_changed(steps, *index)) {
            let field = &self.schema.fields[*index];
            if let Ok(Some(encoded)) = found.bytes() {
                // Unreadable: the default stays, else one bad value would forbid repairing another.
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

    /// What each key of a step must hold; `None` where anything may be there.
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

    /// Whether a batch may be written key by key where the backend cannot write it as a whole: one of one setting with old
    /// names, of which one holds the expectation.
    pub(super) fn may_be_in_turn(&self, steps: &[Step], batch: &Batch) -> bool {
        let [Step { index, to: Some(_), .. }] = steps else { return false };
        let (changes, keys) = (batch.changes(), self.keys[*index].len());
        keys > 1 && changes.len() == keys && (keys == 2 || changes.iter().all(|change| change.expect == Expect::Any))
    }

    /// Whether to try again after an expectation did not hold: not where the caller named what has to be there exactly.
    pub(super) fn lost(&self, steps: &[Step], plan: &Batch, at: usize, current: Stored) -> Result<()> {
        let key = plan.changes().get(at).map(|change| &change.key);
        let step = steps.iter().find(|step| key.is_some_and(|key| self.keys[step.index].all().any(|k| k == key)));
        match step {
            Some(step) if matches!(step.expect, Expected::Found(_)) => {
                let current = self.value_in(step.index, &self.judged(vec![current])).ok();
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

    /// What changed, from what the backend says was there before.
    pub(super) fn outcomes(&self, steps: &[Step], plan: &Batch, previous: &[Stored]) -> Vec<Outcome> {
        let was = |index: usize| {
            if !plan.want_previous() || previous.len() != plan.changes().len() {
                return Old::Unknown;
            }
            let stored = |key| plan.changes().iter().position(|c| &c.key == key).map(|at| previous[at].clone());
            let found = self.judged(self.keys[index].all().filter_map(stored).collect());
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
