//! The parts of a list, a map and an enum in a tree.

use std::vec::IntoIter;

use serde::de::value::StringDeserializer;
use serde::de::{
    Deserialize, DeserializeSeed, Deserializer, EnumAccess, IntoDeserializer, MapAccess, SeqAccess, VariantAccess,
    Visitor,
};

use super::de::{Manner, TreeDeserializer};
use super::key::KeyDeserializer;
use super::{ConvertError, Step, Tree};

/// What is left of a list.
pub(super) struct Elements {
    left: IntoIter<Tree>,
    at: usize,
    manner: Manner,
}

impl Elements {
    pub(super) fn new(elements: Vec<Tree>, manner: Manner) -> Self {
        Self { left: elements.into_iter(), at: 0, manner }
    }

    pub(super) fn end(&self) -> Result<(), ConvertError> {
        if self.left.len() == 0 { Ok(()) } else { Err(ConvertError::SHAPE) }
    }
}

impl<'de> SeqAccess<'de> for Elements {
    type Error = ConvertError;

    fn next_element_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<Option<T::Value>, ConvertError> {
        let Some(tree) = self.left.next() else { return Ok(None) };
        let step = Step::Element(self.at);
        self.at += 1;
        seed.deserialize(TreeDeserializer::inside(self.manner, tree)).map(Some).map_err(|error| error.at(step))
    }

    fn size_hint(&self) -> Option<usize> {
        Some(self.left.len())
    }
}

/// What is left of a map.
pub(super) struct Members {
    left: IntoIter<(String, Tree)>,
    value: Option<(Step, Tree)>,
    names: &'static [&'static str],
    at: usize,
    manner: Manner,
}

impl Members {
    pub(super) fn new(entries: Vec<(String, Tree)>, names: &'static [&'static str], manner: Manner) -> Self {
        Self { left: entries.into_iter(), value: None, names, at: 0, manner }
    }

    pub(super) fn end(&self) -> Result<(), ConvertError> {
        if self.left.len() == 0 { Ok(()) } else { Err(ConvertError::SHAPE) }
    }
}

impl<'de> MapAccess<'de> for Members {
    type Error = ConvertError;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, ConvertError> {
        let Some((name, tree)) = self.left.next() else { return Ok(None) };
        let step = Step::member(&name, self.names, self.at);
        self.at += 1;
        self.value = Some((step, tree));
        seed.deserialize(KeyDeserializer(name)).map(Some)
    }

    fn next_value_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<T::Value, ConvertError> {
        let (step, tree) = self.value.take().ok_or(ConvertError::SHAPE)?;
        seed.deserialize(TreeDeserializer::inside(self.manner, tree)).map_err(|error| error.at(step))
    }

    fn size_hint(&self) -> Option<usize> {
        Some(self.left.len())
    }
}

/// A variant by name, and what it holds.
pub(super) struct Variant {
    name: String,
    content: Content,
}

/// What a variant holds: nothing at all where only its name is stored.
pub(super) struct Content(Option<(Step, TreeDeserializer)>);

impl Content {
    pub(super) fn none() -> Self {
        Self(None)
    }
}

impl Content {
    /// Reads what is held, under the variant's name.
    fn read<T>(self, read: impl FnOnce(TreeDeserializer) -> Result<T, ConvertError>) -> Result<T, ConvertError> {
        let (step, content) = self.0.ok_or(ConvertError::SHAPE)?;
        read(content).map_err(|error| error.at(step))
    }
}

impl Variant {
    /// A text, or a map of one entry.
    pub(super) fn of(tree: Tree, variants: &'static [&'static str], manner: Manner) -> Result<Self, ConvertError> {
        match tree {
            Tree::Text(name) => Ok(Self { name, content: Content::none() }),
            Tree::Map(entries) => {
                let [(name, content)] = <[_; 1]>::try_from(entries).map_err(|_| ConvertError::SHAPE)?;
                let content = (Step::member(&name, variants, 0), TreeDeserializer::inside(manner, content));
                Ok(Self { name, content: Content(Some(content)) })
            }
            _ => Err(ConvertError::SHAPE),
        }
    }
}

impl<'de> EnumAccess<'de> for Variant {
    type Error = ConvertError;
    type Variant = Content;

    fn variant_seed<V: DeserializeSeed<'de>>(self, seed: V) -> Result<(V::Value, Content), ConvertError> {
        let name: StringDeserializer<ConvertError> = self.name.into_deserializer();
        Ok((seed.deserialize(name)?, self.content))
    }
}

impl<'de> VariantAccess<'de> for Content {
    type Error = ConvertError;

    fn unit_variant(self) -> Result<(), ConvertError> {
        if self.0.is_none() { Ok(()) } else { self.read(<()>::deserialize) }
    }

    fn newtype_variant_seed<T: DeserializeSeed<'de>>(self, seed: T) -> Result<T::Value, ConvertError> {
        self.read(|content| seed.deserialize(content))
    }

    fn tuple_variant<V: Visitor<'de>>(self, len: usize, visitor: V) -> Result<V::Value, ConvertError> {
        self.read(|content| content.deserialize_tuple(len, visitor))
    }

    fn struct_variant<V: Visitor<'de>>(
        self,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, ConvertError> {
        self.read(|content| content.deserialize_struct("", fields, visitor))
    }
}
