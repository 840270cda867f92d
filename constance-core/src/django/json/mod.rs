//! The codec that shares a store with Django.

mod envelope;
mod fit;
mod parse;
mod write;

use serde::Serialize;
use serde::de::DeserializeOwned;

use self::fit::fit;
pub(crate) use self::fit::found;
pub(crate) use self::parse::Refused;
use crate::codec::{replaced, sniff, unwritable};
use crate::tree::{ConvertError, Tree};
use crate::{Codec, Error, ErrorKind, Kind, Result, backend::Encoded};

/// JSON as django-constance 4 stores it, byte for byte, so that a Rust service and a Django project share one store.
///
/// ```
/// use constance_core::{Codec, Json, Kind};
///
/// let encoded = Json::new().encode(&Kind::Text, "My Title")?;
/// assert_eq!(encoded.as_bytes(), br#"{"__type__": "default", "__value__": "My Title"}"#);
/// assert_eq!(Json::new().decode::<String>(&Kind::Text, encoded.as_bytes())?, "My Title");
/// # Ok::<(), constance_core::Error>(())
/// ```
///
/// It is given to the builder, and the backend and prefix are those that the Django project uses:
///
/// ```
/// use std::time::Duration;
/// use constance_core::{Config, Json, Settings};
/// # use constance_core::testing::ReferenceBackend as MemoryBackend;
///
/// #[derive(Clone, Settings)]
/// struct Shop {
///     #[setting(default = Duration::from_secs(1800), rename = "BASKET_TIMEOUT")]
///     basket_timeout: Duration,
/// }
///
/// let config = Config::<Shop>::builder(MemoryBackend::new()).codec(Json::new()).build()?;
/// config.set(Shop::BASKET_TIMEOUT, Duration::from_secs(90))?;
/// # let key = config.prefix().key("BASKET_TIMEOUT")?;
/// # let stored = constance_core::Backend::read(config.backend(), &[&key])?;
/// # assert_eq!(stored[0].bytes()?.unwrap().as_bytes(), br#"{"__type__": "timedelta", "__value__": 90.0}"#);
/// # Ok::<(), constance_core::Error>(())
/// ```
///
/// # What is stored as what
///
/// | setting | Python | stored |
/// |---|---|---|
/// | `bool`, integers, floats, texts, `char`, URLs, enums of words | `bool`, `int`, `float`, `str` | `{"__type__": "default", "__value__": 1}` |
/// | `None`, lists, maps | `None`, `list`, `dict` | the same; what is inside is bare, or in an envelope of its own |
/// | a date, a time of day | `date`, `time` | `{"__type__": "date", "__value__": "2010-12-24"}` |
/// | a naive or an aware datetime | `datetime` | `"2010-12-24T18:30:15"`, and with an offset `"…+01:00"` |
/// | [`Duration`](std::time::Duration) and the durations of the date crates | `timedelta` | the seconds as a float |
/// | `rust_decimal::Decimal` | `Decimal` | its digits as a text |
/// | `uuid::Uuid` | `UUID` | 32 hexadecimal digits |
/// | [`Value`](crate::Value) | any of these | itself |
/// | any type marked `#[setting(serde)]` | what JSON has | `default`, in the form that serde gives it in JSON; bytes are a list of numbers |
///
/// Under the name of a setting that has [aliases](crate::Declaration::alias), a tab follows the first colon where the value was
/// stored under all of its names at once: to Python that is the same JSON.
///
/// Reading also takes what django-constance reads: bare JSON without an envelope, any white space, names in another order.
/// In a type marked `serde`, a typed value arrives as its text (a `timedelta` in ISO 8601, and in a
/// [`Duration`](std::time::Duration) as itself), and is a text when it is written again; in a field of the type
/// [`Value`](crate::Value) it stays what it is.
///
/// # Rules where Rust and Python differ
///
/// Nothing is changed silently: a value that would not come back as it was is an `Encode` error at the write, and what does
/// not fit the setting's type is a `Decode` error at the read.
///
/// - Whole numbers have any length in Python. One that the setting's type cannot hold is an error. Where a float is wanted, a
///   whole number is read if a float is equal to it; the other way round nothing is converted.
/// - Floats are printed as Python prints them (`1e+16`, `5e-324`, `-0.0`), an `f32` with its own shortest digits; one whose digits an
///   `f32` cannot hold is refused for it, and so is one that is too large for a float. `NaN`, `Infinity` and `-Infinity` are written
///   bare, which Python reads and strict JSON readers do not.
/// - A datetime without an offset is not read where one with an offset is wanted, and the other way round: no zone is guessed.
///   One with an offset stays the same moment; a type that has no offset, such as `DateTime<Utc>`, shows it in UTC.
/// - Python ends at the microsecond, the years 1 and 9999, and 999999999 days. Beyond them a value is not written. A
///   `timedelta` goes through a float, which loses microseconds beyond about 270 years: such a value is not written either.
/// - A `timedelta` below zero is read by the date crates' durations, and refused for a [`Duration`](std::time::Duration).
/// - A `Decimal` with more digits than the setting's type holds, `NaN` and `Infinity` are refused, not rounded.
/// - An object with one name twice is an error: Python takes the last, and whoever wrote the other is not told.
/// - A map with a key `__type__` or `__value__` would be taken for an envelope, and is not written.
/// - An unknown `__type__`, from a type that the Django project registered, is an error that names it.
/// - A Python text with half of a surrogate pair is no text in Rust, and an error.
/// - `None` is stored as `null`. django-constance takes that for "not set" and shows its default.
/// - Nesting is limited to 64 levels, whole numbers to 4300 digits, and trailing bytes are refused.
/// - A [`Value`](crate::Value) holds all that is refused above because a type is too narrow: whole numbers and a `Decimal` of any
///   length, `NaN`, a list or dict of several types, a time with an offset. It has rules of its own for what is left.
///
/// A Python setting that may hold values of several types is a [`Value`](crate::Value).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Json {
    #[cfg(feature = "pickle")]
    reads_pickles: bool,
}

