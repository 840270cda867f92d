//! Encoding values as bytes.

mod limited;
mod msgpack;
pub(crate) mod sniff;

use std::fmt::Debug;

use serde::Serialize;
use serde::de::DeserializeOwned;

pub(crate) use self::limited::{LimitedCodec, MAX_VALUE_LEN};
pub use self::msgpack::MessagePack;
use crate::tree::ConvertError;
use crate::{Error, ErrorKind, Kind, Result, backend::Encoded};

/// Turns values into stored bytes and back. A type parameter of [`Config`](crate::Config), so that it costs no indirection.
///
/// A codec writes one pinned version of its format and reads every version that it ever wrote. It limits the depth of what
/// it reads, refuses trailing bytes, and never puts a value or serde's text into an error.
pub trait Codec: Clone + Debug + Send + Sync + 'static {
    /// The bytes to store for a value of this kind.
    ///
    /// # Errors
    ///
    /// `Encode` where the format cannot hold the value.
    fn encode<T: Serialize + ?Sized>(&self, kind: &Kind, value: &T) -> Result<Encoded>;

    /// The value of this kind in stored bytes.
    ///
    /// # Errors
    ///
    /// `Decode`, saying the type wanted, what was found, and the length.
    fn decode<T: DeserializeOwned>(&self, kind: &Kind, bytes: &[u8]) -> Result<T>;

    /// The name of the format, which [the file of last good values](crate::LiveOptions::last_good) records. The codec never reads
    /// bytes that were stored under another name. Default: the name of the type.
    fn name(&self) -> &'static str {
        let path = std::any::type_name::<Self>();
        let path = path.split_once('<').map_or(path, |(path, _)| path);
        path.rsplit_once("::").map_or(path, |(_, name)| name)
    }

    /// The same value with a mark, which says that it was stored under all names of a setting at once: its name and its
    /// [aliases](crate::Declaration::alias). [`decode`](Self::decode) reads it with and without the mark. The mark does not change
    /// the length.
    ///
    /// Default: `None`, the format has no mark. Then the value under the new name is in force, even where an old program has
    /// written the old name since.
    fn with_alias_mark(&self, unmarked: &Encoded) -> Option<Encoded> {
        let _ = unmarked;
        None
    }

    /// The value without its mark; `None` where it has none. Default: `None`.
    fn without_alias_mark(&self, marked: &Encoded) -> Option<Encoded> {
        let _ = marked;
        None
    }
}

/// The bytes with the byte after `before` changed from `old` to `new`; `None` where they do not begin with `before` and `old`.
pub(crate) fn replaced(bytes: &Encoded, before: &[u8], old: u8, new: u8) -> Option<Encoded> {
    let mut bytes = bytes.as_bytes().strip_prefix(before).filter(|rest| rest.first() == Some(&old)).map(|_| {
        // A copy, since stored bytes may be shared.
        bytes.as_bytes().to_vec()
    })?;
    *bytes.get_mut(before.len())? = new;
    Some(Encoded::from(bytes))
}

/// The error of a value that cannot be stored as this kind.
pub(crate) fn unwritable(kind: &Kind, error: ConvertError) -> Error {
    Error::new(ErrorKind::Encode).with_detail(format!("a value {error} cannot be written as {kind}"))
}
