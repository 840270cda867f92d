//! The variants of an enum in a tree.

use serde::de::value::StringDeserializer;
use serde::de::{Deserialize, DeserializeSeed, Deserializer, EnumAccess, IntoDeserializer, VariantAccess, Visitor};

use super::de::TreeDeserializer;
use super::{Tree, Unfit};

/// A variant by name, and what it holds.
pub(super) struct Variant {
    name: String,
    content: Content,
}

/// What a variant holds: nothing at all where only its name is stored.
pub(super) struct Content(Option<TreeDeserializer>);

impl Content {
    pub(super) fn none() -> Self {
        Self(None)
    }
}

impl Variant {
    /// A text, or a map of one entry.
    pub(super) fn of(tree: Tree, for_people: bool) -> Result<Self, Unfit> {
        match tree {
            Tree::Text(name) => Ok(Self { name, content: Content::none() }),
            Tree::Map(entries) => {
                let [(name, content)] = <[_; 1]>::try_from(entries).map_err(|_| Unfit::SHAPE)?;
                Ok(Self { name, content: Content(Some(TreeDeserializer::new(content, for_people))) })
            }
            _ => Err(Unfit::SHAPE),
        }
    }
}

impl<'de> EnumAccess<'de> for Variant {
    type Error = Unfit;
    type Variant = Content;

    fn variant_seed<V: DeserializeSeed<'de>>(self, seed: V) -> Result<(V::Value, Content), Unfit> {
        let name: StringDeserializer<Unfit> = self.name.into_deserializer();
        Ok((seed.deserialize(name)?, self.content))
    }
}

impl<'de> VariantAccess<'de> for Content {
    type Error = Unfit;

    fn unit_variant(self) -> Result<(), Unfit> {
        self.0.map_or(Ok(()), <()>::deserialize)
    }

    fn newtype_variant_seed<T: DeserializeSeed<'de>>(self, seed: T) -> Result<T::Value, Unfit> {
        seed.deserialize(self.0.ok_or(Unfit::SHAPE)?)
    }

    fn tuple_variant<V: Visitor<'de>>(self, len: usize, visitor: V) -> Result<V::Value, Unfit> {
        self.0.ok_or(Unfit::SHAPE)?.deserialize_tuple(len, visitor)
    }

    fn struct_variant<V: Visitor<'de>>(self, fields: &'static [&'static str], visitor: V) -> Result<V::Value, Unfit> {
        self.0.ok_or(Unfit::SHAPE)?.deserialize_struct("", fields, visitor)
    }
}
