//! The one error of the library.

mod cause;
mod kind;
#[cfg(test)]
mod tests;

use std::any::Any;
use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;

pub use self::cause::Cause;
pub use self::kind::{Action, ErrorKind};

/// The result of every call that can fail.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// What went wrong, with which setting, in which backend.
///
/// An error never carries the value of a setting or a password: not in its text, not in its `Debug`, and not
/// in its [`source`](std::error::Error::source), which is a [`Cause`] of our own and never the driver's error.
/// It is one pointer wide and cheap to clone, so that a cache can hand one failed fetch to everybody who waited for it.
///
/// Backend authors make one with [`Error::new`]; the name of the setting, of the backend and of the operation are
/// filled in by the front where they are missing.
///
/// ```
/// use constance_core::{backend::Cause, Error, ErrorKind};
///
/// let error = Error::new(ErrorKind::Unavailable)
///     .with_detail("the connection was refused")
///     .with_cause(Cause::new("redis").with_code("ECONNREFUSED"))
///     .with_backend("redis");
/// assert_eq!(error.kind(), ErrorKind::Unavailable);
/// assert!(error.is_transient());
/// assert_eq!(error.to_string(), "cannot use redis: the connection was refused");
/// ```
#[derive(Clone)]
pub struct Error(Box<Inner>);

#[derive(Clone)]
struct Inner {
    kind: ErrorKind,
    action: Option<Action>,
    settings: Vec<String>,
    backend: Option<Cow<'static, str>>,
    location: Option<String>,
    detail: Option<Cow<'static, str>>,
    hint: Option<Cow<'static, str>>,
    transient: bool,
    cause: Option<Cause>,
    current: Option<Arc<dyn Any + Send + Sync>>,
    parts: Vec<Error>,
}

impl Error {
    /// An error of this kind. `Unavailable` and `Timeout` are transient until [`with_transient`](Self::with_transient) says otherwise.
    #[must_use]
    pub fn new(kind: ErrorKind) -> Self {
        Self(Box::new(Inner {
            kind,
            action: None,
            settings: Vec::new(),
            backend: None,
            location: None,
            detail: None,
            hint: None,
            transient: matches!(kind, ErrorKind::Unavailable | ErrorKind::Timeout),
            cause: None,
            current: None,
            parts: Vec::new(),
        }))
    }

    /// Says what failed, in place of the kind's own words: lower case, no full stop, never a value or driver text.
    #[must_use]
    pub fn with_detail(mut self, detail: impl Into<Cow<'static, str>>) -> Self {
        self.0.detail = Some(detail.into());
        self
    }

    /// Names the next step to take.
    #[must_use]
    pub fn with_hint(mut self, hint: impl Into<Cow<'static, str>>) -> Self {
        self.0.hint = Some(hint.into());
        self
    }

    /// Attaches the redacted cause, which [`source`](std::error::Error::source) gives out.
    #[must_use]
    pub fn with_cause(mut self, cause: Cause) -> Self {
        self.0.cause = Some(cause);
        self
    }

    /// Says whether the same call may succeed when it is made again.
    #[must_use]
    pub fn with_transient(mut self, transient: bool) -> Self {
        self.0.transient = transient;
        self
    }

    /// Names the setting, unless one is named already.
    #[must_use]
    pub fn with_setting(mut self, name: &str) -> Self {
        if self.0.settings.is_empty() {
            self.0.settings.push(name.to_owned());
        }
        self
    }

