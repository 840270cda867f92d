//! `settings set NAME VALUE`.

use std::io::Write;

use constance_core::{Backend, Codec, Config, Settings};

use crate::mask::MaskedValue;
use crate::output::Change;
use crate::{CommandError, output};

pub(crate) fn run<S: Settings, C: Codec, B: Backend>(
    config: &Config<S, C, B>,
    name: &str,
    text: &str,
    json: bool,
    out: &mut dyn Write,
) -> Result<(), CommandError> {
    // The text is parsed before the store is read.
    let change = config.change().set_text(name, text)?;
    let before = config.entry(name)?;
    change.apply()?;
    // Read again to show the text form of the library: 3600s is shown as 1h. The value is stored already, so a failure here is
    // not a failure of the command.
    let after = config.entry(name).ok().and_then(|entry| entry.text.ok());
    let new = MaskedValue::new(&before.info, after.as_deref().unwrap_or(text));
    let change = Change { before: &before, new, is_set: true };
    output::print(out, &if json { output::json::change(&change) } else { output::text::change(&change) })
}
