//! Any serde value to a tree.

use serde::ser::{
    Serialize, SerializeMap, SerializeSeq, SerializeStruct, SerializeStructVariant, SerializeTuple,
    SerializeTupleStruct, SerializeTupleVariant, Serializer,
};

use super::key::KeySerializer;
use super::{ConvertError, MAX_DEPTH, Tree};

type Result<T = Tree> = std::result::Result<T, ConvertError>;

#[derive(Clone, Copy)]
pub(super) struct TreeSerializer {
    for_people: bool,
    /// How many lists and maps are around this value.
    depth: usize,
    /// Whether the value is what an option holds.
    in_some: bool,
}

impl TreeSerializer {
    pub(super) fn new(for_people: bool) -> Self {
        Self { for_people, depth: 0, in_some: false }
    }

    fn inside(self) -> Result<Self> {
        if self.depth == MAX_DEPTH {
            return Err(ConvertError::DEEP);
        }
        Ok(Self { depth: self.depth + 1, in_some: false, ..self })
    }

    fn list(self, variant: Option<&'static str>, len: usize) -> Result<ListSerializer> {
        let outer = if variant.is_some() { self.inside()? } else { self };
        // The length is the type's word, and not to be trusted with memory.
        Ok(ListSerializer { elements: Vec::with_capacity(len.min(64)), variant, each: outer.inside()? })
    }

    fn map(self, variant: Option<&'static str>) -> Result<MapSerializer> {
        let outer = if variant.is_some() { self.inside()? } else { self };
        Ok(MapSerializer { entries: Vec::new(), name: None, variant, each: outer.inside()? })
    }
}

macro_rules! integers {
    ($($method:ident $int:ty),+) => {$(
        fn $method(self, value: $int) -> Result {
            Ok(Tree::Int(value.into()))
        }
    )+};
}

impl Serializer for TreeSerializer {
    type Ok = Tree;
    type Error = ConvertError;
    type SerializeSeq = ListSerializer;
    type SerializeTuple = ListSerializer;
    type SerializeTupleStruct = ListSerializer;
    type SerializeTupleVariant = ListSerializer;
    type SerializeMap = MapSerializer;
    type SerializeStruct = MapSerializer;
    type SerializeStructVariant = MapSerializer;

    integers!(
        serialize_i8 i8, serialize_i16 i16, serialize_i32 i32, serialize_i64 i64, serialize_i128 i128,
        serialize_u8 u8, serialize_u16 u16, serialize_u32 u32, serialize_u64 u64
    );

    fn serialize_u128(self, value: u128) -> Result {
        Ok(i128::try_from(value).map_or_else(|_| Tree::BigInt(value.to_string()), Tree::Int))
    }

    fn serialize_bool(self, value: bool) -> Result {
        Ok(Tree::Bool(value))
    }

    fn serialize_f32(self, value: f32) -> Result {
        Ok(Tree::Float32(value))
    }

    fn serialize_f64(self, value: f64) -> Result {
        Ok(Tree::Float(value))
    }

    fn serialize_char(self, value: char) -> Result {
        Ok(Tree::Text(value.into()))
    }

    fn serialize_str(self, value: &str) -> Result {
        Ok(Tree::Text(value.to_owned()))
    }

    fn serialize_bytes(self, value: &[u8]) -> Result {
        Ok(Tree::Bytes(value.to_vec()))
    }

    fn serialize_none(self) -> Result {
        Ok(Tree::None)
    }

    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Result {
        value.serialize(Self { in_some: true, ..self })
    }

    fn serialize_unit(self) -> Result {
        Ok(Tree::None)
    }

    fn serialize_unit_struct(self, _: &'static str) -> Result {
        Ok(Tree::None)
    }

    fn serialize_unit_variant(self, _: &'static str, _: u32, variant: &'static str) -> Result {
        self.serialize_str(variant)
    }