    /// Names several settings that are at fault together.
    #[must_use]
    pub(crate) fn with_settings<'n>(mut self, names: impl Iterator<Item = &'n str>) -> Self {
        self.0.settings.extend(names.map(str::to_owned));
        self
    }

    /// Names the settings as they are named in the struct that has theirs as a field.
    pub(crate) fn nested_in(mut self, name: &str) -> Self {
        self.0.settings.iter_mut().for_each(|setting| *setting = format!("{name}.{setting}"));
        self
    }

    /// Names the backend, unless one is named already.
    #[must_use]
    pub fn with_backend(mut self, name: &str) -> Self {
        if self.0.backend.is_none() {
            self.0.backend = Some(Cow::Owned(name.to_owned()));
        }
        self
    }

    /// Says where the store should have been, unless that is said already: host and port, or a file. Never a user, a password or a
    /// whole URL.
    ///
    /// ```
    /// use constance_core::{Error, ErrorKind};
    ///
    /// let error = Error::new(ErrorKind::Unavailable)
    ///     .with_detail("the connection was refused")
    ///     .with_location("db.internal:5432")
    ///     .with_backend("postgres");
    /// assert_eq!(error.to_string(), "cannot use postgres at db.internal:5432: the connection was refused");
    /// ```
    #[must_use]
    pub fn with_location(mut self, location: impl Into<String>) -> Self {
        self.0.location.get_or_insert_with(|| location.into());
        self
    }

    /// Says what was being done, unless that is said already.
    #[must_use]
    pub fn with_action(mut self, action: Action) -> Self {
        self.0.action.get_or_insert(action);
        self
    }

    /// Carries what is stored now, for the loser of a compare-and-set.
    #[must_use]
    pub(crate) fn with_current(mut self, current: Arc<dyn Any + Send + Sync>) -> Self {
        self.0.current = Some(current);
        self
    }

    /// One error for several settings that failed in the same way of use.
    ///
    /// The kind is the first one's; the message names every setting and every next step. A single error is given back as it is.
    pub(crate) fn several(mut errors: Vec<Error>) -> Option<Self> {
        if errors.len() < 2 {
            return errors.pop();
        }
        let first = &errors[0].0;
        let mut all = Self::new(first.kind).with_transient(errors.iter().any(Self::is_transient));
        all.0.action = first.action;
        all.0.backend = first.backend.clone();
        all.0.location = first.location.clone();
        all.0.settings = errors.iter().flat_map(|e| e.0.settings.iter().cloned()).collect();
        let with_hint = |(at, error): (usize, &Self)| match (&error.0.hint, errors.get(at + 1)) {
            // A hint stands behind the last of those that it is for.
            (Some(hint), Some(next)) if next.0.hint.as_ref() != Some(hint) => {
                format!("{}; {hint}", error.named_detail())
            }
            _ => error.named_detail(),
        };
        let details: Vec<String> = errors.iter().enumerate().map(with_hint).collect();
        all.0.detail = Some(Cow::Owned(details.join("; ")));
        all.0.hint = errors.last().and_then(|last| last.0.hint.clone());
        all.0.parts = errors;
        Some(all)
    }

    /// The detail after the names of the settings, if any are named.
    pub(crate) fn named_detail(&self) -> String {
        let names: Vec<String> = self.settings().map(|name| format!("\"{name}\"")).collect();
        if names.is_empty() { self.detail().to_owned() } else { format!("{}: {}", names.join(", "), self.detail()) }
    }

    /// What kind of failure this is.
    #[must_use]
    pub fn kind(&self) -> ErrorKind {
        self.0.kind
    }

    /// The setting's own name, without a prefix, where one setting is concerned; the first of several.
    #[must_use]
    pub fn setting(&self) -> Option<&str> {
        self.0.settings.first().map(String::as_str)
    }

    /// The names of all settings concerned.
    pub fn settings(&self) -> impl Iterator<Item = &str> {
        self.0.settings.iter().map(String::as_str)
    }

    /// The backend's name.
    #[must_use]
    pub fn backend(&self) -> Option<&str> {
        self.0.backend.as_deref()
    }

    /// Where the store should have been, where it could not be reached: host and port, or a file.
    #[must_use]
    pub fn location(&self) -> Option<&str> {
        self.0.location.as_deref()
    }

    /// What was being done.
    #[must_use]
    pub fn action(&self) -> Option<Action> {
        self.0.action
    }

    /// The redacted cause.
    #[must_use]
    pub fn cause(&self) -> Option<&Cause> {
        self.0.cause.as_ref()
    }

    /// Whether the same call may succeed when it is made again, with nothing changed by a person.
    #[must_use]
    pub fn is_transient(&self) -> bool {
        self.0.transient
    }

    /// The errors of the single settings, where one call failed for several; this error alone otherwise.
    pub fn each(&self) -> impl Iterator<Item = &Error> {
        let whole = self.0.parts.is_empty().then_some(self);
        self.0.parts.iter().chain(whole)
    }

    /// For a [`Conflict`](ErrorKind::Conflict): what is stored now, if `T` is the setting's type and the value is readable.
    #[must_use]
    pub fn current<T: 'static>(&self) -> Option<&T> {
        self.0.current.as_ref()?.downcast_ref()
    }

    /// What failed, without the setting, the backend and the next step.
    pub(crate) fn detail(&self) -> &str {
        self.0.detail.as_deref().unwrap_or_else(|| self.0.kind.phrase())
    }

    /// The head of the message: what could not be done, with what, where.
    fn head(&self) -> Option<String> {
        let inner = &*self.0;
        let settings = match inner.settings.as_slice() {
            [] => None,
            [one] => Some(format!("setting \"{one}\"")),
            many => {
                let quoted: Vec<String> = many.iter().map(|n| format!("\"{n}\"")).collect();
                Some(format!("settings {}", quoted.join(", ")))
            }
        };
        let place = |backend: &str| match &inner.location {
            Some(location) => format!("{backend} at {location}"),
            None => backend.to_owned(),
        };
        let backend = match (&inner.backend, &inner.location) {
            (None, None) => None,
            (backend, _) => Some(place(backend.as_deref().unwrap_or("the store"))),
        };
        let backend = backend.as_deref();
        let what = settings.as_deref().unwrap_or("settings");
        Some(match (inner.action, backend) {
            (Some(Action::Read), Some(b)) => format!("cannot read {what} from {b}"),
            (Some(Action::Read), None) => format!("cannot read {what}"),
            (Some(Action::Write), Some(b)) => format!("cannot write {what} to {b}"),
            (Some(Action::Write), None) => format!("cannot write {what}"),
            (Some(Action::List), b) => format!("cannot list the settings in {}", b.unwrap_or("the store")),
            (Some(Action::Watch), b) => format!("cannot watch {}", b.unwrap_or("the store")),
            (Some(Action::Ping), b) => format!("cannot reach {}", b.unwrap_or("the store")),
            (Some(Action::Migrate), b) => format!("cannot migrate {}", b.unwrap_or("the store")),
            (None, b) => match (settings, b) {
                (Some(s), _) => s,
                (None, Some(b)) => format!("cannot use {b}"),
                (None, None) => return None,
            },
        })
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(head) = self.head() {
            write!(f, "{head}: ")?;
        }
        f.write_str(self.detail())?;
        match &self.0.hint {
            Some(hint) => write!(f, "; {hint}"),
            None => Ok(()),
        }
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Inner { kind, action, settings, backend, location, detail, hint, transient, cause, current: _, parts } =
            &*self.0;
        f.debug_struct("Error")
            .field("kind", kind)
            .field("action", action)
            .field("settings", settings)
            .field("backend", backend)
            .field("location", location)
            .field("detail", detail)
            .field("hint", hint)
            .field("transient", transient)
            .field("cause", cause)
            .field("parts", parts)
            .finish()
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.0.cause.as_ref().map(|cause| cause as _)
    }
}
