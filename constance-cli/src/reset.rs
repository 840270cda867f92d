//! `settings reset NAME`.

use std::io::Write;

use constance_core::{Backend, Codec, Config, Settings};

use crate::mask::MaskedValue;
use crate::output::Change;
use crate::{CommandError, output};

pub(crate) fn run<S: Settings, C: Codec, B: Backend>(
    config: &Config<S, C, B>,
    name: &str,
    json: bool,
    out: &mut dyn Write,
) -> Result<(), CommandError> {
    let before = config.entry(name)?;
    config.reset_name(name)?;
    let change = Change { before: &before, new: MaskedValue::default(&before.info), is_set: false };
    output::print(out, &if json { output::json::change(&change) } else { output::text::change(&change) })
}
