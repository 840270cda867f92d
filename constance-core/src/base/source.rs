//! Where a value comes from.

use std::fmt;
use std::path::PathBuf;

/// Where the value in force of a setting comes from: see [`Base`](super::Base) and [`Pins`](super::Pins).
///
/// Its `Display` is a phrase for people: `the variable SHOP_BASE_THE_ANSWER`.
#[non_exhaustive]
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Source {
    /// The default in the declaration.
    Default,
    /// A base that the program gave.
    Code,
    /// A base in this file.
    File(PathBuf),
    /// A base in this environment variable.
    Env(String),
    /// The store.
    Stored,
    /// A pin that the program gave.
    PinnedByCode,
    /// A pin in this environment variable.
    PinnedByEnv(String),
}

impl Source {
    /// Whether writes are refused.
    #[must_use]
    pub fn is_pinned(&self) -> bool {
        matches!(self, Self::PinnedByCode | Self::PinnedByEnv(_))
    }

    /// The same place as that of a pin. A file holds none.
    pub(super) fn into_pinned(self) -> Self {
        match self {
            Self::Env(variable) => Self::PinnedByEnv(variable),
            _ => Self::PinnedByCode,
        }
    }
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Default => f.write_str("the default"),
            Self::Code => f.write_str("the program's base values"),
            Self::File(path) => write!(f, "the file {}", path.display()),
            Self::Env(variable) | Self::PinnedByEnv(variable) => write!(f, "the variable {variable}"),
            Self::Stored => f.write_str("the store"),
            Self::PinnedByCode => f.write_str("the program's pins"),
        }
    }
}
