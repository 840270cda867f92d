//! The settings of a module, over the `AsyncConfig` of the whole service.

use std::fmt;
use std::ops::Range;
use std::panic::Location;
use std::sync::Arc;

use super::write::give_way;
use super::{AsyncBackend, AsyncConfig, BoxFuture};
use crate::config::view::{Deeper, Handle, Outer, OuterLive, ViewStep, typed};
use crate::config::{Goal, MAX_TRIES, Step};
use crate::events::Handler;
use crate::field::AnyValue;
use crate::{
    Action, Codec, ErrorKind, Event, LiveView, Nested, ReadAll, Result, Setting, SettingValue, Settings, Subscription,
    ViewChangeSet,
};

/// The settings of one module, in the asynchronous store of the whole service; from [`AsyncConfig::nested`]. As
/// [`ConfigView`](crate::ConfigView).
///
/// ```
/// # use constance_core::Settings;
/// # use constance_core::aio::{AsyncConfig, AsyncConfigView, Blocking};
/// # use constance_core::testing::ReferenceBackend as SomeBackend;
/// # #[derive(Clone, Settings)]
/// # struct Shop {
/// #     #[setting(nested)]
/// #     mail: Mail,
/// # }
/// # #[derive(Clone, Settings)]
/// # struct Mail {
/// #     #[setting(default = "localhost")]
/// #     host: String,
/// # }
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> constance_core::Result<()> {
/// # let config = AsyncConfig::<Shop>::new(Blocking::new(SomeBackend::new()));
/// let mail: AsyncConfigView<Mail> = config.nested(Shop::MAIL);
/// mail.set(Mail::HOST, "mail.example.org".to_owned()).await?;
/// assert_eq!(config.snapshot().await?.mail.host, "mail.example.org");
/// # Ok(())
/// # }
/// ```
pub struct AsyncConfigView<N> {
    outer: Arc<dyn AsyncOuter<N>>,
}

/// What a view asks for, without the type of what is around its struct.
trait AsyncOuter<N>: Send + Sync {
    fn get(&self, of: Handle<N>) -> BoxFuture<'_, Result<AnyValue>>;
    fn is_set(&self, of: Handle<N>) -> BoxFuture<'_, Result<bool>>;
    fn apply(&self, steps: Vec<ViewStep<N>>) -> BoxFuture<'_, Result<()>>;
    fn read_all(&self, places: Range<usize>) -> BoxFuture<'_, Result<ReadAll<N>>>;
    fn subscribe(&self, handler: Handler<N>, at: &'static Location<'static>) -> Subscription;
    fn live(&self) -> BoxFuture<'_, Result<Arc<dyn OuterLive<N>>>>;
}

impl<S: Settings, C: Codec, B: AsyncBackend + 'static> AsyncConfig<S, C, B> {
    /// The settings of a nested struct by themselves, for the module that they are of: as
    /// [`Config::nested`](crate::Config::nested). No I/O.
    #[must_use]
    pub fn nested<N: Settings>(&self, nested: Nested<S, N>) -> AsyncConfigView<N> {
        self.view().nested(nested)
    }

    /// All settings as an [`AsyncConfigView`], for code that takes one. No I/O.
    #[must_use]
    pub fn view(&self) -> AsyncConfigView<S> {
        AsyncConfigView { outer: Arc::new(self.clone()) }
    }
}

impl<N: Settings> AsyncConfigView<N> {
    /// The settings of a struct that is nested in this one.
    #[must_use]
    pub fn nested<M: Settings>(&self, nested: Nested<N, M>) -> AsyncConfigView<M> {
        AsyncConfigView { outer: Arc::new(Deeper { outer: Arc::clone(&self.outer), nested }) }
    }

    /// As [`AsyncConfig::get`].
    ///
    /// # Errors
    ///
    /// As [`AsyncConfig::get`].
    pub async fn get<T: SettingValue>(&self, setting: Setting<N, T>) -> Result<T> {
        typed(setting, self.outer.get(Handle::of(setting)).await?)
    }

