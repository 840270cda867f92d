//! The output of the commands.

pub(crate) mod json;
pub(crate) mod text;

use std::io::{ErrorKind, Write};

use constance_core::SettingEntry;

use crate::CommandError;
use crate::mask::MaskedValue;

/// The result of `set` and `reset`.
pub(crate) struct Change<'e> {
    /// The setting as it was just before.
    pub(crate) before: &'e SettingEntry,
    /// The value now in force.
    pub(crate) new: MaskedValue<'e>,
    /// Whether a value is stored now.
    pub(crate) is_set: bool,
}

/// The result of `import-legacy`, or of its dry run.
#[cfg(feature = "legacy")]
#[derive(Clone, Copy)]
pub(crate) struct Imported<'e> {
    pub(crate) dry_run: bool,
    pub(crate) converted: &'e [String],
    /// Names whose values another writer changed meanwhile.
    pub(crate) changed: &'e [String],
    pub(crate) refused: &'e [constance_core::Error],
}

/// Writes the whole output at once. A closed pipe is no error: the reader needs no more, and the command has run.
pub(crate) fn print(out: &mut dyn Write, text: &str) -> Result<(), CommandError> {
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => Err(CommandError::output(error)),
        _ => Ok(()),
    }
}
