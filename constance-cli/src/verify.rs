//! `settings verify`.

use std::io::Write;

use constance_core::{Backend, Codec, Config, Settings};

use crate::{CommandError, output};

pub(crate) fn run<S: Settings, C: Codec, B: Backend>(
    config: &Config<S, C, B>,
    json: bool,
    out: &mut dyn Write,
) -> Result<(), CommandError> {
    let warnings = config.verify()?;
    output::print(out, &if json { output::json::verified(&warnings) } else { output::text::verified(&warnings) })
}
