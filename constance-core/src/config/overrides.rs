//! Other values for the length of a test.

use std::fmt;
use std::ops::Deref;
use std::sync::Arc;

use super::Config;
#[cfg(feature = "tokio")]
use crate::field::AnyValue;
use crate::overrides::{OverrideGuard, Scope};
use crate::{Backend, Codec, Result, Setting, SettingValue, Settings};

/// A handle of a [`Config`] whose settings can be overridden, for tests; from [`Config::overrides`].
///
/// An override is seen by this handle, by the clones of its [`config`](Self::config), and by their
/// [`live`](Config::live), in whatever thread; never by another handle of the same `Config`, so tests that run in parallel
/// over one `Config` do not see each other's. It is never stored. It ends when its guard is dropped.
///
/// While it is in force, this handle refuses to write the setting, or to expect a value of it, with
/// [`Overridden`](crate::ErrorKind::Overridden): the value that it shows is not in the store. A rule across settings is held
/// against what is stored when another setting is written.
///
/// ```
/// # use constance_core::{Config, Settings};
/// # use constance_core::testing::ReferenceBackend as MemoryBackend;
/// # #[derive(Clone, Settings)]
/// # struct Shop {
/// #     #[setting(default = 42)]
/// #     the_answer: i64,
/// # }
/// # let shared = Config::<Shop>::new(MemoryBackend::default());
/// let test = shared.overrides();
/// let config = test.config().clone(); // what the code under test is given
/// let live = config.live()?;
/// {
///     let _seven = test.set(Shop::THE_ANSWER, 7)?;
///     assert_eq!(config.get(Shop::THE_ANSWER)?, 7);
///     assert_eq!(live.load().the_answer, 7);
///     test.with(Shop::THE_ANSWER, 8, || assert_eq!(live.load().the_answer, 8))?;
///     assert_eq!(shared.get(Shop::THE_ANSWER)?, 42);
/// }
/// assert_eq!(live.load().the_answer, 42);
/// # Ok::<(), constance_core::Error>(())
/// ```
pub struct Overrides<S, C, B> {
    config: Config<S, C, B>,
    scope: Arc<Scope>,
}

impl<S: Settings, C: Codec, B: Backend> Config<S, C, B> {
    /// A handle on the same store whose settings can be overridden, for tests: [`Overrides`].
    ///
    /// From a handle that is subject to overrides already, those are seen too, below its own.
    #[must_use]
    pub fn overrides(&self) -> Overrides<S, C, B> {
        let scope = Arc::new(Scope::new(self.scope.clone()));
        Overrides { config: Config { inner: Arc::clone(&self.inner), scope: Some(Arc::clone(&scope)) }, scope }
    }
}

impl<S: Settings, C: Codec, B: Backend> Overrides<S, C, B> {
    /// The `Config` to give to the code under test.
    #[must_use]
    pub fn config(&self) -> &Config<S, C, B> {
        &self.config
    }

    /// Overrides a setting until the guard is dropped.
    ///
    /// # Errors
    ///
    /// `Invalid` where a rule of the setting refuses the value. Rules across settings are held on reading, since another
    /// override may be needed to keep to one: where they are broken, `snapshot` is an error, and `live()` gives their settings
    /// without overrides and says so in its status.
    pub fn set<T: SettingValue>(&self, setting: Setting<S, T>, value: T) -> Result<OverrideGuard> {
        self.config.inner.schema.typed(setting)?.check(&value)?;
        Ok(OverrideGuard::new(&self.scope, setting.index(), Arc::new(value)))
    }

    /// Overrides a setting for the length of a closure.
    ///
    /// # Errors
    ///
    /// As [`set`](Self::set); the closure is not called then.
    pub fn with<T: SettingValue, R>(&self, setting: Setting<S, T>, value: T, run: impl FnOnce() -> R) -> Result<R> {
        let _guard = self.set(setting, value)?;
        Ok(run())
    }
}

/// The `Config` under the overrides.
impl<S, C, B> Deref for Overrides<S, C, B> {
    type Target = Config<S, C, B>;

    fn deref(&self) -> &Config<S, C, B> {
        &self.config
    }
}

#[cfg(feature = "tokio")]
impl<S: Settings, C: Codec, B: Backend> Config<S, C, B> {
    /// The override in force of a setting.
    pub(crate) fn overridden(&self, index: usize) -> Option<AnyValue> {
        self.scope.as_ref().and_then(|scope| scope.find(index))
    }

    pub(crate) fn all_overridden(&self) -> Vec<(usize, AnyValue)> {
        self.scope.as_ref().map_or_else(Vec::new, |scope| scope.all())
    }
}

impl<S, C, B: Backend> fmt::Debug for Overrides<S, C, B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { config, scope: _ } = self;
        f.debug_struct("Overrides").field("config", config).finish_non_exhaustive()
    }
}
