//! Settings inside a transaction of the application.

use std::fmt;
use std::marker::PhantomData;
use std::sync::Arc;

use parking_lot::Mutex;

use super::access::Access;
use super::change_set::ChangeSet;
use super::committed::WrittenSetting;
use super::key_by_key::write_key_by_key;
use super::plan::{Expected, Goal, Step};
use super::write::{YIELDS, back_off};
use super::write_attempt::{WriteAttempt, WritePlan};
use super::{Config, Front};
use crate::events::Old;
use crate::overrides::Scope;
use crate::{Backend, Codec, ReadAll, Result, Setting, SettingValue, Settings, backend::Capability};

/// The settings of a [`Config`] inside a transaction of the application; from [`Config::within`].
///
/// It has the names, prefix, codec, rules and overrides of its `Config`. Its writes call no handler and change neither a cache
/// nor [`live`](Config::live), since the transaction may be rolled back. After the commit, pass the result of
/// [`into_changes`](Self::into_changes) to [`Config::committed`], which reports them. After a rollback, drop it.
pub struct TransactionConfig<'c, S, C, T: ?Sized> {
    front: &'c Front<S, C>,
    scope: Option<&'c Scope>,
    store: &'c T,
    written: Mutex<Vec<WrittenSetting>>,
}

/// The changes that a transaction made, for [`Config::committed`] after the commit; from [`TransactionConfig::into_changes`].
///
/// Where several `Config`s use one store, give each a clone. After a rollback, drop it.
#[derive(Clone)]
#[must_use = "pass it to `Config::committed` after the commit, so that caches, `live()` and handlers learn of the changes"]
pub struct TransactionChanges<S> {
    written: Vec<WrittenSetting>,
    settings: PhantomData<fn() -> S>,
}

/// The most tries of a write that other writers conflict with. Few, since it holds the locks of the transaction meanwhile.
const MAX_TRIES: usize = YIELDS;

impl<S: Settings, C: Codec, B: Backend> Config<S, C, B> {
    /// The settings inside a transaction of the application, through a backend that works in that transaction. No I/O.
    ///
    /// ```
    /// # use constance_core::{Config, Settings};
    /// # use constance_core::testing::ReferenceBackend as MemoryBackend;
    /// # #[derive(Clone, Settings)]
    /// # struct Shop {
    /// #     #[setting(default = 42)]
    /// #     the_answer: i64,
    /// # }
    /// # let in_transaction = std::sync::Arc::new(MemoryBackend::default());
    /// # let config = Config::<Shop>::new(in_transaction.clone());
    /// let live = config.live()?;
    ///
    /// // Inside the transaction.
    /// let settings = config.within(&in_transaction);
    /// settings.set(Shop::THE_ANSWER, 43)?;
    /// assert_eq!(settings.get(Shop::THE_ANSWER)?, 43);
    /// let changes = settings.into_changes();
    ///
    /// // After its commit.
    /// config.committed(changes)?;
    /// assert_eq!(live.load().the_answer, 43);
    /// # Ok::<(), constance_core::Error>(())
    /// ```
    pub fn within<'c, T: Backend + ?Sized>(&'c self, store: &'c T) -> TransactionConfig<'c, S, C, T> {
        TransactionConfig { front: &self.inner.front, scope: self.scope.as_deref(), store, written: Mutex::default() }
    }

    /// Reports the changes of a transaction after its commit: the backend [forgets](Backend::forget) what it has cached of these
    /// settings, and before this returns, the values are in [`live`](Self::live) and handlers have been called. One read where
    /// there is a `live()`, otherwise none.
    ///
    /// With a `live()`, an event has the value that the store holds now, which may be that of another writer since the commit.
    /// Without one, it has the value that the transaction wrote.
    ///
    /// # Errors
    ///
    /// Where a cache cannot drop a value, or the store cannot be read. The changes are stored nevertheless, and `live()` reads
    /// again by itself.
    pub fn committed(&self, changes: TransactionChanges<S>) -> Result<()> {
        let inner = &*self.inner;
        let Some(update) = inner.front.committed(changes) else { return Ok(()) };
        let forgotten = inner.backend.forget(&update.keys());
        let Some(settling) = update.end(forgotten)? else { return Ok(()) };
        let found = inner.find(settling.indices());
        settling.take_or_error(found)
    }
}

impl<'c, S: Settings, C: Codec, T: Backend + ?Sized> TransactionConfig<'c, S, C, T> {
    /// The value of a setting as the transaction sees it. As [`Config::get`].
    ///
    /// # Errors
    ///
    /// As [`Config::get`].
    pub fn get<V: SettingValue>(&self, setting: Setting<S, V>) -> Result<V> {
        self.access().get(setting)
    }

    /// The value in force in its text form, by name. As [`Config::get_text`].
    ///
    /// # Errors
    ///
    /// As [`Config::get_text`].
    pub fn get_text(&self, name: &str) -> Result<String> {
        self.access().get_text(name)
    }

    /// Every setting as the transaction sees it, from one round trip; strict. As [`Config::snapshot`].
    ///
    /// # Errors
    ///
    /// As [`Config::snapshot`].
    pub fn snapshot(&self) -> Result<S> {
        self.read_all()?.strict()
    }

    /// Every setting as far as it can be read. As [`Config::read_all`].
    ///
    /// # Errors
    ///
    /// As [`Config::read_all`].
    pub fn read_all(&self) -> Result<ReadAll<S>> {
        self.access().read_all()
    }

