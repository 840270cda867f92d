//! Telling the application what changed.

mod assumed;
mod ledger;
mod slot;
mod subscription;
mod telling;

use std::fmt;
use std::marker::PhantomData;
use std::panic::Location;
use std::sync::Arc;

pub(crate) use self::assumed::Assumed;
pub(crate) use self::ledger::{FieldAccess, InFlightWrite, Ledger, Loaded, Origin, Outcome, Taken};
pub(crate) use self::slot::Old;
pub use self::subscription::Subscription;
pub(crate) use self::subscription::{Handler, Subscriber};
pub use self::telling::RunningHandler;
use crate::field::AnyValue;
use crate::{Backend, Codec, Config, Nested, Setting, SettingValue, Settings};

/// One change of one setting, for a handler of [`Config::subscribe`].
///
/// It is raised once for each change that changed something: a set or reset through this `Config`, and what its
/// [`live`](Config::live) learns from the store, where the changes of others may be merged.
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

impl<S: Settings, C: Codec, B: Backend> Config<S, C, B> {
    /// Calls `handler` for every change, until the [`Subscription`] is dropped.
    ///
    /// Handlers run one after the other, in the order of the changes, outside every lock: they may read and write settings.
    /// Those of a set run before it returns, unless another thread is calling handlers at that moment and takes them along;
    /// those of what `live()` learns run in a thread that is made for them.
    /// A handler that panics does not keep the others from being called; the panic goes on in the thread that wrote.
    ///
    /// One that takes long holds up no load of `live()`, but every later call of a handler: hand long work on, through a
    /// channel say. Where one does not return, the changes after it wait for ever, and
    /// [`LiveStatus::handler`](crate::LiveStatus::handler) says which one it is and for how long it has been running.
    ///
    /// While somebody is subscribed, a write asks the store for the previous value, which a database charges for.
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
    /// let subscription = config.subscribe(|event| {
    ///     assert_eq!(event.name(), "the_answer");
    ///     assert_eq!(event.old(Shop::THE_ANSWER), Some(&42));
    ///     assert_eq!(event.new_value(Shop::THE_ANSWER), Some(&43));
    /// });
    /// config.set(Shop::THE_ANSWER, 43)?;
    /// config.set(Shop::THE_ANSWER, 43)?; // changes nothing: no event
    /// drop(subscription);
    /// # Ok::<(), constance_core::Error>(())
    /// ```
    #[track_caller]
    pub fn subscribe(&self, handler: impl Fn(&Event<S>) + Send + Sync + 'static) -> Subscription {
        self.subscribe_at(Arc::new(handler), Location::caller())
    }

    pub(crate) fn subscribe_at(&self, handler: Handler<S>, at: &'static Location<'static>) -> Subscription {
        self.inner.ledger.subscribe(Subscriber::new(handler, at))
    }
}

impl<S: Settings, C: Codec, B: Backend> Config<S, C, B> {
    /// Calls `handler` with the value before and the value now for every change of one setting, until the [`Subscription`] is
    /// dropped. All else is as with [`subscribe`](Self::subscribe).
    ///
    /// The value before is `None` where it was unreadable. A reset gives the default as the value now.
    ///
    /// ```
    /// # use std::sync::Arc;
    /// # use std::sync::atomic::{AtomicI64, Ordering};
    /// # use constance_core::{Config, Settings};
    /// # use constance_core::testing::ReferenceBackend as MemoryBackend;
    /// # #[derive(Clone, Settings)]
    /// # struct Shop {
    /// #     #[setting(default = 10)]
    /// #     workers: i64,
    /// # }
    /// # let config = Config::<Shop>::new(MemoryBackend::default());
    /// let pool = Arc::new(AtomicI64::new(config.get(Shop::WORKERS)?));
    /// let resized = Arc::clone(&pool);
    /// config.subscribe_to(Shop::WORKERS, move |_old, new| resized.store(*new, Ordering::Relaxed)).forever();
    /// config.set(Shop::WORKERS, 12)?;
    /// assert_eq!(pool.load(Ordering::Relaxed), 12);
    /// # Ok::<(), constance_core::Error>(())
    /// ```
    #[track_caller]
    pub fn subscribe_to<T: SettingValue>(
        &self,
        setting: Setting<S, T>,
        handler: impl Fn(Option<&T>, &T) + Send + Sync + 'static,
    ) -> Subscription {
        self.subscribe(move |event| event.tell(setting, &handler))
    }
}

impl<S> fmt::Debug for Event<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { name, index: _, old: _, new: _, settings: _ } = self;
        f.debug_struct("Event").field("name", name).finish_non_exhaustive()
    }
}
