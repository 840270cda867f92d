//! Writing settings: every way in ends here.

use std::hash::{BuildHasher, RandomState};
use std::sync::Arc;

use super::{Config, Found, Inner};
use crate::events::{Old, Outcome};
use crate::field::AnyValue;
use crate::{
    Action, Applied, Backend, Batch, Change, Codec, Encoded, Error, ErrorKind, Expect, Result, Setting, SettingValue,
    Settings, Stored, To,
};

/// How often a write that others keep getting in the way of is tried before it is a conflict.
const TRIES: usize = 100;

/// What happens to one setting in a write.
pub(super) struct Step {
    pub(super) index: usize,
    /// `None` leaves the setting as it is: the step only expects.
    pub(super) to: Option<Goal>,
    pub(super) expect: Expected,
}

pub(super) enum Goal {
    Set(AnyValue),
    Reset,
}

/// What must be in force before.
pub(super) enum Expected {
    Anything,
    /// This value, stored in whatever bytes.
    Value(AnyValue),
    /// Exactly what was found.
    Found(Found),
}

impl<S: Settings, C: Codec, B: Backend> Config<S, C, B> {
    /// Stores a value after holding it to its rules. One write; with a rule across settings one read before it.
    ///
    /// When it returns, the value is in the store, in every [`live`](Self::live) of this `Config`, and handlers have been
    /// called (by another thread where several write at once).
    ///
    /// # Errors
    ///
    /// `Invalid` where a rule refuses the value, and nothing is stored; otherwise why it could not be stored. After
    /// `Timeout` and `Unavailable` it may have been.
    pub fn set<T: SettingValue>(&self, setting: Setting<S, T>, value: T) -> Result<()> {
        self.inner.schema.typed(setting)?;
        let to = Some(Goal::Set(Arc::new(value)));
        self.inner.apply(&[Step { index: setting.index(), to, expect: Expected::Anything }])
    }

    /// Removes the stored value, so that the default is in force; also that of an old name. One write.
    ///
    /// # Errors
    ///
    /// Why it could not be removed. Nothing stored is no error.
    pub fn reset<T: SettingValue>(&self, setting: Setting<S, T>) -> Result<()> {
        self.inner.schema.typed(setting)?;
        self.inner.apply(&[Step { index: setting.index(), to: Some(Goal::Reset), expect: Expected::Anything }])
    }

    /// Stores `new` if `expected` is in force (stored, or the default where nothing is). One read and one write.
    ///
    /// Values are compared, not bytes: a map whose entries are stored in another order is the same map.
    ///
    /// # Errors
    ///
    /// `Conflict` where another value is in force, which [`Error::current`] gives; `Decode` where what is stored is
    /// unreadable; otherwise as [`set`](Self::set).
    ///
    /// ```
    /// # use constance_core::{Config, ErrorKind, Settings};
    /// # use constance_core::testing::ReferenceBackend as MemoryBackend;
    /// # #[derive(Clone, Settings)]
    /// # struct Shop {
    /// #     #[setting(default = 42)]
    /// #     the_answer: i64,
    /// # }
    /// # let config = Config::<Shop>::new(MemoryBackend::default());
    /// config.compare_and_set(Shop::THE_ANSWER, 42, 43)?;
    /// let error = config.compare_and_set(Shop::THE_ANSWER, 42, 44).unwrap_err();
    /// assert_eq!(error.kind(), ErrorKind::Conflict);
    /// assert_eq!(error.current::<i64>(), Some(&43));
    /// # Ok::<(), constance_core::Error>(())
    /// ```
    pub fn compare_and_set<T: SettingValue>(&self, setting: Setting<S, T>, expected: T, new: T) -> Result<()> {
        self.inner.schema.typed(setting)?;
        let (to, expect) = (Some(Goal::Set(Arc::new(new))), Expected::Value(Arc::new(expected)));
        self.inner.apply(&[Step { index: setting.index(), to, expect }])
    }

