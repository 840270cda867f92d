//! A codec with a limit of length.

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::Codec;
use crate::{Error, ErrorKind, Kind, Result, backend::Encoded};

/// The default limit of a [`Config`](crate::Config) for the length of a value: 1 MiB.
pub(crate) const MAX_VALUE_LEN: usize = 1 << 20;

/// A text may be this many times longer than the stored value: JSON may have white space and escapes.
const TEXT_FACTOR: usize = 16;

/// A codec and the longest value in bytes that it reads or writes. A decoded value takes many times the memory of its bytes.
#[derive(Clone, Debug)]
pub(crate) struct LimitedCodec<C> {
    codec: C,
    max_len: usize,
}

impl<C: Codec> LimitedCodec<C> {
    pub(crate) fn new(codec: C, max_len: usize) -> Self {
        Self { codec, max_len }
    }

    /// `Invalid` where the value is too long.
    pub(crate) fn encode<T: Serialize + ?Sized>(&self, kind: &Kind, value: &T) -> Result<Encoded> {
        let encoded = self.codec.encode(kind, value)?;
        if encoded.len() > self.max_len {
            return Err(self.too_long("the value takes"));
        }
        Ok(encoded)
    }

    #[inline]
    pub(crate) fn decode<T: DeserializeOwned>(&self, kind: &Kind, bytes: &[u8]) -> Result<T> {
        self.check(bytes)?;
        self.codec.decode(kind, bytes)
    }

    /// See [`Codec::name`].
    pub(crate) fn name(&self) -> &'static str {
        self.codec.name()
    }

    /// See [`Codec::with_alias_mark`].
    pub(crate) fn with_alias_mark(&self, unmarked: &Encoded) -> Option<Encoded> {
        self.codec.with_alias_mark(unmarked)
    }

    /// See [`Codec::without_alias_mark`].
    pub(crate) fn without_alias_mark(&self, marked: &Encoded) -> Option<Encoded> {
        self.codec.without_alias_mark(marked)
    }

    /// `Decode` where the stored value is too long to be looked at.
    #[inline]
    pub(crate) fn check(&self, bytes: &[u8]) -> Result<()> {
        if bytes.len() <= self.max_len {
            return Ok(());
        }
        Err(Error::new(ErrorKind::Decode)
            .with_detail(format!("{} bytes are stored, and the most that is read is {}", bytes.len(), self.max_len))
            .with_hint("set or reset the setting to repair it, or raise ConfigBuilder::max_value_len"))
    }

    /// `Invalid` where a text is too long to be read.
    pub(crate) fn check_text(&self, text: &str) -> Result<()> {
        if text.len() / TEXT_FACTOR <= self.max_len { Ok(()) } else { Err(self.too_long("the text takes")) }
    }

    #[cold]
    fn too_long(&self, what: &str) -> Error {
        Error::new(ErrorKind::Invalid)
            .with_detail(format!("{what} more than the {} bytes that a value may take", self.max_len))
            .with_hint("store less, or raise ConfigBuilder::max_value_len")
    }
}
