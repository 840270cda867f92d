//! The keys of maps: every stored format here has texts only.

use serde::de::value::StringDeserializer;
use serde::de::{DeserializeSeed, Deserializer, EnumAccess, IntoDeserializer, Visitor};
use serde::ser::{Impossible, Serialize, Serializer};

use super::ConvertError;

/// Texts, words of an enum, numbers and truth values, the last two as JSON would write them.
pub(super) struct KeySerializer;

macro_rules! printed {
    ($($method:ident $type:ty),+) => {$(
        fn $method(self, value: $type) -> Result<String, ConvertError> {
            Ok(value.to_string())
        }
    )+};
}

impl Serializer for KeySerializer {
    type Ok = String;
    type Error = ConvertError;
    type SerializeSeq = Impossible<String, ConvertError>;
    type SerializeTuple = Impossible<String, ConvertError>;
    type SerializeTupleStruct = Impossible<String, ConvertError>;
    type SerializeTupleVariant = Impossible<String, ConvertError>;
    type SerializeMap = Impossible<String, ConvertError>;
    type SerializeStruct = Impossible<String, ConvertError>;
    type SerializeStructVariant = Impossible<String, ConvertError>;

    printed!(
        serialize_bool bool, serialize_i8 i8, serialize_i16 i16, serialize_i32 i32, serialize_i64 i64, serialize_i128 i128,
        serialize_u8 u8, serialize_u16 u16, serialize_u32 u32, serialize_u64 u64, serialize_u128 u128, serialize_char char,
        serialize_str &str
    );

    fn serialize_f32(self, _: f32) -> Result<String, ConvertError> {
        Err(NO_TEXT)
    }

    fn serialize_f64(self, _: f64) -> Result<String, ConvertError> {
        Err(NO_TEXT)
    }

    fn serialize_bytes(self, _: &[u8]) -> Result<String, ConvertError> {
        Err(NO_TEXT)
    }

    fn serialize_none(self) -> Result<String, ConvertError> {
        Err(NO_TEXT)
    }

    fn serialize_some<T: Serialize + ?Sized>(self, _: &T) -> Result<String, ConvertError> {
        Err(NO_TEXT)
    }

    fn serialize_unit(self) -> Result<String, ConvertError> {
        Err(NO_TEXT)
    }

    fn serialize_unit_struct(self, _: &'static str) -> Result<String, ConvertError> {
        Err(NO_TEXT)
    }

    fn serialize_unit_variant(self, _: &'static str, _: u32, variant: &'static str) -> Result<String, ConvertError> {
        Ok(variant.to_owned())
    }

    fn serialize_newtype_struct<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        value: &T,
    ) -> Result<String, ConvertError> {
        value.serialize(self)
    }

    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        _: u32,
        _: &'static str,
        _: &T,
    ) -> Result<String, ConvertError> {
        Err(NO_TEXT)
    }

    fn serialize_seq(self, _: Option<usize>) -> Result<Self::SerializeSeq, ConvertError> {
        Err(NO_TEXT)
    }

    fn serialize_tuple(self, _: usize) -> Result<Self::SerializeTuple, ConvertError> {
        Err(NO_TEXT)
    }

    fn serialize_tuple_struct(self, _: &'static str, _: usize) -> Result<Self::SerializeTupleStruct, ConvertError> {
        Err(NO_TEXT)
    }

    fn serialize_tuple_variant(
        self,
        _: &'static str,
        _: u32,
        _: &'static str,
        _: usize,
    ) -> Result<Self::SerializeTupleVariant, ConvertError> {
        Err(NO_TEXT)
    }

    fn serialize_map(self, _: Option<usize>) -> Result<Self::SerializeMap, ConvertError> {
        Err(NO_TEXT)
    }

    fn serialize_struct(self, _: &'static str, _: usize) -> Result<Self::SerializeStruct, ConvertError> {
        Err(NO_TEXT)
    }

    fn serialize_struct_variant(
        self,
        _: &'static str,
        _: u32,
        _: &'static str,
        _: usize,
    ) -> Result<Self::SerializeStructVariant, ConvertError> {
        Err(NO_TEXT)
    }
}

const NO_TEXT: ConvertError = ConvertError::Words("with a key in a map that has no text form");

/// A text, and a number or a truth value where the type wants one.
pub(super) struct KeyDeserializer(pub(super) String);

macro_rules! parsed {
    ($($method:ident $visit:ident $type:ty),+) => {$(
        fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ConvertError> {
            match self.0.parse::<$type>() {
                Ok(value) => visitor.$visit(value),
                Err(_) => Err(ConvertError::SHAPE),
            }
        }
    )+};
}

impl<'de> Deserializer<'de> for KeyDeserializer {
    type Error = ConvertError;

    parsed!(
        deserialize_bool visit_bool bool, deserialize_i8 visit_i8 i8, deserialize_i16 visit_i16 i16,
        deserialize_i32 visit_i32 i32, deserialize_i64 visit_i64 i64, deserialize_i128 visit_i128 i128,
        deserialize_u8 visit_u8 u8, deserialize_u16 visit_u16 u16, deserialize_u32 visit_u32 u32,
        deserialize_u64 visit_u64 u64, deserialize_u128 visit_u128 u128
    );

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ConvertError> {
        visitor.visit_string(self.0)
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ConvertError> {
        visitor.visit_some(self)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, ConvertError> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, ConvertError> {
        visitor.visit_enum(Word(self.0))
    }

    serde::forward_to_deserialize_any! {
        f32 f64 char str string bytes byte_buf unit unit_struct seq tuple tuple_struct map struct identifier ignored_any
    }
}

/// A variant without data.
struct Word(String);

impl<'de> EnumAccess<'de> for Word {
    type Error = ConvertError;
    type Variant = super::access::Content;

    fn variant_seed<V: DeserializeSeed<'de>>(self, seed: V) -> Result<(V::Value, Self::Variant), ConvertError> {
        let name: StringDeserializer<ConvertError> = self.0.into_deserializer();
        Ok((seed.deserialize(name)?, super::access::Content::none()))
    }
}

impl IntoDeserializer<'_, ConvertError> for KeyDeserializer {
    type Deserializer = Self;

    fn into_deserializer(self) -> Self {
        self
    }
}