impl Json {
    /// The codec.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Whether to read what django-constance 1 to 3 stored, too: see [`pickle`](crate::pickle). Default: not.
    ///
    /// It is written as JSON again when the setting is next set; an older django-constance cannot read that.
    #[cfg(feature = "pickle")]
    #[must_use]
    pub fn reading_pickles(mut self, reads: bool) -> Self {
        self.reads_pickles = reads;
        self
    }

    fn tree(&self, bytes: &[u8]) -> Result<Tree, String> {
        #[cfg(feature = "pickle")]
        if self.reads_pickles && super::pickle::is_legacy(bytes) {
            return super::pickle::read(bytes);
        }
        if let Some(found) = sniff::not_json(bytes) {
            return Err(found);
        }
        parse::parse(bytes).map_err(|refused| refused.to_string())
    }
}

impl Codec for Json {
    fn encode<T: Serialize + ?Sized>(&self, kind: &Kind, value: &T) -> Result<Encoded> {
        let written = Tree::of(kind, value).and_then(|tree| write(&tree));
        written.map_err(|error| unwritable(kind, error))
    }

    fn decode<T: DeserializeOwned>(&self, kind: &Kind, bytes: &[u8]) -> Result<T> {
        let tree = self.tree(bytes).map_err(|found| refused(kind, bytes, &found))?;
        value(kind, tree).map_err(|found| refused(kind, bytes, &found))
    }

    fn with_alias_mark(&self, unmarked: &Encoded) -> Option<Encoded> {
        replaced(unmarked, MEMBER, b' ', b'\t')
    }

    fn without_alias_mark(&self, marked: &Encoded) -> Option<Encoded> {
        replaced(marked, MEMBER, b'\t', b' ')
    }
}

/// How every value begins. The white space that follows tells whether it was stored under all names of a setting at once,
/// which is nothing to Python.
const MEMBER: &[u8] = br#"{"__type__":"#;

/// The value of a tree that fits the kind; otherwise what was found instead.
pub(crate) fn value<T: DeserializeOwned>(kind: &Kind, tree: Tree) -> Result<T, String> {
    let described = found(&tree);
    let fitted = fit(kind, tree).map_err(|error| error.to_string())?;
    fitted.into_value(kind).map_err(|error| error.found(kind, described))
}

/// The tree of a text, and the text of a tree: JSON as it is stored, without the outermost envelope of type `default`.
pub(crate) fn read_text(text: &str) -> Result<Tree, Refused> {
    parse::parse(text.as_bytes())
}

pub(crate) fn write_text(tree: &Tree) -> Result<String, ConvertError> {
    write::bare(tree)
}

/// The texts of the elements of a list.
pub(crate) fn elements(text: &str) -> Result<Vec<&str>, Refused> {
    parse::elements(text)
}

/// The names of an object's members, and the texts of their values.
pub(crate) fn members(text: &str) -> Result<Vec<(String, &str)>, Refused> {
    parse::members(text)
}

/// The bytes of a tree, from wherever it is.
pub(super) fn write(tree: &Tree) -> Result<Encoded, ConvertError> {
    write::write(tree).map(Encoded::from)
}

#[cold]
fn refused(kind: &Kind, bytes: &[u8], found: &str) -> Error {
    Error::new(ErrorKind::Decode)
        .with_detail(format!("wanted {kind}, found {found} ({} bytes stored)", bytes.len()))
        .with_hint("set or reset the setting to repair it")
}
