//! Why a command failed.

use std::fmt;
use std::io;
use std::process::ExitCode;

use constance_core::{Error, ErrorKind};

/// Why a command failed, with its exit code. It never holds the value of a setting.
///
/// ```
/// use constance_cli::CommandError;
/// use constance_core::{Error, ErrorKind};
///
/// let error = CommandError::from(Error::new(ErrorKind::UnknownSetting));
/// assert_eq!(error.code(), 2);
/// assert_eq!(CommandError::from(Error::new(ErrorKind::Unavailable)).code(), 1);
/// ```
#[derive(Debug)]
pub struct CommandError(Inner);

#[derive(Debug)]
enum Inner {
    /// An error of `constance-core`.
    Core(Error),
    /// The store answers, and these settings in it are unreadable.
    Unreadable(Vec<Error>),
    /// The store answers, and these values in it cannot be converted.
    #[cfg(feature = "legacy")]
    Refused(Vec<Error>),
    /// The value of this secret setting was asked for.
    Secret(String),
    /// Wrong arguments or input.
    Usage(String),
    Input(io::Error),
    Output(io::Error),
}

impl CommandError {
    pub(crate) fn unreadable(errors: Vec<Error>) -> Self {
        Self(Inner::Unreadable(errors))
    }

    #[cfg(feature = "legacy")]
    pub(crate) fn refused(errors: Vec<Error>) -> Self {
        Self(Inner::Refused(errors))
    }

    pub(crate) fn secret(name: &str) -> Self {
        Self(Inner::Secret(name.to_owned()))
    }

    pub(crate) fn usage(words: impl Into<String>) -> Self {
        Self(Inner::Usage(words.into()))
    }

    pub(crate) fn input(error: io::Error) -> Self {
        Self(Inner::Input(error))
    }

    pub(crate) fn output(error: io::Error) -> Self {
        Self(Inner::Output(error))
    }

    /// The exit code: 2 where the command is wrong, 3 where it asks for the value of a secret setting, which is never shown, and 1
    /// for every other failure.
    #[must_use]
    pub fn code(&self) -> u8 {
        match &self.0 {
            Inner::Core(error) => match error.kind() {
                ErrorKind::UnknownSetting | ErrorKind::Invalid => 2,
                _ => 1,
            },
            // clap uses 2 for this too.
            Inner::Usage(_) => 2,
            Inner::Secret(_) => 3,
            #[cfg(feature = "legacy")]
            Inner::Refused(_) => 1,
            Inner::Unreadable(_) | Inner::Input(_) | Inner::Output(_) => 1,
        }
    }

    /// The error of `constance-core`, where the failure is one.
    #[must_use]
    pub fn core(&self) -> Option<&Error> {
        match &self.0 {
            Inner::Core(error) => Some(error),
            _ => None,
        }
    }

    /// The kind as one word, for programs.
    pub(crate) fn kind(&self) -> &'static str {
        match &self.0 {
            Inner::Core(error) => kind_word(error.kind()),
            Inner::Unreadable(_) => "unreadable",
            #[cfg(feature = "legacy")]
            Inner::Refused(_) => "refused",
            Inner::Secret(_) => "secret",
            Inner::Usage(_) => "usage",
            Inner::Input(_) => "input",
            Inner::Output(_) => "output",
        }
    }

    /// The names of the settings concerned.
    pub(crate) fn settings(&self) -> Vec<&str> {
        match &self.0 {
            Inner::Core(error) => error.each().flat_map(Error::settings).collect(),
            Inner::Unreadable(errors) => errors.iter().flat_map(Error::settings).collect(),
            #[cfg(feature = "legacy")]
            Inner::Refused(errors) => errors.iter().filter_map(Error::setting).collect(),
            Inner::Secret(name) => vec![name],
            Inner::Usage(_) | Inner::Input(_) | Inner::Output(_) => Vec::new(),
        }
    }

    /// Whether the same command may succeed when it is run again.
    pub(crate) fn is_transient(&self) -> bool {
        self.core().is_some_and(Error::is_transient)
    }
}

