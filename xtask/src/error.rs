//! Why a task did not succeed.

use std::fmt;
use std::process::ExitCode;

/// A message for the person at the terminal, and how the process should end.
#[derive(Debug)]
pub(crate) struct Error {
    message: String,
    code: u8,
    skipped: bool,
}

impl Error {
    /// The task was understood and failed.
    pub(crate) fn failed(message: impl Into<String>) -> Self {
        Self { message: message.into(), code: 1, skipped: false }
    }

    /// The command line was not understood.
    pub(crate) fn usage(message: impl Into<String>) -> Self {
        Self { message: message.into(), code: 2, skipped: false }
    }

    /// Another program ended with this code, and so do we.
    pub(crate) fn ended(message: impl Into<String>, code: u8) -> Self {
        Self { message: message.into(), code, skipped: false }
    }

    /// The task cannot run on this machine, which is no fault of the code; the message says why.
    pub(crate) fn skipped(message: impl Into<String>) -> Self {
        Self { message: message.into(), code: 1, skipped: true }
    }

    pub(crate) fn is_skipped(&self) -> bool {
        self.skipped
    }

    /// 2 for a command line that was not understood, so that a script can tell it from a failed task.
    pub(crate) fn exit_code(&self) -> ExitCode {
        ExitCode::from(self.code)
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Error {}

pub(crate) type Result<T> = std::result::Result<T, Error>;
