//! Reading the bytes of a MessagePack value, one token at a time.

use rmp::Marker;

use crate::tree::ConvertError;

type Result<T> = std::result::Result<T, ConvertError>;

/// The bytes that are left to read.
#[derive(Clone, Copy)]
pub(super) struct Reader<'b>(&'b [u8]);

/// The beginning of a value; a list and a map are followed by their parts.
pub(super) enum Piece<'b> {
    Nil,
    Bool(bool),
    Unsigned(u64),
    Signed(i64),
    Float32(f32),
    Float64(f64),
    Text(&'b str),
    Bytes(&'b [u8]),
    List(usize),
    Map(usize),
}

impl<'b> Reader<'b> {
    #[inline]
    pub(super) fn new(bytes: &'b [u8]) -> Self {
        Self(bytes)
    }

    #[inline]
    pub(super) fn is_at_end(&self) -> bool {
        self.0.is_empty()
    }

    /// How many bytes there are: no list or map has more parts.
    pub(super) fn left(&self) -> usize {
        self.0.len()
    }

    /// The bytes from here to where another reader of the same bytes has come.
    pub(super) fn until(&self, other: &Self) -> &'b [u8] {
        self.0.get(..self.0.len().saturating_sub(other.0.len())).unwrap_or_default()
    }

    /// Whether the next value is none; takes it if it is.
    pub(super) fn take_nil(&mut self) -> bool {
        match self.0.split_first() {
            Some((0xC0, rest)) => {
                self.0 = rest;
                true
            }
            _ => false,
        }
    }

    #[inline]
    pub(super) fn next(&mut self) -> Result<Piece<'b>> {
        let [first] = self.array()?;
        Ok(match Marker::from_u8(first) {
            Marker::FixPos(value) => Piece::Unsigned(value.into()),
            Marker::FixNeg(value) => Piece::Signed(value.into()),
            Marker::U8 => Piece::Unsigned(u8::from_be_bytes(self.array()?).into()),
            Marker::U16 => Piece::Unsigned(u16::from_be_bytes(self.array()?).into()),
            Marker::U32 => Piece::Unsigned(u32::from_be_bytes(self.array()?).into()),
            Marker::U64 => Piece::Unsigned(u64::from_be_bytes(self.array()?)),
            Marker::I8 => Piece::Signed(i8::from_be_bytes(self.array()?).into()),
            Marker::I16 => Piece::Signed(i16::from_be_bytes(self.array()?).into()),
            Marker::I32 => Piece::Signed(i32::from_be_bytes(self.array()?).into()),
            Marker::I64 => Piece::Signed(i64::from_be_bytes(self.array()?)),
            Marker::Null => Piece::Nil,
            Marker::True => Piece::Bool(true),
            Marker::False => Piece::Bool(false),
            Marker::F32 => Piece::Float32(f32::from_be_bytes(self.array()?)),
            Marker::F64 => Piece::Float64(f64::from_be_bytes(self.array()?)),
            Marker::FixStr(length) => self.text(length.into())?,
            Marker::Str8 => {
                let length = self.length8()?;
                self.text(length)?
            }
            Marker::Str16 => {
                let length = self.length16()?;
                self.text(length)?
            }
            Marker::Str32 => {
                let length = self.length32()?;
                self.text(length)?
            }
            Marker::Bin8 => {
                let length = self.length8()?;
                Piece::Bytes(self.take(length)?)
            }
            Marker::Bin16 => {
                let length = self.length16()?;
                Piece::Bytes(self.take(length)?)
            }
            Marker::Bin32 => {
                let length = self.length32()?;
                Piece::Bytes(self.take(length)?)
            }
            Marker::FixArray(length) => Piece::List(length.into()),
            Marker::Array16 => Piece::List(self.length16()?),
            Marker::Array32 => Piece::List(self.length32()?),
            Marker::FixMap(length) => Piece::Map(length.into()),
            Marker::Map16 => Piece::Map(self.length16()?),
            Marker::Map32 => Piece::Map(self.length32()?),
            // The byte that no value begins with, and extensions, which nothing here writes.
            _ => return Err(ConvertError::SHAPE),
        })
    }

    /// Passes over a value, and over what is in it as deep as `levels`.
    pub(super) fn skip(&mut self, levels: usize) -> Result<()> {
        let parts = match self.next()? {
            Piece::List(count) => count,
            // Twice the four billion of a map fit where they fit at all.
            Piece::Map(count) => count.saturating_mul(2),
            _ => return Ok(()),
        };
        let inside = levels.checked_sub(1).ok_or(ConvertError::DEEP)?;
        (0..parts).try_for_each(|_| self.skip(inside))
    }

    #[inline]
    fn take(&mut self, count: usize) -> Result<&'b [u8]> {
        let (taken, rest) = self.0.split_at_checked(count).ok_or(ConvertError::CUT)?;
        self.0 = rest;
        Ok(taken)
    }

    #[inline]
    fn array<const N: usize>(&mut self) -> Result<[u8; N]> {
        let (taken, rest) = self.0.split_first_chunk().ok_or(ConvertError::CUT)?;
        self.0 = rest;
        Ok(*taken)
    }

    #[inline]
    fn length8(&mut self) -> Result<usize> {
        Ok(u8::from_be_bytes(self.array()?).into())
    }

    fn length16(&mut self) -> Result<usize> {
        Ok(u16::from_be_bytes(self.array()?).into())
    }

    fn length32(&mut self) -> Result<usize> {
        usize::try_from(u32::from_be_bytes(self.array()?)).map_err(|_| ConvertError::CUT)
    }

    #[inline]
    fn text(&mut self, length: usize) -> Result<Piece<'b>> {
        std::str::from_utf8(self.take(length)?).map(Piece::Text).map_err(|_| ConvertError::NOT_UTF8)
    }
}
