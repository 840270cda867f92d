//! Text output, for people.

use std::collections::BTreeSet;
use std::error::Error as _;
use std::fmt::{self, Write};

use constance_core::{SettingEntry, Source, Warning};

use super::Change;
use crate::CommandError;
use crate::mask::MaskedValue;

/// The widest value that the column of values makes room for. A longer value moves only the rest of its own line.
const WIDEST_VALUE: usize = 32;

/// Every setting, those without a group first, then group by group; in the order of declaration.
pub(crate) fn list(entries: &[SettingEntry]) -> String {
    let mut text = String::new();
    // Writing to a string does not fail.
    let _ = write_list(&mut text, entries);
    text
}

fn write_list(text: &mut String, entries: &[SettingEntry]) -> fmt::Result {
    let name_width = entries.iter().map(|entry| width(entry.info.name)).max().unwrap_or(0);
    let values: Vec<String> = entries.iter().map(value).collect();
    let value_width = values.iter().map(|value| width(value)).filter(|w| *w <= WIDEST_VALUE).max().unwrap_or(0);
    let mut groups = vec![None];
    for entry in entries {
        if !groups.contains(&entry.info.group) {
            groups.push(entry.info.group);
        }
    }
    for group in groups {
        let mut members = entries.iter().zip(&values).filter(|(entry, _)| entry.info.group == group).peekable();
        if let (Some(group), Some(_)) = (group, members.peek()) {
            separate(text);
            writeln!(text, "[{group}]")?;
        }
        for (entry, value) in members {
            separate(text);
            let state = state(entry);
            writeln!(text, "{:name_width$}  {value:value_width$}  {state}", entry.info.name)?;
            for line in entry.info.help.lines() {
                writeln!(text, "{:name_width$}  {line}", "")?;
            }
            writeln!(text, "{:name_width$}  accepts: {}", "", entry.info.accepted())?;
            // A broken rule across all settings is reported once, at the end.
            let rule = entry.broken_rule.as_ref().filter(|rule| rule.settings().any(|name| name == entry.info.name));
            for error in entry.text.as_ref().err().into_iter().chain(rule) {
                writeln!(text, "{:name_width$}  error: {error}", "")?;
            }
        }
    }
    Ok(())
}

/// Where the value comes from.
fn state(entry: &SettingEntry) -> String {
    match &entry.source {
        Source::Stored => format!("stored; default {}", MaskedValue::default(&entry.info).on_one_line()),
        Source::Default => "default".to_owned(),
        pinned if pinned.is_pinned() && entry.is_set => format!("pinned by {pinned}; what is stored is hidden"),
        pinned if pinned.is_pinned() => format!("pinned by {pinned}"),
        base => format!("default from {base}"),
    }
}

/// A blank line, but not at the beginning and not after a heading.
fn separate(text: &mut String) {
    if !text.is_empty() && !text.ends_with("]\n") {
        text.push('\n');
    }
}

fn value(entry: &SettingEntry) -> String {
    MaskedValue::value(entry).map_or_else(|_| "(unreadable)".to_owned(), MaskedValue::on_one_line)
}

/// The number of characters. Wide characters are rare, and not worth a table of widths here.
fn width(text: &str) -> usize {
    text.chars().count()
}

/// A line for each name. Names cannot hold control characters.
pub(crate) fn names(names: &BTreeSet<String>) -> String {
    names.iter().map(|name| format!("{name}\n")).collect()
}

pub(crate) fn verified(warnings: &[Warning]) -> String {
    let mut text = "the store answers, and every setting is readable\n".to_owned();
    text.extend(warnings.iter().map(|warning| format!("warning: {warning}\n")));
    text
}

pub(crate) fn migrated() -> String {
    "the store is up to date\n".to_owned()
}

/// `the_answer: 42 -> 43`.
pub(crate) fn change(change: &Change<'_>) -> String {
    let Change { before, new, is_set } = change;
    let name = before.info.name;
    match (is_set, before.info.secret) {
        (false, _) if !before.is_set => format!("{name}: {} (default), nothing was stored\n", new.on_one_line()),
        // Without the old and the new value: two equal masks would look as if nothing had changed.
        (true, true) => format!("{name}: stored, not shown\n"),
        (false, true) => format!("{name}: reset to its default, not shown\n"),
        (true, false) => format!("{name}: {} -> {}\n", value(before), new.on_one_line()),
        (false, false) => format!("{name}: {} -> {} (default)\n", value(before), new.on_one_line()),
    }
}

/// A line for each value, and how many there are. No value is shown, since an undeclared setting may be secret.
#[cfg(feature = "legacy")]
pub(crate) fn imported(imported: &super::Imported<'_>) -> String {
    let super::Imported { dry_run, converted, changed, refused } = *imported;
    let done = if dry_run { "would be converted" } else { "converted" };
    let mut text = String::new();
    text.extend(converted.iter().map(|name| format!("{name}: {done}\n")));
    text.extend(changed.iter().map(|name| format!("{name}: changed by somebody else meanwhile, left as it is\n")));
    text.extend(refused.iter().map(|error| format!("{error}\n")));
    let total = converted.len() + changed.len() + refused.len();
    text + &match (total, dry_run) {
        (0, _) => "no values of django-constance 1 to 3 are stored\n".to_owned(),
        (_, true) => format!("{} of {total} values would be converted; --write converts them\n", converted.len()),
        (_, false) => format!("{} of {total} values converted\n", converted.len()),
    }
}

/// `error: …`, with the causes.
pub(crate) fn error(error: &CommandError) -> String {
    let mut text = format!("error: {error}\n");
    let mut source = error.source();
    while let Some(cause) = source {
        text += &format!("  caused by: {cause}\n");
        source = cause.source();
    }
    text
}
