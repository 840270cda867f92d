//! Stored bytes, read by the codec that shares a store with Django as every type.
#![no_main]

use constance_core::{Json, Kind, SettingType};
use constance_fuzz::{Shape, Tree, for_each_type, reads_back};
use libfuzzer_sys::fuzz_target;

fn run<T: SettingType>(bytes: &[u8]) {
    reads_back::<_, T>(&Json::new(), &T::KIND, bytes);
}

fuzz_target!(|data: &[u8]| {
    for_each_type!(data, run);
    let rest = data.get(1..).unwrap_or_default();
    reads_back::<_, Shape>(&Json::new(), &Kind::Serde, rest);
    reads_back::<_, Tree>(&Json::new(), &Kind::Serde, rest);
    reads_back::<_, serde_json::Value>(&Json::new(), &Kind::Serde, rest);
});
