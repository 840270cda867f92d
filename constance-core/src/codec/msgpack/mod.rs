//! The default codec.

mod de;
mod leaf;
mod read;
mod tag;

use serde::Serialize;
use serde::de::DeserializeOwned;

use self::de::Value;
use self::read::Reader;
use super::{Codec, replaced, sniff, unwritable};
use crate::tree::{ConvertError, Tree};
use crate::{Error, ErrorKind, Kind, Result, backend::Encoded};

/// [MessagePack], self-describing, with field names, in a versioned envelope.
///
/// The bytes are `0xC1` (which MessagePack itself never uses), the wire version `1`, the [kind](Kind) in a letter, and one
/// MessagePack value: structs as maps with field names, so that a field added later does not break what is stored. Nesting is
/// limited to [64 levels](Self::MAX_DEPTH), trailing bytes are refused, floats keep NaN and the infinities, integers all 64 bits.
/// For a setting with [aliases](crate::Declaration::alias), the wire version is `0x81` where the value was stored under all names of
/// the setting at once.
///
/// Booleans, integers, floats, texts, lists and maps are MessagePack's own; the other types are stored as
///
/// | type | MessagePack |
/// |---|---|
/// | a duration | a map of `secs` and `nanos`, both below zero in one that is |
/// | a date | the text `2010-12-24`; a year before 0 or after 9999 has a sign and six digits |
/// | a time of day | the text `18:30:15`, with as many digits after the seconds as it takes |
/// | a date and time | the text `2010-12-24T18:30:15`, followed by `Z` or `+01:00` where it has an offset |
/// | a decimal number | the text `1.50`, with all of its digits |
/// | a UUID | its 16 bytes |
/// | a URL, a word of an enum | a text |
/// | a `Value` of any type | a map of `$constance::json` and its JSON as a text |
///
/// These forms do not depend on the crate of the type: a service with `jiff` reads what one with `chrono` wrote.
///
/// # When a setting's type changes
///
/// A stored value is read as the same value, or it is a `Decode` error. It is never read as another value.
///
/// | from | to | |
/// |---|---|---|
/// | any type | an `Option` of it | readable; the other way round where there is a value |
/// | a whole number | another type of whole numbers, or of floats | readable where the type holds the number exactly |
/// | `f32`, `f64` | the other | readable where the type holds the number exactly |
/// | a text, a character, a word of an enum, a URL | each other | readable where the text is a value of the type |
/// | a duration | another type of durations | readable where the type holds it |
/// | a date, a time, a decimal number | the same of another crate | readable where the type holds it |
/// | a type marked `serde` | another one | as serde says, for a field added with `#[serde(default)]` say |
/// | a type | any other, `serde` among them | `Decode` |
///
/// Inside lists and maps it is the same.
///
/// ```
/// use constance_core::{Codec, Kind, MessagePack};
///
/// let encoded = MessagePack.encode(&Kind::Bool, &true)?;
/// assert_eq!(encoded.as_bytes(), [0xC1, 1, b'b', 0xC3]);
/// assert!(MessagePack.decode::<bool>(&Kind::Bool, encoded.as_bytes())?);
/// # Ok::<(), constance_core::Error>(())
/// ```
///
/// [MessagePack]: https://github.com/msgpack/msgpack/blob/master/spec.md
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct MessagePack;

/// "Never used" in the specification, so no bare MessagePack value begins with it.
pub(crate) const ENVELOPE: u8 = 0xC1;

/// The wire version of a value that was stored under all names of a setting at once: the usual one with its highest bit set.
const MARKED_VERSION: u8 = MessagePack::WIRE_VERSION | 0x80;

impl MessagePack {
    /// The wire version that is written.
    pub const WIRE_VERSION: u8 = 1;

    /// How deep lists and maps may be nested, in writing and in reading.
    pub const MAX_DEPTH: usize = crate::tree::MAX_DEPTH;
}

impl Codec for MessagePack {
    fn encode<T: Serialize + ?Sized>(&self, kind: &Kind, value: &T) -> Result<Encoded> {
        if kind.has_own_form() {
            return written(kind, &Tree::of(kind, value).map_err(|error| unwritable(kind, error))?);
        }
        written(kind, value)
    }

    #[inline]
    fn decode<T: DeserializeOwned>(&self, kind: &Kind, bytes: &[u8]) -> Result<T> {
        let [ENVELOPE, Self::WIRE_VERSION | MARKED_VERSION, tagged @ ..] = bytes else {
            return Err(refused(kind, bytes, &sniff::describe(bytes)));
        };
        let Some(body) = tag::strip(kind, tagged) else {
            return Err(refused(kind, bytes, tagged.first().map_or(CUT_SHORT, |letter| tag::words(*letter))));
        };
        let mut reader = Reader::new(body);
        // The look at the kind is all that reading a plain value pays for the others.
        let typed = if kind.has_own_form() { Some(kind) } else { None };
        match T::deserialize(Value { reader: &mut reader, kind: typed, levels: Self::MAX_DEPTH }) {
            Ok(value) if reader.is_at_end() => Ok(value),
            Ok(_) => Err(refused(kind, bytes, "trailing bytes after the value")),
            Err(error) => Err(mismatch(kind, bytes, error)),
        }
    }

    fn with_alias_mark(&self, unmarked: &Encoded) -> Option<Encoded> {
        replaced(unmarked, &[ENVELOPE], Self::WIRE_VERSION, MARKED_VERSION)
    }

    fn without_alias_mark(&self, marked: &Encoded) -> Option<Encoded> {
        replaced(marked, &[ENVELOPE], MARKED_VERSION, Self::WIRE_VERSION)
    }
}

const CUT_SHORT: &str = "an envelope that is cut short";

fn written<T: Serialize + ?Sized>(kind: &Kind, value: &T) -> Result<Encoded> {
    let mut bytes = Vec::with_capacity(16);
    bytes.extend([ENVELOPE, MessagePack::WIRE_VERSION]);
    tag::write(kind, &mut bytes);
    let start = bytes.len();
    let mut serializer = rmp_serde::Serializer::new(&mut bytes).with_struct_map();
    value.serialize(&mut serializer).map_err(|_| {
        // The message of serde may hold the value, so only our own message is used.
        Error::new(ErrorKind::Encode).with_detail("the value cannot be written as MessagePack")
    })?;
    // Everything that the serializer wrote has to be readable again.
    match Reader::new(&bytes[start..]).skip(MessagePack::MAX_DEPTH) {
        Ok(()) => Ok(Encoded::from(bytes)),
        Err(error) => Err(Error::new(ErrorKind::Encode).with_detail(format!("the value is {error}"))),
    }
}

/// What was found instead, from the kind in the envelope: the letters are there, since they were stripped.
#[cold]
fn mismatch(kind: &Kind, bytes: &[u8], error: ConvertError) -> Error {
    let words = bytes.get(2).map_or(CUT_SHORT, |letter| tag::words(*letter));
    refused(kind, bytes, &error.found(kind, words))
}

#[cold]
fn refused(kind: &Kind, bytes: &[u8], found: &str) -> Error {
    Error::new(ErrorKind::Decode)
        .with_detail(format!("wanted {kind}, found {found} ({} bytes stored)", bytes.len()))
        .with_hint("set or reset the setting to repair it")
}
