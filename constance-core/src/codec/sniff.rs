//! Guessing the format of stored bytes, for error messages that do not show the bytes.

pub(crate) use super::msgpack::ENVELOPE;
use super::msgpack::MessagePack;

/// The format of bytes that are not the codec's own.
pub(crate) fn describe(bytes: &[u8]) -> String {
    match bytes {
        [] => "an empty value".to_owned(),
        [ENVELOPE] | [ENVELOPE, MessagePack::WIRE_VERSION] => "an envelope that is cut short".to_owned(),
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
        [first, ..] => format!("bytes in another format, the first of them 0x{first:02x}"),
    }
}

/// The format of bytes that are not JSON, where it is known.
#[cfg(feature = "json")]
pub(crate) fn not_json(bytes: &[u8]) -> Option<String> {
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
