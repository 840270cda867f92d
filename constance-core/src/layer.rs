//! What the environment puts around a backend.

use std::fmt;
use std::sync::Arc;

use crate::{Backend, Error, ErrorKind, Result};

/// A wrapper that an environment variable puts around the backend, such as a cache, from a wrapper crate's `from_env()`: for
/// [`Registry::with_cache`](crate::Registry::with_cache).
///
/// ```
/// use constance_core::testing::FaultyBackend;
/// use constance_core::{backend::Scheme, Config, Layer, Registry, Settings};
/// # use std::sync::Arc;
/// # use constance_core::testing::ReferenceBackend;
/// # #[derive(Debug, Clone, Settings)]
/// # struct Shop {
/// #     #[setting(default = 42)]
/// #     the_answer: i64,
/// # }
/// # let schemes = [Scheme::new("memory", |_| Ok(Arc::new(ReferenceBackend::new())))];
///
/// let counting = Layer::new("SHOP_COUNTING", |value, backend, _vars| {
///     Ok(if value == "yes" { Arc::new(FaultyBackend::new(backend)) } else { backend })
/// });
/// let registry = Registry::new().with(schemes).with_cache([counting]);
/// let config = Config::<Shop>::from_vars(&registry, |name| {
///     Ok(match name {
///         "CONSTANCE_BACKEND" => Some("memory://".to_owned()),
///         "SHOP_COUNTING" => Some("yes".to_owned()),
///         _ => None,
///     })
/// })?;
/// assert!(format!("{:?}", config.backend()).starts_with("FaultyBackend"));
/// # Ok::<(), constance_core::Error>(())
/// ```
pub struct Layer {
    variable: &'static str,
    also_reads: &'static [&'static str],
    wrap: Box<Wrap>,
    #[cfg(feature = "tokio")]
    pub(crate) wrap_async: Option<Box<AsyncWrap>>,
}

type Wrap = dyn Fn(&str, Arc<dyn Backend>, &EnvVars<'_>) -> Result<Arc<dyn Backend>> + Send + Sync;

#[cfg(feature = "tokio")]
/// Wraps an asynchronous backend as the value of a variable says.
type AsyncWrap = dyn Fn(&str, Arc<dyn crate::backend::AsyncBackend>, &EnvVars<'_>) -> Result<Arc<dyn crate::backend::AsyncBackend>>
    + Send
    + Sync;

/// The environment variables that a [`Layer`] may look at.
#[derive(Clone, Copy)]
pub struct EnvVars<'a>(&'a dyn Fn(&str) -> Result<Option<String>>);

/// The variables that a cache of this project's reads, for the next step in a message.
const KNOWN: [&str; 3] = ["CONSTANCE_CACHE_BACKEND", "CONSTANCE_AUTOFILL", "CONSTANCE_CACHE_TTL"];

impl Layer {
    /// A variable, and the function that wraps a backend as its value says. Without the variable, or where it is empty, the
    /// backend stays as it is.
    ///
    /// The function does no I/O, and its errors do not show the value, which may be a URL with a password.
    pub fn new<F>(variable: &'static str, wrap: F) -> Self
    where
        F: Fn(&str, Arc<dyn Backend>, &EnvVars<'_>) -> Result<Arc<dyn Backend>> + Send + Sync + 'static,
    {
        Self {
            variable,
            also_reads: &[],
            wrap: Box::new(wrap),
            #[cfg(feature = "tokio")]
            wrap_async: None,
        }
    }

    /// Names the other variables that the function looks at. Default: none.
    #[must_use]
    pub fn also_reading(mut self, variables: &'static [&'static str]) -> Self {
        self.also_reads = variables;
        self
    }

    /// The variable's name.
    #[must_use]
    pub fn variable(&self) -> &'static str {
        self.variable
    }

    fn reads(&self, variable: &str) -> bool {
        self.variable == variable || self.also_reads.contains(&variable)
    }

    /// The backend within this layer.
    pub(crate) fn wrapped(
        &self,
        value: &str,
        backend: Arc<dyn Backend>,
        vars: &EnvVars<'_>,
    ) -> Result<Arc<dyn Backend>> {
        (self.wrap)(value, backend, vars).map_err(|error| self.named(error))
    }

    /// What a layer says, with its variable.
    pub(crate) fn named(&self, error: Error) -> Error {
        let named = format!("{}: {}", self.variable, error.detail());
        error.with_detail(named)
    }
}

impl<'a> EnvVars<'a> {
    pub(crate) fn new(var: &'a dyn Fn(&str) -> Result<Option<String>>) -> Self {
        Self(var)
    }

    /// The value of a variable; `None` where it is not set, or empty.
    ///
    /// # Errors
    ///
    /// Where it is no text.
    pub fn get(&self, name: &str) -> Result<Option<String>> {
        Ok((self.0)(name)?.filter(|value| !value.is_empty()))
    }
}

/// The layers that the variables ask for, with their values.
pub(crate) fn asked<'l>(layers: &'l [Layer], vars: &EnvVars<'_>) -> Result<Vec<(&'l Layer, String)>> {
    for variable in KNOWN.into_iter().filter(|variable| !layers.iter().any(|layer| layer.reads(variable))) {
        if vars.get(variable)?.is_some() {
            // Silence would be a service without the cache that somebody believes it has.
            return Err(Error::new(ErrorKind::Configuration)
                .with_detail(format!("{variable} is set, and no cache is registered"))
                .with_hint("add constance-cache and register its from_env() by Registry::with_cache, or unset it"));
        }
    }
    let values = layers.iter().map(|layer| Ok(vars.get(layer.variable)?.map(|value| (layer, value))));
    values.filter_map(Result::transpose).collect()
}

impl fmt::Debug for Layer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { variable, also_reads, .. } = self;
        f.debug_struct("Layer").field("variable", variable).field("also_reads", also_reads).finish_non_exhaustive()
    }
}

/// Their values are nobody's business.
impl fmt::Debug for EnvVars<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("EnvVars")
    }
}
