//! Telling the application what changed.

use std::panic::Location;
use std::sync::Arc;

use super::Config;
use crate::events::{Handler, Subscriber};
use crate::{Backend, Codec, Event, Setting, SettingValue, Settings, Subscription};

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
