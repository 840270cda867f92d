//! What django-constance 1 to 3 stored: Python pickles.
//!
//! They are raw in Redis, and in base64 in the database column. A pickle is a program that builds a value, and Python's own
//! reader calls any function that it names. This reader supports the opcodes that values of settings need, of protocols 0 to 5. It
//! calls nothing: it knows the names in this list, and any other name is an error.
//!
//! | Python | read as |
//! |---|---|
//! | `None`, `bool`, `int` of any length, `float`, `str`, `bytes` in ASCII from Python 2 | themselves |
//! | `list`, `tuple`, `dict` | lists and maps, with the keys that Python's JSON would write |
//! | `datetime.date`, `datetime`, `time`, `timedelta`, `timezone` | themselves; the `fold` of a time is dropped, as in ISO texts |
//! | `decimal.Decimal`, `uuid.UUID` | themselves |
//!
//! The zones of pytz and zoneinfo are not supported: the meaning of such a datetime depends on a database of zones. Sets, bytes,
//! and objects of the application are refused, as django-constance 4 refuses to store them.
//!
//! Hostile bytes are an error: a pickle that is cut short, is nested deeper than 64 levels, contains itself, has bytes after its
//! end, or would grow beyond 64 MiB by naming the same value again and again.
//!
//! [`decode_legacy`] reads one value, whose [`to_json`](LegacyValue::to_json) is what django-constance 4 would store.
//! [`Json::reading_pickles`](crate::Json::reading_pickles) reads them in place, and
//! [`Config::convert_legacy`](crate::Config::convert_legacy) converts a whole store, as does `settings import-legacy` of
//! `constance-cli`.
//!
//! ```
//! use constance_core::pickle::decode_legacy;
//!
//! let raw = b"\x80\x04\x95\x0c\x00\x00\x00\x00\x00\x00\x00\x8c\x08My Title\x94.";
//! assert_eq!(decode_legacy(raw)?.to_json()?.as_bytes(), br#"{"__type__": "default", "__value__": "My Title"}"#);
//!
//! let column = b"gAJLKi4=";
//! assert_eq!(decode_legacy(column)?.to_json()?.as_bytes(), br#"{"__type__": "default", "__value__": 42}"#);
//! # Ok::<(), constance_core::Error>(())
//! ```

mod machine;
mod objects;
mod reader;
mod to_tree;

use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::json;
use crate::codec::sniff;
use crate::tree::Tree;
use crate::{Error, ErrorKind, Result, backend::Encoded};

/// What is wrong with the bytes: the text that follows "found" in the error.
type Refused = String;

/// A value that django-constance 1 to 3 stored.
///
/// Its `Debug` shows the type and no value.
#[derive(Clone, PartialEq)]
pub struct LegacyValue(Tree);

impl LegacyValue {
    /// The bytes that django-constance 4 stores for it, which [`Json`](crate::Json) reads.
    ///
    /// # Errors
    ///
    /// `Encode` where it would not come back as it is: see the rules of [`Json`](crate::Json).
    pub fn to_json(&self) -> Result<Encoded> {
        json::write(&self.0).map_err(|error| {
            let what = json::found(&self.0);
            Error::new(ErrorKind::Encode).with_detail(format!("{what} {error} cannot be written as JSON"))
        })
    }
}

impl fmt::Debug for LegacyValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "LegacyValue({})", json::found(&self.0))
    }
}

/// Whether the bytes are a pickle, raw or in base64, and not JSON or another format. Cheap: it looks at both ends only.
///
/// It may still be one that [`decode_legacy`] refuses.
///
/// ```
/// use constance_core::pickle::is_legacy;
///
/// assert!(is_legacy(b"\x80\x04K\x2a."));
/// assert!(is_legacy(b"gAJLKi4="));
/// assert!(!is_legacy(br#"{"__type__": "default", "__value__": 42}"#));
/// ```
#[must_use]
pub fn is_legacy(bytes: &[u8]) -> bool {
    match bytes {
        // MessagePack of the default codec, whose last byte may be anything.
        [sniff::ENVELOPE, ..] => false,
        // JSON never ends in a point, and base64 has none.
        [_, .., b'.'] => true,
        // The opcode PROTO and its number, 2 to 5.
        [b'g', b'A', b'I'..=b'X', ..] => true,
        _ => false,
    }
}

/// The value of a pickle, raw or in base64.
///
/// # Errors
///
/// `Decode`, saying what was found instead, without its content.
pub fn decode_legacy(bytes: &[u8]) -> Result<LegacyValue> {
    read(bytes).map(LegacyValue).map_err(|found| {
        Error::new(ErrorKind::Decode)
            .with_detail(format!("wanted a pickle, found {found} ({} bytes stored)", bytes.len()))
    })
}

pub(super) fn read(bytes: &[u8]) -> Result<Tree, Refused> {
    if bytes.starts_with(b"gA") {
        let column = bytes.trim_ascii();
        let raw = STANDARD.decode(column).map_err(|_| "base64 that is cut short or broken")?;
        return machine::run(&raw).and_then(to_tree::to_tree);
    }
    machine::run(bytes).and_then(to_tree::to_tree)
}

fn too_large() -> Refused {
    "a pickle of a value larger than 64 MiB".to_owned()
}
