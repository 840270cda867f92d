//! Writing JSON as Python's `json.dumps` writes it.

use super::envelope::{TYPE, VALUE, is_reserved};
use crate::civil::{Date, DateTime, Time};
use crate::django::isoformat::Python;
use crate::django::python;
use crate::tree::{ConvertError, MAX_DEPTH, Tree};

/// The bytes that django-constance 4 stores for the value.
pub(super) fn write(tree: &Tree) -> Result<Vec<u8>, ConvertError> {
    let mut out = String::new();
    match typed(tree)? {
        Some((discriminator, value)) => envelope(&mut out, discriminator, &value),
        None => {
            out += "{\"__type__\": \"default\", \"__value__\": ";
            value(&mut out, tree, MAX_DEPTH)?;
            out.push('}');
        }
    }
    Ok(out.into_bytes())
}

/// The same without the outermost envelope of what JSON has by itself.
pub(super) fn bare(tree: &Tree) -> Result<String, ConvertError> {
    let mut out = String::new();
    value(&mut out, tree, MAX_DEPTH)?;
    Ok(out)
}

/// The name of a typed value and its JSON, `None` for what JSON has by itself.
fn typed(tree: &Tree) -> Result<Option<(&'static str, String)>, ConvertError> {
    Ok(match tree {
        Tree::Date(date) => Some(("date", quoted(&in_years(*date)?))),
        Tree::Time(time, offset) => Some(("time", quoted(&Python((in_micros(*time)?, *offset))))),
        Tree::DateTime(at) => {
            let (date, time) = (in_years(at.date)?, in_micros(at.time)?);
            Some(("datetime", quoted(&Python(DateTime { date, time, ..*at }))))
        }
        Tree::Span(span) => Some(("timedelta", python::total_seconds(*span)?)),
        Tree::Decimal(text) => Some(("decimal", quoted(&python::decimal(text)))),
        Tree::Uuid(bytes) => Some(("uuid", quoted(&format_args!("{:032x}", u128::from_be_bytes(*bytes))))),
        _ => None,
    })
}

/// These texts hold nothing that JSON escapes.
fn quoted(text: &dyn std::fmt::Display) -> String {
    format!("\"{text}\"")
}

fn envelope(out: &mut String, discriminator: &str, value: &str) {
    *out += &format!("{{\"{TYPE}\": \"{discriminator}\", \"{VALUE}\": {value}}}");
}

fn value(out: &mut String, tree: &Tree, levels: usize) -> Result<(), ConvertError> {
    match tree {
        Tree::None => out.push_str("null"),
        Tree::Bool(value) => out.push_str(if *value { "true" } else { "false" }),
        Tree::Int(value) => out.push_str(&value.to_string()),
        Tree::BigInt(digits) => out.push_str(digits),
        Tree::Float(value) => out.push_str(&python::float(&format!("{value:e}"))),
        Tree::Float32(value) => out.push_str(&python::float(&format!("{value:e}"))),
        Tree::Text(text) => string(out, text),
        Tree::Bytes(bytes) => {
            let elements: Vec<Tree> = bytes.iter().map(|byte| Tree::Int((*byte).into())).collect();
            list(out, &elements, levels)?;
        }
        Tree::List(elements) => list(out, elements, levels)?,
        Tree::Map(entries) => map(out, entries, levels)?,
        Tree::Date(_) | Tree::Time(..) | Tree::DateTime(_) | Tree::Span(_) | Tree::Decimal(_) | Tree::Uuid(_) => {
            if let Some((discriminator, value)) = typed(tree)? {
                envelope(out, discriminator, &value);
            }
        }
    }
    Ok(())
}

fn list(out: &mut String, elements: &[Tree], levels: usize) -> Result<(), ConvertError> {
    let levels = levels.checked_sub(1).ok_or(ConvertError::DEEP)?;
    out.push('[');
    for (at, element) in elements.iter().enumerate() {
        out.push_str(if at == 0 { "" } else { ", " });
        value(out, element, levels)?;
    }
    out.push(']');
    Ok(())
}

fn map(out: &mut String, entries: &[(String, Tree)], levels: usize) -> Result<(), ConvertError> {
    let levels = levels.checked_sub(1).ok_or(ConvertError::DEEP)?;
    out.push('{');
    for (at, (name, element)) in entries.iter().enumerate() {
        if is_reserved(name) {
            return Err(ConvertError::Words(
                "with a key \"__type__\" or \"__value__\", which would be taken for an envelope,",
            ));
        }
        out.push_str(if at == 0 { "" } else { ", " });
        string(out, name);
        out.push_str(": ");
        value(out, element, levels)?;
    }
    out.push('}');
    Ok(())
}

fn string(out: &mut String, text: &str) {
    out.push('"');
    for c in text.chars() {
        match c {
            '"' | '\\' => out.extend(['\\', c]),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            '\u{8}' => out.push_str("\\b"),
            '\u{c}' => out.push_str("\\f"),
            ' '..='~' => out.push(c),
            _ => {
                for unit in c.encode_utf16(&mut [0; 2]) {
                    *out += &format!("\\u{unit:04x}");
                }
            }
        }
    }
    out.push('"');
}

/// Python has the years 1 to 9999.
fn in_years(date: Date) -> Result<Date, ConvertError> {
    if (1..=9999).contains(&date.year) { Ok(date) } else { Err(ConvertError::Words("outside the years 1 to 9999")) }
}

fn in_micros(time: Time) -> Result<Time, ConvertError> {
    if time.nanos.is_multiple_of(1_000) { Ok(time) } else { Err(python::FINER) }
}
