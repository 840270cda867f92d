//! The same settings inside a transaction of the application's.

use std::fmt;
use std::marker::PhantomData;
use std::sync::Arc;

use parking_lot::Mutex;

use super::access::Access;
use super::attempt::{Attempt, Plan};
use super::change_set::ChangeSet;
use super::committed::Touched;
use super::in_turn::in_turn;
use super::plan::{Expected, Goal, Step};
use super::write::{YIELDS, back_off};
use super::{Config, Front};
use crate::events::Old;
use crate::overrides::Scope;
use crate::{Backend, Codec, ReadAll, Result, Setting, SettingValue, Settings, backend::Capability};

/// The settings of a [`Config`] through another backend, one inside a transaction of the application's; from
/// [`Config::within`].
///
/// It has the names, prefix, codec, rules and overrides of its `Config`. What it writes raises no event and touches neither
/// a cache nor [`live`](Config::live), since the transaction may yet be rolled back: [`into_changes`](Self::into_changes) takes
/// that out of the transaction, and [`Config::committed`] tells of it. Dropped, it tells nobody.
pub struct TransactionConfig<'c, S, C, T: ?Sized> {
    front: &'c Front<S, C>,
    scope: Option<&'c Scope>,
    store: &'c T,
    touched: Mutex<Vec<Touched>>,
}

/// What was written within a transaction, for [`Config::committed`] once the transaction is; from [`TransactionConfig::into_changes`].
///
/// Where several `Config`s are over one store, each is given a clone. After a rollback it is dropped.
#[derive(Clone)]
#[must_use = "after the commit, `Config::committed` has caches, `live()` and handlers catch up"]
pub struct TransactionChanges<S> {
    touched: Vec<Touched>,
    settings: PhantomData<fn() -> S>,
}

/// How often a write that others get in the way of is tried: it holds the locks of the transaction meanwhile.
const TRIES: usize = YIELDS;

impl<S: Settings, C: Codec, B: Backend> Config<S, C, B> {
    /// The settings inside a transaction of the application's, through a backend that works in it. No I/O.
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
    /// let written = settings.into_changes();
    ///
    /// // After its commit.
    /// config.committed(written)?;
    /// assert_eq!(live.load().the_answer, 43);
    /// # Ok::<(), constance_core::Error>(())
    /// ```
    pub fn within<'c, T: Backend + ?Sized>(&'c self, store: &'c T) -> TransactionConfig<'c, S, C, T> {
        TransactionConfig { front: &self.inner.front, scope: self.scope.as_deref(), store, touched: Mutex::default() }
    }

    /// Catches up with what was written within a transaction that is committed now: the backend
    /// [forgets](Backend::forget) what it remembers of those settings, and before this returns the values are in
    /// [`live`](Self::live) and handlers have been called. One read where there is a `live()`, else none.
    ///
    /// With a `live()`, an event says what the store holds now, so that changes of others since the commit may be merged into
    /// it. Without one it says what the transaction made of the setting.
    ///
    /// # Errors
    ///
    /// Where a cache could not drop what it remembers, or the store could not be asked. The change is stored nevertheless,
    /// and `live()` reads again by itself.
    pub fn committed(&self, written: TransactionChanges<S>) -> Result<()> {
        let inner = &*self.inner;
        let Some(catching_up) = inner.front.committed(written) else { return Ok(()) };
        let forgotten = inner.backend.forget(&catching_up.keys());
        let Some(settling) = catching_up.end(forgotten)? else { return Ok(()) };
        let found = inner.find(settling.indices());
        settling.take_or_say(found)
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

    /// Stores a value after holding it to its rules; it is there for others once the transaction is committed.
    ///
    /// # Errors
    ///
    /// As [`Config::set`]. What the transaction did before stays.
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

    /// Removes the stored value, so that the default is in force once the transaction is committed.
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
    /// As [`Config::compare_and_set`]. Where the transaction sees an old state of the database, as by repeatable reads,
    /// `Conflict` also says that somebody changed the setting since: roll back, and begin the transaction again.
    pub fn compare_and_set<V: SettingValue>(&self, setting: Setting<S, V>, expected: V, new: V) -> Result<()> {
        self.front.schema.typed(setting)?;
        let (to, expect) = (Some(Goal::Set(Arc::new(new))), Expected::Value(Arc::new(expected)));
        self.apply(&[Step { index: setting.index(), to, expect }])
    }

    /// Replaces the value by what `change` makes of it, and returns the new value. As [`Config::update`], but for the number
    /// of tries, since it holds the locks of the transaction meanwhile: three.
    ///
    /// # Errors
    ///
    /// As [`compare_and_set`](Self::compare_and_set).
    pub fn update<V: SettingValue>(&self, setting: Setting<S, V>, change: impl FnMut(V) -> V) -> Result<V> {
        self.access().update(setting, change, TRIES, |steps| self.apply(steps))
    }

    /// Begins a set of changes that is applied as a whole or not at all.
    pub fn change(&self) -> ChangeSet<'_, S, C, Self> {
        ChangeSet::new(self, self.front)
    }

