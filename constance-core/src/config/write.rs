//! Writing settings: every way in ends here.

use std::hash::{BuildHasher, RandomState};
use std::sync::Arc;

use super::attempt::{Attempt, Next, Plan, TRIES};
use super::in_turn::in_turn;
use super::plan::{Expected, Goal, Step};
use super::{Config, Inner};
use crate::{Backend, Codec, Result, Setting, SettingValue, Settings};

impl<S: Settings, C: Codec, B: Backend> Config<S, C, B> {
    /// Stores a value after holding it to its rules. One write; where a rule across settings
    /// looks at it, one read before that, of the rule's settings.
    ///
    /// When it returns, the value is in the store, in every [`live`](Self::live) of this `Config`, and handlers have been
    /// called (by another thread where several write at once).
    ///
    /// # Errors
    ///
    /// `Invalid` where a rule refuses the value, and `Overridden` where this handle shows an [override](Self::overrides) of
    /// it: nothing is stored then. Otherwise why it could not be stored; after `Timeout` and `Unavailable` it may have been.
    pub fn set<T: SettingValue>(&self, setting: Setting<S, T>, value: T) -> Result<()> {
        self.inner.schema.typed(setting)?;
        self.apply(&[Step::to(setting.index(), Goal::Set(Arc::new(value)))])
    }

    /// Removes the stored value, so that the default is in force; also that under an old name. One write.
    ///
    /// # Errors
    ///
    /// `Overridden` as for [`set`](Self::set); why it could not be removed. Nothing stored is no error.
    pub fn reset<T: SettingValue>(&self, setting: Setting<S, T>) -> Result<()> {
        self.inner.schema.typed(setting)?;
        self.apply(&[Step::to(setting.index(), Goal::Reset)])
    }

    /// Stores `new` if `expected` is in force (stored, or the default where nothing is). One read and one write.
    ///
    /// Values are compared, not bytes: a map whose entries are stored in another order is the same map.
    ///
    /// # Errors
    ///
    /// `Conflict` where another value is in force, which [`Error::current`](crate::Error::current) gives; `Decode` where what is stored is
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
        self.apply(&[Step { index: setting.index(), to, expect }])
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
    pub fn update<T: SettingValue>(&self, setting: Setting<S, T>, change: impl FnMut(T) -> T) -> Result<T> {
        self.access().update(setting, change, TRIES, |steps| self.apply(steps))
    }

    pub(crate) fn apply(&self, steps: &[Step]) -> Result<()> {
        self.inner.refuse_overridden(self.scope.as_deref(), steps.iter().map(|step| step.index))?;
        self.inner.apply(steps)
    }
}

impl<S: Settings, C: Codec, B: Backend> Inner<S, C, B> {
    /// Checks, plans, writes, and tells. Steps name each setting at most once.
    pub(super) fn apply(&self, steps: &[Step]) -> Result<()> {
        self.front.keep_following();
        let mut attempt = Attempt::new(&self.front, steps)?;
        loop {
            let found = if attempt.reads().is_empty() { Ok(Vec::new()) } else { self.find(attempt.reads()) };
            let planned = match attempt.plan(found, self.backend.capability())? {
                Plan::Send(planned) => planned,
                Plan::Afresh(keys) => {
                    // A cache that cannot be reached has not answered either; the next plan decides.
                    let _ = self.backend.forget(&keys);
                    continue;
                }
            };
            let applied = in_turn(planned.batch(), planned.may_be_in_turn(), |batch| self.backend.write(batch));
            match planned.end(applied)? {
                Next::Done => return Ok(()),
                Next::Settle(settling) => {
                    let found = self.find(settling.indices());
                    settling.take(found);
                    return Ok(());
                }
                Next::Again => back_off(attempt.tries()),
            }
        }
    }
}

/// How many tries give way without resting.
pub(crate) const YIELDS: usize = 3;

/// Gives way to the writers that came in between: at once, then for longer, never more than a few milliseconds.
pub(crate) fn back_off(tries: usize) {
    if tries <= YIELDS {
        std::thread::yield_now();
    } else {
        let most = 1_u64 << tries.min(12);
        // Different threads have to wait differently long, and each new state hashes differently.
        let spread = RandomState::new().hash_one(tries) % most;
        std::thread::sleep(std::time::Duration::from_micros(most / 2 + spread / 2));
    }
}
