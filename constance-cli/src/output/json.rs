//! JSON output. Scripts depend on the names of members, so they never change.

use std::collections::BTreeSet;
use std::error::Error as _;

use constance_core::{Kind, SettingEntry, SettingInfo, Source, Warning};
use serde::Serialize;

use super::Change;
use crate::CommandError;
use crate::invisible::is_invisible;
use crate::mask::MaskedValue;

/// One setting. Values are in their text form: what `set` takes.
#[derive(Serialize)]
struct Object<'e> {
    name: &'e str,
    group: Option<&'e str>,
    help: &'e str,
    kind: String,
    accepted: String,
    min: Option<&'e str>,
    max: Option<&'e str>,
    choices: Vec<&'e str>,
    secret: bool,
    is_set: bool,
    source: &'static str,
    /// The variable or the file.
    source_name: Option<String>,
    /// `null`: secret or unreadable; `error` tells which.
    value: Option<&'e str>,
    default: Option<&'e str>,
    /// Why the value is unreadable, or which rule across settings the stored values break.
    error: Option<String>,
}

impl<'e> Object<'e> {
    fn new(entry: &'e SettingEntry) -> Self {
        let info = &entry.info;
        let value = MaskedValue::value(entry);
        Self {
            name: info.name,
            group: info.group,
            help: info.help,
            kind: kind(&info.kind),
            accepted: info.accepted(),
            // The bounds of a secret setting may reveal its value.
            min: info.min.as_deref().filter(|_| !info.secret),
            max: info.max.as_deref().filter(|_| !info.secret),
            choices: choices(info),
            secret: info.secret,
            is_set: entry.is_set,
            source: source(&entry.source),
            source_name: match &entry.source {
                Source::Env(name) | Source::PinnedByEnv(name) => Some(name.clone()),
                Source::File(path) => Some(path.display().to_string()),
                _ => None,
            },
            value: value.ok().and_then(MaskedValue::exact),
            default: MaskedValue::default(info).exact(),
            error: value.err().or(entry.broken_rule.as_ref()).map(ToString::to_string),
        }
    }
}

/// The result of `set` and `reset`.
#[derive(Serialize)]
struct Changed<'e> {
    name: &'e str,
    secret: bool,
    was_set: bool,
    is_set: bool,
    /// `null`: secret, or unreadable.
    old: Option<&'e str>,
    new: Option<&'e str>,
}

/// The result of `verify`.
#[derive(Serialize)]
struct Verified {
    verified: bool,
    warnings: Vec<String>,
}

/// The result of `migrate`.
#[derive(Serialize)]
struct Migrated {
    migrated: bool,
}

/// The result of `import-legacy`.
#[cfg(feature = "legacy")]
#[derive(Serialize)]
struct ImportedLegacy<'e> {
    dry_run: bool,
    /// The names whose values were converted, or would be.
    converted: &'e [String],
    /// The names whose values another writer changed meanwhile.
    changed: &'e [String],
    refused: Vec<RefusedLegacy<'e>>,
}

#[cfg(feature = "legacy")]
#[derive(Serialize)]
struct RefusedLegacy<'e> {
    name: Option<&'e str>,
    error: String,
}

#[derive(Serialize)]
struct Failure<'e> {
    error: Failed<'e>,
}

#[derive(Serialize)]
struct Failed<'e> {
    kind: &'static str,
    settings: Vec<&'e str>,
    message: String,
    cause: Option<String>,
    transient: bool,
    exit_code: u8,
}

/// An array of every setting, in the order of declaration.
pub(crate) fn list(entries: &[SettingEntry]) -> String {
    pretty(&entries.iter().map(Object::new).collect::<Vec<_>>())
}

pub(crate) fn names(names: &BTreeSet<String>) -> String {
    pretty(names)
}

pub(crate) fn verified(warnings: &[Warning]) -> String {
    pretty(&Verified { verified: true, warnings: warnings.iter().map(ToString::to_string).collect() })
}

pub(crate) fn migrated() -> String {
    pretty(&Migrated { migrated: true })
}

pub(crate) fn one(entry: &SettingEntry) -> String {
    pretty(&Object::new(entry))
}

pub(crate) fn change(change: &Change<'_>) -> String {
    let Change { before, new, is_set } = *change;
    pretty(&Changed {
        name: before.info.name,
        secret: before.info.secret,
        was_set: before.is_set,
        is_set,
        old: MaskedValue::value(before).ok().and_then(MaskedValue::exact),
        new: new.exact(),
    })
}

