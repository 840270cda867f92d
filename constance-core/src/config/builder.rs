//! How a `Config` is made.

use std::fmt;
use std::marker::PhantomData;
use std::sync::Arc;

use super::{Config, Front, Inner, SettingKeys};
use crate::base::Layers;
use crate::codec::{LimitedCodec, MAX_VALUE_LEN};
use crate::{Backend, Base, Codec, Pins, Prefix, Result, Settings};

/// Makes a [`Config`]; from [`Config::builder`].
///
/// ```
/// use constance_core::{Config, Prefix, Settings};
/// # use constance_core::testing::ReferenceBackend as MemoryBackend;
///
/// #[derive(Clone, Settings)]
/// struct Shop {
///     #[setting(default = "My Title")]
///     site_name: String,
/// }
///
/// let config = Config::<Shop>::builder(MemoryBackend::default()).prefix(Prefix::new("shop:")?).build()?;
/// assert_eq!(config.prefix().as_str(), "shop:");
/// # Ok::<(), constance_core::Error>(())
/// ```
pub struct ConfigBuilder<S, C, B> {
    backend: B,
    codec: C,
    prefix: Option<Prefix>,
    max_value_len: usize,
    layers: Layers,
    settings: PhantomData<fn() -> S>,
}

impl<S: Settings, C: Codec, B: Backend> ConfigBuilder<S, C, B> {
    pub(super) fn new(backend: B, codec: C) -> Self {
        Self {
            backend,
            codec,
            prefix: None,
            max_value_len: MAX_VALUE_LEN,
            layers: Layers::default(),
            settings: PhantomData,
        }
    }

    /// The prefix of every stored key. Default: [the backend's own](Backend::default_prefix).
    #[must_use]
    pub fn prefix(mut self, prefix: Prefix) -> Self {
        self.prefix = Some(prefix);
        self
    }

    /// The codec. Default: [`MessagePack`](crate::MessagePack).
    #[must_use]
    pub fn codec<D: Codec>(self, codec: D) -> ConfigBuilder<S, D, B> {
        let Self { backend, codec: _, prefix, max_value_len, layers, settings } = self;
        ConfigBuilder { backend, codec, prefix, max_value_len, layers, settings }
    }

    /// How many bytes a stored value may take. Default: 1 MiB.
    ///
    /// A longer one is `Invalid` at the write. Where one is stored nevertheless, it is a `Decode` error and is not looked at:
    /// what is decoded takes many times its length in memory.
    #[must_use]
    pub fn max_value_len(mut self, bytes: usize) -> Self {
        self.max_value_len = bytes;
        self
    }

    /// Adds values that stand in the place of defaults: see [`Base`]. Default: none; those added later count.
    #[must_use]
    pub fn base(mut self, base: Base) -> Self {
        self.layers.add_base(base);
        self
    }

    /// Adds values that this process does not let be changed: see [`Pins`]. Default: none; those added later count.
    #[must_use]
    pub fn pin(mut self, pins: Pins) -> Self {
        self.layers.add_pins(pins);
        self
    }

    #[cfg(feature = "tokio")]
    pub(crate) fn map_backend<D: Backend>(self, map: impl FnOnce(B) -> D) -> ConfigBuilder<S, C, D> {
        let Self { backend, codec, prefix, max_value_len, layers, settings } = self;
        ConfigBuilder { backend: map(backend), codec, prefix, max_value_len, layers, settings }
    }

    /// A `Config` that holds any backend. No I/O.
    ///
    /// # Errors
    ///
    /// `Configuration` where a stored key would be longer than 255 bytes, the declaration of `S` contradicts itself, a base value
    /// or a pin names no setting or breaks its rules (all of them are named), or every write of a setting would be beyond the [limits](crate::backend::Capability::max_expectations) of the backend.
    pub fn build(self) -> Result<Config<S, C>>
    where
        B: 'static,
    {
        let Self { backend, codec, prefix, max_value_len, layers, settings } = self;
        let backend: Arc<dyn Backend> = Arc::new(backend);
        ConfigBuilder { backend, codec, prefix, max_value_len, layers, settings }.build_typed()
    }

    /// A `Config` that holds its backend by type, which spares a read the indirection, or by reference. No I/O.
    ///
    /// # Errors
    ///
    /// As [`build`](Self::build).
    pub fn build_typed(self) -> Result<Config<S, C, B>> {
        let Self { backend, codec, prefix, max_value_len, layers, settings: _ } = self;
        let prefix = prefix.unwrap_or_else(|| backend.default_prefix());
        let codec = LimitedCodec::new(codec, max_value_len);
        let front = Front::new(codec, prefix, layers, backend.name(), backend.capability())?;
        let all: Vec<_> = front.keys.iter().flat_map(SettingKeys::all).cloned().collect();
        backend.declare(&all);
        Ok(Config { inner: Arc::new(Inner { front, backend }), scope: None })
    }
}

impl<S, C: fmt::Debug, B: fmt::Debug> fmt::Debug for ConfigBuilder<S, C, B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { backend, codec, prefix, max_value_len, layers, settings: _ } = self;
        f.debug_struct("ConfigBuilder")
            .field("backend", backend)
            .field("codec", codec)
            .field("prefix", prefix)
            .field("max_value_len", max_value_len)
            .field("layers", layers)
            .finish()
    }
}