    /// As [`AsyncConfig::is_set`].
    ///
    /// # Errors
    ///
    /// As [`AsyncConfig::is_set`].
    pub async fn is_set<T: SettingValue>(&self, setting: Setting<N, T>) -> Result<bool> {
        self.outer.is_set(Handle::of(setting)).await
    }

    /// As [`AsyncConfig::set`].
    ///
    /// # Errors
    ///
    /// As [`AsyncConfig::set`].
    pub async fn set<T: SettingValue>(&self, setting: Setting<N, T>, value: T) -> Result<()> {
        self.outer.apply(vec![ViewStep::to(setting, Goal::Set(Arc::new(value)))]).await
    }

    /// As [`AsyncConfig::reset`].
    ///
    /// # Errors
    ///
    /// As [`AsyncConfig::reset`].
    pub async fn reset<T: SettingValue>(&self, setting: Setting<N, T>) -> Result<()> {
        self.outer.apply(vec![ViewStep::to(setting, Goal::Reset)]).await
    }

    /// As [`AsyncConfig::compare_and_set`].
    ///
    /// # Errors
    ///
    /// As [`AsyncConfig::compare_and_set`].
    pub async fn compare_and_set<T: SettingValue>(&self, setting: Setting<N, T>, expected: T, new: T) -> Result<()> {
        self.outer.apply(vec![ViewStep::from_to(setting, expected, new)]).await
    }

    /// As [`AsyncConfig::update`].
    ///
    /// # Errors
    ///
    /// As [`AsyncConfig::update`].
    pub async fn update<T: SettingValue>(&self, setting: Setting<N, T>, mut change: impl FnMut(T) -> T) -> Result<T> {
        let mut tries = 0;
        loop {
            let old = self.get(setting).await?;
            let new = change(old.clone());
            tries += 1;
            match self.compare_and_set(setting, old, new.clone()).await {
                Ok(()) => return Ok(new),
                Err(error) if error.kind() == ErrorKind::Conflict && tries < MAX_TRIES => give_way(tries).await,
                Err(error) => return Err(error),
            }
        }
    }

    /// Begins a set of changes that is applied as a whole or not at all.
    pub fn change(&self) -> ViewChangeSet<'_, Self, N> {
        ViewChangeSet::new(self)
    }

    /// The struct, strict as [`AsyncConfig::snapshot`], but for its own settings alone.
    ///
    /// # Errors
    ///
    /// As [`ConfigView::snapshot`](crate::ConfigView::snapshot).
    pub async fn snapshot(&self) -> Result<N> {
        self.read_all().await?.strict()
    }

    /// The struct as far as it can be read. One round trip, which reads all settings.
    ///
    /// # Errors
    ///
    /// Where the store could not be asked.
    pub async fn read_all(&self) -> Result<ReadAll<N>> {
        self.outer.read_all(0..usize::MAX).await
    }

    /// As [`AsyncConfig::subscribe`], for changes of these settings alone. Their names are those in `N`.
    #[track_caller]
    pub fn subscribe(&self, handler: impl Fn(&Event<N>) + Send + Sync + 'static) -> Subscription {
        self.outer.subscribe(Arc::new(handler), Location::caller())
    }

    /// As [`AsyncConfig::subscribe_to`].
    #[track_caller]
    pub fn subscribe_to<T: SettingValue>(
        &self,
        setting: Setting<N, T>,
        handler: impl Fn(Option<&T>, &T) + Send + Sync + 'static,
    ) -> Subscription {
        self.subscribe(move |event| event.tell(setting, &handler))
    }

    /// The struct as it follows the store: [`AsyncConfig::live`], which the whole service shares.
    ///
    /// # Errors
    ///
    /// As [`ConfigView::live`](crate::ConfigView::live).
    pub async fn live(&self) -> Result<LiveView<N>> {
        self.outer.live().await.map(LiveView::new)
    }
}

