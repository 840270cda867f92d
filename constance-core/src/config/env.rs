//! A `Config` as the environment says.

use std::sync::Arc;

use crate::base;
use crate::layer::EnvVars;
use crate::{Backend, Config, ConfigBuilder, Error, ErrorKind, MessagePack, Prefix, Registry, Result, Settings};

/// What is used where `CONSTANCE_BACKEND` is not set, as upstream does.
const DEFAULT_URL: &str = "redis://127.0.0.1:6379/0";

impl<S: Settings> Config<S> {
    /// The settings in the backend that the environment names. No I/O.
    ///
    /// | variable | meaning | unset |
    /// |---|---|---|
    /// | `CONSTANCE_BACKEND` | the URL of the backend, of a scheme in `registry` | Redis on `127.0.0.1:6379/0`, if registered |
    /// | `CONSTANCE_PREFIX` | the prefix of stored keys, empty or ending in `:` or `/` | the backend's own |
    /// | `CONSTANCE_CACHE_TTL` | remembers values in the process: so many seconds, or `none`, until told | no cache |
    /// | `CONSTANCE_CACHE_BACKEND` | a cache for all processes: its URL | no cache |
    /// | `CONSTANCE_AUTOFILL` | how often that cache fills all settings together: so many seconds, or `none` | 24 hours |
    /// | `CONSTANCE_CACHE_NAMESPACE` | keeps two stores apart that share one cache | one namespace |
    /// | `CONSTANCE_BASES` | a TOML file of [base values](crate::Base), with the feature `toml` | no base values |
    /// | `CONSTANCE_BASE_<NAME>` | the base value of a setting, above the file's | its default |
    /// | `CONSTANCE_PIN_<NAME>` | [the pin](crate::Pins) of a setting | not pinned |
    ///
    /// `<NAME>` is the setting's in upper case, with `__` for `.` and `_` for `-`; one that no setting has is an error, unless
    /// the [builder](Self::builder_from_env) is given a `Base::new().ignore_unknown()`, and pins likewise.
    ///
    /// What stands for a cache needs [one in `registry`](Registry::with_cache); to set it without one is an error. The codec is
    /// [`MessagePack`]; [`builder_from_env`](Self::builder_from_env) is the way to another one.
    ///
    /// # Errors
    ///
    /// `Configuration` that names the variable and the next step. A URL, which may hold a password, is never shown.
    pub fn from_env(registry: &Registry) -> Result<Self> {
        Self::builder_from_env(registry)?.build_typed()
    }

