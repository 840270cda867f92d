//! Reads within the process, beside the bare structures they are made of: `cargo xtask bench reads`.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use arc_swap::{ArcSwap, Cache};
use bytes::Bytes;
use constance_bench::Table;
use constance_core::{Codec, Config, Kind, MessagePack, Settings};
use constance_memory::MemoryBackend;

#[derive(Debug, Clone, Settings)]
struct Shop {
    #[setting(default = 42, min = 0)]
    the_answer: i64,
    #[setting(default = "My Title")]
    site_name: String,
    #[setting(default = Duration::from_secs(1800))]
    basket_timeout: Duration,
}

fn main() -> Result<(), constance_core::Error> {
    let config = Config::<Shop>::new(MemoryBackend::new());
    config.set(Shop::THE_ANSWER, 300)?;
    config.set(Shop::SITE_NAME, "Another Title".to_owned())?;
    let typed = Config::<Shop>::builder(MemoryBackend::new()).build_typed()?;
    typed.set(Shop::THE_ANSWER, 300)?;
    typed.set(Shop::SITE_NAME, "Another Title".to_owned())?;
    let live = config.live()?;

    let bare = Arc::new(ArcSwap::from_pointee(Shop::defaults()));
    let encoded = MessagePack.encode(&Kind::Text, &300_i64)?.into_bytes();
    // What somebody writes by hand: the value's bytes without an envelope, by name.
    let mut map = HashMap::from([("the_answer".to_owned(), encoded.slice(3..))]);
    map.insert("site_name".to_owned(), Bytes::new());
    let map = ArcSwap::from_pointee(map);

    Table::new()
        .row("ArcSwap::load, one field", None, || || bare.load().the_answer as u64)
        .row("live.load(), one field", Some("ArcSwap::load, one field"), || || live.load().the_answer as u64)
        .row("arc_swap::Cache, one field", None, || {
            let mut cache = Cache::new(Arc::clone(&bare));
            move || cache.load().the_answer as u64
        })
        .row("live.reader(), one field", Some("arc_swap::Cache, one field"), || {
            let mut reader = live.reader();
            move || reader.load().the_answer as u64
        })
        .row("ArcSwap<HashMap> get, integer decoded", None, || {
            || {
                let map = map.load();
                map.get("the_answer").and_then(|bytes| rmp_serde::from_slice::<i64>(bytes).ok()).unwrap_or(0) as u64
            }
        })
        .row("memory, Config::get of an integer", Some("ArcSwap<HashMap> get, integer decoded"), || {
            || config.get(Shop::THE_ANSWER).unwrap_or(0) as u64
        })
        .row("the same, backend held by type", Some("ArcSwap<HashMap> get, integer decoded"), || {
            || typed.get(Shop::THE_ANSWER).unwrap_or(0) as u64
        })
        .pinned()
        .print("Reads in the process", Duration::from_millis(4));
    Ok(())
}
