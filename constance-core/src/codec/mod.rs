//! How values become bytes.

mod limited;
mod msgpack;
pub(crate) mod sniff;

use std::fmt::Debug;

use serde::Serialize;
use serde::de::DeserializeOwned;

pub(crate) use self::limited::{Limited, MAX_VALUE_LEN};
pub use self::msgpack::MessagePack;
use crate::tree::Unfit;
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

    /// The name of the format, by which [a file of stored bytes](crate::LiveOptions::last_good) says how they are to be read. Bytes of
    /// another name are never read by this codec. Default: the name of the type.
    fn name(&self) -> &'static str {
        let path = std::any::type_name::<Self>();
        let path = path.split_once('<').map_or(path, |(path, _)| path);
        path.rsplit_once("::").map_or(path, |(_, name)| name)
    }

    /// The same value in a second form, which says that it was stored under all names of a setting at once: its own and its
    /// [aliases](crate::Declaration::alias). [`decode`](Self::decode) reads both forms, and the second is as long as the first.
    ///
    /// Default: `None`, there is no such form. Then what is stored under the new name counts, whatever an old program wrote
    /// under the old one since.
    fn joint(&self, plain: &Encoded) -> Option<Encoded> {
        let _ = plain;
        None
    }

    /// The first form of a value that is in the second; `None` where it is in the first. Default: `None`.
    fn plain(&self, joint: &Encoded) -> Option<Encoded> {
        let _ = joint;
        None
    }
}

/// These bytes with the one at a place replaced, if it is the one expected after these.
pub(crate) fn replaced(bytes: &Encoded, before: &[u8], one: u8, other: u8) -> Option<Encoded> {
    let mut bytes = bytes.as_bytes().strip_prefix(before).filter(|rest| rest.first() == Some(&one)).map(|_| {
        // Copied: what is stored is shared.
        bytes.as_bytes().to_vec()
    })?;
    *bytes.get_mut(before.len())? = other;
    Some(Encoded::from(bytes))
}

/// Why a value of this kind cannot be stored.
pub(crate) fn unwritable(kind: &Kind, unfit: Unfit) -> Error {
    Error::new(ErrorKind::Encode).with_detail(format!("a value {unfit} cannot be written as {kind}"))
}
