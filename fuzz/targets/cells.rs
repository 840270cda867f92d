//! What a cache for all processes holds, where others write to it.
//!
//! The files are those of the cache itself: they are private to it.
#![no_main]
#![allow(dead_code, unreachable_pub)]

#[path = "../../constance-cache/src/shared/hash.rs"]
mod hash;
#[path = "../../constance-cache/src/shared/record.rs"]
mod record;
#[path = "../../constance-cache/src/shared/wire.rs"]
mod wire;

use std::time::Duration;

use libfuzzer_sys::fuzz_target;

mod store {
    pub(crate) fn unique_id() -> u64 {
        7
    }
}

const KEY: &str = "constance:theme";
const LEFT: Duration = Duration::from_secs(30);

/// The checksum is right: nothing behind it would be reached otherwise.
fn sealed(data: &[u8]) -> Option<Vec<u8>> {
    let (kind, rest) = data.split_first()?;
    let sum = hash::stable_hash(&[&[*kind][..], rest]).to_be_bytes();
    Some([&[wire::FORMAT, *kind][..], &sum, rest].concat())
}

fn reads_back(bytes: Vec<u8>) {
    let _ = wire::own(&bytes);
    let Some(timed) = wire::decode(KEY, bytes, LEFT) else { return };
    let again = wire::decode(KEY, wire::encode(KEY, &timed), LEFT);
    assert!(again.is_some_and(|again| again.record == timed.record), "another record is read back");
}

fuzz_target!(|data: &[u8]| {
    reads_back(data.to_vec());
    if let Some(bytes) = sealed(data) {
        reads_back(bytes);
    }
    // With the key in its place as well.
    if let [kind, body @ ..] = data {
        let key = [&[0; 8][..], &[0, KEY.len() as u8], KEY.as_bytes()].concat();
        reads_back(sealed(&[&[*kind][..], key.as_slice(), body].concat()).expect("has a first byte"));
    }
});