    /// Replaces the value by what `change` makes of it, against any number of other writers, and returns the new value.
    ///
    /// `change` is called again when another writer came in between.
    ///
    /// # Errors
    ///
    /// `Conflict` where others kept coming in between for 100 tries; otherwise as
    /// [`compare_and_set`](Self::compare_and_set).
    ///
    /// ```
    /// # use constance_core::{Config, Settings};
    /// # use constance_core::testing::ReferenceBackend as MemoryBackend;
    /// # #[derive(Clone, Settings)]
    /// # struct Shop {
    /// #     #[setting(default = 42)]
    /// #     the_answer: i64,
    /// # }
    /// # let config = Config::<Shop>::new(MemoryBackend::default());
    /// assert_eq!(config.update(Shop::THE_ANSWER, |n| n + 1)?, 43);
    /// # Ok::<(), constance_core::Error>(())
    /// ```
    pub fn update<T: SettingValue>(&self, setting: Setting<S, T>, mut change: impl FnMut(T) -> T) -> Result<T> {
        let inner = &*self.inner;
        let field = inner.schema.typed(setting)?;
        let index = setting.index();
        let mut tries = 0;
        loop {
            let found = inner.find_one(index).map_err(|e| inner.explain_one(e, Action::Read, index))?;
            let current = match found.bytes() {
                Ok(Some(encoded)) => field.decode(&inner.codec, encoded.as_bytes()),
                Ok(None) => Ok(field.default.clone()),
                Err(error) => Err(error),
            };
            let new = change(current.map_err(|e| inner.explain_one(e, Action::Read, index))?);
            let to = Some(Goal::Set(Arc::new(new.clone())));
            match inner.apply(&[Step { index, to, expect: Expected::Found(found) }]) {
                Ok(()) => return Ok(new),
                Err(error) if error.kind() == ErrorKind::Conflict && tries + 1 < TRIES => back_off(tries),
                Err(error) => return Err(error),
            }
            tries += 1;
        }
    }
}

impl<S: Settings, C: Codec, B: Backend> Inner<S, C, B> {
    /// Checks, plans, writes, and tells. Steps name each setting at most once.
    pub(super) fn apply(&self, steps: &[Step]) -> Result<()> {
        let encoded = self.encode(steps)?;
        let reads_all = self.schema.has_rule();
        for attempt in 0..TRIES {
            let found = self.look(steps, reads_all)?;
            let plan = self.plan(steps, &encoded, &found)?;
            let written = self.ledger.begin(steps.iter().filter(|s| s.to.is_some()).map(|s| s.index));
            let applied = self.backend.write(&plan);
            match applied {
                Ok(Applied::Done(previous)) => {
                    let outcomes = self.outcomes(steps, &plan, &previous);
                    self.finish(written, outcomes);
                    return Ok(());
                }
                Ok(Applied::Conflict { index, current }) => {
                    self.ledger.cancel(written, self);
                    self.lost(steps, &plan, index, current)?;
                    back_off(attempt);
                }
                Err(error) => {
                    // Whether it was written is not known: what `live()` holds has to be read again.
                    self.abandon(written);
                    return Err(self.explain_steps(error, steps));
                }
            }
        }
        Err(self
            .explain_steps(Error::new(ErrorKind::Conflict).with_detail("other writers kept coming in between"), steps))
    }

    fn explain_steps(&self, error: Error, steps: &[Step]) -> Error {
        match steps {
            [one] => self.explain_one(error, Action::Write, one.index),
            _ => self.explain(error, Action::Write),
        }
    }

    /// The bytes of every value to set, each held to its rules.
    fn encode(&self, steps: &[Step]) -> Result<Vec<Option<Encoded>>> {
        let (mut encoded, mut refused) = (Vec::with_capacity(steps.len()), Vec::new());
        for step in steps {
            let Some(Goal::Set(value)) = &step.to else {
                encoded.push(None);
                continue;
            };
            match self.schema.fields[step.index].encode(&self.codec, value) {
                Ok(bytes) => encoded.push(Some(bytes)),
                Err(error) if error.kind() == ErrorKind::Invalid => refused.push(error),
                Err(error) => refused.push(self.explain_one(error, Action::Write, step.index)),
            }
        }
        Error::several(refused).map_or(Ok(encoded), Err)
    }

    /// What has to be known before writing: everything for a rule across settings, else what is expected as a value.
    fn look(&self, steps: &[Step], reads_all: bool) -> Result<Vec<(usize, Found)>> {
        let indices: Vec<usize> = if reads_all {
            (0..self.keys.len()).collect()
        } else {
            steps.iter().filter(|s| matches!(s.expect, Expected::Value(_))).map(|s| s.index).collect()
        };
        if indices.is_empty() {
            return Ok(Vec::new());
        }
        let found = self.find(&indices).map_err(|e| self.explain(e, Action::Read))?;
        Ok(indices.into_iter().zip(found).collect())
    }

