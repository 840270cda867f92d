//! Values that a deployment gives: bases in the place of defaults, and pins above what is stored.

mod applied;
mod collected;
mod pins;
mod source;
#[cfg(feature = "toml")]
mod toml_file;
mod variables;

use std::fmt;
#[cfg(feature = "toml")]
use std::path::Path;

use serde::Serialize;

pub(crate) use self::applied::Layers;
pub(crate) use self::collected::Collected;
pub use self::pins::Pins;
pub use self::source::Source;
pub(crate) use self::variables::{of_process, of_vars};
use crate::Result;

/// Values that stand in the place of defaults: what a deployment sets and an operator may change.
///
/// `default in code < base < stored < pinned`. A base value is what a setting has while nothing is stored, everywhere: for
/// `get`, `snapshot`, `live()`, rules across settings, `compare_and_set`, and after a `reset`. It costs a read nothing, since it
/// is put into the schema when the [`Config`](crate::Config) is built.
///
/// What is added later counts: a file, then the environment. Every value is held to the rules of its setting when the `Config`
/// is built. Processes with different bases see different values in force.
///
/// ```
/// use constance_core::{Base, Config, Settings, Source};
/// # use constance_core::testing::ReferenceBackend as MemoryBackend;
///
/// #[derive(Clone, Settings)]
/// struct Shop {
///     #[setting(default = 42, min = 0)]
///     the_answer: i64,
/// }
///
/// // Base::new().env("SHOP_BASE_") reads the process's own.
/// let base = Base::new().variables("SHOP_BASE_", [("SHOP_BASE_THE_ANSWER", "43")]);
/// let config = Config::<Shop>::builder(MemoryBackend::default()).base(base).build()?;
/// assert_eq!(config.get(Shop::THE_ANSWER)?, 43);
/// config.set(Shop::THE_ANSWER, 44)?;
/// config.reset(Shop::THE_ANSWER)?;
/// assert_eq!(config.get(Shop::THE_ANSWER)?, 43);
/// assert_eq!(config.entry("the_answer")?.source, Source::Env("SHOP_BASE_THE_ANSWER".into()));
/// # Ok::<(), constance_core::Error>(())
/// ```
#[must_use = "give it to the builder of a `Config`"]
#[derive(Clone, Default)]
pub struct Base {
    values: Collected,
}

impl Base {
    /// No values.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds the process's environment variables whose names begin with `prefix`, each in its setting's text form: with the prefix
    /// `SHOP_BASE_`, `SHOP_BASE_THE_ANSWER=43` is the base of `the_answer`.
    ///
    /// A name is in upper case, with `__` for `.` and `_` for `-`. Take a prefix that nothing else fills: a container platform
    /// may set `SHOP_PORT` by itself.
    pub fn env(mut self, prefix: &str) -> Self {
        self.values.env(prefix);
        self
    }

    /// As [`env`](Self::env), from these variables: for tests, and for what is kept elsewhere.
    pub fn variables<N, V>(mut self, prefix: &str, variables: impl IntoIterator<Item = (N, V)>) -> Self
    where
        N: Into<String>,
        V: Into<String>,
    {
        self.values.variables(prefix, variables.into_iter().map(|(name, value)| (name.into(), value.into())));
        self
    }

    /// Adds one value by name and text.
    pub fn text(mut self, name: &str, text: impl Into<String>) -> Self {
        self.values.text(name, text.into());
        self
    }

    /// Adds a map or a struct of values, such as what another loader of configuration has read. Maps within it are settings with
    /// a dot in their names, `mail.host`, unless the setting is a map itself. A null is no value, nor is a float that JSON does
    /// not have.
    ///
    /// ```
    /// # use constance_core::{Base, Config, Settings, Source};
    /// # use constance_core::testing::ReferenceBackend as MemoryBackend;
    /// # #[derive(Clone, Settings)]
    /// # struct Shop {
    /// #     #[setting(default = 42, min = 0)]
    /// #     the_answer: i64,
    /// # }
    /// #[derive(serde::Serialize)]
    /// struct Deployment {
    ///     the_answer: i64,
    /// }
    ///
    /// let base = Base::new().values(&Deployment { the_answer: 43 })?;
    /// let config = Config::<Shop>::builder(MemoryBackend::default()).base(base).build()?;
    /// assert_eq!(config.entry("the_answer")?.source, Source::Code);
    /// # Ok::<(), constance_core::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// `Configuration` where it is no map, or serde cannot write it.
    pub fn values<T: Serialize + ?Sized>(mut self, values: &T) -> Result<Self> {
        self.values.serialized(values)?;
        Ok(self)
    }

    /// Adds the values of a TOML file. A table is the settings with its name and a dot before theirs, unless the setting is a map
    /// itself.
    ///
    /// # Errors
    ///
    /// `Configuration` where the file cannot be read or is no TOML: it names the file and the line, and never shows the line.
    #[cfg(feature = "toml")]
    #[cfg_attr(docsrs, doc(cfg(feature = "toml")))]
    pub fn toml_file(mut self, path: impl AsRef<Path>) -> Result<Self> {
        toml_file::read(path.as_ref(), &mut self.values)?;
        Ok(self)
    }

    /// Passes over names that no setting has, instead of refusing to build: a typo is silent then.
    pub fn ignore_unknown(mut self) -> Self {
        self.values.ignore_unknown();
        self
    }

    pub(crate) fn into_collected(self) -> Collected {
        self.values
    }
}

impl fmt::Debug for Base {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Base").field(&self.values).finish()
    }
}
