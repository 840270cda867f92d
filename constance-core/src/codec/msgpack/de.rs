//! Deserializing MessagePack, never to another value than was written.
//!
//! `rmp_serde` reads an integer that no float is equal to as a rounded float, a list as a struct, bytes as a text, and a number
//! as a variant of an enum. This deserializer reads only what the same type would have written.

use std::collections::HashSet;

use serde::de::value::BorrowedStrDeserializer;
use serde::de::{DeserializeSeed, Deserializer, EnumAccess, MapAccess, SeqAccess, VariantAccess, Visitor};

use super::leaf;
use super::read::{Piece, Reader};
use crate::Kind;
use crate::tree::{ConvertError, Step, TreeDeserializer, number};

type Result<T> = std::result::Result<T, ConvertError>;

/// The next value of a reader.
pub(super) struct Value<'r, 'b, 'k> {
    pub(super) reader: &'r mut Reader<'b>,
    /// The kind, where it says what a text or a map stands for; `None` where serde alone does.
    pub(super) kind: Option<&'k Kind>,
    /// How many lists and maps may be around what is inside.
    pub(super) levels: usize,
}

impl<'b, 'k> Value<'_, 'b, 'k> {
    fn inside(&self) -> Result<usize> {
        self.levels.checked_sub(1).ok_or(ConvertError::DEEP)
    }

    /// A value of a kind that has a form of its own.
    #[inline]
    fn leaf(&mut self) -> Result<Option<TreeDeserializer>> {
        match self.kind {
            None => Ok(None),
            Some(kind) => Ok(leaf::read(kind, self.reader)?.map(|tree| TreeDeserializer::new(tree, false))),
        }
    }

    fn element_kind(&self) -> Option<&'k Kind> {
        match self.kind.map(leaf::without_option) {
            Some(Kind::List(inner) | Kind::Map(inner)) => Some(inner),
            _ => None,
        }
    }

    #[inline]
    fn list<V: Visitor<'b>>(self, count: usize, visitor: V) -> Result<V::Value> {
        let (levels, kind) = (self.inside()?, self.element_kind());
        let mut parts = Parts::new(self.reader, kind, levels, count, &[]);
        let value = visitor.visit_seq(&mut parts)?;
        if parts.left == 0 { Ok(value) } else { Err(ConvertError::SHAPE) }
    }

    /// The names are those that the type knows.
    #[inline]
    fn map<V: Visitor<'b>>(self, count: usize, names: &'static [&'static str], visitor: V) -> Result<V::Value> {
        let (levels, kind) = (self.inside()?, self.element_kind());
        // A struct knows its fields by itself.
        if names.is_empty() && count > 1 && has_doubles(*self.reader, count, levels) {
            return Err(ConvertError::twice());
        }
        let mut parts = Parts::new(self.reader, kind, levels, count, names);
        let value = visitor.visit_map(&mut parts)?;
        if parts.left == 0 { Ok(value) } else { Err(ConvertError::SHAPE) }
    }

    #[inline]
    fn piece<V: Visitor<'b>>(self, piece: Piece<'b>, visitor: V) -> Result<V::Value> {
        match piece {
            Piece::Nil => visitor.visit_unit(),
            Piece::Bool(value) => visitor.visit_bool(value),
            Piece::Unsigned(value) => visitor.visit_u64(value),
            Piece::Signed(value) => visitor.visit_i64(value),
            Piece::Float32(value) => visitor.visit_f32(value),
            Piece::Float64(value) => visitor.visit_f64(value),
            Piece::Text(text) => visitor.visit_borrowed_str(text),
            Piece::Bytes(bytes) => visitor.visit_borrowed_bytes(bytes),
            Piece::List(count) => self.list(count, visitor),
            Piece::Map(count) => self.map(count, &[], visitor),
        }
    }
}

macro_rules! integers {
    ($($method:ident $visit:ident $int:ty),+) => {$(
        #[inline]
        fn $method<V: Visitor<'b>>(mut self, visitor: V) -> Result<V::Value> {
            if let Some(leaf) = self.leaf()? {
                return leaf.$method(visitor);
            }
            match self.reader.next()? {
                Piece::Unsigned(value) => visitor.$visit(<$int>::try_from(value).map_err(|_| ConvertError::RANGE)?),
                Piece::Signed(value) => visitor.$visit(<$int>::try_from(value).map_err(|_| ConvertError::RANGE)?),
                piece => self.piece(piece, visitor),
            }
        }
    )+};
}

