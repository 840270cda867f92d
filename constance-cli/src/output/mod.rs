//! What the commands write.

pub(crate) mod json;
pub(crate) mod text;

use std::io::{ErrorKind, Write};

use constance_core::SettingEntry;

use crate::CommandError;
use crate::mask::Shown;

/// What `set` and `reset` did.
pub(crate) struct Change<'e> {
    /// The setting as it was just before.
    pub(crate) before: &'e SettingEntry,
    /// The value now in force.
    pub(crate) new: Shown<'e>,
    /// Whether a value is stored now.
    pub(crate) is_set: bool,
}

/// What `import-legacy` did, or would do.
#[cfg(feature = "legacy")]
#[derive(Clone, Copy)]
pub(crate) struct Imported<'e> {
    pub(crate) dry_run: bool,
    pub(crate) converted: &'e [String],
    /// What somebody else changed meanwhile.
    pub(crate) changed: &'e [String],
    pub(crate) refused: &'e [constance_core::Error],
}

/// Writes the whole output at once. Who closes a pipe has seen enough, and the command has done its work.
pub(crate) fn print(out: &mut dyn Write, text: &str) -> Result<(), CommandError> {
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => Err(CommandError::output(error)),
        _ => Ok(()),
    }
}
