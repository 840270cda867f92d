//! Hits of the cache in the process, beside the map that somebody would write by hand: `cargo xtask bench cache`.

use std::collections::HashMap;
use std::time::Duration;

use arc_swap::ArcSwap;
use bytes::Bytes;
use constance_bench::Table;
use constance_cache::LocalCache;
use constance_core::{Codec, Config, Kind, MessagePack, SettingType, Settings};
use constance_memory::MemoryBackend;
use serde::{Deserialize, Serialize};

/// 186 bytes when it is encoded.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Banner {
    title: String,
    text: String,
    link: String,
    tags: Vec<String>,
    priority: u32,
    ratio: f64,
    dismissible: bool,
}

impl Banner {
    fn new() -> Self {
        Self {
            title: "Summer sale".to_owned(),
            text: "Everything must go: up to 40 percent off until Sunday evening".to_owned(),
            link: "https://shop.example/sale/summer".to_owned(),
            tags: vec!["sale".to_owned(), "summer".to_owned()],
            priority: 300,
            ratio: 0.4,
            dismissible: true,
        }
    }
}

#[derive(Debug, Clone, Settings)]
struct Shop {
    #[setting(default = 42, min = 0)]
    the_answer: i64,
    #[setting(default = "My Title")]
    site_name: String,
    #[setting(default = Banner::new(), serde)]
    banner: Banner,
}

fn fill<B: constance_core::Backend>(config: &Config<Shop, MessagePack, B>) -> Result<(), constance_core::Error> {
    config.set(Shop::THE_ANSWER, 300)?;
    config.set(Shop::BANNER, Banner { priority: 301, ..Banner::new() })?;
    config.warm()
}

fn main() -> Result<(), constance_core::Error> {
    let cached = Config::<Shop>::new(LocalCache::new(MemoryBackend::new()));
    fill(&cached)?;
    let typed = Config::<Shop>::builder(LocalCache::new(MemoryBackend::new())).build_typed()?;
    fill(&typed)?;
    let told =
        Config::<Shop>::builder(LocalCache::builder(MemoryBackend::new()).ttl_forever().build()).build_typed()?;
    fill(&told)?;

    let integer = MessagePack.encode(&i64::KIND, &300_i64)?.into_bytes();
    let banner = MessagePack.encode(&Kind::Serde, &Banner::new())?.into_bytes();
    // What somebody writes by hand: the value's bytes without an envelope, by name.
    let mut map =
        HashMap::from([("the_answer".to_owned(), integer.slice(3..)), ("banner".to_owned(), banner.slice(3..))]);
    map.insert("site_name".to_owned(), Bytes::new());
    let map = ArcSwap::from_pointee(map);

    const INTEGER: &str = "ArcSwap<HashMap> get, integer decoded";
    Table::new()
        .row(INTEGER, None, || {
            || {
                let map = map.load();
                map.get("the_answer").and_then(|bytes| rmp_serde::from_slice::<i64>(bytes).ok()).unwrap_or(0) as u64
            }
        })
        .row("LocalCache hit, Config::get", Some(INTEGER), || || cached.get(Shop::THE_ANSWER).unwrap_or(0) as u64)
        .row("the same, backend held by type", Some(INTEGER), || || typed.get(Shop::THE_ANSWER).unwrap_or(0) as u64)
        .row("the same, until told", Some(INTEGER), || || told.get(Shop::THE_ANSWER).unwrap_or(0) as u64)
        .pinned()
        .print("An integer", Duration::from_millis(4));

    const STRUCT: &str = "ArcSwap<HashMap> get, struct decoded";
    Table::new()
        .row(STRUCT, None, || {
            || {
                let map = map.load();
                let banner = map.get("banner").and_then(|bytes| rmp_serde::from_slice::<Banner>(bytes).ok());
                banner.map_or(0, |banner| u64::from(banner.priority))
            }
        })
        .row("LocalCache hit, Config::get", Some(STRUCT), || {
            || cached.get(Shop::BANNER).map_or(0, |banner| u64::from(banner.priority))
        })
        .row("the same, backend held by type", Some(STRUCT), || {
            || typed.get(Shop::BANNER).map_or(0, |banner| u64::from(banner.priority))
        })
        .pinned()
        .print("A struct of 186 bytes", Duration::from_millis(4));
    Ok(())
}