fn kind_word(kind: ErrorKind) -> &'static str {
    match kind {
        ErrorKind::Unavailable => "unavailable",
        ErrorKind::Timeout => "timeout",
        ErrorKind::Denied => "denied",
        ErrorKind::Decode => "decode",
        ErrorKind::Encode => "encode",
        ErrorKind::Invalid => "invalid",
        ErrorKind::UnknownSetting => "unknown_setting",
        ErrorKind::Conflict => "conflict",
        ErrorKind::Overridden => "overridden",
        ErrorKind::Pinned => "pinned",
        ErrorKind::NotMigrated => "not_migrated",
        ErrorKind::Unsupported => "unsupported",
        ErrorKind::Configuration => "configuration",
        ErrorKind::Contract => "contract",
        _ => "other",
    }
}

impl From<Error> for CommandError {
    fn from(error: Error) -> Self {
        Self(Inner::Core(error))
    }
}

impl From<&CommandError> for ExitCode {
    fn from(error: &CommandError) -> Self {
        error.code().into()
    }
}

impl fmt::Display for CommandError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Inner::Core(error) => error.fmt(f),
            Inner::Unreadable(errors) => match (errors.as_slice(), self.settings().as_slice()) {
                // The error of a rule across all settings names no setting.
                ([one], _) | ([one, ..], []) => one.fmt(f),
                (_, names) => {
                    let names: Vec<String> = names.iter().map(|name| format!("\"{name}\"")).collect();
                    write!(f, "cannot read settings {}; set or reset them to repair them", names.join(", "))
                }
            },
            #[cfg(feature = "legacy")]
            Inner::Refused(_) => {
                let names: Vec<String> = self.settings().iter().map(|name| format!("\"{name}\"")).collect();
                write!(f, "cannot convert {}; set or reset them, or convert them with Python", names.join(", "))
            }
            Inner::Secret(name) => {
                write!(f, "setting \"{name}\" is secret and is not shown; the service reads it through its Config")
            }
            Inner::Usage(words) => f.write_str(words),
            // The message of the system, which does not hold the bytes.
            Inner::Input(error) => write!(f, "cannot read the value from standard input: {}", error.kind()),
            Inner::Output(error) => write!(f, "cannot write the output: {}", error.kind()),
        }
    }
}

impl std::error::Error for CommandError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match &self.0 {
            // The message of this error is that of the core error, so the source is the cause of the latter.
            Inner::Core(error) => error.source(),
            Inner::Unreadable(errors) if errors.len() == 1 => errors[0].source(),
            #[cfg(feature = "legacy")]
            Inner::Refused(_) => None,
            Inner::Unreadable(_) | Inner::Secret(_) | Inner::Usage(_) | Inner::Input(_) | Inner::Output(_) => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_exit_code_tells_a_wrong_command_from_a_failure() {
        for (kind, code) in [
            (ErrorKind::UnknownSetting, 2),
            (ErrorKind::Invalid, 2),
            (ErrorKind::Unavailable, 1),
            (ErrorKind::Denied, 1),
            (ErrorKind::Conflict, 1),
            (ErrorKind::NotMigrated, 1),
        ] {
            assert_eq!(CommandError::from(Error::new(kind)).code(), code, "{kind:?}");
        }
        assert_eq!(CommandError::usage("x").code(), 2);
        assert_eq!(CommandError::secret("x").code(), 3);
        assert_eq!(CommandError::unreadable(vec![Error::new(ErrorKind::Invalid)]).code(), 1);
    }

    #[test]
    fn several_unreadable_settings_are_named() {
        let one = |name| Error::new(ErrorKind::Decode).with_setting(name);
        let error = CommandError::unreadable(vec![one("a"), one("b")]);
        assert_eq!(error.to_string(), "cannot read settings \"a\", \"b\"; set or reset them to repair them");
    }
}
