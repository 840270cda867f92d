//! `settings import-legacy`.

use std::io::Write;

use constance_core::{Backend, Codec, Config, Settings};

use crate::output::Imported;
use crate::{CommandError, output};

pub(crate) fn run<S: Settings, C: Codec, B: Backend>(
    config: &Config<S, C, B>,
    write: bool,
    json: bool,
    out: &mut dyn Write,
) -> Result<(), CommandError> {
    let found = config.legacy_values()?;
    let (converted, changed) = match write {
        true => {
            let done = config.convert_legacy(&found)?;
            (done.converted, done.changed)
        }
        false => (found.names().map(str::to_owned).collect(), Vec::new()),
    };
    let refused = found.refused();
    let imported = Imported { dry_run: !write, converted: &converted, changed: &changed, refused };
    output::print(out, &if json { output::json::imported(&imported) } else { output::text::imported(&imported) })?;
    // All other values have been converted. The exit code says that some could not be.
    if refused.is_empty() { Ok(()) } else { Err(CommandError::refused(refused.to_vec())) }
}
