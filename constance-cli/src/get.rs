//! `settings get NAME`.

use std::io::Write;

use constance_core::{Backend, Codec, Config, Settings};

use crate::mask::MaskedValue;
use crate::{CommandError, output};

pub(crate) fn run<S: Settings, C: Codec, B: Backend>(
    config: &Config<S, C, B>,
    name: &str,
    json: bool,
    out: &mut dyn Write,
) -> Result<(), CommandError> {
    let entry = config.entry(name)?;
    if json {
        output::print(out, &output::json::one(&entry))?;
    } else if let Ok(value) = MaskedValue::value(&entry) {
        // A secret prints nothing: `set NAME "$(get NAME)"` would store whatever is printed in its place.
        let Some(text) = value.exact() else { return Err(CommandError::secret(entry.info.name)) };
        output::print(out, &format!("{text}\n"))?;
    }
    match entry.text {
        Ok(_) => Ok(()),
        Err(error) => Err(CommandError::unreadable(vec![error])),
    }
}