/// These have no type in MessagePack, and are sixteen bytes.
macro_rules! long_integers {
    ($($method:ident $visit:ident $int:ty),+) => {$(
        fn $method<V: Visitor<'b>>(mut self, visitor: V) -> Result<V::Value> {
            if let Some(leaf) = self.leaf()? {
                return leaf.$method(visitor);
            }
            match self.reader.next()? {
                Piece::Unsigned(value) => visitor.$visit(<$int>::from(value)),
                Piece::Signed(value) => visitor.$visit(<$int>::try_from(value).map_err(|_| ConvertError::RANGE)?),
                Piece::Bytes(bytes) => {
                    visitor.$visit(<$int>::from_be_bytes(bytes.try_into().map_err(|_| ConvertError::SHAPE)?))
                }
                piece => self.piece(piece, visitor),
            }
        }
    )+};
}

impl<'b> Deserializer<'b> for Value<'_, 'b, '_> {
    type Error = ConvertError;

    integers!(
        deserialize_i8 visit_i8 i8, deserialize_i16 visit_i16 i16, deserialize_i32 visit_i32 i32,
        deserialize_i64 visit_i64 i64, deserialize_u8 visit_u8 u8, deserialize_u16 visit_u16 u16,
        deserialize_u32 visit_u32 u32, deserialize_u64 visit_u64 u64
    );

    long_integers!(deserialize_i128 visit_i128 i128, deserialize_u128 visit_u128 u128);

    fn deserialize_any<V: Visitor<'b>>(mut self, visitor: V) -> Result<V::Value> {
        if let Some(leaf) = self.leaf()? {
            return leaf.deserialize_any(visitor);
        }
        let piece = self.reader.next()?;
        self.piece(piece, visitor)
    }

    fn deserialize_f32<V: Visitor<'b>>(mut self, visitor: V) -> Result<V::Value> {
        if let Some(leaf) = self.leaf()? {
            return leaf.deserialize_f32(visitor);
        }
        let wide = match self.reader.next()? {
            Piece::Float32(value) => return visitor.visit_f32(value),
            Piece::Float64(value) => Some(value),
            Piece::Unsigned(value) => number::float_of_int(value.into()),
            Piece::Signed(value) => number::float_of_int(value.into()),
            piece => return self.piece(piece, visitor),
        };
        visitor.visit_f32(wide.and_then(number::narrow).ok_or(ConvertError::ANOTHER_NUMBER)?)
    }

    #[inline]
    fn deserialize_f64<V: Visitor<'b>>(mut self, visitor: V) -> Result<V::Value> {
        if let Some(leaf) = self.leaf()? {
            return leaf.deserialize_f64(visitor);
        }
        let float = match self.reader.next()? {
            Piece::Float32(value) => Some(value.into()),
            Piece::Float64(value) => Some(value),
            Piece::Unsigned(value) => number::float_of_int(value.into()),
            Piece::Signed(value) => number::float_of_int(value.into()),
            piece => return self.piece(piece, visitor),
        };
        visitor.visit_f64(float.ok_or(ConvertError::ANOTHER_NUMBER)?)
    }

    #[inline]
    fn deserialize_str<V: Visitor<'b>>(mut self, visitor: V) -> Result<V::Value> {
        if let Some(leaf) = self.leaf()? {
            return leaf.deserialize_str(visitor);
        }
        match self.reader.next()? {
            Piece::Text(text) => visitor.visit_borrowed_str(text),
            Piece::Bytes(_) => Err(ConvertError::SHAPE),
            piece => self.piece(piece, visitor),
        }
    }

    #[inline]
    fn deserialize_string<V: Visitor<'b>>(self, visitor: V) -> Result<V::Value> {
        self.deserialize_str(visitor)
    }

    fn deserialize_bytes<V: Visitor<'b>>(mut self, visitor: V) -> Result<V::Value> {
        if let Some(leaf) = self.leaf()? {
            return leaf.deserialize_bytes(visitor);
        }
        match self.reader.next()? {
            Piece::Text(_) => Err(ConvertError::SHAPE),
            piece => self.piece(piece, visitor),
        }
    }

    fn deserialize_byte_buf<V: Visitor<'b>>(self, visitor: V) -> Result<V::Value> {
        self.deserialize_bytes(visitor)
    }

    fn deserialize_option<V: Visitor<'b>>(self, visitor: V) -> Result<V::Value> {
        if self.reader.take_nil() { visitor.visit_none() } else { visitor.visit_some(self) }
    }

    fn deserialize_unit_struct<V: Visitor<'b>>(mut self, _: &'static str, visitor: V) -> Result<V::Value> {
        if let Some(leaf) = self.leaf()? {
            return leaf.deserialize_any(visitor);
        }
        match self.reader.next()? {
            // As it is written.
            Piece::List(0) => visitor.visit_unit(),
            piece => self.piece(piece, visitor),
        }
    }

    fn deserialize_newtype_struct<V: Visitor<'b>>(self, _: &'static str, visitor: V) -> Result<V::Value> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_tuple<V: Visitor<'b>>(mut self, len: usize, visitor: V) -> Result<V::Value> {
        if let Some(leaf) = self.leaf()? {
            return leaf.deserialize_tuple(len, visitor);
        }
        let piece = self.reader.next()?;
        self.piece(piece, visitor)
    }

    fn deserialize_tuple_struct<V: Visitor<'b>>(self, _: &'static str, len: usize, visitor: V) -> Result<V::Value> {
        self.deserialize_tuple(len, visitor)
    }

    fn deserialize_struct<V: Visitor<'b>>(
        mut self,
        name: &'static str,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value> {
        if let Some(leaf) = self.leaf()? {
            return leaf.deserialize_struct(name, fields, visitor);
        }
        match self.reader.next()? {
            Piece::List(_) => Err(ConvertError::another("a list", "an object")),
            Piece::Map(count) => self.map(count, fields, visitor),
            piece => self.piece(piece, visitor),
        }
    }

    fn deserialize_enum<V: Visitor<'b>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value> {
        match self.reader.next()? {
            Piece::Text(name) => visitor.visit_enum(Variant { name, content: Content(None) }),
            Piece::Map(1) => match self.reader.next()? {
                Piece::Text(name) => {
                    let levels = self.inside()?;
                    let content = Content(Some(Value { reader: self.reader, kind: None, levels }));
                    visitor.visit_enum(Variant { name, content })
                }
                _ => Err(ConvertError::SHAPE),
            },
            _ => Err(ConvertError::SHAPE),
        }
    }

    /// The name of a field, which is always written.
    #[inline]
    fn deserialize_identifier<V: Visitor<'b>>(self, visitor: V) -> Result<V::Value> {
        match self.reader.next()? {
            Piece::Text(name) => visitor.visit_borrowed_str(name),
            _ => Err(ConvertError::SHAPE),
        }
    }

    /// A duplicate name does no harm in a value that is ignored.
    fn deserialize_ignored_any<V: Visitor<'b>>(self, visitor: V) -> Result<V::Value> {
        self.reader.skip(self.levels)?;
        visitor.visit_unit()
    }

    fn is_human_readable(&self) -> bool {
        false
    }

    serde::forward_to_deserialize_any! { <V: Visitor<'b>> bool char unit seq map }
}

