//! Writing settings: every way in ends here.

use std::sync::Arc;

use tokio::runtime::Handle;
use tokio::task::yield_now;

use super::{AsyncBackend, AsyncConfig};
use crate::config::{
    Expected, Goal, MAX_TRIES, Step, WriteAttempt, WriteOutcome, WritePlan, YIELDS, back_off, may_be_outdated,
};
use crate::{Codec, ErrorKind, Result, Setting, SettingValue, Settings};

impl<S: Settings, C: Codec, B: AsyncBackend> AsyncConfig<S, C, B> {
    /// Stores a value after holding it to its rules. One write; where a rule across settings
    /// looks at it, one read before that, of the rule's settings.
    ///
    /// When it is ready, the value is in the store, in every [`live`](Self::live) of this `AsyncConfig`, and handlers have
    /// been called (by another task where several write at once).
    ///
    /// # Errors
    ///
    /// As [`Config::set`](crate::Config::set). After `Timeout` and `Unavailable` the value may have been stored.
    pub async fn set<T: SettingValue>(&self, setting: Setting<S, T>, value: T) -> Result<()> {
        self.front().schema.typed(setting)?;
        self.apply(&[Step::to(setting.index(), Goal::Set(Arc::new(value)))]).await
    }

    /// Removes the stored value, so that the default is in force; also that of an old name. One write.
    ///
    /// # Errors
    ///
    /// Why it could not be removed. Nothing stored is no error.
    pub async fn reset<T: SettingValue>(&self, setting: Setting<S, T>) -> Result<()> {
        self.front().schema.typed(setting)?;
        self.apply(&[Step::to(setting.index(), Goal::Reset)]).await
    }

    /// Stores `new` if `expected` is in force (stored, or the default where nothing is). One read and one write.
    ///
    /// # Errors
    ///
    /// As [`Config::compare_and_set`](crate::Config::compare_and_set): `Conflict` where another value is in force.
    pub async fn compare_and_set<T: SettingValue>(&self, setting: Setting<S, T>, expected: T, new: T) -> Result<()> {
        self.front().schema.typed(setting)?;
        let (to, expect) = (Some(Goal::Set(Arc::new(new))), Expected::Value(Arc::new(expected)));
        self.apply(&[Step { index: setting.index(), to, expect }]).await
    }

    /// Replaces the value by what `change` makes of it, against any number of other writers, and returns the new value.
    ///
    /// `change` is called again when another writer came in between.
    ///
    /// # Errors
    ///
    /// As [`Config::update`](crate::Config::update).
    pub async fn update<T: SettingValue>(&self, setting: Setting<S, T>, mut change: impl FnMut(T) -> T) -> Result<T> {
        let front = self.front();
        front.schema.typed(setting)?;
        let index = setting.index();
        front.refuse_overridden(self.sync.scope.as_deref(), std::iter::once(index))?;
        front.refuse_pinned(std::iter::once(index))?;
        let (mut tries, mut may_be_old) = (0, self.backend().capability().remembers);
        loop {
            let found = self.find_one(index).await?;
            let old = match front.typed_value(setting, found.bytes()) {
                Err(error) if may_be_old && may_be_outdated(&error) => {
                    // A cache that cannot be reached has not answered either; the next read decides.
                    let _ = self.backend().forget(&front.keys_of(&[index])).await;
                    may_be_old = false;
                    continue;
                }
                old => old?,
            };
            let new = change(old);
            let to = Some(Goal::Set(Arc::new(new.clone())));
            tries += 1;
            match self.apply(&[Step { index, to, expect: Expected::Found(found) }]).await {
                Ok(()) => return Ok(new),
                Err(error) if error.kind() == ErrorKind::Conflict && tries < MAX_TRIES => give_way(tries).await,
                Err(error) => return Err(error),
            }
        }
    }

    /// Checks, plans, writes, and tells. Dropped at an `await`, it leaves the account of writes right: `PlannedWrite` and
    /// `Settling` see to that.
    pub(super) async fn apply(&self, steps: &[Step]) -> Result<()> {
        self.front().refuse_overridden(self.sync.scope.as_deref(), steps.iter().map(|step| step.index))?;
        let mut attempt = WriteAttempt::new(self.front(), steps)?;
        loop {
            let found = if attempt.reads().is_empty() { Ok(Vec::new()) } else { self.find(attempt.reads()).await };
            let planned = match attempt.plan(found, self.backend().capability())? {
                WritePlan::Send(planned) => planned,
                WritePlan::Reread(keys) => {
                    // A cache that cannot be reached has not answered either; the next plan decides.
                    let _ = self.backend().forget(&keys).await;
                    continue;
                }
            };
            let applied = self.write_key_by_key(planned.batch(), planned.may_write_key_by_key()).await;
            match planned.finish(applied)? {
                WriteOutcome::Done => return Ok(()),
                WriteOutcome::Settle(settling) => {
                    let found = self.find(settling.indices()).await;
                    settling.take(found);
                    return Ok(());
                }
                WriteOutcome::Retry => give_way(attempt.tries()).await,
            }
        }
    }
}

/// Gives way to the writers that came in between.
pub(super) async fn give_way(tries: usize) {
    match Handle::try_current() {
        // A rest needs a timer, which a runtime may not have; a thread that may block has one always.
        Ok(runtime) if tries > YIELDS => drop(runtime.spawn_blocking(move || back_off(tries)).await),
        _ => yield_now().await,
    }
}
