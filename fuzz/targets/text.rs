//! Texts as an operator types them, for every type.
#![no_main]

use std::sync::LazyLock;

use constance_core::{Config, SettingType, Settings};
use constance_fuzz::{Shape, Tree, for_each_type, prints_back};
use constance_memory::MemoryBackend;
use libfuzzer_sys::fuzz_target;

fn run<T: SettingType>(bytes: &[u8]) {
    if let Ok(text) = std::str::from_utf8(bytes) {
        prints_back::<T>(text);
    }
}

/// The text of a type marked `serde` is read by its setting alone.
#[derive(Debug, Clone, Settings)]
struct Marked {
    #[setting(default, serde)]
    shape: Shape,
    #[setting(default, serde)]
    tree: Tree,
    #[setting(default, serde)]
    any: serde_json::Value,
}

static MARKED: LazyLock<Config<Marked>> = LazyLock::new(|| Config::new(MemoryBackend::new()));

fuzz_target!(|data: &[u8]| {
    for_each_type!(data, run);
    let Ok(text) = std::str::from_utf8(data.get(1..).unwrap_or_default()) else { return };
    for name in ["shape", "tree", "any"] {
        if MARKED.set_text(name, text).is_ok() {
            let printed = MARKED.get_text(name).expect("what was set is shown");
            MARKED.set_text(name, &printed).expect("what is shown can be set");
        }
    }
});