/// What is inside a list or a map.
struct Parts<'r, 'b, 'k> {
    reader: &'r mut Reader<'b>,
    kind: Option<&'k Kind>,
    levels: usize,
    count: usize,
    left: usize,
    names: &'static [&'static str],
    /// Where the name of the member begins.
    name: Reader<'b>,
}

impl<'r, 'b, 'k> Parts<'r, 'b, 'k> {
    fn new(
        reader: &'r mut Reader<'b>,
        kind: Option<&'k Kind>,
        levels: usize,
        count: usize,
        names: &'static [&'static str],
    ) -> Self {
        Self { name: *reader, reader, kind, levels, count, left: count, names }
    }

    /// The place of the part that was read last, from 0.
    fn at(&self) -> usize {
        self.count - self.left - 1
    }

    /// The name is only looked at after an error.
    #[cold]
    fn member(&self) -> Step {
        match { self.name }.next() {
            Ok(Piece::Text(name)) => Step::member(name, self.names, self.at()),
            _ => Step::Entry(self.at() + 1),
        }
    }

    #[inline]
    fn value(&mut self, kind: Option<&'k Kind>) -> Value<'_, 'b, 'k> {
        Value { reader: self.reader, kind, levels: self.levels }
    }

    /// The length that is stored is not trusted with memory.
    fn hint(&self) -> usize {
        self.left.min(self.reader.left())
    }
}

impl<'b> SeqAccess<'b> for Parts<'_, 'b, '_> {
    type Error = ConvertError;

    #[inline]
    fn next_element_seed<T: DeserializeSeed<'b>>(&mut self, seed: T) -> Result<Option<T::Value>> {
        let Some(left) = self.left.checked_sub(1) else { return Ok(None) };
        self.left = left;
        seed.deserialize(self.value(self.kind)).map(Some).map_err(|error| error.at(Step::Element(self.at())))
    }

    fn size_hint(&self) -> Option<usize> {
        Some(self.hint())
    }
}

