//! What stored bytes look like, in words, without their content.

pub(super) use super::msgpack::ENVELOPE;
use super::msgpack::MessagePack;

/// The format of bytes that are not the codec's own.
pub(super) fn describe(bytes: &[u8]) -> String {
    match bytes {
        [] => "an empty value".to_owned(),
        [ENVELOPE] => "an envelope that is cut short".to_owned(),
        [ENVELOPE, version, ..] if *version > MessagePack::WIRE_VERSION => {
            format!(
                "wire version {version}, written by a newer release (this one knows up to {})",
                MessagePack::WIRE_VERSION
            )
        }
        [ENVELOPE, version, ..] => format!("the unknown wire version {version}"),
        // The opcode PROTO and the protocol's number, then a frame, a mark or any opcode.
        [0x80, 2..=5, ..] => "a Python pickle".to_owned(),
        [b'{' | b'[' | b'"', ..] | b"true" | b"false" | b"null" => "JSON".to_owned(),
        [first, ..] => format!("no envelope of this format, but the byte 0x{first:02x}"),
    }
}

/// The format of bytes that are not JSON, where it is known.
#[cfg(feature = "json")]
pub(super) fn not_json(bytes: &[u8]) -> Option<String> {
    match bytes {
        [] => Some("an empty value".to_owned()),
        [ENVELOPE, ..] => Some("MessagePack, as the default codec writes it".to_owned()),
        // The second is the first in base64.
        [0x80, 0..=5, ..] | [b'g', b'A', b'I'..=b'X', ..] => {
            Some("a Python pickle of django-constance 1 to 3".to_owned())
        }
        _ => None,
    }
}

/// The MessagePack type that a first byte stands for.
pub(super) fn marker(first: u8) -> &'static str {
    match first {
        0x00..=0x7f | 0xcc..=0xcf => "a whole number of 0 or more",
        0xe0..=0xff | 0xd0..=0xd3 => "a signed whole number",
        0x80..=0x8f | 0xde | 0xdf => "a map",
        0x90..=0x9f | 0xdc | 0xdd => "a list",
        0xa0..=0xbf | 0xd9..=0xdb => "a text",
        0xc0 => "none",
        0xc1 => "a reserved byte",
        0xc2 | 0xc3 => "true or false",
        0xc4..=0xc6 => "bytes",
        0xc7..=0xc9 | 0xd4..=0xd8 => "an extension",
        0xca | 0xcb => "a float",
    }
}