    /// Checks a value against its rules and stores it. Others see it after the commit.
    ///
    /// # Errors
    ///
    /// As [`Config::set`]. Earlier changes of the transaction stay.
    pub fn set<V: SettingValue>(&self, setting: Setting<S, V>, value: V) -> Result<()> {
        self.front.schema.typed(setting)?;
        self.apply(&[Step::to(setting.index(), Goal::Set(Arc::new(value)))])
    }

    /// Stores a value by name and text. As [`Config::set_text`].
    ///
    /// # Errors
    ///
    /// As [`Config::set_text`].
    pub fn set_text(&self, name: &str, text: &str) -> Result<()> {
        self.change().set_text(name, text)?.apply()
    }

    /// Removes the stored value, so that the default is in force after the commit.
    ///
    /// # Errors
    ///
    /// As [`Config::reset`].
    pub fn reset<V: SettingValue>(&self, setting: Setting<S, V>) -> Result<()> {
        self.front.schema.typed(setting)?;
        self.apply(&[Step::to(setting.index(), Goal::Reset)])
    }

    /// Resets a setting by name. As [`Config::reset_name`].
    ///
    /// # Errors
    ///
    /// As [`Config::reset_name`].
    pub fn reset_name(&self, name: &str) -> Result<()> {
        self.change().reset_name(name)?.apply()
    }

    /// Stores `new` if `expected` is in force. As [`Config::compare_and_set`].
    ///
    /// # Errors
    ///
    /// As [`Config::compare_and_set`]. Where the transaction reads from a snapshot, as with repeatable reads, `Conflict` may also
    /// mean that another writer has changed the setting since: roll back, and begin the transaction again.
    pub fn compare_and_set<V: SettingValue>(&self, setting: Setting<S, V>, expected: V, new: V) -> Result<()> {
        self.front.schema.typed(setting)?;
        let (to, expect) = (Some(Goal::Set(Arc::new(new))), Expected::Value(Arc::new(expected)));
        self.apply(&[Step { index: setting.index(), to, expect }])
    }

    /// Replaces the value by the result of `change`, and returns the new value. As [`Config::update`], with three tries only,
    /// since it holds the locks of the transaction meanwhile.
    ///
    /// # Errors
    ///
    /// As [`compare_and_set`](Self::compare_and_set).
    pub fn update<V: SettingValue>(&self, setting: Setting<S, V>, change: impl FnMut(V) -> V) -> Result<V> {
        self.access().update(setting, change, MAX_TRIES, |steps| self.apply(steps))
    }

    /// Begins a set of changes that is applied as a whole or not at all.
    pub fn change(&self) -> ChangeSet<'_, S, C, Self> {
        ChangeSet::new(self, self.front)
    }

    /// Returns the changes that were made, for [`Config::committed`].
    pub fn into_changes(self) -> TransactionChanges<S> {
        TransactionChanges { written: self.written.into_inner(), settings: PhantomData }
    }

    fn access(&self) -> Access<'_, S, C, T> {
        Access { front: self.front, backend: self.store, scope: self.scope }
    }

    /// Checks, plans and writes, without a report. Steps name each setting at most once.
    pub(super) fn apply(&self, steps: &[Step]) -> Result<()> {
        self.front.refuse_overridden(self.scope, steps.iter().map(|step| step.index))?;
        let mut attempt = WriteAttempt::unreported(self.front, steps, MAX_TRIES)?;
        loop {
            let found = if attempt.reads().is_empty() { Ok(Vec::new()) } else { self.access().find(attempt.reads()) };
            // A transaction reads the store itself, never a cache.
            let WritePlan::Send(planned) = attempt.plan(found, Capability::new())? else { continue };
            let changed = steps.iter().filter(|step| step.to.is_some()).map(|step| step.index);
            // Recorded before the write: one that fails or panics may have happened nevertheless.
            self.note(changed.map(|index| WrittenSetting { index, old: Old::Unknown, new: None }));
            let applied =
                write_key_by_key(planned.batch(), planned.may_write_key_by_key(), |batch| self.store.write(batch));
            match planned.finish_unreported(applied)? {
                Some(outcomes) => {
                    self.note(outcomes.into_iter().map(WrittenSetting::by));
                    return Ok(());
                }
                None => back_off(attempt.tries()),
            }
        }
    }

    fn note(&self, written: impl Iterator<Item = WrittenSetting>) {
        let mut all = self.written.lock();
        written.for_each(|one| add(&mut all, one));
    }
}

/// Adds a later change to earlier ones: the first has the old value, the last the new one.
fn add(all: &mut Vec<WrittenSetting>, later: WrittenSetting) {
    match all.iter_mut().find(|one| one.index == later.index) {
        Some(one) if one.new.is_none() => *one = later,
        Some(one) => one.new = later.new.or(one.new.take()),
        None => all.push(later),
    }
}

impl<S> TransactionChanges<S> {
    /// Adds later changes of the same transaction.
    pub fn and(mut self, later: Self) -> Self {
        later.written.into_iter().for_each(|one| add(&mut self.written, one));
        self
    }

    pub(super) fn into_settings(self) -> Vec<WrittenSetting> {
        self.written
    }
}

impl<S: Settings, C: Codec, T: ?Sized> fmt::Debug for TransactionConfig<'_, S, C, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.front.describe(&mut f.debug_struct("TransactionConfig"))
    }
}

impl<S> fmt::Debug for TransactionChanges<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TransactionChanges").field("settings", &self.written.len()).finish()
    }
}
