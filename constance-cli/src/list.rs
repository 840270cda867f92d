//! `settings list`.

use std::io::Write;

use constance_core::{Backend, Codec, Config, Error, Settings};

use crate::{CommandError, output};

pub(crate) fn run<S: Settings, C: Codec, B: Backend>(
    config: &Config<S, C, B>,
    json: bool,
    out: &mut dyn Write,
) -> Result<(), CommandError> {
    let entries = config.list()?;
    let text = if json { output::json::list(&entries) } else { output::text::list(&entries) };
    output::print(out, &text)?;
    // As with `ls` on a folder it may read in part: everything that can be shown was, and the exit code says that
    // something was not.
    let mut unreadable: Vec<Error> = Vec::new();
    for entry in entries {
        unreadable.extend(entry.text.err());
        // Each of its settings tells of it.
        let broken = entry.broken_rule.filter(|rule| !unreadable.iter().any(|e| e.to_string() == rule.to_string()));
        unreadable.extend(broken);
    }
    if unreadable.is_empty() { Ok(()) } else { Err(CommandError::unreadable(unreadable)) }
}