#[cfg(feature = "legacy")]
pub(crate) fn imported(imported: &super::Imported<'_>) -> String {
    let super::Imported { dry_run, converted, changed, refused } = *imported;
    let refused =
        refused.iter().map(|error| RefusedLegacy { name: error.setting(), error: error.to_string() }).collect();
    pretty(&ImportedLegacy { dry_run, converted, changed, refused })
}

/// One line, so that scripts find it among other lines of standard error.
pub(crate) fn error(error: &CommandError) -> String {
    let failed = Failed {
        kind: error.kind(),
        settings: error.settings(),
        message: error.to_string(),
        cause: error.source().map(ToString::to_string),
        transient: error.is_transient(),
        exit_code: error.code(),
    };
    // Serializing texts, numbers and lists of them does not fail.
    visible(&serde_json::to_string(&Failure { error: failed }).unwrap_or_default()) + "\n"
}

fn pretty<T: Serialize>(value: &T) -> String {
    // As above.
    visible(&serde_json::to_string_pretty(value).unwrap_or_default()) + "\n"
}

/// JSON with escapes for invisible and control characters, which occur in texts only.
fn visible(json: &str) -> String {
    let mut visible = String::with_capacity(json.len());
    for c in json.chars() {
        match c {
            '\n' => visible.push(c),
            _ if is_invisible(c) => {
                visible.extend(c.encode_utf16(&mut [0; 2]).iter().map(|unit| format!("\\u{unit:04x}")));
            }
            _ => visible.push(c),
        }
    }
    visible
}

/// Where the value comes from, in a word that a program can compare.
fn source(source: &Source) -> &'static str {
    match source {
        Source::Default => "default",
        Source::Code => "base_code",
        Source::File(_) => "base_file",
        Source::Env(_) => "base_env",
        Source::Stored => "stored",
        Source::PinnedByCode => "pinned_code",
        Source::PinnedByEnv(_) => "pinned_env",
        _ => "other",
    }
}

/// The type, in words that a program can compare.
fn kind(kind: &Kind) -> String {
    let word = match kind {
        Kind::Bool => "bool",
        Kind::Int { .. } => "int",
        Kind::Float => "float",
        Kind::Text => "text",
        Kind::Char => "char",
        Kind::Duration => "duration",
        Kind::SignedDuration => "signed_duration",
        Kind::Date => "date",
        Kind::Time => "time",
        Kind::DateTime => "datetime",
        Kind::Timestamp => "timestamp",
        Kind::Decimal => "decimal",
        Kind::Uuid => "uuid",
        Kind::Url => "url",
        Kind::Choice(_) => "choice",
        Kind::Serde => "json",
        Kind::Any => "any",
        Kind::Option(inner) => return format!("option<{}>", self::kind(inner)),
        Kind::List(inner) => return format!("list<{}>", self::kind(inner)),
        Kind::Map(inner) => return format!("map<{}>", self::kind(inner)),
        _ => "other",
    };
    word.to_owned()
}

/// The declared choices, or the variants of an enum.
fn choices(info: &SettingInfo) -> Vec<&str> {
    match info.kind {
        _ if info.secret => Vec::new(),
        Kind::Choice(words) if info.choices.is_empty() => words.to_vec(),
        _ => info.choices.iter().map(String::as_str).collect(),
    }
}

#[cfg(test)]
mod tests {
    use constance_core::SettingType;

    use super::*;

    #[test]
    fn invisible_characters_are_escaped_and_keep_their_meaning() {
        let text = "a\u{200b}b\u{feff}\u{61c}\u{9b}31m\u{7f}\u{e0041}\u{202e}\n\"\\ \u{fc}";
        let json = visible(&serde_json::to_string(text).expect("a text"));
        assert_eq!(json, r#""a\u200bb\ufeff\u061c\u009b31m\u007f\udb40\udc41\u202e\n\"\\ ü""#);
        assert_eq!(serde_json::from_str::<String>(&json).expect("JSON"), text);
    }

    #[test]
    fn kinds_are_words() {
        assert_eq!(kind(&<Option<Vec<u8>> as SettingType>::KIND), "option<list<int>>");
        assert_eq!(kind(&<std::time::Duration as SettingType>::KIND), "duration");
        assert_eq!(kind(&Kind::Option(&Kind::Any)), "option<any>");
    }
}
