//! Numbers at the ends of their types are refused where a date, an offset or a decimal is made of them; nothing overflows.

use constance_core::{Codec, ErrorKind, Json, Kind, MessagePack, SettingType};
use serde::ser::SerializeTuple;
use serde::{Serialize, Serializer};

/// A type that writes a date or time as the crate `time` does: in parts, whatever they are.
struct Parts<'p>(&'p [i64]);

impl Serialize for Parts<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut tuple = serializer.serialize_tuple(self.0.len())?;
        self.0.iter().try_for_each(|part| tuple.serialize_element(part))?;
        tuple.end()
    }
}

const ENDS: [i64; 10] =
    [i64::MIN, i64::MIN + 1, i32::MIN as i64, -86_400, -1, 0, 65_536, 86_400, i32::MAX as i64, i64::MAX];

#[test]
fn parts_that_are_no_date_are_refused() {
    for (kind, right) in [
        (Kind::Date, &[2010_i64, 358][..]),
        (Kind::Time, &[18, 30, 15, 0]),
        (Kind::DateTime, &[2010, 358, 18, 30, 15, 0]),
        (Kind::Timestamp, &[2010, 358, 18, 30, 15, 0]),
        (Kind::Timestamp, &[2010, 358, 18, 30, 15, 0, 1, 30, 0]),
        (Kind::SignedDuration, &[1, 2]),
    ] {
        MessagePack.encode(&kind, &Parts(right)).expect("is a value");
        for at in 0..right.len() {
            for end in ENDS {
                let mut parts = right.to_vec();
                parts[at] = end;
                for encoded in [MessagePack.encode(&kind, &Parts(&parts)), Json::new().encode(&kind, &Parts(&parts))] {
                    assert!(
                        encoded.is_ok() || encoded.is_err_and(|e| e.kind() == ErrorKind::Encode),
                        "{kind} {parts:?}"
                    );
                }
            }
            // All of them at once.
            for (one, other) in ENDS.into_iter().flat_map(|one| ENDS.map(|other| (one, other))) {
                let mut parts = vec![one; right.len()];
                parts[at] = other;
                let _ = MessagePack.encode(&kind, &Parts(&parts));
            }
        }
    }
    let far = [2020, 1, 0, 0, 0, 0, i64::MAX, 0, 0];
    assert!(MessagePack.encode(&Kind::Timestamp, &Parts(&far)).is_err());
}

#[test]
fn stored_parts_of_a_moment_are_no_moment() {
    let parts = b"\x99\xcd\x07\xe4\x01\x00\x00\x00\x00\xcf\x7f\xff\xff\xff\xff\xff\xff\xff\x00\x00";
    for envelope in [&b"\xc1\x01"[..], b"\xc1\x01m", b"\xc1\x01Li", b"\xc1\x01v"] {
        let bytes = [envelope, parts].concat();
        let error = MessagePack.decode::<time::OffsetDateTime>(&Kind::Timestamp, &bytes).expect_err("refused");
        assert_eq!(error.kind(), ErrorKind::Decode);
    }
}

#[test]
fn exponents_at_the_ends_are_refused() {
    for digits in ["1", "10", "1.5", "100000000000000000000", "0.00000000000000000000000001"] {
        for exponent in [i64::MIN, i64::MIN + 1, -1_000, 1_000, i64::MAX - 1, i64::MAX] {
            let stored = format!(r#"{{"__type__": "decimal", "__value__": "{digits}E{exponent}"}}"#);
            let read = Json::new().decode::<rust_decimal::Decimal>(&Kind::Decimal, stored.as_bytes());
            assert_eq!(read.expect_err("refused").kind(), ErrorKind::Decode, "{stored}");
        }
    }
}

#[test]
fn texts_of_moments_at_the_ends_are_values_or_refused() {
    let mut read = 0;
    for year in ["-999999", "-009999", "-000001", "0000", "9999", "+010000", "+999999"] {
        for offset in ["", "Z", "+23:59:59", "-23:59:59", "+24:00", "-99:59:59"] {
            let text = format!("{year}-01-01T00:00:00{offset}");
            read += usize::from(jiff::Timestamp::parse(&text).is_ok());
            read += usize::from(time::OffsetDateTime::parse(&text).is_ok());
            read += usize::from(time::UtcDateTime::parse(&text).is_ok());
            read += usize::from(jiff::civil::DateTime::parse(&text).is_ok());
        }
    }
    assert!(read > 0);
    for text in
        ["9223372036854775807s", "-9223372036854775807s 999999999ns", "18446744073709551615s", "-18446744073709551615s"]
    {
        let _ = (jiff::SignedDuration::parse(text), time::Duration::parse(text), std::time::Duration::parse(text));
    }
}
