//! Opening a backend by its URL.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use crate::layer::{EnvVars, Layer, asked};
use crate::url::{is_scheme, normalize};
use crate::{Backend, Error, ErrorKind, Result};

/// The backends that a URL may name. The application registers those that it depends on.
///
/// ```
/// use constance_core::Registry;
///
/// let registry = Registry::new(); // .with(constance_memory::schemes()).with(constance_redis::schemes())
/// let error = registry.open("redis://127.0.0.1:6379/0").unwrap_err();
/// assert!(error.to_string().contains("constance-redis"), "{error}");
/// ```
#[derive(Default)]
pub struct Registry {
    schemes: BTreeMap<&'static str, Scheme>,
    /// The innermost first.
    layers: Vec<Layer>,
}

/// A URL scheme with the function that makes its backend, from the `schemes()` of a backend crate.
pub struct Scheme {
    name: &'static str,
    pub(crate) open: Box<Opener>,
    #[cfg(feature = "tokio")]
    pub(crate) open_async: Option<Box<AsyncOpener>>,
    is_built_in: bool,
}

type Opener = dyn Fn(&str) -> Result<Arc<dyn Backend>> + Send + Sync;

#[cfg(feature = "tokio")]
/// Makes an asynchronous backend from a whole URL.
type AsyncOpener = dyn Fn(&str) -> Result<Arc<dyn crate::backend::AsyncBackend>> + Send + Sync;

/// The crates of this project with their schemes, for the hint in an error.
const KNOWN: [(&str, &[&str]); 4] = [
    ("constance-redis", &["redis", "rediss", "redis+unix", "unix", "valkey", "valkeys", "valkey+unix"]),
    ("constance-redis", &["redis+cluster", "rediss+cluster", "redis+sentinel", "rediss+sentinel"]),
    ("constance-diesel", &["sqlite", "postgres", "postgresql", "mysql", "mariadb"]),
    ("constance-memory", &["memory"]),
];

/// Crates of others with their schemes. Authors who publish a backend add a line. The first two are examples in the repository.
const THIRD_PARTY: [(&str, &[&str]); 2] =
    [("constance-etcd (examples/backends/etcd)", &["etcd"]), ("constance-redb (examples/backends/redb)", &["redb"])];

impl Scheme {
    /// A scheme, in lower case, and the function that makes a backend from a whole URL. It does no I/O, and its errors do not
    /// show the URL, which is [normalized](normalize).
    pub fn new<F>(name: &'static str, open: F) -> Self
    where
        F: Fn(&str) -> Result<Arc<dyn Backend>> + Send + Sync + 'static,
    {
        Self {
            name,
            open: Box::new(open),
            #[cfg(feature = "tokio")]
            open_async: None,
            is_built_in: true,
        }
    }

    /// A scheme that a crate was built without. Opening it is an error that names the feature to enable; a
    /// [`Registry`] does not count it among those that it knows.
    ///
    /// ```
    /// use constance_core::{backend::Scheme, Registry};
    ///
    /// let registry = Registry::new().with([Scheme::not_built_in("mysql", "constance-diesel", "mysql")]);
    /// assert!(!registry.knows("mysql"));
    /// let error = registry.open("mysql://127.0.0.1/shop").unwrap_err();
    /// assert!(error.to_string().contains("enable the feature mysql of constance-diesel"), "{error}");
    /// ```
    #[must_use]
    pub fn not_built_in(name: &'static str, package: &'static str, feature: &'static str) -> Self {
        let open = move |_: &str| {
            Err(Error::new(ErrorKind::Configuration)
                .with_detail(format!("{package} was built without the scheme \"{name}\""))
                .with_hint(format!("enable the feature {feature} of {package}")))
        };
        Self { is_built_in: false, ..Self::new(name, open) }
    }

    /// The scheme's name, without `://`.
    #[must_use]
    pub fn name(&self) -> &'static str {
        self.name
    }
}

