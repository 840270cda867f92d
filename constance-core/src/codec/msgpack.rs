//! The default codec.

use rmp_serde::decode::Error as DecodeError;
use serde::de::{DeserializeOwned, IgnoredAny};
use serde::{Deserialize, Serialize};

use super::{Codec, sniff, unwritable};
use crate::tree::Tree;
use crate::{Encoded, Error, ErrorKind, Kind, Result};

/// [MessagePack], self-describing, with field names, in a versioned envelope.
///
/// The bytes are `0xC1` (which MessagePack itself never uses), the wire version `1`, and one MessagePack value: structs as
/// maps with field names, so that a field added later does not break what is stored. Nesting is limited to
/// [64 levels](Self::MAX_DEPTH), trailing bytes are refused, floats keep NaN and the infinities, integers all 64 bits.
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
/// They do not depend on the crate whose type it is: what a service with `chrono` wrote, one with `jiff` reads.
///
/// ```
/// use constance_core::{Codec, Kind, MessagePack};
///
/// let encoded = MessagePack.encode(&Kind::Bool, &true)?;
/// assert_eq!(encoded.as_bytes(), [0xC1, 1, 0xC3]);
/// assert!(MessagePack.decode::<bool>(&Kind::Bool, encoded.as_bytes())?);
/// # Ok::<(), constance_core::Error>(())
/// ```
///
/// [MessagePack]: https://github.com/msgpack/msgpack/blob/master/spec.md
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct MessagePack;

/// "Never used" in the specification, so no bare MessagePack value begins with it.
pub(super) const ENVELOPE: u8 = 0xC1;

impl MessagePack {
    /// The wire version that is written.
    pub const WIRE_VERSION: u8 = 1;

    /// How deep lists and maps may be nested, in writing and in reading.
    pub const MAX_DEPTH: usize = crate::tree::MAX_DEPTH;
}

impl Codec for MessagePack {
    fn encode<T: Serialize + ?Sized>(&self, kind: &Kind, value: &T) -> Result<Encoded> {
        if kind.has_own_form() {
            return written(&Tree::of(kind, value).map_err(|unfit| unwritable(kind, unfit))?);
        }
        written(value)
    }

    // Inlined, so that the look at the kind is all that reading a plain value pays for the others.
    #[inline]
    fn decode<T: DeserializeOwned>(&self, kind: &Kind, bytes: &[u8]) -> Result<T> {
        if kind.has_own_form() {
            return decode_own_form(kind, bytes);
        }
        read(kind, bytes)
    }
}

fn written<T: Serialize + ?Sized>(value: &T) -> Result<Encoded> {
    let mut bytes = vec![ENVELOPE, MessagePack::WIRE_VERSION];
    let mut serializer = rmp_serde::Serializer::new(&mut bytes).with_struct_map();
    value.serialize(&mut serializer).map_err(|_| {
        // serde's text may carry the value, so only our own words go on.
        Error::new(ErrorKind::Encode).with_detail("the value cannot be written as MessagePack")
    })?;
    if !is_shallow(&bytes[2..]) {
        return Err(Error::new(ErrorKind::Encode)
            .with_detail(format!("the value is nested deeper than {} levels", MessagePack::MAX_DEPTH)));
    }
    Ok(Encoded::from(bytes))
}

#[inline]
fn read<T: DeserializeOwned>(kind: &Kind, bytes: &[u8]) -> Result<T> {
    let [ENVELOPE, MessagePack::WIRE_VERSION, body @ ..] = bytes else {
        return Err(refused(kind, bytes, &sniff::describe(bytes)));
    };
    let mut deserializer = rmp_serde::Deserializer::from_read_ref(body);
    deserializer.set_max_depth(MessagePack::MAX_DEPTH + 1);
    let value = T::deserialize(&mut deserializer).map_err(|e| refused(kind, bytes, &words_for(&e, body)))?;
    if length(body) == Some(body.len()) {
        return Ok(value);
    }
    match IgnoredAny::deserialize(&mut deserializer) {
        // The reader is at the end, as it has to be.
        Err(DecodeError::InvalidMarkerRead(_)) => Ok(value),
        _ => Err(refused(kind, bytes, "trailing bytes after the value")),
    }
}

/// How many bytes a value without parts takes, which is half of all values: the reader says it only by failing at the end.
#[inline]
fn length(body: &[u8]) -> Option<usize> {
    match *body.first()? {
        0x00..=0x7F | 0xC0 | 0xC2 | 0xC3 | 0xE0..=0xFF => Some(1),
        0xCC | 0xD0 => Some(2),
        0xCD | 0xD1 => Some(3),
        0xCA | 0xCE | 0xD2 => Some(5),
        0xCB | 0xCF | 0xD3 => Some(9),
        _ => None,
    }
}

/// Over a tree, which knows what the texts mean that no date crate reads alike.
fn decode_own_form<T: DeserializeOwned>(kind: &Kind, bytes: &[u8]) -> Result<T> {
    let tree: Tree = read(kind, bytes)?;
    let marker = bytes.get(2).map_or("nothing", |first| sniff::marker(*first));
    let fitted = tree.typed(kind).and_then(|tree| tree.into_value(kind));
    fitted.map_err(|unfit| refused(kind, bytes, &format!("{marker} {unfit}")))
}

/// Whether everything that the serializer wrote can be read again within the limit.
fn is_shallow(body: &[u8]) -> bool {
    let mut deserializer = rmp_serde::Deserializer::from_read_ref(body);
    deserializer.set_max_depth(MessagePack::MAX_DEPTH + 1);
    IgnoredAny::deserialize(&mut deserializer).is_ok()
}

#[cold]
fn refused(kind: &Kind, bytes: &[u8], found: &str) -> Error {
    Error::new(ErrorKind::Decode)
        .with_detail(format!("wanted {kind}, found {found} ({} bytes stored)", bytes.len()))
        .with_hint("set or reset the setting to repair it")
}

/// What was found instead, from the shape of the bytes alone: serde's text may carry the value.
fn words_for(error: &DecodeError, body: &[u8]) -> String {
    let marker = body.first().map_or("nothing", |first| sniff::marker(*first));
    match error {
        DecodeError::InvalidMarkerRead(_) | DecodeError::InvalidDataRead(_) => format!("{marker} that is cut short"),
        DecodeError::DepthLimitExceeded => {
            format!("{marker} nested deeper than {} levels", MessagePack::MAX_DEPTH)
        }
        DecodeError::Utf8Error(_) => format!("{marker} that is not UTF-8"),
        DecodeError::OutOfRange => format!("{marker} out of the type's range"),
        _ => format!("{marker} that does not fit"),
    }
}
