//! Pickles, raw and in base64, from a store that others write to.
#![no_main]

use constance_core::pickle::{decode_legacy, is_legacy};
use constance_core::{Codec, Json, Kind, Value};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let _ = is_legacy(data);
    let Ok(legacy) = decode_legacy(data) else { return };
    let _ = format!("{legacy:?}");
    let Ok(json) = legacy.to_json() else { return };
    let value: Value = Json::new().decode(&Kind::Any, json.as_bytes()).expect("what is converted is readable");
    assert_eq!(Json::new().encode(&Kind::Any, &value).expect("and writable"), json);
});
