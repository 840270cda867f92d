//! `settings migrate`.

use std::io::Write;

use constance_core::{Backend, Codec, Config, Settings};

use crate::{CommandError, output};

pub(crate) fn run<S: Settings, C: Codec, B: Backend>(
    config: &Config<S, C, B>,
    json: bool,
    out: &mut dyn Write,
) -> Result<(), CommandError> {
    config.migrate()?;
    output::print(out, &if json { output::json::migrated() } else { output::text::migrated() })
}
