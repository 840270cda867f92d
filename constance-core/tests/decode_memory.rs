//! Hostile bytes within the length that is read do not exhaust memory.

// The lint's exception for tests knows the test functions only, not what they share.
#![allow(clippy::expect_used)]
#![cfg(all(feature = "jiff", feature = "pickle"))]

use std::collections::BTreeMap;

use constance_core::pickle::decode_legacy;
use constance_core::{Codec, Json, MessagePack, SettingType, Value};

const MIB: usize = 1 << 20;

/// The most that is allocated at a time.
fn most(operation: impl FnOnce()) -> usize {
    usize::try_from(allocation_counter::measure(operation).bytes_max).expect("fits")
}

fn decoded<T: SettingType>(codec: &impl Codec, bytes: &[u8]) -> usize {
    // A vector takes twice its length while it grows.
    most(|| drop(codec.decode::<T>(&T::KIND, bytes)))
}

/// A list of as many of these bytes as there may be.
fn list_of(kind: &[u8], element: &[u8]) -> Vec<u8> {
    let count = MIB / element.len();
    let length = u32::try_from(count).expect("fits").to_be_bytes();
    [b"\xc1\x01L", kind, b"\xdd", &length, &element.repeat(count)].concat()
}

#[test]
fn a_mebibyte_of_nothing_takes_a_multiple_of_the_elements_size() {
    let size = decoded::<Vec<Option<String>>>(&MessagePack, &list_of(b"t", b"\xc0"));
    assert!(size <= 4 * MIB * size_of::<Option<String>>(), "{size}");
    // No tree stands between the bytes and the list.
    let size = decoded::<Vec<Option<jiff::civil::Date>>>(&MessagePack, &list_of(b"d", b"\xc0"));
    assert!(size <= 4 * MIB * size_of::<Option<jiff::civil::Date>>(), "{size}");
}

#[test]
fn what_is_not_of_the_type_takes_nothing() {
    for kind in [&b"d"[..], b"s", b"x", b"i"] {
        let bytes = list_of(kind, b"\xc0");
        assert!(decoded::<Vec<jiff::civil::Date>>(&MessagePack, &bytes) < 2 * MIB);
        assert!(decoded::<Vec<jiff::SignedDuration>>(&MessagePack, &bytes) < 2 * MIB);
        assert!(decoded::<Vec<i64>>(&MessagePack, &bytes) < 2 * MIB);
        assert!(decoded::<jiff::civil::Date>(&MessagePack, &bytes) < 2 * MIB);
    }
    let lie = [&b"\xc1\x01Lt\xdd\xff\xff\xff\xff"[..], &[0xc0; 100]].concat();
    assert!(decoded::<Vec<Option<String>>>(&MessagePack, &lie) < 2 * MIB);
}

#[test]
fn a_mebibyte_of_json_takes_less_than_sixty_four() {
    for element in ["0,", "[],", "{},", "\"\",", "null,"] {
        let text = format!("[{}0]", element.repeat(MIB / element.len()));
        assert!(decoded::<Value>(&Json::new(), text.as_bytes()) < 128 * MIB, "{element}");
        assert!(decoded::<Vec<Option<jiff::civil::Date>>>(&Json::new(), text.as_bytes()) < 128 * MIB, "{element}");
    }
    let names: String = (0..MIB / 12).map(|at| format!("\"{at:06}\":0,")).collect();
    assert!(decoded::<BTreeMap<String, i64>>(&Json::new(), format!("{{{names}\"a\":0}}").as_bytes()) < 128 * MIB);
}

#[test]
fn a_pickle_that_remembers_or_repeats_without_end_is_refused() {
    // No length is set here: this is what the machine itself allows.
    for (opcode, times) in [(&b"\x94"[..], 1_200_000), (b"q\x00", 1_200_000), (b"2", 4_500_000), (b"(", 4_500_000)] {
        let hostile = [&b"\x80\x04]q\x00"[..], &opcode.repeat(times), b"."].concat();
        let size = most(|| assert!(decode_legacy(&hostile).is_err(), "{opcode:?}"));
        assert!(size < 192 * MIB, "{opcode:?}: {size}");
    }
}
