//! The bytes of a record.
//!
//! One byte of format, one of kind, eight of checksum over all that follows, eight that no other cell has, the key with its
//! length, and what the kind says; a value begins with the eight that tell its store. What is cut short, changed, another key's
//! or of another format is no record: the store is asked. The format is in the cell's key as well, so that two versions of this
//! crate never meet in one cell.

use std::time::Duration;

use constance_core::backend::Encoded;
use constance_core::bytes::Bytes;

use super::hash::stable_hash;
use super::record::{Fingerprint, Record, Timed};
use crate::store::unique_id;

/// Stands in the keys of cells, too.
pub(super) const FORMAT: u8 = b'2';

/// What a store holds under a key, where that can be kept: bytes or nothing.
pub(super) type Entry = Option<Encoded>;

const SETTLED: u8 = b'V';
const PROBATION: u8 = b'P';
const KNOWN_GAP: u8 = b'G';
const GAP: u8 = b'g';
const KNOWN_MARKS: u8 = b'M';
const MARKS: u8 = b'm';

/// Format, kind, checksum.
const HEAD: usize = 10;
/// The number that is the cell's own.
const OWN: usize = 8;
/// Which store a value is of.
const STORE: usize = 8;
/// A mark, and how many milliseconds it ends before the record does.
const MARK: usize = 16 + 4;

pub(super) fn encode(key: &str, timed: &Timed<Entry>) -> Vec<u8> {
    let Timed { record, left } = timed;
    let kind = match record {
        Record::Value { settled, .. } => [PROBATION, SETTLED][usize::from(*settled)],
        Record::Gap { known } => [GAP, KNOWN_GAP][usize::from(*known)],
        Record::Marked { known, .. } => [MARKS, KNOWN_MARKS][usize::from(*known)],
    };
    let mut bytes = vec![FORMAT, kind];
    bytes.extend_from_slice(&[0; HEAD - 2]);
    bytes.extend_from_slice(&unique_id().to_be_bytes());
    // A stored key has at most 255 bytes.
    bytes.extend_from_slice(&u16::try_from(key.len()).unwrap_or(u16::MAX).to_be_bytes());
    bytes.extend_from_slice(key.as_bytes());
    match record {
        Record::Value { value, store, .. } => {
            bytes.extend_from_slice(&store.to_be_bytes());
            bytes.push(u8::from(value.is_some()));
            bytes.extend_from_slice(value.as_ref().map_or(&[], Encoded::as_bytes));
        }
        Record::Gap { .. } => {}
        Record::Marked { marks, .. } => {
            for (mark, ends) in marks {
                let before = u32::try_from(left.saturating_sub(*ends).as_millis()).unwrap_or(u32::MAX);
                bytes.extend_from_slice(&mark.to_be_bytes());
                bytes.extend_from_slice(&before.to_be_bytes());
            }
        }
    }
    let sum = sum(kind, &bytes[HEAD..]);
    bytes[2..HEAD].copy_from_slice(&sum);
    bytes
}

/// The record of this key, or `None` where it is none.
pub(super) fn decode(key: &str, bytes: Vec<u8>, left: Duration) -> Option<Timed<Entry>> {
    let (format, kind) = (*bytes.first()?, *bytes.get(1)?);
    let rest = bytes.get(HEAD..)?;
    if format != FORMAT || bytes[2..HEAD] != sum(kind, rest) {
        return None;
    }
    let rest = rest.get(OWN..)?;
    let len = usize::from(u16::from_be_bytes(rest.get(..2)?.try_into().ok()?));
    let body = rest.get(2 + len..)?;
    if rest.get(2..2 + len)? != key.as_bytes() {
        return None;
    }
    let record = match kind {
        SETTLED | PROBATION => {
            let settled = kind == SETTLED;
            let (store, body) = body.split_at_checked(STORE)?;
            let store = Fingerprint::from_be_bytes(store.try_into().ok()?);
            let value = match body.first()? {
                0 if body.len() == 1 => None,
                1 => {
                    let at = bytes.len() - body.len() + 1;
                    Some(Encoded::from(Bytes::from(bytes).slice(at..)))
                }
                _ => return None,
            };
            Record::Value { value, settled, store }
        }
        GAP | KNOWN_GAP if body.is_empty() => Record::Gap { known: kind == KNOWN_GAP },
        MARKS | KNOWN_MARKS if body.len() % MARK == 0 => {
            let mark = |bytes: &[u8]| {
                let (mark, before) = bytes.split_at_checked(16)?;
                let before = u32::from_be_bytes(before.try_into().ok()?);
                let ends = left.saturating_sub(Duration::from_millis(before.into()));
                Some((u128::from_be_bytes(mark.try_into().ok()?), ends))
            };
            let marks = body.chunks_exact(MARK).map(mark).collect::<Option<_>>()?;
            Record::Marked { known: kind == KNOWN_MARKS, marks }
        }
        _ => return None,
    };
    Some(Timed { record, left })
}

