//! Values from outside as they were given, and what they are once the settings are known.

use std::fmt;

use serde::Serialize;
use serde_json::Value as Json;

use super::{Source, variables};
use crate::field::{AnyValue, Field};
use crate::{Codec, Error, ErrorKind, Kind, Result, Schema, Settings};

/// Values by name, in the order in which they were added: a later one counts.
#[derive(Clone, Default)]
pub(crate) struct Collected {
    given: Vec<Given>,
    problem: Option<Error>,
    ignores_unknown: bool,
}

/// One of them.
#[derive(Clone)]
struct Given {
    name: Name,
    value: Value,
    source: Source,
    /// In its file, from 1.
    line: Option<usize>,
}

#[derive(Clone)]
enum Name {
    /// The name of a setting, or the beginning of several.
    Plain(String),
    /// What follows the prefix of a variable.
    InVariable(String),
}

/// One value as its source has it.
#[derive(Clone)]
pub(super) enum Value {
    /// The text form of whatever the setting is.
    Text(String),
    /// From a format that knows more than texts. No object.
    Json(Json),
    /// A setting that is a map, or several settings.
    Table(Vec<Entry>),
}

/// One value of a table.
#[derive(Clone)]
pub(super) struct Entry {
    pub(super) name: String,
    pub(super) value: Value,
    /// In its file, from 1.
    pub(super) line: Option<usize>,
}

/// A value that a setting gets.
pub(crate) struct Resolved {
    pub(crate) index: usize,
    pub(crate) value: AnyValue,
    pub(crate) source: Source,
}

impl Collected {
    pub(super) fn env(&mut self, prefix: &str) {
        let mut variables = Vec::new();
        for (name, value) in std::env::vars_os() {
            // A name that is no text cannot begin with the prefix and name a setting.
            let Some(name) = name.into_string().ok().filter(|name| name.starts_with(prefix)) else { continue };
            match value.into_string() {
                Ok(value) => variables.push((name, value)),
                Err(_) => self.refuse(format!("{name} is not UTF-8")),
            }
        }
        self.variables(prefix, variables.into_iter());
    }

    pub(super) fn variables(&mut self, prefix: &str, variables: impl Iterator<Item = (String, String)>) {
        if prefix.is_empty() {
            self.refuse("environment variables of settings need a prefix".to_owned());
            return;
        }
        // Those of one call have no order of their own.
        let mut of_prefix: Vec<_> = variables.filter(|(name, _)| name.starts_with(prefix)).collect();
        of_prefix.sort();
        for (variable, text) in of_prefix {
            let name = Name::InVariable(variable[prefix.len()..].to_owned());
            self.given.push(Given { name, value: Value::Text(text), source: Source::Env(variable), line: None });
        }
    }

    pub(super) fn text(&mut self, name: &str, text: String) {
        let name = Name::Plain(name.to_owned());
        self.given.push(Given { name, value: Value::Text(text), source: Source::Code, line: None });
    }

    pub(super) fn serialized<T: Serialize + ?Sized>(&mut self, values: &T) -> Result<()> {
        let refused = |detail| Error::new(ErrorKind::Configuration).with_detail(detail);
        // Serde's own words may show a value.
        match serde_json::to_value(values) {
            Ok(Json::Object(entries)) => {
                self.table(entries_of(entries), &Source::Code);
                Ok(())
            }
            Ok(_) => Err(refused("base values have to be a map or a struct")),
            Err(_) => Err(refused("these base values cannot be written as JSON")),
        }
    }

    pub(super) fn table(&mut self, entries: Vec<Entry>, source: &Source) {
        self.given.extend(entries.into_iter().map(|entry| Given::within(None, entry, source)));
    }

    pub(super) fn ignore_unknown(&mut self) {
        self.ignores_unknown = true;
    }

    /// Adds what was collected elsewhere, above what is here.
    pub(super) fn append(&mut self, other: Self) {
        self.given.extend(other.given);
        self.problem = self.problem.take().or(other.problem);
        self.ignores_unknown |= other.ignores_unknown;
    }

    fn refuse(&mut self, detail: String) {
        self.problem.get_or_insert_with(|| Error::new(ErrorKind::Configuration).with_detail(detail));
    }

