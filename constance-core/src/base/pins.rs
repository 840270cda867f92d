//! Values that a process does not let be changed.

use std::fmt;

use super::Collected;

/// Values above what is stored: this process does not let them be changed.
///
/// A pinned setting has its pin, whatever is stored, and `get` of it does no I/O. To set or reset it is refused with
/// [`Pinned`](crate::ErrorKind::Pinned), which names the variable; what is stored beneath stays and is hidden. Only its form may
/// change there: by [`sync_aliases`](crate::Config::sync_aliases), and by an import of what Django stored. An override of a test is
/// above it. What is added later counts.
///
/// Rules across settings are held against the pin, and not against what is stored beneath it: what this process writes may break
/// a rule in a process without the pin.
///
/// A pin binds the processes that have it. One without it can write the setting, and the value stays hidden where the pin is.
///
/// ```
/// use constance_core::{Config, ErrorKind, Pins, Settings};
/// # use constance_core::testing::ReferenceBackend as MemoryBackend;
///
/// #[derive(Clone, Settings)]
/// struct Shop {
///     #[setting(default = "light", choices = ["light", "dark"])]
///     theme: String,
/// }
///
/// // Pins::new().env("SHOP_PIN_") reads the process's own.
/// let pins = Pins::new().variables("SHOP_PIN_", [("SHOP_PIN_THEME", "dark")]);
/// let config = Config::<Shop>::builder(MemoryBackend::default()).pin(pins).build()?;
/// assert_eq!(config.get(Shop::THEME)?, "dark");
/// let refused = config.set(Shop::THEME, "light".to_owned()).unwrap_err();
/// assert_eq!(refused.kind(), ErrorKind::Pinned);
/// # Ok::<(), constance_core::Error>(())
/// ```
#[must_use = "give it to the builder of a `Config`"]
#[derive(Clone, Default)]
pub struct Pins {
    values: Collected,
}

impl Pins {
    /// No pins.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds the process's environment variables whose names begin with `prefix`: as [`Base::env`](super::Base::env).
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

    /// Adds one pin by name and text.
    pub fn text(mut self, name: &str, text: impl Into<String>) -> Self {
        self.values.text(name, text.into());
        self
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

impl fmt::Debug for Pins {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Pins").field(&self.values).finish()
    }
}
