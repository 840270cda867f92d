//! A value of any type.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use serde::de::{Error as _, IgnoredAny, MapAccess, Visitor};
use serde::ser::SerializeMap;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::json::{self, found};
use crate::codec::unwritable;
use crate::tree::Tree;
use crate::tree::any::NAME;
use crate::{Error, ErrorKind, Kind, ParseError, Result, SettingType};

/// Any value that a Django project can store: a list or dict of mixed types, a whole number of any length, a `Decimal` that no
/// Rust type holds, or a setting whose type only the Django project knows.
///
/// With the codec [`Json`](crate::Json) nothing is lost, and what is read is written in the same bytes: dates and the like stay
/// what they are at any depth, a dict keeps its order, a `Decimal` its exponent, a datetime its offset.
///
/// ```
/// use constance_core::{Config, Json, Settings, Value};
/// # use constance_core::testing::ReferenceBackend as MemoryBackend;
///
/// #[derive(Clone, Settings)]
/// struct Shop {
///     #[setting(default, rename = "LIST_VALUE")]
///     list_value: Value,
/// }
///
/// let config = Config::<Shop>::builder(MemoryBackend::new()).codec(Json::new()).build()?;
/// config.set_text("LIST_VALUE", r#"[1, "1", {"__type__": "date", "__value__": "2019-01-01"}]"#)?;
///
/// let elements: Vec<Value> = config.get(Shop::LIST_VALUE)?.to()?;
/// assert_eq!(elements[0].to::<i64>()?, 1);
/// # #[cfg(feature = "jiff")]
/// assert_eq!(elements[2].to::<jiff::civil::Date>()?, jiff::civil::date(2019, 1, 1));
/// assert!(elements[1].to::<i64>().is_err()); // it is the text "1"
/// # Ok::<(), constance_core::Error>(())
/// ```
///
/// It is taken apart by [`to`](Self::to), made of other values by [`of`](Self::of) or of a text by [`str::parse`], and compared
/// and printed by its text. `Value::default()` is `null`, Python's `None`.
///
/// # Its text
///
/// `Display` and [`print`](SettingType::print) give the JSON that Django stores, without the outermost envelope of what JSON
/// has by itself: `1`, `"a text"`, `[1.0, null]`, `{"__type__": "date", "__value__": "2019-01-01"}`. That is what an operator
/// types, with any white space; an envelope around it may stay. Python's `NaN`, `Infinity` and `-Infinity` are in it too.
/// `Debug` shows the type and no value.
///
/// # Rules
///
/// Two values are equal if their texts are: `1`, `1.0` and `true` are three values, `NaN` is equal to itself, and dicts in
/// another order and a `Decimal` with more zeros are others.
///
/// What cannot be kept is an error, where the value is made and where it is read, and never changed:
///
/// - a dict with a key `__type__` or `__value__`, which would be taken for an envelope, and an envelope of a type that
///   django-constance does not have;
/// - lists and dicts nested deeper than 64 levels, whole numbers of more than 4300 digits, and a text with half of a
///   surrogate pair;
/// - dates and times finer than a microsecond or outside the years 1 to 9999, and intervals that Python's `timedelta` loses;
/// - a `null` in an option (`Some(Value::default())`) with [`Json`](crate::Json), where it is stored like `None`.
///
/// Tuples of Python are lists, and keys of a dict are texts, as they are in JSON.
///
/// # Inside other types
///
/// `Option<Value>`, `Vec<Value>` and maps of them are settings too. A type marked `#[setting(serde)]` may hold one: with
/// [`Json`](crate::Json) it is stored as if it stood alone, typed values in envelopes. [`MessagePack`](crate::MessagePack)
/// stores it as its text, in a map with the one name `$constance::json`, and so does every other serde format; that is also how
/// a person types it inside such a type. With [`Json`](crate::Json) a part that serde reads twice (`flatten`, `untagged`, a
/// `tag`) cannot hold one: writing and reading it is an error, since what a text or a number was there is no longer known.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Value {
    /// The JSON of a tree, always as this crate writes it.
    text: Arc<str>,
}