    /// Ends the work on settings and takes out of the transaction what was written, for [`Config::committed`].
    pub fn into_changes(self) -> TransactionChanges<S> {
        TransactionChanges { touched: self.touched.into_inner(), settings: PhantomData }
    }

    fn access(&self) -> Access<'_, S, C, T> {
        Access { front: self.front, backend: self.store, scope: self.scope }
    }

    /// Checks, plans and writes, and tells nobody. Steps name each setting at most once.
    pub(super) fn apply(&self, steps: &[Step]) -> Result<()> {
        self.front.refuse_overridden(self.scope, steps.iter().map(|step| step.index))?;
        let mut attempt = Attempt::untold(self.front, steps, TRIES)?;
        loop {
            let found = if attempt.reads().is_empty() { Ok(Vec::new()) } else { self.access().find(attempt.reads()) };
            // What a transaction sees is what is there.
            let Plan::Send(planned) = attempt.plan(found, Capability::new())? else { continue };
            let changed = steps.iter().filter(|step| step.to.is_some()).map(|step| step.index);
            // Noted before it is sent: a write that fails, or panics, may have been done nevertheless.
            self.note(changed.map(|index| Touched { index, old: Old::Unknown, new: None }));
            let applied = in_turn(planned.batch(), planned.may_be_in_turn(), |batch| self.store.write(batch));
            match planned.end_untold(applied)? {
                Some(outcomes) => {
                    self.note(outcomes.into_iter().map(Touched::by));
                    return Ok(());
                }
                None => back_off(attempt.tries()),
            }
        }
    }

    fn note(&self, touched: impl Iterator<Item = Touched>) {
        let mut all = self.touched.lock();
        touched.for_each(|one| add(&mut all, one));
    }
}

/// Adds a later change to earlier ones: the first knows what was there before, the last what it became.
fn add(all: &mut Vec<Touched>, later: Touched) {
    match all.iter_mut().find(|one| one.index == later.index) {
        Some(one) if one.new.is_none() => *one = later,
        Some(one) => one.new = later.new.or(one.new.take()),
        None => all.push(later),
    }
}

impl<S> TransactionChanges<S> {
    /// Adds what was written later in the same transaction.
    pub fn and(mut self, later: Self) -> Self {
        later.touched.into_iter().for_each(|one| add(&mut self.touched, one));
        self
    }

    pub(super) fn into_touched(self) -> Vec<Touched> {
        self.touched
    }
}

impl<S: Settings, C: Codec, T: ?Sized> fmt::Debug for TransactionConfig<'_, S, C, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.front.describe(&mut f.debug_struct("TransactionConfig"))
    }
}

impl<S> fmt::Debug for TransactionChanges<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TransactionChanges").field("settings", &self.touched.len()).finish()
    }
}