    /// The batch that makes the steps true, if what was found allows it.
    fn plan(&self, steps: &[Step], encoded: &[Option<Encoded>], found: &[(usize, Found)]) -> Result<Batch> {
        self.check_rule(steps, found)?;
        let want_previous = self.ledger.is_heard();
        let mut changes = Vec::with_capacity(steps.len());
        for (step, encoded) in steps.iter().zip(encoded) {
            let expectations = self.expectations(step, found)?;
            let keys = &self.keys[step.index];
            let mut expectations = expectations.into_iter().flatten();
            let mut next = || expectations.next().unwrap_or(Expect::Any);
            let own = Change::keep(keys.own.clone()).expecting(next());
            let to = match (&step.to, encoded) {
                (Some(Goal::Set(_)), Some(encoded)) => To::Set(encoded.clone()),
                (Some(Goal::Reset), _) => To::Remove,
                _ => To::Keep,
            };
            changes.push(Change { to, ..own });
            for alias in &keys.aliases {
                let expect = next();
                match step.to {
                    Some(Goal::Reset) => changes.push(Change::remove(alias.clone()).expecting(expect)),
                    // An old name only matters where it is expected, or where the previous value may be under it.
                    _ if want_previous || expect != Expect::Any => {
                        changes.push(Change::keep(alias.clone()).expecting(expect));
                    }
                    _ => {}
                }
            }
        }
        if self.schema.has_rule() {
            // The rule was held against these: another writer must not change them meanwhile.
            for (index, found) in found.iter().filter(|(index, _)| steps.iter().all(|s| s.index != *index)) {
                // What is unreadable cannot be expected; the rule saw the default in its place.
                let Ok(expectations) = found.expectations() else { continue };
                let keys = self.keys[*index].all().cloned();
                changes.extend(keys.zip(expectations).map(|(key, expect)| Change::keep(key).expecting(expect)));
            }
        }
        Ok(Batch::new(changes)?.wanting_previous(want_previous))
    }

    /// Holds the struct as it would become to the rule across settings.
    fn check_rule(&self, steps: &[Step], found: &[(usize, Found)]) -> Result<()> {
        if !self.schema.has_rule() {
            return Ok(());
        }
        let mut values = self.schema.defaults.clone();
        for (index, found) in found {
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
        self.schema.check_together(&values).map_err(|error| match steps {
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

    /// Whether to try again after an expectation did not hold: not where the caller named what has to be there exactly.
    fn lost(&self, steps: &[Step], plan: &Batch, at: usize, current: Stored) -> Result<()> {
        let key = plan.changes().get(at).map(|change| &change.key);
        let step = steps.iter().find(|step| key.is_some_and(|key| self.keys[step.index].all().any(|k| k == key)));
        match step {
            Some(step) if matches!(step.expect, Expected::Found(_)) => {
                let current = self.value_in(step.index, &Found(vec![current])).ok();
                Err(self.conflict(step.index, current))
            }
            _ => Ok(()),
        }
    }

    fn conflict(&self, index: usize, current: Option<AnyValue>) -> Error {
        let error = self.explain_one(Error::new(ErrorKind::Conflict), Action::Write, index);
        match current {
            Some(current) => error.with_current(current),
            None => error,
        }
    }

    /// What changed, from what the backend says was there before.
    fn outcomes(&self, steps: &[Step], plan: &Batch, previous: &[Stored]) -> Vec<Outcome> {
        let was = |index: usize| {
            if !plan.want_previous() || previous.len() != plan.changes().len() {
                return Old::Unknown;
            }
            let stored = |key| plan.changes().iter().position(|c| &c.key == key).map(|at| previous[at].clone());
            let found = Found(self.keys[index].all().filter_map(stored).collect());
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

/// Gives way to the writers that came in between: at once, then for longer, never more than a few milliseconds.
fn back_off(attempt: usize) {
    if attempt < 3 {
        std::thread::yield_now();
    } else {
        let most = 1_u64 << attempt.min(12);
        // Different threads have to wait differently long, and each new state hashes differently.
        let spread = RandomState::new().hash_one(attempt) % most;
        std::thread::sleep(std::time::Duration::from_micros(most / 2 + spread / 2));
    }
}
