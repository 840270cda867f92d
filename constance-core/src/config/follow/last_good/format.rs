//! What is in the file of the last good values.
//!
//! A line with the format and a checksum, then the contents as [`MessagePack`]. The line is made again from the contents and
//! compared, so that no byte can be another one unnoticed. The contents are read by the same reader as what is stored: it trusts
//! no length and no depth, and refuses bytes at the end.

use std::fmt;

use serde::de::Visitor;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use xxhash_rust::xxh3::xxh3_64;

use crate::{Codec as _, Kind, MessagePack, Result, backend::Encoded};

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Contents {
    pub(super) owner: Owner,
    pub(super) entries: Vec<Entry>,
}

/// Whose values they are. No password: a backend's identity has none.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Owner {
    pub(super) codec: String,
    pub(super) prefix: String,
    pub(super) backend: String,
    pub(super) store: Option<String>,
}

/// What was stored under a key; nothing is a state of its own.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Entry {
    pub(super) key: String,
    /// The milliseconds from 1970 to the read that it comes from.
    pub(super) read_at: u64,
    pub(super) stored: Option<Raw>,
}

/// Bytes as bytes: serde takes a vector for a list of numbers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Raw(pub(super) Encoded);

/// Before this and the checksum there is the format's name, and the contents follow.
const FORMAT: &str = "constance last good values, format ";

const VERSION: u32 = 1;

impl Contents {
    pub(super) fn to_bytes(&self) -> Result<Vec<u8>> {
        let contents = MessagePack.encode(&Kind::Serde, self)?;
        Ok([head(contents.as_bytes()).as_bytes(), contents.as_bytes()].concat())
    }

    /// In words: why there are none.
    pub(super) fn from_bytes(bytes: &[u8]) -> Result<Self, &'static str> {
        const DAMAGED: &str = "is damaged";
        let (line, contents) = bytes.split_at_checked(head(&[]).len()).ok_or(DAMAGED)?;
        if line != head(contents).as_bytes() {
            let version = bytes.strip_prefix(FORMAT.as_bytes()).and_then(|rest| rest.split(|b| *b == b',').next());
            let is_other = version.is_some_and(|version| version != VERSION.to_string().as_bytes());
            return Err(if is_other { "has a format that this version does not know" } else { DAMAGED });
        }
        MessagePack.decode(&Kind::Serde, contents).map_err(|_| DAMAGED)
    }

    /// Whether the same is stored under the same keys.
    pub(super) fn says_the_same(&self, other: &Self) -> bool {
        let stored = |contents: &'_ Self| -> Vec<_> {
            contents.entries.iter().map(|entry| (entry.key.clone(), entry.stored.clone())).collect()
        };
        stored(self) == stored(other)
    }
}

fn head(contents: &[u8]) -> String {
    format!("{FORMAT}{VERSION}, checksum {:016x}\n", xxh3_64(contents))
}

impl Serialize for Raw {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_bytes(self.0.as_bytes())
    }
}

impl<'de> Deserialize<'de> for Raw {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_byte_buf(RawVisitor)
    }
}

struct RawVisitor;

impl Visitor<'_> for RawVisitor {
    type Value = Raw;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("bytes")
    }

    fn visit_bytes<E: serde::de::Error>(self, bytes: &[u8]) -> Result<Raw, E> {
        Ok(Raw(Encoded::from(bytes)))
    }

    fn visit_byte_buf<E: serde::de::Error>(self, bytes: Vec<u8>) -> Result<Raw, E> {
        Ok(Raw(Encoded::from(bytes)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn contents() -> Contents {
        let owner = Owner {
            codec: "MessagePack".to_owned(),
            prefix: "shop:".to_owned(),
            backend: "redis".to_owned(),
            store: Some("redis db.example.org:6379 0".to_owned()),
        };
        let entry = |key: &str, stored: Option<&[u8]>| Entry {
            key: key.to_owned(),
            read_at: 1_790_000_000_000,
            stored: stored.map(|bytes| Raw(Encoded::from(bytes))),
        };
        Contents { owner, entries: vec![entry("shop:a", Some(b"\xc1\x01i\x2a")), entry("shop:b", None)] }
    }

    /// Contents with a checksum that is right.
    fn sealed(contents: &[u8]) -> Vec<u8> {
        [head(contents).as_bytes(), contents].concat()
    }

    #[test]
    fn what_was_written_is_read() {
        let written = contents().to_bytes().expect("bytes");
        assert_eq!(Contents::from_bytes(&written), Ok(contents()));
        assert!(written.starts_with(b"constance last good values, format 1, checksum "));
    }

    #[test]
    fn a_file_that_is_cut_or_has_another_bit_anywhere_is_refused() {
        let written = contents().to_bytes().expect("bytes");
        for len in 0..written.len() {
            assert!(Contents::from_bytes(&written[..len]).is_err(), "cut to {len}");
        }
        for at in 0..written.len() {
            for bit in 0..8 {
                let mut flipped = written.clone();
                flipped[at] ^= 1 << bit;
                assert!(Contents::from_bytes(&flipped).is_err(), "bit {bit} of byte {at}");
            }
        }
        assert!(Contents::from_bytes(&[written.as_slice(), b"\0"].concat()).is_err());
        assert_eq!(Contents::from_bytes(&vec![0; written.len()]), Err("is damaged"));
    }

    #[test]
    fn what_is_wrong_behind_a_right_checksum_is_refused_without_a_panic() {
        let written = MessagePack.encode(&Kind::Serde, &contents()).expect("bytes");
        let written = written.as_bytes();
        assert!(Contents::from_bytes(&sealed(written)).is_ok());
        for len in 0..written.len() {
            assert!(Contents::from_bytes(&sealed(&written[..len])).is_err(), "cut to {len}");
        }
        assert!(Contents::from_bytes(&sealed(&[written, b"\xc0"].concat())).is_err(), "bytes at the end");
        // Lists, texts and bytes of four billion parts, and lists in lists.
        for marker in [&b"\xdd"[..], b"\xdb", b"\xc6", b"\xdf"] {
            for at in 0..written.len() {
                let huge = [&written[..at], marker, b"\xff\xff\xff\xff", &written[at..]].concat();
                assert!(Contents::from_bytes(&sealed(&huge)).is_err(), "{marker:?} at {at}");
            }
        }
        let nested = [&written[..3], &vec![0x91; 100_000]].concat();
        assert!(Contents::from_bytes(&sealed(&nested)).is_err());
    }

    #[test]
    fn a_later_format_is_named_as_such() {
        let written = contents().to_bytes().expect("bytes");
        let later = String::from_utf8_lossy(&written).replace("format 1,", "format 2,").into_bytes();
        assert_eq!(Contents::from_bytes(&later), Err("has a format that this version does not know"));
    }
}
