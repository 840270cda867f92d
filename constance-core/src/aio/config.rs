//! The asynchronous front.

use std::fmt;
use std::sync::Arc;

use tokio::runtime::Handle;

use super::{AsyncBackend, AsyncConfigBuilder, BlockOn};
use crate::config::{Found, Front, Inner};
use crate::{
    Action, Codec, Config, Event, MessagePack, Prefix, Result, Schema, Setting, SettingValue, Settings, Subscription,
};

/// The settings of a struct `S` in an asynchronous backend: the twin of [`Config`], call for call.
///
/// Every call reads or writes the backend, in one round trip where its documentation says no other number. Cloning is
/// cheap and shares everything. `AsyncConfig<S>` holds any backend; [`AsyncConfigBuilder::build_typed`] makes one that
/// holds its backend by type or by reference. The [module](super) has an example.
///
/// Every future may be dropped at any moment; what that means for a write is said [there](super#dropped-futures).
pub struct AsyncConfig<S, C = MessagePack, B = Arc<dyn AsyncBackend>> {
    /// For what needs no store, and for the thread of `live()`, which may wait.
    pub(super) sync: Config<S, C, BlockOn<B>>,
}

impl<S: Settings> AsyncConfig<S> {
    /// The settings in a backend, under its default prefix. No I/O.
    ///
    /// # Panics
    ///
    /// As [`Config::new`]: for defects of the program. [`builder`](Self::builder) gives them as an `Err`.
    #[must_use]
    #[expect(clippy::panic, reason = "documented; the builder is the way without")]
    pub fn new(backend: impl AsyncBackend + 'static) -> Self {
        match Self::builder(backend).build() {
            Ok(config) => config,
            Err(error) => panic!("{error}"),
        }
    }

    /// Begins an `AsyncConfig` with another prefix or codec.
    #[must_use]
    pub fn builder<B: AsyncBackend>(backend: B) -> AsyncConfigBuilder<S, MessagePack, B> {
        AsyncConfigBuilder::new(backend)
    }
}

impl<S: Settings, C: Codec, B: AsyncBackend> AsyncConfig<S, C, B> {
    /// The declared settings.
    #[must_use]
    pub fn schema(&self) -> &Schema<S, C> {
        self.sync.schema()
    }

    /// The prefix of every stored key.
    #[must_use]
    pub fn prefix(&self) -> &Prefix {
        self.sync.prefix()
    }

    /// The backend underneath.
    #[must_use]
    pub fn backend(&self) -> &B {
        self.sync.inner.backend.inner()
    }

    /// Creates or brings up to date what the store needs, such as tables; safe to repeat.
    ///
    /// # Errors
    ///
    /// Where the store could not be changed.
    pub async fn migrate(&self) -> Result<()> {
        self.backend().migrate().await.map_err(|e| self.front().explain(e, Action::Migrate))
    }

    /// Calls `handler` for every change, until the [`Subscription`] is dropped: as [`Config::subscribe`].
    ///
    /// Handlers are not asynchronous. They run in the task that wrote, within its call, and for what
    /// [`live`](Self::live) learns in a thread that is made for them. One that has much to do hands it on, through a channel
    /// say: until it returns, no other handler is called. [`LiveStatus::handler`](crate::LiveStatus::handler) says which one
    /// runs, and for how long it has.
    ///
    /// ```
    /// # use constance_core::Settings;
    /// # use constance_core::aio::{AsyncConfig, Blocking};
    /// # use constance_core::testing::ReferenceBackend as SomeBackend;
    /// # #[derive(Clone, Settings)]
    /// # struct Shop {
    /// #     #[setting(default = 42)]
    /// #     the_answer: i64,
    /// # }
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> constance_core::Result<()> {
    /// # let config = AsyncConfig::<Shop>::new(Blocking::new(SomeBackend::new()));
    /// let subscription = config.subscribe(|event| {
    ///     assert_eq!(event.old(Shop::THE_ANSWER), Some(&42));
    ///     assert_eq!(event.new_value(Shop::THE_ANSWER), Some(&43));
    /// });
    /// config.set(Shop::THE_ANSWER, 43).await?;
    /// drop(subscription);
    /// # Ok(())
    /// # }
    /// ```
    #[track_caller]
    pub fn subscribe(&self, handler: impl Fn(&Event<S>) + Send + Sync + 'static) -> Subscription {
        self.sync.subscribe(handler)
    }

    /// Calls `handler` for every change of one setting, with the value before and the value now, until the [`Subscription`] is
    /// dropped: as [`Config::subscribe_to`](crate::Config::subscribe_to).
    ///
    /// ```
    /// # use constance_core::Settings;
    /// # use constance_core::aio::{AsyncConfig, Blocking};
    /// # use constance_core::testing::ReferenceBackend as MemoryBackend;
    /// # #[derive(Clone, Settings)]
    /// # struct Shop {
    /// #     #[setting(default = 42)]
    /// #     the_answer: i64,
    /// # }
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> constance_core::Result<()> {
    /// # let config = AsyncConfig::<Shop>::new(Blocking::new(MemoryBackend::default()));
    /// let subscription = config.subscribe_to(Shop::THE_ANSWER, |old, new| assert_eq!((old, new), (Some(&42), &43)));
    /// config.set(Shop::THE_ANSWER, 43).await?;
    /// drop(subscription);
    /// # Ok(())
    /// # }
    /// ```
    #[track_caller]
    pub fn subscribe_to<T: SettingValue>(
        &self,
        setting: Setting<S, T>,
        handler: impl Fn(Option<&T>, &T) + Send + Sync + 'static,
    ) -> Subscription {
        self.sync.subscribe_to(setting, handler)
    }

    pub(super) fn front(&self) -> &Front<S, C> {
        let Inner { front, backend } = &*self.sync.inner;
        // The runtime of the process that this one was forked from is not here.
        if front.running.is_elsewhere()
            && let Ok(runtime) = Handle::try_current()
        {
            backend.set_runtime(runtime);
            front.keep_following();
        }
        front
    }

    /// The same for what [`peek`](AsyncBackend::peek) may answer: what asks the backend then looks by itself.
    pub(super) fn front_to_peek(&self) -> &Front<S, C> {
        let front = &self.sync.inner.front;
        if front.running.is_found_elsewhere() { self.front() } else { front }
    }

    /// Asks the backend for these settings in one round trip.
    pub(super) async fn find(&self, indices: &[usize]) -> Result<Vec<Found>> {
        let keys = self.front().keys_of(indices);
        let answers = self.backend().read(&keys).await?;
        self.front().read_was_answered();
        self.front().found(indices, answers)
    }

    pub(super) async fn find_all(&self) -> Result<Vec<Found>> {
        let all = self.front().all();
        self.find(&all).await.map_err(|e| self.front().explain(e, Action::Read))
    }

    pub(super) async fn find_one(&self, index: usize) -> Result<Found> {
        let found = self.find(&[index]).await.and_then(|mut found| found.pop().ok_or_else(crate::backend::too_few));
        found.map_err(|e| self.front().explain_one(e, Action::Read, index))
    }
}

impl<S, C, B> Clone for AsyncConfig<S, C, B> {
    fn clone(&self) -> Self {
        Self { sync: self.sync.clone() }
    }
}

impl<S, C, B> fmt::Debug for AsyncConfig<S, C, B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.sync.inner.front.describe(&mut f.debug_struct("AsyncConfig"))
    }
}
