//! Writing settings. Every kind of write ends here.

use std::hash::{BuildHasher, RandomState};
use std::sync::Arc;

use super::key_by_key::write_key_by_key;
use super::plan::{Expected, Goal, Step};
use super::write_attempt::{MAX_TRIES, WriteAttempt, WriteOutcome, WritePlan};
use super::{Config, Inner};
use crate::{Backend, Codec, Result, Setting, SettingValue, Settings};

impl<S: Settings, C: Codec, B: Backend> Config<S, C, B> {
    /// Checks a value against its rules and stores it. One write. Where a rule across settings applies, one read of the rule's
    /// settings before.
    ///
    /// When it returns, the value is in the store, in every [`live`](Self::live) of this `Config`, and handlers have been
    /// called (by another thread where several threads write at once).
    ///
    /// # Errors
    ///
    /// `Invalid` where a rule refuses the value, and `Overridden` where this handle has an [override](Self::overrides) of it:
    /// nothing is stored then. Otherwise why the value could not be stored; after `Timeout` and `Unavailable` it may be stored.
    pub fn set<T: SettingValue>(&self, setting: Setting<S, T>, value: T) -> Result<()> {
        self.inner.schema.typed(setting)?;
        self.apply(&[Step::to(setting.index(), Goal::Set(Arc::new(value)))])
    }

    /// Removes the stored value, also under aliases, so that the default is in force. One write.
    ///
    /// # Errors
    ///
    /// As [`set`](Self::set). It is no error where nothing is stored.
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
    /// `Conflict` where another value is in force, which [`Error::current`](crate::Error::current) returns; `Decode` where the stored
    /// value is unreadable; otherwise as [`set`](Self::set).
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

    /// Replaces the value by the result of `change`, and returns the new value. No change of another writer is lost.
    ///
    /// `change` is called again where another writer comes in between.
    ///
    /// # Errors
    ///
    /// `Conflict` where other writers came in between in each of 100 tries; otherwise as
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
        self.access().update(setting, change, MAX_TRIES, |steps| self.apply(steps))
    }

    pub(crate) fn apply(&self, steps: &[Step]) -> Result<()> {
        self.inner.refuse_overridden(self.scope.as_deref(), steps.iter().map(|step| step.index))?;
        self.inner.apply(steps)
    }
}

impl<S: Settings, C: Codec, B: Backend> Inner<S, C, B> {
    /// Checks, plans, writes, and reports. Steps name each setting at most once.
    pub(super) fn apply(&self, steps: &[Step]) -> Result<()> {
        self.front.keep_following();
        let mut attempt = WriteAttempt::new(&self.front, steps)?;
        loop {
            let found = if attempt.reads().is_empty() { Ok(Vec::new()) } else { self.find(attempt.reads()) };
            let planned = match attempt.plan(found, self.backend.capability())? {
                WritePlan::Send(planned) => planned,
                WritePlan::Reread(keys) => {
                    // A failure is ignored: the next read reports it where it still matters.
                    let _ = self.backend.forget(&keys);
                    continue;
                }
            };
            let applied =
                write_key_by_key(planned.batch(), planned.may_write_key_by_key(), |batch| self.backend.write(batch));
            match planned.finish(applied)? {
                WriteOutcome::Done => return Ok(()),
                WriteOutcome::Settle(settling) => {
                    let found = self.find(settling.indices());
                    settling.take(found);
                    return Ok(());
                }
                WriteOutcome::Retry => back_off(attempt.tries()),
            }
        }
    }
}

/// The number of tries that only yield to other threads. Later tries sleep.
pub(crate) const YIELDS: usize = 3;

/// Waits before the next try: the first times by yielding, then longer each time, never more than a few milliseconds.
pub(crate) fn back_off(tries: usize) {
    if tries <= YIELDS {
        std::thread::yield_now();
    } else {
        let most = 1_u64 << tries.min(12);
        // Threads have to wait for different times. Each new state hashes differently, which gives a random number.
        let spread = RandomState::new().hash_one(tries) % most;
        std::thread::sleep(std::time::Duration::from_micros(most / 2 + spread / 2));
    }
}