    fn serialize_newtype_struct<T: Serialize + ?Sized>(self, name: &'static str, value: &T) -> Result {
        #[cfg(feature = "json")]
        if name == super::any::NAME {
            // What stands for the value is no level of it.
            return super::any::unwrapped(value.serialize(Self::new(self.for_people))?, self.in_some);
        }
        #[cfg(not(feature = "json"))]
        let _ = (name, self.in_some);
        value.serialize(self)
    }

    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        value: &T,
    ) -> Result {
        Ok(of_variant(Some(variant), value.serialize(self.inside()?)?))
    }

    fn serialize_seq(self, len: Option<usize>) -> Result<ListSerializer> {
        self.list(None, len.unwrap_or(0))
    }

    fn serialize_tuple(self, len: usize) -> Result<ListSerializer> {
        self.list(None, len)
    }

    fn serialize_tuple_struct(self, _: &'static str, len: usize) -> Result<ListSerializer> {
        self.list(None, len)
    }

    fn serialize_tuple_variant(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        len: usize,
    ) -> Result<ListSerializer> {
        self.list(Some(variant), len)
    }

    fn serialize_map(self, _: Option<usize>) -> Result<MapSerializer> {
        self.map(None)
    }

    fn serialize_struct(self, _: &'static str, _: usize) -> Result<MapSerializer> {
        self.map(None)
    }

    fn serialize_struct_variant(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        _: usize,
    ) -> Result<MapSerializer> {
        self.map(Some(variant))
    }

    fn is_human_readable(&self) -> bool {
        self.for_people
    }
}

/// A variant with data is a map of one entry, as serde writes it elsewhere.
fn of_variant(variant: Option<&'static str>, tree: Tree) -> Tree {
    match variant {
        Some(variant) => Tree::Map(vec![(variant.to_owned(), tree)]),
        None => tree,
    }
}

pub(super) struct ListSerializer {
    elements: Vec<Tree>,
    variant: Option<&'static str>,
    each: TreeSerializer,
}

impl ListSerializer {
    fn push<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<()> {
        self.elements.push(value.serialize(self.each)?);
        Ok(())
    }

    fn finish(self) -> Result {
        Ok(of_variant(self.variant, Tree::List(self.elements)))
    }
}

macro_rules! lists {
    ($($how:ident $method:ident),+) => {$(
        impl $how for ListSerializer {
            type Ok = Tree;
            type Error = ConvertError;

            fn $method<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<()> {
                self.push(value)
            }

            fn end(self) -> Result {
                self.finish()
            }
        }
    )+};
}

lists!(
    SerializeSeq serialize_element, SerializeTuple serialize_element, SerializeTupleStruct serialize_field,
    SerializeTupleVariant serialize_field
);

pub(super) struct MapSerializer {
    entries: Vec<(String, Tree)>,
    /// The name whose value comes next.
    name: Option<String>,
    variant: Option<&'static str>,
    each: TreeSerializer,
}

impl MapSerializer {
    fn push<T: Serialize + ?Sized>(&mut self, name: String, value: &T) -> Result<()> {
        self.entries.push((name, value.serialize(self.each)?));
        Ok(())
    }

    fn finish(self) -> Result {
        Ok(of_variant(self.variant, Tree::Map(self.entries)))
    }
}

impl SerializeMap for MapSerializer {
    type Ok = Tree;
    type Error = ConvertError;

    fn serialize_key<T: Serialize + ?Sized>(&mut self, key: &T) -> Result<()> {
        self.name = Some(key.serialize(KeySerializer)?);
        Ok(())
    }

    fn serialize_value<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<()> {
        let name = self.name.take().ok_or(ConvertError::SHAPE)?;
        self.push(name, value)
    }

    fn end(self) -> Result {
        self.finish()
    }
}

macro_rules! structs {
    ($($how:ident),+) => {$(
        impl $how for MapSerializer {
            type Ok = Tree;
            type Error = ConvertError;

            fn serialize_field<T: Serialize + ?Sized>(&mut self, name: &'static str, value: &T) -> Result<()> {
                self.push(name.to_owned(), value)
            }

            fn end(self) -> Result {
                self.finish()
            }
        }
    )+};
}

structs!(SerializeStruct, SerializeStructVariant);
