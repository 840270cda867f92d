//! `settings list`.

use std::io::Write;

use constance_core::{Backend, Codec, Config, Settings};

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
    let unreadable: Vec<_> = entries.into_iter().filter_map(|entry| entry.text.err()).collect();
    if unreadable.is_empty() { Ok(()) } else { Err(CommandError::unreadable(unreadable)) }
}
