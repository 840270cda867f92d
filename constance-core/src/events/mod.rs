//! Telling the application what changed.

mod assumed;
mod delivery;
mod ledger;
mod publish;
mod slot;
mod subscription;

use std::fmt;
use std::marker::PhantomData;

pub(crate) use self::assumed::Assumed;
pub use self::delivery::RunningHandler;
pub(crate) use self::ledger::{FieldAccess, InFlightWrite, Ledger, Loaded, Origin, Outcome, Taken};
pub(crate) use self::publish::Publisher;
pub(crate) use self::slot::Old;
pub use self::subscription::Subscription;
pub(crate) use self::subscription::{Handler, Subscriber};
use crate::field::AnyValue;
use crate::{Nested, Setting, SettingValue};

/// One change of one setting, for a handler of [`Config::subscribe`](crate::Config::subscribe).
///
/// It is raised once for each change that changed something: a set or reset through this `Config`, and what its
/// [`live`](crate::Config::live) learns from the store, where the changes of others may be merged.
///
/// Its `Debug` shows the name only.
pub struct Event<S> {
    name: &'static str,
    index: usize,
    old: Option<AnyValue>,
    new: AnyValue,
    settings: PhantomData<fn() -> S>,
}

impl<S> Event<S> {
    pub(crate) fn new(name: &'static str, index: usize, old: Option<AnyValue>, new: AnyValue) -> Self {
        Self { name, index, old, new, settings: PhantomData }
    }

    /// The setting's own name, without a prefix.
    #[must_use]
    pub fn name(&self) -> &'static str {
        self.name
    }

    /// The value before; `None` where it was unreadable, or where the event is of another setting.
    #[must_use]
    pub fn old<T: SettingValue>(&self, setting: Setting<S, T>) -> Option<&T> {
        self.old.as_ref().filter(|_| self.is_of(setting))?.downcast_ref()
    }

    /// The value now; `None` where the event is of another setting.
    #[must_use]
    pub fn new_value<T: SettingValue>(&self, setting: Setting<S, T>) -> Option<&T> {
        if self.is_of(setting) { self.new.downcast_ref() } else { None }
    }

    /// Whether what was stored before could not be read.
    #[must_use]
    pub fn old_was_unreadable(&self) -> bool {
        self.old.is_none()
    }

    /// The same for the struct that the setting is of.
    pub(crate) fn nested<N>(&self, nested: Nested<S, N>) -> Option<Event<N>> {
        let index = self.index.checked_sub(nested.index()).filter(|index| *index < nested.names().len())?;
        let name = self.name.get(nested.name().len() + 1..)?;
        Some(Event::new(name, index, self.old.clone(), AnyValue::clone(&self.new)))
    }

    /// Tells a handler of that setting alone.
    pub(crate) fn tell<T: SettingValue>(&self, setting: Setting<S, T>, handler: &impl Fn(Option<&T>, &T)) {
        if let Some(new) = self.new_value(setting) {
            handler(self.old(setting), new);
        }
    }

    /// Whether this is a change of that setting.
    #[must_use]
    pub fn is_of<T>(&self, setting: Setting<S, T>) -> bool {
        self.index == setting.index() && self.name == setting.name()
    }
}

impl<S> fmt::Debug for Event<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { name, index: _, old: _, new: _, settings: _ } = self;
        f.debug_struct("Event").field("name", name).finish_non_exhaustive()
    }
}
