//! Other values for the length of a test.

use std::fmt;
use std::ops::Deref;

use super::{AsyncBackend, AsyncConfig, BlockOn};
use crate::{Codec, OverrideGuard, Overrides, Result, Setting, SettingValue, Settings};

/// A handle of an [`AsyncConfig`] whose settings can be overridden, for tests; from [`AsyncConfig::overrides`]. As
/// [`Overrides`].
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
/// # let shared = AsyncConfig::<Shop>::new(Blocking::new(SomeBackend::new()));
/// let test = shared.overrides();
/// let config = test.config().clone(); // what the code under test is given
/// let _seven = test.set(Shop::THE_ANSWER, 7)?;
/// assert_eq!(config.get(Shop::THE_ANSWER).await?, 7);
/// assert_eq!(shared.get(Shop::THE_ANSWER).await?, 42);
/// # Ok(())
/// # }
/// ```
pub struct AsyncOverrides<S, C, B> {
    sync: Overrides<S, C, BlockOn<B>>,
    config: AsyncConfig<S, C, B>,
}

impl<S: Settings, C: Codec, B: AsyncBackend> AsyncConfig<S, C, B> {
    /// A handle on the same store whose settings can be overridden, for tests: [`AsyncOverrides`].
    ///
    /// From a handle that is subject to overrides already, those are seen too, below its own.
    #[must_use]
    pub fn overrides(&self) -> AsyncOverrides<S, C, B> {
        let sync = self.sync.overrides();
        let config = AsyncConfig { sync: sync.config().clone() };
        AsyncOverrides { sync, config }
    }
}

impl<S: Settings, C: Codec, B: AsyncBackend> AsyncOverrides<S, C, B> {
    /// The `AsyncConfig` to give to the code under test.
    #[must_use]
    pub fn config(&self) -> &AsyncConfig<S, C, B> {
        &self.config
    }

    /// Overrides a setting until the guard is dropped. No I/O.
    ///
    /// # Errors
    ///
    /// As [`Overrides::set`].
    pub fn set<T: SettingValue>(&self, setting: Setting<S, T>, value: T) -> Result<OverrideGuard> {
        self.sync.set(setting, value)
    }
}

/// The `AsyncConfig` under the overrides.
impl<S, C, B> Deref for AsyncOverrides<S, C, B> {
    type Target = AsyncConfig<S, C, B>;

    fn deref(&self) -> &AsyncConfig<S, C, B> {
        &self.config
    }
}

impl<S, C, B> fmt::Debug for AsyncOverrides<S, C, B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { sync: _, config } = self;
        f.debug_struct("AsyncOverrides").field("config", config).finish_non_exhaustive()
    }
}
