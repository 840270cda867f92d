//! Why a server does not start.

use std::fmt;

/// Why a server does not start.
#[derive(Debug, Clone)]
pub struct StartError {
    message: String,
    is_missing: bool,
}

impl StartError {
    pub(crate) fn failed(message: impl Into<String>) -> Self {
        Self { message: message.into(), is_missing: false }
    }

    pub(crate) fn missing(program: &str) -> Self {
        Self { message: format!("{program} is not installed"), is_missing: true }
    }

    /// What the system refuses.
    pub(crate) fn system(what: impl fmt::Display, error: &std::io::Error) -> Self {
        Self::failed(format!("{what}: {error}"))
    }

    /// Whether a program of the server is not installed.
    #[must_use]
    pub fn is_missing(&self) -> bool {
        self.is_missing
    }
}

impl fmt::Display for StartError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for StartError {}

pub(crate) type Result<T> = std::result::Result<T, StartError>;
