//! Stored bytes, read by the default codec as every type.
#![no_main]

use constance_core::{Codec, Kind, MessagePack, SettingType};
use constance_fuzz::{Shape, Tree, for_each_type, reads_back};
use libfuzzer_sys::fuzz_target;

/// The body of a value in the envelope of its type, and the bytes as they are.
fn run<T: SettingType>(body: &[u8]) {
    reads_back::<_, T>(&MessagePack, &T::KIND, body);
    reads_back::<_, T>(&MessagePack, &T::KIND, &[&envelope(&T::KIND), body].concat());
}

/// The beginning of every value of the kind.
fn envelope(kind: &Kind) -> Vec<u8> {
    [b"\xc1\x01", letters(kind).as_slice()].concat()
}

fn letters(kind: &Kind) -> Vec<u8> {
    match kind {
        Kind::Option(inner) => letters(inner),
        Kind::List(inner) => [b"L", letters(inner).as_slice()].concat(),
        Kind::Map(inner) => [b"M", letters(inner).as_slice()].concat(),
        Kind::SignedDuration => b"s".to_vec(),
        Kind::Date => b"d".to_vec(),
        Kind::Time => b"c".to_vec(),
        Kind::DateTime => b"n".to_vec(),
        Kind::Timestamp => b"m".to_vec(),
        Kind::Decimal => b"x".to_vec(),
        // The codec does not look at what a plain value is when it writes it.
        kind => MessagePack.encode(kind, &true).expect("a bool is written").as_bytes()[2..3].to_vec(),
    }
}

fuzz_target!(|data: &[u8]| {
    for_each_type!(data, run);
    let serde = [b"\xc1\x01v", data].concat();
    reads_back::<_, Shape>(&MessagePack, &Kind::Serde, &serde);
    reads_back::<_, Tree>(&MessagePack, &Kind::Serde, &serde);
    reads_back::<_, serde_json::Value>(&MessagePack, &Kind::Serde, &serde);
});
