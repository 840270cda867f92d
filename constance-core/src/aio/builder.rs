//! How an `AsyncConfig` is made.

use std::fmt;
use std::sync::Arc;

use super::{AsyncBackend, AsyncConfig, BlockOn};
use crate::{Base, Codec, ConfigBuilder, MessagePack, Pins, Prefix, Result, Settings};

/// Makes an [`AsyncConfig`]; from [`AsyncConfig::builder`].
///
/// ```
/// use constance_core::aio::{AsyncConfig, Blocking};
/// use constance_core::{Prefix, Settings};
/// # use constance_core::testing::ReferenceBackend as SomeBackend;
///
/// #[derive(Clone, Settings)]
/// struct Shop {
///     #[setting(default = "My Title")]
///     site_name: String,
/// }
///
/// let backend = Blocking::new(SomeBackend::new());
/// let config = AsyncConfig::<Shop>::builder(backend).prefix(Prefix::new("shop:")?).build()?;
/// assert_eq!(config.prefix().as_str(), "shop:");
/// # Ok::<(), constance_core::Error>(())
/// ```
pub struct AsyncConfigBuilder<S, C, B> {
    sync: ConfigBuilder<S, C, BlockOn<B>>,
}

impl<S: Settings, B: AsyncBackend> AsyncConfigBuilder<S, MessagePack, B> {
    pub(super) fn new(backend: B) -> Self {
        Self { sync: crate::Config::<S>::builder(BlockOn::without_runtime(backend)) }
    }
}

impl<S: Settings, C: Codec, B: AsyncBackend> AsyncConfigBuilder<S, C, B> {
    /// The prefix of every stored key. Default: [the backend's own](AsyncBackend::default_prefix).
    #[must_use]
    pub fn prefix(self, prefix: Prefix) -> Self {
        Self { sync: self.sync.prefix(prefix) }
    }

    /// The codec. Default: [`MessagePack`].
    #[must_use]
    pub fn codec<D: Codec>(self, codec: D) -> AsyncConfigBuilder<S, D, B> {
        AsyncConfigBuilder { sync: self.sync.codec(codec) }
    }

    /// How many bytes a stored value may take: as [`ConfigBuilder::max_value_len`]. Default: 1 MiB.
    #[must_use]
    pub fn max_value_len(self, bytes: usize) -> Self {
        Self { sync: self.sync.max_value_len(bytes) }
    }

    /// Adds values that stand in the place of defaults: see [`Base`]. Default: none; those added later count.
    #[must_use]
    pub fn base(self, base: Base) -> Self {
        Self { sync: self.sync.base(base) }
    }

    /// Adds values that this process does not let be changed: see [`Pins`]. Default: none; those added later count.
    #[must_use]
    pub fn pin(self, pins: Pins) -> Self {
        Self { sync: self.sync.pin(pins) }
    }

    /// An `AsyncConfig` that holds any backend. No I/O.
    ///
    /// # Errors
    ///
    /// As [`ConfigBuilder::build`].
    pub fn build(self) -> Result<AsyncConfig<S, C>>
    where
        B: 'static,
    {
        let erased = |backend: BlockOn<B>| -> BlockOn<Arc<dyn AsyncBackend>> {
            BlockOn::without_runtime(Arc::new(backend.into_inner()))
        };
        Ok(AsyncConfig { sync: self.sync.map_backend(erased).build_typed()? })
    }

    /// An `AsyncConfig` that holds its backend by type, or by reference. No I/O.
    ///
    /// # Errors
    ///
    /// As [`build`](Self::build).
    pub fn build_typed(self) -> Result<AsyncConfig<S, C, B>> {
        Ok(AsyncConfig { sync: self.sync.build_typed()? })
    }
}

impl<S, C: fmt::Debug, B: fmt::Debug> fmt::Debug for AsyncConfigBuilder<S, C, B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("AsyncConfigBuilder").field(&self.sync).finish()
    }
}
