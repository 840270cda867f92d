//! Base values from a TOML file.

use std::fs;
use std::ops::Range;
use std::path::Path;

use serde_json::{Number, Value as Json};
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::Source;
use super::collected::{Collected, Entry, Value};
use crate::backend::Cause;
use crate::{Error, ErrorKind, Result};

/// Adds what is in the file.
///
/// # Errors
///
/// `Configuration` that names the file and the line. The parser's own message would show the line.
pub(super) fn read(path: &Path, values: &mut Collected) -> Result<()> {
    let refused = |detail: &str| {
        Error::new(ErrorKind::Configuration).with_detail(format!("the file {}: {detail}", path.display()))
    };
    let text = fs::read_to_string(path).map_err(|error| {
        refused("it cannot be read").with_cause(Cause::new("file").with_code(format!("{:?}", error.kind())))
    })?;
    let line = |span: Range<usize>| text[..span.start.min(text.len())].matches('\n').count() + 1;
    let table = DeTable::parse(&text).map_err(|error| match error.span() {
        Some(span) => refused(&format!("line {} is no TOML", line(span))),
        None => refused("it is no TOML"),
    })?;
    let entries = entries(table.into_inner(), &line);
    let entries = entries.map_err(|at| refused(&format!("line {at}: a number in it is not one that JSON has")))?;
    values.table(entries, &Source::File(path.to_owned()));
    Ok(())
}

/// What is in a table, or the line of what cannot be in one.
fn entries(table: DeTable<'_>, line: &impl Fn(Range<usize>) -> usize) -> Result<Vec<Entry>, usize> {
    let entry = |(name, value): (Spanned<_>, Spanned<DeValue<'_>>)| {
        let at = line(name.span());
        let name: std::borrow::Cow<'_, str> = name.into_inner();
        Ok(Entry { name: name.into_owned(), value: value_of(value.into_inner(), at, line)?, line: Some(at) })
    };
    table.into_iter().map(entry).collect()
}

fn value_of(value: DeValue<'_>, at: usize, line: &impl Fn(Range<usize>) -> usize) -> Result<Value, usize> {
    Ok(match value {
        DeValue::Table(table) => Value::Table(entries(table, line)?),
        // By itself it may be no number, which a setting can hold and JSON cannot.
        DeValue::Float(float) => match json(DeValue::Float(float.clone())) {
            Some(json) => Value::Json(json),
            None => Value::Text(float.as_str().to_owned()),
        },
        value => Value::Json(json(value).ok_or(at)?),
    })
}

fn json(value: DeValue<'_>) -> Option<Json> {
    Some(match value {
        DeValue::String(text) => Json::String(text.into_owned()),
        DeValue::Integer(number) => {
            Json::Number(Number::from_i128(i128::from_str_radix(number.as_str(), number.radix()).ok()?)?)
        }
        DeValue::Float(number) => Json::Number(Number::from_f64(number.as_str().parse().ok()?)?),
        DeValue::Boolean(yes) => Json::Bool(yes),
        DeValue::Datetime(moment) => Json::String(moment.to_string()),
        DeValue::Array(values) => {
            Json::Array(values.into_iter().map(|value| json(value.into_inner())).collect::<Option<_>>()?)
        }
        DeValue::Table(table) => {
            let entries = table.into_iter().map(|(name, value)| {
                let name: std::borrow::Cow<'_, str> = name.into_inner();
                Some((name.into_owned(), json(value.into_inner())?))
            });
            Json::Object(entries.collect::<Option<_>>()?)
        }
    })
}
