//! What is to be known of a store that works.

use std::borrow::Cow;
use std::fmt;

/// Something that an operator should know of a store that works, such as that it may drop what is stored.
///
/// ```
/// use constance_core::Warning;
///
/// let warning = Warning::new("the server evicts settings when its memory is full").with_hint("set maxmemory-policy");
/// assert_eq!(warning.to_string(), "the server evicts settings when its memory is full; set maxmemory-policy");
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Warning {
    detail: Cow<'static, str>,
    hint: Option<Cow<'static, str>>,
}

impl Warning {
    /// What there is to know: lower case, no full stop, never a value or a password.
    pub fn new(detail: impl Into<Cow<'static, str>>) -> Self {
        Self { detail: detail.into(), hint: None }
    }

    /// Names the way out.
    #[must_use]
    pub fn with_hint(mut self, hint: impl Into<Cow<'static, str>>) -> Self {
        self.hint = Some(hint.into());
        self
    }
}

impl fmt::Display for Warning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.detail)?;
        match &self.hint {
            Some(hint) => write!(f, "; {hint}"),
            None => Ok(()),
        }
    }
}