/// The number that is the cell's own: the same only where the cell is the same.
pub(super) fn own(bytes: &[u8]) -> Option<u64> {
    Some(u64::from_be_bytes(bytes.get(HEAD..HEAD + OWN)?.try_into().ok()?))
}

fn sum(kind: u8, rest: &[u8]) -> [u8; 8] {
    stable_hash(&[&[kind], rest]).to_be_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;

    const LEFT: Duration = Duration::from_secs(30);

    fn records() -> Vec<Record<Entry>> {
        let value = |bytes: &[u8]| Some(Encoded::from(bytes));
        vec![
            Record::Value { value: None, settled: true, store: 1 },
            Record::Value { value: value(b""), settled: true, store: 2 },
            Record::Value { value: value(b"dark"), settled: false, store: Fingerprint::MAX },
            Record::Gap { known: false },
            Record::Gap { known: true },
            Record::Marked { known: true, marks: vec![(7, LEFT), (u128::MAX, Duration::from_millis(1))] },
            Record::Marked { known: false, marks: vec![(9, Duration::ZERO)] },
        ]
    }

    #[test]
    fn every_record_is_read_back() {
        for record in records() {
            let timed = Timed { record, left: LEFT };
            assert_eq!(decode("shop:theme", encode("shop:theme", &timed), LEFT), Some(timed));
        }
    }

    #[test]
    fn marks_end_when_they_are_due_however_late_they_are_read() {
        let marks = vec![(7, LEFT), (8, LEFT / 3)];
        let bytes = encode("k", &Timed { record: Record::Marked { known: true, marks }, left: LEFT });
        let later = decode("k", bytes, LEFT / 2).expect("a record");
        let ends = vec![(7, LEFT / 2), (8, Duration::ZERO)];
        assert_eq!(later.record, Record::Marked { known: true, marks: ends });
    }

    #[test]
    fn what_is_damaged_is_no_record() {
        for record in records() {
            let bytes = encode("shop:theme", &Timed { record, left: LEFT });
            for len in 0..bytes.len() {
                assert_eq!(decode("shop:theme", bytes[..len].to_vec(), LEFT), None, "cut at {len}");
            }
            for at in 0..bytes.len() {
                let mut flipped = bytes.clone();
                flipped[at] ^= 0x20;
                assert_eq!(decode("shop:theme", flipped, LEFT), None, "changed at {at}");
            }
            let longer = [&bytes[..], b"x"].concat();
            assert_eq!(decode("shop:theme", longer, LEFT), None);
            assert_eq!(decode("shop:themes", bytes, LEFT), None, "another key's");
        }
    }

    #[test]
    fn the_format_is_pinned() {
        let record = Record::Value { value: Some(Encoded::from(&b"dark"[..])), settled: true, store: 7 };
        let bytes = encode("k", &Timed { record, left: LEFT });
        assert_eq!(bytes[..2], *b"2V");
        assert_eq!(bytes[HEAD + OWN..], *b"\0\x01k\0\0\0\0\0\0\0\x07\x01dark");
        let sum = stable_hash(&[b"V", &bytes[HEAD..]]);
        assert_eq!(bytes[2..HEAD], sum.to_be_bytes());
    }

    #[test]
    fn no_two_cells_are_the_same() {
        let gap = Timed { record: Record::Gap { known: true }, left: LEFT };
        assert_ne!(own(&encode("k", &gap)), own(&encode("k", &gap)));
    }
}
