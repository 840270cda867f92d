//! The settings of a module, over the `Config` of the whole service.

mod change_set;
mod live;
mod outer;

use std::fmt;
use std::panic::Location;
use std::sync::Arc;

pub use self::change_set::ViewChangeSet;
pub(crate) use self::live::OuterLive;
pub use self::live::{LiveView, LiveViewGuard};
pub(crate) use self::outer::{Deeper, Handle, Outer, ViewStep};
use crate::config::{Goal, MAX_TRIES, back_off};
use crate::{
    Backend, Codec, Config, Error, ErrorKind, Event, Nested, ReadAll, Result, Setting, SettingValue, Settings,
    Subscription,
};

/// The settings of one module, in the store of the whole service; from [`Config::nested`]. The module knows its own struct `N`
/// alone, and neither the one around it nor the backend.
///
/// Cloning is cheap. Handles, events and values are those of `N`; errors and tools have the whole name, `mail.host`.
///
/// ```
/// use constance_core::{Config, ConfigView, Result, Settings};
/// # use constance_core::testing::ReferenceBackend as MemoryBackend;
///
/// #[derive(Clone, Settings)]
/// struct Shop {
///     #[setting(nested)]
///     mail: Mail,
/// }
///
/// #[derive(Clone, Settings)]
/// struct Mail {
///     #[setting(default = "localhost")]
///     host: String,
/// }
///
/// fn move_to(config: &ConfigView<Mail>, host: &str) -> Result<()> {
///     config.set(Mail::HOST, host.to_owned())
/// }
///
/// let config = Config::<Shop>::new(MemoryBackend::default());
/// move_to(&config.nested(Shop::MAIL), "mail.example.org")?;
/// assert_eq!(config.snapshot()?.mail.host, "mail.example.org");
///
/// // A test of the module needs no service around it.
/// move_to(&Config::<Mail>::new(MemoryBackend::default()).view(), "localhost")?;
/// # Ok::<(), constance_core::Error>(())
/// ```
pub struct ConfigView<N> {
    outer: Arc<dyn Outer<N>>,
}

impl<S: Settings, C: Codec, B: Backend + 'static> Config<S, C, B> {
    /// The settings of a nested struct by themselves, for the module that they are of. No I/O. It is subject to the same overrides.
    #[must_use]
    pub fn nested<N: Settings>(&self, nested: Nested<S, N>) -> ConfigView<N> {
        self.view().nested(nested)
    }

    /// All settings as a [`ConfigView`], for code that takes one. No I/O.
    #[must_use]
    pub fn view(&self) -> ConfigView<S> {
        ConfigView { outer: Arc::new(self.clone()) }
    }
}

impl<N: Settings> ConfigView<N> {
    /// The settings of a struct that is nested in this one.
    #[must_use]
    pub fn nested<M: Settings>(&self, nested: Nested<N, M>) -> ConfigView<M> {
        ConfigView { outer: Arc::new(Deeper { outer: Arc::clone(&self.outer), nested }) }
    }

    /// As [`Config::get`].
    ///
    /// # Errors
    ///
    /// As [`Config::get`].
    pub fn get<T: SettingValue>(&self, setting: Setting<N, T>) -> Result<T> {
        typed(setting, self.outer.get(Handle::of(setting))?)
    }

    /// As [`Config::is_set`].
    ///
    /// # Errors
    ///
    /// As [`Config::is_set`].
    pub fn is_set<T: SettingValue>(&self, setting: Setting<N, T>) -> Result<bool> {
        self.outer.is_set(Handle::of(setting))
    }

    /// As [`Config::set`].
    ///
    /// # Errors
    ///
    /// As [`Config::set`].
    pub fn set<T: SettingValue>(&self, setting: Setting<N, T>, value: T) -> Result<()> {
        self.outer.apply(vec![ViewStep::to(setting, Goal::Set(Arc::new(value)))])
    }

    /// As [`Config::reset`].
    ///
    /// # Errors
    ///
    /// As [`Config::reset`].
    pub fn reset<T: SettingValue>(&self, setting: Setting<N, T>) -> Result<()> {
        self.outer.apply(vec![ViewStep::to(setting, Goal::Reset)])
    }

    /// As [`Config::compare_and_set`].
    ///
    /// # Errors
    ///
    /// As [`Config::compare_and_set`].
    pub fn compare_and_set<T: SettingValue>(&self, setting: Setting<N, T>, expected: T, new: T) -> Result<()> {
        self.outer.apply(vec![ViewStep::from_to(setting, expected, new)])
    }

    /// As [`Config::update`].
    ///
    /// # Errors
    ///
    /// As [`Config::update`].
    pub fn update<T: SettingValue>(&self, setting: Setting<N, T>, mut change: impl FnMut(T) -> T) -> Result<T> {
        let mut tries = 0;
        loop {
            let old = self.get(setting)?;
            let new = change(old.clone());
            tries += 1;
            match self.compare_and_set(setting, old, new.clone()) {
                Ok(()) => return Ok(new),
                Err(error) if error.kind() == ErrorKind::Conflict && tries < MAX_TRIES => back_off(tries),
                Err(error) => return Err(error),
            }
        }
    }

    /// Begins a set of changes that is applied as a whole or not at all.
    pub fn change(&self) -> ViewChangeSet<'_, Self, N> {
        ViewChangeSet::new(self)
    }

    /// The struct, strict as [`Config::snapshot`], but for its own settings alone. One round trip, which reads all settings.
    ///
    /// # Errors
    ///
    /// Where the store could not be asked, and one error that names every setting of this struct that is unreadable or of a
    /// broken rule.
    pub fn snapshot(&self) -> Result<N> {
        self.read_all()?.strict()
    }

    /// The struct as far as it can be read. One round trip, which reads all settings.
    ///
    /// # Errors
    ///
    /// Where the store could not be asked.
    pub fn read_all(&self) -> Result<ReadAll<N>> {
        self.outer.read_all(0..usize::MAX)
    }

    /// As [`Config::subscribe`], for changes of these settings alone. Their names are those in `N`.
    #[track_caller]
    pub fn subscribe(&self, handler: impl Fn(&Event<N>) + Send + Sync + 'static) -> Subscription {
        self.outer.subscribe(Arc::new(handler), Location::caller())
    }

    /// As [`Config::subscribe_to`].
    #[track_caller]
    pub fn subscribe_to<T: SettingValue>(
        &self,
        setting: Setting<N, T>,
        handler: impl Fn(Option<&T>, &T) + Send + Sync + 'static,
    ) -> Subscription {
        self.subscribe(move |event| event.tell(setting, &handler))
    }

    /// The struct as it follows the store: [`Config::live`], which the whole service shares.
    ///
    /// # Errors
    ///
    /// As [`Config::live`]: also for what is not of this struct. The service calls that first, with its options.
    pub fn live(&self) -> Result<LiveView<N>> {
        self.outer.live().map(LiveView::new)
    }
}

/// The value of a type that its handle has been seen to have.
pub(crate) fn typed<N, T: SettingValue>(setting: Setting<N, T>, value: crate::field::AnyValue) -> Result<T> {
    let typed = value.downcast::<T>().map(Arc::unwrap_or_clone);
    typed.map_err(|_| Error::new(ErrorKind::UnknownSetting).with_setting(setting.name()))
}

impl<N> Clone for ConfigView<N> {
    fn clone(&self) -> Self {
        Self { outer: Arc::clone(&self.outer) }
    }
}

impl<N> fmt::Debug for ConfigView<N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ConfigView").finish_non_exhaustive()
    }
}