impl Value {
    /// The value, whatever its type is here. The entries of a map come in its own order, which a `HashMap` does not keep.
    ///
    /// ```
    /// use constance_core::Value;
    ///
    /// let parts = vec![Value::of(&1.5)?, Value::of(&"a text".to_owned())?, Value::of(&vec![true])?];
    /// assert_eq!(Value::of(&parts)?.to_string(), r#"[1.5, "a text", [true]]"#);
    /// # Ok::<(), constance_core::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// `Encode` where it would not come back as it is: see the rules of [`Json`](crate::Json).
    pub fn of<T: SettingType>(value: &T) -> Result<Self> {
        let made = Self::made_of(value)?;
        // As in every write. A value with a NaN is not equal to itself, and known by its text.
        let is_back = |read: T| {
            read == *value || (value.clone() != *value && Self::made_of(&read).is_ok_and(|again| again == made))
        };
        if made.to().is_ok_and(is_back) {
            return Ok(made);
        }
        Err(Error::new(ErrorKind::Encode).with_detail("the value does not read back as itself"))
    }

    fn made_of<T: SettingType>(value: &T) -> Result<Self> {
        let text = Tree::of(&T::KIND, value).and_then(|tree| json::write_text(&tree));
        Ok(Self { text: text.map_err(|error| unwritable(&T::KIND, error))?.into() })
    }

    /// The value as one of this type, by the rules of [`Json`](crate::Json).
    ///
    /// A list is taken apart as a `Vec<Value>`, a dict as a map of them, whose order is its own and not the dict's.
    ///
    /// ```
    /// use std::collections::BTreeMap;
    /// use constance_core::Value;
    ///
    /// let value: Value = r#"{"limit": 7, "names": ["a", "b"]}"#.parse()?;
    /// let parts: BTreeMap<String, Value> = value.to()?;
    /// assert_eq!(parts["limit"].to::<u8>()?, 7);
    /// assert_eq!(parts["names"].to::<Vec<String>>()?, ["a", "b"]);
    /// assert_eq!(value.to::<u8>().unwrap_err().to_string(), "wanted a whole number from 0 to 255, found a dict");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    ///
    /// `Decode`, saying the type wanted and what was found, without the value.
    pub fn to<T: SettingType>(&self) -> Result<T> {
        let read = json::read_text(&self.text).map_err(|refused| refused.to_string());
        read.and_then(|tree| json::value(&T::KIND, tree))
            .map_err(|found| Error::new(ErrorKind::Decode).with_detail(format!("wanted {}, found {found}", T::KIND)))
    }
}

// Else the compiler's list of types would depend on the features.
#[diagnostic::do_not_recommend]
impl SettingType for Value {
    const KIND: Kind = Kind::Any;

    fn parse(text: &str) -> Result<Self, ParseError> {
        let words = |why: &str| ParseError::new(format!("this cannot be read as JSON: {why}"));
        let tree = json::read_text(text).map_err(|refused| words(refused.in_own_words()))?;
        let text = json::write_text(&tree).map_err(|error| words(&format!("a value {error}")))?;
        Ok(Self { text: text.into() })
    }

    fn print(&self) -> String {
        self.text.to_string()
    }
}

impl FromStr for Value {
    type Err = ParseError;

    fn from_str(text: &str) -> Result<Self, ParseError> {
        Self::parse(text)
    }
}

/// The value itself, as its text.
impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.text)
    }
}

impl fmt::Debug for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match json::read_text(&self.text) {
            Ok(tree) => write!(f, "Value({})", found(&tree)),
            Err(_) => f.write_str("Value"),
        }
    }
}

/// `null`.
impl Default for Value {
    fn default() -> Self {
        Self { text: "null".into() }
    }
}

/// Its text in a map of one name, which the codec [`Json`](crate::Json) takes for the value itself.
impl Serialize for Value {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_newtype_struct(NAME, &Wrapped(&self.text))
    }
}

struct Wrapped<'v>(&'v str);

impl Serialize for Wrapped<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(1))?;
        map.serialize_entry(NAME, self.0)?;
        map.end()
    }
}

impl<'de> Deserialize<'de> for Value {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_newtype_struct(NAME, ValueVisitor)
    }
}

struct ValueVisitor;

impl<'de> Visitor<'de> for ValueVisitor {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "a map of `{NAME}` and a text of JSON")
    }

    fn visit_newtype_struct<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_map(self)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Value, A::Error> {
        let entry: Option<(String, String)> = map.next_entry()?;
        let Some((name, text)) = entry else { return Err(A::Error::invalid_length(0, &self)) };
        if name != NAME || map.next_key::<IgnoredAny>()?.is_some() {
            return Err(A::Error::custom("another map"));
        }
        Value::parse(&text).map_err(A::Error::custom)
    }
}
