//! The redacted cause of an error.

use std::borrow::Cow;
use std::fmt;

/// Why the driver failed, in words that are safe to print.
///
/// A driver's own text is never passed on, since it can carry values and passwords. A backend makes a cause from
/// the parts that cannot: the driver's name, its error code or kind, and text from a list of its own.
///
/// ```
/// use constance_core::backend::Cause;
///
/// let cause = Cause::new("sqlite").with_code("SQLITE_BUSY").with_text("another connection holds the write lock");
/// assert_eq!(cause.to_string(), "sqlite SQLITE_BUSY: another connection holds the write lock");
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cause {
    driver: Cow<'static, str>,
    code: Option<Cow<'static, str>>,
    text: Option<Cow<'static, str>>,
}

impl Cause {
    /// A cause that names the driver only.
    #[must_use]
    pub fn new(driver: impl Into<Cow<'static, str>>) -> Self {
        Self { driver: driver.into(), code: None, text: None }
    }

    /// Adds the driver's code or kind.
    #[must_use]
    pub fn with_code(mut self, code: impl Into<Cow<'static, str>>) -> Self {
        self.code = Some(code.into());
        self
    }

    /// Adds text of the backend's own, never the driver's.
    #[must_use]
    pub fn with_text(mut self, text: impl Into<Cow<'static, str>>) -> Self {
        self.text = Some(text.into());
        self
    }

    /// The driver's code or kind.
    #[must_use]
    pub fn code(&self) -> Option<&str> {
        self.code.as_deref()
    }
}

impl fmt::Display for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.driver)?;
        if let Some(code) = &self.code {
            write!(f, " {code}")?;
        }
        if let Some(text) = &self.text {
            write!(f, ": {text}")?;
        }
        Ok(())
    }
}

impl std::error::Error for Cause {}
