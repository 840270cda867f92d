//! Bytes as they are stored, and what a backend finds under a key.

use std::fmt;

use bytes::Bytes;

use crate::{Error, ErrorKind, Result};

/// A stored value as bytes: free to make from a driver's `Vec<u8>`, cheap to clone.
///
/// Its `Debug` shows the length only, so that no value of a setting ends in a log.
///
/// ```
/// use constance_core::backend::Encoded;
///
/// let encoded = Encoded::from(b"hunter2".to_vec());
/// assert_eq!(encoded.as_bytes(), b"hunter2");
/// assert_eq!(format!("{encoded:?}"), "Encoded(7 bytes)");
/// ```
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Encoded(Bytes);

impl Encoded {
    /// The bytes.
    #[inline]
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// The bytes, shared.
    #[must_use]
    pub fn into_bytes(self) -> Bytes {
        self.0
    }

    /// How many bytes there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there are none; an empty value is not an absent one.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl From<Vec<u8>> for Encoded {
    fn from(bytes: Vec<u8>) -> Self {
        Self(Bytes::from(bytes))
    }
}

impl From<Bytes> for Encoded {
    fn from(bytes: Bytes) -> Self {
        Self(bytes)
    }
}

impl From<&[u8]> for Encoded {
    fn from(bytes: &[u8]) -> Self {
        Self(Bytes::copy_from_slice(bytes))
    }
}

impl AsRef<[u8]> for Encoded {
    fn as_ref(&self) -> &[u8] {
        &self.0
    }
}

impl fmt::Debug for Encoded {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Encoded({} bytes)", self.0.len())
    }
}

/// What a backend found under one key.
///
/// Absent and unreadable are different things: a Redis list, or an SQL `NULL`, under the key of a setting is not "not
/// set", and taking it for that would show the default where somebody stored something. Exhaustive on purpose: whoever reads
/// has to decide on each.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Stored {
    /// Nothing is stored.
    Absent,
    /// These bytes are stored.
    Value(Encoded),
    /// Something is stored that has no bytes to decode; the words say what (`a list`), never its content.
    Foreign(&'static str),
}

impl Stored {
    /// The bytes, where there are some.
    #[inline]
    #[must_use]
    pub fn value(&self) -> Option<&Encoded> {
        match self {
            Self::Value(encoded) => Some(encoded),
            Self::Absent | Self::Foreign(_) => None,
        }
    }

    /// What a visitor is shown: the bytes, or `None` where nothing is stored.
    ///
    /// # Errors
    ///
    /// `Decode` for something [foreign](Self::Foreign).
    #[inline]
    pub fn bytes(&self) -> Result<Option<&Encoded>> {
        match self {
            Self::Absent => Ok(None),
            Self::Value(encoded) => Ok(Some(encoded)),
            Self::Foreign(what) => Err(Error::new(ErrorKind::Decode)
                .with_detail(format!("the store holds {what} there"))
                .with_hint("set or reset the setting to repair it")),
        }
    }

    /// Whether nothing is stored.
    #[inline]
    #[must_use]
    pub fn is_absent(&self) -> bool {
        matches!(self, Self::Absent)
    }
}

impl From<Option<Encoded>> for Stored {
    fn from(value: Option<Encoded>) -> Self {
        value.map_or(Self::Absent, Self::Value)
    }
}

impl From<Encoded> for Stored {
    fn from(value: Encoded) -> Self {
        Self::Value(value)
    }
}