    /// As [`from_env`](Self::from_env), before it is built: for another codec, such as the one that a Django application shares.
    ///
    /// # Errors
    ///
    /// As [`from_env`](Self::from_env).
    ///
    /// ```
    /// # #[cfg(feature = "json")]
    /// # fn config() -> constance_core::Result<()> {
    /// # use constance_core::{Config, Json, Registry, Settings};
    /// # #[derive(Debug, Clone, Settings)]
    /// # struct Shop {
    /// #     #[setting(default = 42)]
    /// #     the_answer: i64,
    /// # }
    /// let registry = Registry::new(); // .with(constance_diesel::schemes())
    /// let config = Config::<Shop>::builder_from_env(&registry)?.codec(Json::new()).build_typed()?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn builder_from_env(registry: &Registry) -> Result<ConfigBuilder<S, MessagePack, Arc<dyn Backend>>> {
        let (base, pins) = base::of_process()?;
        Ok(Self::builder_of(registry, of_process)?.base(base).pin(pins))
    }

    /// As [`from_env`](Self::from_env), with the variables from a function: for tests, and for what is kept elsewhere. It is asked for
    /// the base value and the pin of each setting, so that a variable whose name no setting has is not seen.
    ///
    /// # Errors
    ///
    /// As [`from_env`](Self::from_env), and what the function returns.
    ///
    /// ```
    /// # use constance_core::{Config, Registry, Settings};
    /// # #[derive(Debug, Clone, Settings)]
    /// # struct Shop {
    /// #     #[setting(default = 42)]
    /// #     the_answer: i64,
    /// # }
    /// let error = Config::<Shop>::from_vars(&Registry::new(), |_| Ok(None)).unwrap_err();
    /// assert_eq!(
    ///     error.to_string(),
    ///     "CONSTANCE_BACKEND is not set and Redis, the default, is not registered; \
    ///      add constance-redis and register its schemes(), or set CONSTANCE_BACKEND to the URL of another backend"
    /// );
    /// # Ok::<(), constance_core::Error>(())
    /// ```
    pub fn from_vars(registry: &Registry, var: impl Fn(&str) -> Result<Option<String>>) -> Result<Self> {
        Self::builder_from_vars(registry, var)?.build_typed()
    }

    /// As [`builder_from_env`](Self::builder_from_env), with the variables from a function.
    ///
    /// # Errors
    ///
    /// As [`from_vars`](Self::from_vars).
    ///
    /// ```
    /// # use std::sync::Arc;
    /// # use constance_core::testing::ReferenceBackend as MemoryBackend;
    /// # use constance_core::{backend::Scheme, Config, MessagePack, Registry, Settings};
    /// # #[derive(Debug, Clone, Settings)]
    /// # struct Shop {
    /// #     #[setting(default = 42)]
    /// #     the_answer: i64,
    /// # }
    /// # let schemes = [Scheme::new("memory", |_| Ok(Arc::new(MemoryBackend::new())))];
    /// let registry = Registry::new().with(schemes);
    /// let builder = Config::<Shop>::builder_from_vars(&registry, |name| {
    ///     Ok((name == "CONSTANCE_BACKEND").then(|| "memory://".to_owned()))
    /// })?;
    /// let config = builder.codec(MessagePack).build_typed()?;
    /// assert_eq!(config.get(Shop::THE_ANSWER)?, 42);
    /// # Ok::<(), constance_core::Error>(())
    /// ```
    pub fn builder_from_vars(
        registry: &Registry,
        var: impl Fn(&str) -> Result<Option<String>>,
    ) -> Result<ConfigBuilder<S, MessagePack, Arc<dyn Backend>>> {
        let (base, pins) = base::of_vars::<S>(&var)?;
        Ok(Self::builder_of(registry, var)?.base(base).pin(pins))
    }

    fn builder_of(
        registry: &Registry,
        var: impl Fn(&str) -> Result<Option<String>>,
    ) -> Result<ConfigBuilder<S, MessagePack, Arc<dyn Backend>>> {
        let backend = registry.open_within(&named_url(registry, &var)?, &EnvVars::new(&var))?;
        let builder = Self::builder(backend);
        Ok(match named_prefix(&var)? {
            Some(prefix) => builder.prefix(prefix),
            None => builder,
        })
    }
}

/// A variable of the process.
pub(crate) fn of_process(name: &str) -> Result<Option<String>> {
    match std::env::var(name) {
        Ok(value) => Ok(Some(value)),
        Err(std::env::VarError::NotPresent) => Ok(None),
        Err(std::env::VarError::NotUnicode(_)) => {
            Err(Error::new(ErrorKind::Configuration).with_detail(format!("{name} is not UTF-8")))
        }
    }
}

/// The URL of the backend that the variables name, or the default.
pub(crate) fn named_url(registry: &Registry, var: &impl Fn(&str) -> Result<Option<String>>) -> Result<String> {
    match var("CONSTANCE_BACKEND")? {
        // A variable of a deployment that was not filled in: the default would be another store.
        Some(url) if url.trim().is_empty() => Err(Error::new(ErrorKind::Configuration)
            .with_detail("CONSTANCE_BACKEND is empty")
            .with_hint("set it to the URL of a backend, or unset it for the default")),
        Some(url) => Ok(url),
        None if registry.knows("redis") => Ok(DEFAULT_URL.to_owned()),
        None => Err(Error::new(ErrorKind::Configuration)
            .with_detail("CONSTANCE_BACKEND is not set and Redis, the default, is not registered")
            .with_hint(
                "add constance-redis and register its schemes(), \
                 or set CONSTANCE_BACKEND to the URL of another backend",
            )),
    }
}

/// The prefix that the variables name; `None`: the backend's own.
pub(crate) fn named_prefix(var: &impl Fn(&str) -> Result<Option<String>>) -> Result<Option<Prefix>> {
    let Some(text) = var("CONSTANCE_PREFIX")? else { return Ok(None) };
    let prefix = Prefix::new(&text).map_err(|error| {
        let named = format!("CONSTANCE_PREFIX: {}", error.detail());
        error.with_detail(named)
    })?;
    Ok(Some(prefix))
}