impl Registry {
    /// A registry without backends.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Registers the `schemes()` of a backend crate. A scheme of the same name is replaced, unless the new one is
    /// [not built in](Scheme::not_built_in).
    #[must_use]
    pub fn with(mut self, schemes: impl IntoIterator<Item = Scheme>) -> Self {
        for scheme in schemes {
            if scheme.is_built_in || !self.schemes.contains_key(scheme.name) {
                self.schemes.insert(scheme.name, scheme);
            }
        }
        self
    }

    /// Registers the `from_env()` of a cache crate: the wrappers that the environment may put around the backend. The first is the
    /// innermost. A layer of the same variable is replaced in its place.
    #[must_use]
    pub fn with_cache(mut self, layers: impl IntoIterator<Item = Layer>) -> Self {
        for layer in layers {
            match self.layers.iter_mut().find(|known| known.variable() == layer.variable()) {
                Some(known) => *known = layer,
                None => self.layers.push(layer),
            }
        }
        self
    }

    /// The backend that a URL names, wrapped in the layers that the variables ask for, the first of them innermost.
    pub(crate) fn open_within(&self, url: &str, vars: &EnvVars<'_>) -> Result<Arc<dyn Backend>> {
        let asked = self.asked(vars)?;
        let wrap = |backend, (layer, value): (&Layer, String)| layer.wrapped(&value, backend, vars);
        asked.into_iter().try_fold(self.open(url)?, wrap)
    }

    /// The layers that the variables ask for, with their values.
    pub(crate) fn asked(&self, vars: &EnvVars<'_>) -> Result<Vec<(&Layer, String)>> {
        asked(&self.layers, vars)
    }

    /// Whether a scheme is registered, in any case.
    #[must_use]
    pub fn knows(&self, scheme: &str) -> bool {
        self.schemes.get(scheme.to_ascii_lowercase().as_str()).is_some_and(|scheme| scheme.is_built_in)
    }

    /// Makes the backend that a URL names. No I/O. White space at the ends of the URL and the case of its scheme are ignored.
    ///
    /// # Errors
    ///
    /// `Configuration` where the scheme is not registered (the error names the registered ones and the crate to add) or not built
    /// in (it names the feature to enable); otherwise the error of the backend. The URL itself is never shown, since it may hold a
    /// password.
    pub fn open(&self, url: &str) -> Result<Arc<dyn Backend>> {
        let (url, scheme) = self.scheme_of(url)?;
        (scheme.open)(&url)
    }

    /// The normalized URL and its scheme.
    pub(crate) fn scheme_of<'u>(&self, url: &'u str) -> Result<(Cow<'u, str>, &Scheme)> {
        let url = normalize(url);
        let Some((name, _)) = url.split_once(':').filter(|(name, _)| is_scheme(name)) else {
            return Err(Error::new(ErrorKind::Configuration)
                .with_detail("the backend's URL does not begin with a scheme")
                .with_hint(self.known()));
        };
        match self.schemes.get(name) {
            Some(scheme) => Ok((url, scheme)),
            None => {
                let hint = match KNOWN.iter().chain(&THIRD_PARTY).find(|(_, schemes)| schemes.contains(&name)) {
                    Some((package, _)) => format!("add {package} and register its schemes(); {}", self.known()),
                    None => self.known(),
                };
                let detail = format!("no backend is registered for the scheme \"{name}\"");
                Err(Error::new(ErrorKind::Configuration).with_detail(detail).with_hint(hint))
            }
        }
    }

    fn known(&self) -> String {
        let names: Vec<String> = self.built_in().map(|name| format!("{name}://")).collect();
        if names.is_empty() {
            return "no scheme is registered".to_owned();
        }
        format!("registered are {}", names.join(", "))
    }

    fn built_in(&self) -> impl Iterator<Item = &'static str> {
        self.schemes.values().filter(|scheme| scheme.is_built_in).map(|scheme| scheme.name)
    }
}

impl fmt::Debug for Registry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { schemes, layers } = self;
        let schemes: Vec<&str> = schemes.values().filter(|scheme| scheme.is_built_in).map(Scheme::name).collect();
        let layers: Vec<&str> = layers.iter().map(Layer::variable).collect();
        f.debug_struct("Registry").field("schemes", &schemes).field("layers", &layers).finish()
    }
}

impl fmt::Debug for Scheme {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Scheme({:?})", self.name)
    }
}
