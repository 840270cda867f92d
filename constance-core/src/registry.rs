//! Backends by URL.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use crate::layer::{Layer, Vars, wrap};
use crate::{Backend, Error, ErrorKind, Result};

/// The backends that a URL may name. The application puts in those that it depends on.
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
    /// From the inside out.
    layers: Vec<Layer>,
}

/// One URL scheme and how to make its backend, from a backend crate's `schemes()`.
pub struct Scheme {
    name: &'static str,
    open: Box<Opener>,
}

type Opener = dyn Fn(&str) -> Result<Arc<dyn Backend>> + Send + Sync;

/// Where the schemes of this project's crates are found, for the next step in a message.
const KNOWN: [(&str, &str); 9] = [
    ("redis", "constance-redis"),
    ("rediss", "constance-redis"),
    ("redis+unix", "constance-redis"),
    ("redis+cluster", "constance-redis"),
    ("redis+sentinel", "constance-redis"),
    ("sqlite", "constance-diesel"),
    ("postgres", "constance-diesel"),
    ("mysql", "constance-diesel"),
    ("memory", "constance-memory"),
];

impl Scheme {
    /// A scheme and the function that makes a backend from a whole URL. It does no I/O, and its errors do not show the URL.
    pub fn new<F>(name: &'static str, open: F) -> Self
    where
        F: Fn(&str) -> Result<Arc<dyn Backend>> + Send + Sync + 'static,
    {
        Self { name, open: Box::new(open) }
    }

    /// The scheme's name, without `://`.
    #[must_use]
    pub fn name(&self) -> &'static str {
        self.name
    }
}

impl Registry {
    /// A registry that knows no backend.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds what a backend crate's `schemes()` gives. A scheme that is there already is replaced.
    #[must_use]
    pub fn with(mut self, schemes: impl IntoIterator<Item = Scheme>) -> Self {
        self.schemes.extend(schemes.into_iter().map(|scheme| (scheme.name, scheme)));
        self
    }

    /// Adds what a cache crate's `from_env()` gives: what the environment may put around the backend. The first is innermost.
    /// A layer of the same variable is replaced, in its place.
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

    /// Puts the layers that the environment asks for around a backend.
    pub(crate) fn wrap(&self, backend: Arc<dyn Backend>, vars: &Vars<'_>) -> Result<Arc<dyn Backend>> {
        wrap(&self.layers, backend, vars)
    }

    /// Whether a scheme is known.
    #[must_use]
    pub fn knows(&self, scheme: &str) -> bool {
        self.schemes.contains_key(scheme)
    }

    /// Makes the backend that a URL names. No I/O.
    ///
    /// # Errors
    ///
    /// `Configuration` where the scheme is not registered (naming those that are, and the crate to add), and what the
    /// backend says about the rest of the URL. The URL itself, which may hold a password, is never shown.
    pub fn open(&self, url: &str) -> Result<Arc<dyn Backend>> {
        let Some((name, _)) = url.split_once(':').filter(|(name, _)| is_scheme(name)) else {
            return Err(Error::new(ErrorKind::Configuration)
                .with_detail("the backend's URL does not begin with a scheme")
                .with_hint(self.known()));
        };
        match self.schemes.get(name) {
            Some(scheme) => (scheme.open)(url),
            None => {
                let hint = match KNOWN.iter().find(|(scheme, _)| *scheme == name) {
                    Some((_, package)) => format!("add {package} and register its schemes(); {}", self.known()),
                    None => self.known(),
                };
                let detail = format!("no backend is registered for the scheme \"{name}\"");
                Err(Error::new(ErrorKind::Configuration).with_detail(detail).with_hint(hint))
            }
        }
    }

    fn known(&self) -> String {
        if self.schemes.is_empty() {
            return "no scheme is registered".to_owned();
        }
        let names: Vec<String> = self.schemes.keys().map(|name| format!("{name}://")).collect();
        format!("registered are {}", names.join(", "))
    }
}

/// RFC 3986, section 3.1; short, so that a password in the wrong place is not taken for one.
fn is_scheme(name: &str) -> bool {
    name.len() <= 20
        && name.starts_with(|c: char| c.is_ascii_alphabetic())
        && name.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'-' | b'.'))
}

impl fmt::Debug for Registry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { schemes, layers } = self;
        let layers: Vec<&str> = layers.iter().map(Layer::variable).collect();
        f.debug_struct("Registry").field("schemes", &schemes.keys()).field("layers", &layers).finish()
    }
}

impl fmt::Debug for Scheme {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Scheme({:?})", self.name)
    }
}
