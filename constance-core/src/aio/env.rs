//! An `AsyncConfig` as the environment says.

use std::sync::Arc;

use super::{AsyncBackend, AsyncConfig, AsyncConfigBuilder};
use crate::base;
use crate::config::{named_prefix, named_url, of_process};
use crate::layer::EnvVars;
use crate::{MessagePack, Registry, Result, Settings};

impl<S: Settings> AsyncConfig<S> {
    /// The settings in the backend that the environment names: the variables and their meaning are those of
    /// [`Config::from_env`](crate::Config::from_env), and so is what comes of them. No I/O.
    ///
    /// Where the scheme has an [asynchronous backend](crate::backend::Scheme::with_async), it is that. Otherwise the synchronous one runs
    /// on tokio's blocking threads: see [`Blocking`](super::Blocking). A cache in the process answers in the task that asks.
    ///
    /// ```
    /// use constance_core::aio::AsyncConfig;
    /// use constance_core::{Registry, Settings};
    ///
    /// #[derive(Clone, Settings)]
    /// struct Shop {
    ///     #[setting(default = 20)]
    ///     page_size: u32,
    /// }
    ///
    /// # use std::sync::Arc;
    /// # let schemes = [constance_core::backend::Scheme::new("redis", |_| Ok(Arc::new(constance_core::testing::ReferenceBackend::new())))];
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn serve(registry: Registry) -> constance_core::Result<()> {
    /// let config = AsyncConfig::<Shop>::from_env(&registry)?;
    /// assert_eq!(config.get(Shop::PAGE_SIZE).await?, 20);
    /// # Ok(())
    /// # }
    /// # // With the variables of the process that runs the tests it could be another backend.
    /// # if std::env::var_os("CONSTANCE_BACKEND").is_none() {
    /// #     serve(Registry::new().with(schemes))?;
    /// # }
    /// # Ok::<(), constance_core::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// As [`Config::from_env`](crate::Config::from_env).
    pub fn from_env(registry: &Registry) -> Result<Self> {
        Self::builder_from_env(registry)?.build_typed()
    }

    /// As [`from_env`](Self::from_env), before it is built: for another codec.
    ///
    /// # Errors
    ///
    /// As [`from_env`](Self::from_env).
    pub fn builder_from_env(registry: &Registry) -> Result<AsyncConfigBuilder<S, MessagePack, Arc<dyn AsyncBackend>>> {
        let (base, pins) = base::of_process()?;
        Ok(Self::builder_of(registry, of_process)?.base(base).pin(pins))
    }

    /// As [`from_env`](Self::from_env), with the variables from a function: for tests, and for what is kept elsewhere.
    ///
    /// # Errors
    ///
    /// As [`from_env`](Self::from_env), and what the function returns.
    pub fn from_vars(registry: &Registry, var: impl Fn(&str) -> Result<Option<String>>) -> Result<Self> {
        Self::builder_from_vars(registry, var)?.build_typed()
    }

    /// As [`builder_from_env`](Self::builder_from_env), with the variables from a function.
    ///
    /// # Errors
    ///
    /// As [`from_vars`](Self::from_vars).
    pub fn builder_from_vars(
        registry: &Registry,
        var: impl Fn(&str) -> Result<Option<String>>,
    ) -> Result<AsyncConfigBuilder<S, MessagePack, Arc<dyn AsyncBackend>>> {
        let (base, pins) = base::of_vars::<S>(&var)?;
        Ok(Self::builder_of(registry, var)?.base(base).pin(pins))
    }

    fn builder_of(
        registry: &Registry,
        var: impl Fn(&str) -> Result<Option<String>>,
    ) -> Result<AsyncConfigBuilder<S, MessagePack, Arc<dyn AsyncBackend>>> {
        let backend = registry.open_async_within(&named_url(registry, &var)?, &EnvVars::new(&var))?;
        let builder = Self::builder(backend);
        Ok(match named_prefix(&var)? {
            Some(prefix) => builder.prefix(prefix),
            None => builder,
        })
    }
}