impl<N: Settings> ViewChangeSet<'_, AsyncConfigView<N>, N> {
    /// Writes everything, or nothing; also where the future is dropped. No changes: no I/O.
    ///
    /// # Errors
    ///
    /// As the `apply` of a [`ChangeSet`](crate::ChangeSet).
    pub async fn apply(self) -> Result<()> {
        if self.steps.is_empty() { Ok(()) } else { self.view.outer.apply(self.steps).await }
    }
}

impl<S: Settings, C: Codec, B: AsyncBackend + 'static> AsyncOuter<S> for AsyncConfig<S, C, B> {
    fn get(&self, of: Handle<S>) -> BoxFuture<'_, Result<AnyValue>> {
        Box::pin(async move {
            let index = of.place(self.schema())?;
            if let Some(value) = self.sync.overridden(index) {
                return Ok(value);
            }
            let found = self.find_one(index).await?;
            self.front().value_in(index, &found).map_err(|e| self.front().explain_one(e, Action::Read, index))
        })
    }

    fn is_set(&self, of: Handle<S>) -> BoxFuture<'_, Result<bool>> {
        Box::pin(async move { Ok(self.find_one(of.place(self.schema())?).await?.is_any()) })
    }

    fn apply(&self, steps: Vec<ViewStep<S>>) -> BoxFuture<'_, Result<()>> {
        Box::pin(async move {
            let steps: Vec<Step> = steps.into_iter().map(|step| step.step(self.schema())).collect::<Result<_>>()?;
            Self::apply(self, &steps).await
        })
    }

    fn read_all(&self, places: Range<usize>) -> BoxFuture<'_, Result<ReadAll<S>>> {
        Box::pin(async move { Ok(Self::read_all(self).await?.of_places(self.schema(), &places)) })
    }

    fn subscribe(&self, handler: Handler<S>, at: &'static Location<'static>) -> Subscription {
        Outer::subscribe(&self.sync, handler, at)
    }

    fn live(&self) -> BoxFuture<'_, Result<Arc<dyn OuterLive<S>>>> {
        Box::pin(async move {
            let live: Arc<dyn OuterLive<S>> = Arc::new(Self::live(self).await?);
            Ok(live)
        })
    }
}

impl<N: Settings, M: Settings> AsyncOuter<M> for Deeper<N, M, dyn AsyncOuter<N>> {
    fn get(&self, of: Handle<M>) -> BoxFuture<'_, Result<AnyValue>> {
        self.outer.get(of.within(self.nested))
    }

    fn is_set(&self, of: Handle<M>) -> BoxFuture<'_, Result<bool>> {
        self.outer.is_set(of.within(self.nested))
    }

    fn apply(&self, steps: Vec<ViewStep<M>>) -> BoxFuture<'_, Result<()>> {
        self.outer.apply(steps.into_iter().map(|step| step.within(self.nested)).collect())
    }

    fn read_all(&self, places: Range<usize>) -> BoxFuture<'_, Result<ReadAll<M>>> {
        let read = self.outer.read_all(self.nested.places(&places));
        Box::pin(async move { Ok(read.await?.nested(self.nested)) })
    }

    fn subscribe(&self, handler: Handler<M>, at: &'static Location<'static>) -> Subscription {
        self.outer.subscribe(self.nested.handler(handler), at)
    }

    fn live(&self) -> BoxFuture<'_, Result<Arc<dyn OuterLive<M>>>> {
        Box::pin(async move {
            let live: Arc<dyn OuterLive<M>> = Arc::new(Deeper { outer: self.outer.live().await?, nested: self.nested });
            Ok(live)
        })
    }
}

impl<N> Clone for AsyncConfigView<N> {
    fn clone(&self) -> Self {
        Self { outer: Arc::clone(&self.outer) }
    }
}

impl<N> fmt::Debug for AsyncConfigView<N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AsyncConfigView").finish_non_exhaustive()
    }
}