    /// What the settings get, the later ones last.
    ///
    /// # Errors
    ///
    /// `Configuration` for every name that no setting has and every value that a setting refuses.
    pub(crate) fn resolve<S: Settings, C: Codec>(self, schema: &Schema<S, C>) -> Result<Vec<Resolved>> {
        if let Some(problem) = self.problem {
            return Err(problem);
        }
        let has_variables = self.given.iter().any(|given| matches!(given.name, Name::InVariable(_)));
        let places = if has_variables { variables::by_variable(schema)? } else { Default::default() };
        let (mut resolved, mut refused) = (Vec::new(), Vec::new());
        let mut left = self.given;
        left.reverse();
        while let Some(given) = left.pop() {
            let found = match &given.name {
                Name::Plain(name) => schema.field_named(name),
                Name::InVariable(name) => match places.get(name) {
                    Some(&index) => Ok((index, &*schema.fields[index])),
                    None => schema.field_named(&name.to_ascii_lowercase()),
                },
            };
            match (found, given) {
                (Ok((index, field)), given) => match given.value_of(field) {
                    Ok(Some(value)) => resolved.push(Resolved { index, value, source: given.source }),
                    Ok(None) => {}
                    Err(error) => refused.push(given.explained(error)),
                },
                // Not a setting: its entries may be.
                (Err(_), Given { name: Name::Plain(name), value: Value::Table(entries), source, line: _ })
                    if schema.settings().any(|info| is_within(&name, info.name)) =>
                {
                    left.extend(entries.into_iter().rev().map(|entry| Given::within(Some(&name), entry, &source)));
                }
                (Err(_), _) if self.ignores_unknown => {}
                (Err(error), given) => refused.push(given.explained(error)),
            }
        }
        Error::several(refused).map_or(Ok(resolved), Err)
    }
}

impl Given {
    fn within(table: Option<&str>, entry: Entry, source: &Source) -> Self {
        let Entry { name, value, line } = entry;
        let name = Name::Plain(table.map_or_else(|| name.clone(), |table| format!("{table}.{name}")));
        Self { name, value, source: source.clone(), line }
    }

    /// The value, held to the setting's own rules; `None`: it is a null, which says nothing.
    fn value_of<S, C: Codec>(&self, field: &dyn Field<S, C>) -> Result<Option<AnyValue>> {
        let text = self.text_of(&field.info().kind).map_err(|e| e.with_setting(field.info().name))?;
        let Some(text) = text else { return Ok(None) };
        let value = field.parse(&text)?;
        field.check(&value)?;
        Ok(Some(value))
    }

    /// The value in the text form of a setting of this kind.
    fn text_of(&self, kind: &Kind) -> Result<Option<String>> {
        let json = match &self.value {
            Value::Text(text) => return Ok(Some(text.clone())),
            Value::Json(json) => json,
            table @ Value::Table(_) => &table.to_json(),
        };
        let invalid =
            || Error::new(ErrorKind::Invalid).with_detail("this is not a text").with_hint("write it in quotes");
        Ok(Some(match (kind, json) {
            (_, Json::Null) => return Ok(None),
            // The text form of these is JSON.
            (Kind::Serde | Kind::Any, json) => json.to_string(),
            // A text that would be taken for none is in quotes there.
            (Kind::Option(Kind::Text), Json::String(_)) => json.to_string(),
            (_, Json::String(text)) => text.clone(),
            // A number would pass as a text where its quotes were forgotten.
            (Kind::Text | Kind::Char | Kind::Option(Kind::Text | Kind::Char), _) => return Err(invalid()),
            (_, json) => json.to_string(),
        }))
    }

    /// An error with where the value is.
    fn explained(&self, error: Error) -> Error {
        let place = match self.line {
            Some(line) => format!("{}, line {line}", self.source),
            None => self.source.to_string(),
        };
        let detail = format!("{place}: {}", error.detail());
        error.with_kind(ErrorKind::Configuration).with_detail(detail)
    }
}

impl Value {
    pub(super) fn of(json: Json) -> Self {
        match json {
            Json::Object(entries) => Self::Table(entries_of(entries)),
            json => Self::Json(json),
        }
    }

    /// The value inside another one.
    pub(super) fn to_json(&self) -> Json {
        match self {
            Self::Json(json) => json.clone(),
            Self::Table(entries) => {
                Json::Object(entries.iter().map(|entry| (entry.name.clone(), entry.value.to_json())).collect())
            }
            Self::Text(text) => Json::String(text.clone()),
        }
    }
}

fn entries_of(object: serde_json::Map<String, Json>) -> Vec<Entry> {
    object.into_iter().map(|(name, value)| Entry { name, value: Value::of(value), line: None }).collect()
}

/// Whether a setting's name begins with this one and a dot.
fn is_within(name: &str, setting: &str) -> bool {
    setting.strip_prefix(name).is_some_and(|rest| rest.starts_with('.'))
}

/// Where the values are from, and never what they are.
impl fmt::Debug for Collected {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.given.iter().map(|given| &given.source)).finish()
    }
}
