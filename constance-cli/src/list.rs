//! `settings list`.

use std::collections::BTreeSet;
use std::io::Write;

use constance_core::{Backend, Codec, Config, Error, SettingEntry, Settings};

use crate::{CommandError, output};

pub(crate) fn run<S: Settings, C: Codec, B: Backend>(
    config: &Config<S, C, B>,
    group: Option<&str>,
    stored: bool,
    json: bool,
    out: &mut dyn Write,
) -> Result<(), CommandError> {
    if let Some(group) = group {
        // Checked before the store is read: a misspelt group would look like a group without settings.
        let groups: BTreeSet<&str> = config.schema().settings().filter_map(|info| info.group).collect();
        if !groups.contains(group) {
            let known = groups.into_iter().collect::<Vec<_>>().join(", ");
            let known = if known.is_empty() { "there is none".to_owned() } else { format!("groups are {known}") };
            return Err(CommandError::usage(format!("there is no group of this name; {known}")));
        }
    }
    let is_wanted = |entry: &SettingEntry| (group.is_none() || entry.info.group == group) && (entry.is_set || !stored);
    let entries: Vec<SettingEntry> = config.list()?.into_iter().filter(is_wanted).collect();
    let text = if json { output::json::list(&entries) } else { output::text::list(&entries) };
    output::print(out, &text)?;
    // Like `ls` on a folder that it can read in part: everything else has been shown, and the exit code says that something is
    // missing.
    let mut unreadable: Vec<Error> = Vec::new();
    for entry in entries {
        unreadable.extend(entry.text.err());
        // Each setting of the rule has the same error.
        let broken = entry.broken_rule.filter(|rule| !unreadable.iter().any(|e| e.to_string() == rule.to_string()));
        unreadable.extend(broken);
    }
    if unreadable.is_empty() { Ok(()) } else { Err(CommandError::unreadable(unreadable)) }
}