impl<'b> MapAccess<'b> for Parts<'_, 'b, '_> {
    type Error = ConvertError;

    #[inline]
    fn next_key_seed<K: DeserializeSeed<'b>>(&mut self, seed: K) -> Result<Option<K::Value>> {
        let Some(left) = self.left.checked_sub(1) else { return Ok(None) };
        self.left = left;
        self.name = *self.reader;
        seed.deserialize(self.value(None)).map(Some)
    }

    #[inline]
    fn next_value_seed<T: DeserializeSeed<'b>>(&mut self, seed: T) -> Result<T::Value> {
        seed.deserialize(self.value(self.kind)).map_err(|error| error.at(self.member()))
    }

    fn size_hint(&self) -> Option<usize> {
        Some(self.hint())
    }
}

/// The name of a member of a map, whichever way it is written.
#[derive(PartialEq, Eq, Hash)]
enum Name<'b> {
    Integer(i128),
    Text(&'b str),
    /// As it is stored.
    Other(&'b [u8]),
}

/// Whether two of so many members have the same name: nobody knows which of the two values was meant. What cannot be read is
/// found by whoever reads it.
#[inline(never)]
fn has_doubles(mut reader: Reader<'_>, count: usize, levels: usize) -> bool {
    let mut seen = HashSet::new();
    for _ in 0..count {
        let start = reader;
        if reader.skip(levels).is_err() {
            return false;
        }
        let name = match { start }.next() {
            Ok(Piece::Unsigned(value)) => Name::Integer(value.into()),
            Ok(Piece::Signed(value)) => Name::Integer(value.into()),
            Ok(Piece::Text(text)) => Name::Text(text),
            _ => Name::Other(start.until(&reader)),
        };
        if !seen.insert(name) {
            return true;
        }
        if reader.skip(levels).is_err() {
            return false;
        }
    }
    false
}

/// A variant of an enum by name, and what it holds.
struct Variant<'r, 'b, 'k> {
    name: &'b str,
    content: Content<'r, 'b, 'k>,
}

/// What a variant holds: nothing at all where only its name is stored.
struct Content<'r, 'b, 'k>(Option<Value<'r, 'b, 'k>>);

impl<'r, 'b, 'k> EnumAccess<'b> for Variant<'r, 'b, 'k> {
    type Error = ConvertError;
    type Variant = Content<'r, 'b, 'k>;

    fn variant_seed<V: DeserializeSeed<'b>>(self, seed: V) -> Result<(V::Value, Self::Variant)> {
        Ok((seed.deserialize(BorrowedStrDeserializer::new(self.name))?, self.content))
    }
}

impl<'b> VariantAccess<'b> for Content<'_, 'b, '_> {
    type Error = ConvertError;

    fn unit_variant(self) -> Result<()> {
        self.0.map_or(Ok(()), |_| Err(ConvertError::SHAPE))
    }

    fn newtype_variant_seed<T: DeserializeSeed<'b>>(self, seed: T) -> Result<T::Value> {
        seed.deserialize(self.0.ok_or(ConvertError::SHAPE)?)
    }

    fn tuple_variant<V: Visitor<'b>>(self, len: usize, visitor: V) -> Result<V::Value> {
        self.0.ok_or(ConvertError::SHAPE)?.deserialize_tuple(len, visitor)
    }

    fn struct_variant<V: Visitor<'b>>(self, fields: &'static [&'static str], visitor: V) -> Result<V::Value> {
        self.0.ok_or(ConvertError::SHAPE)?.deserialize_struct("", fields, visitor)
    }
}

#[cfg(test)]
mod tests {
    use serde::{Deserialize, Serialize};

    use crate::{Codec, Error, Kind, MessagePack};

    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    enum Nested {
        Empty,
        List(Vec<Nested>),
    }

    /// Each list is in the map of its variant.
    fn nested(lists: usize) -> Nested {
        (0..lists).fold(Nested::Empty, |inner, _| Nested::List(vec![inner]))
    }

    #[test]
    fn the_name_of_a_variant_is_no_level() -> Result<(), Error> {
        let deepest = nested(MessagePack::MAX_DEPTH / 2);
        let encoded = MessagePack.encode(&Kind::Serde, &deepest)?;
        assert_eq!(MessagePack.decode::<Nested>(&Kind::Serde, encoded.as_bytes())?, deepest);
        assert!(MessagePack.encode(&Kind::Serde, &nested(MessagePack::MAX_DEPTH / 2 + 1)).is_err());
        Ok(())
    }
}
