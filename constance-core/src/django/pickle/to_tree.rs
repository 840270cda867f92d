//! What a pickle built, as a value.

use std::collections::HashMap;

use super::machine::Built;
use super::objects::{Id, MAX_SIZE, NODE, Object};
use super::reader::text;
use super::{Refused, too_large};
use crate::django::python;
use crate::tree::{MAX_DEPTH, Tree};

pub(super) fn to_tree(built: Built) -> Result<Tree, Refused> {
    Builder { objects: &built.objects, left: MAX_SIZE }.tree(built.root, MAX_DEPTH)
}

struct Builder<'o> {
    objects: &'o [Object],
    left: usize,
}

impl Builder<'_> {
    fn tree(&mut self, id: Id, levels: usize) -> Result<Tree, Refused> {
        let object = &self.objects[id];
        self.spend(NODE + object.len())?;
        Ok(match object {
            Object::None => Tree::None,
            Object::Bool(value) => Tree::Bool(*value),
            Object::Int(value) => Tree::Int(*value),
            Object::BigInt(digits) => Tree::BigInt(digits.clone()),
            Object::Float(value) => Tree::Float(*value),
            Object::Text(text) => Tree::Text(text.clone()),
            // What Python 3 does with them by default: ASCII or nothing.
            Object::OldText(bytes) if bytes.is_ascii() => Tree::Text(text(bytes)?),
            Object::OldText(_) | Object::Bytes(_) => return Err("bytes, which JSON cannot hold".to_owned()),
            Object::Tuple(elements) | Object::List(elements) => {
                let levels = inside(levels)?;
                Tree::List(elements.iter().map(|element| self.tree(*element, levels)).collect::<Result<_, _>>()?)
            }
            Object::Dict(entries) => {
                let levels = inside(levels)?;
                let mut map: Vec<(String, Tree)> = Vec::new();
                for (key, value) in entries {
                    map.push((self.key(*key)?, self.tree(*value, levels)?));
                }
                Tree::Map(last_of_each(map))
            }
            Object::Date(date) => Tree::Date(*date),
            Object::Time(time, offset) => Tree::Time(*time, *offset),
            Object::DateTime(at) => Tree::DateTime(*at),
            Object::Timedelta(span) => Tree::Span(*span),
            Object::Decimal(text) => Tree::Decimal(text.clone()),
            Object::Uuid(bytes) => Tree::Uuid(*bytes),
            Object::Timezone(_) | Object::Global(_) | Object::BlankUuid => {
                return Err("an object that JSON cannot hold".to_owned());
            }
        })
    }

    /// As Python's `json.dumps` writes keys.
    fn key(&mut self, id: Id) -> Result<String, Refused> {
        let object = &self.objects[id];
        self.spend(NODE + object.len())?;
        Ok(match object {
            Object::Text(text) => text.clone(),
            Object::OldText(bytes) if bytes.is_ascii() => text(bytes)?,
            Object::Int(value) => value.to_string(),
            Object::BigInt(digits) => digits.clone(),
            Object::Float(value) => python::float(&format!("{value:e}")),
            Object::Bool(true) => "true".to_owned(),
            Object::Bool(false) => "false".to_owned(),
            Object::None => "null".to_owned(),
            _ => return Err("a dict with a key that JSON cannot hold".to_owned()),
        })
    }

    fn spend(&mut self, size: usize) -> Result<(), Refused> {
        self.left = self.left.checked_sub(size).ok_or_else(too_large)?;
        Ok(())
    }
}

fn inside(levels: usize) -> Result<usize, Refused> {
    levels
        .checked_sub(1)
        .ok_or_else(|| "a pickle nested deeper than 64 levels, or a value that contains itself".to_owned())
}

/// Where a name occurs twice, its first place and its last value, as in a Python dict.
fn last_of_each(entries: Vec<(String, Tree)>) -> Vec<(String, Tree)> {
    let mut places = HashMap::with_capacity(entries.len());
    let mut kept: Vec<(String, Tree)> = Vec::with_capacity(entries.len());
    for (name, value) in entries {
        match places.get(&name) {
            Some(&place) => kept[place] = (name, value),
            None => {
                places.insert(name.clone(), kept.len());
                kept.push((name, value));
            }
        }
    }
    kept
}
