//! A cache in the process: what is asked of the backend, and what is answered without it.
//!
//! ```text
//! cargo run -p constance-cache --example local_cache
//! ```
#![expect(clippy::print_stdout, reason = "an example shows what it does")]

use std::time::Duration;

use constance_cache::LocalCache;
use constance_core::{Config, Result, Settings};
use constance_memory::MemoryBackend;

/// Live settings of the shop.
#[derive(Debug, Clone, Settings)]
struct Shop {
    /// How many articles a page shows
    #[setting(default = 20, min = 1)]
    page_size: u32,
    /// Website title
    #[setting(default = "My Title")]
    site_name: String,
}

fn main() -> Result<()> {
    // In the place of a backend over a network, where each read would be a round trip.
    let cache = LocalCache::builder(MemoryBackend::new())
        .ttl(Duration::from_secs(30)) // how old a value of another process's may be
        .stale_on_error(Duration::from_secs(600)) // how much longer it is served while the store is down
        .build();
    let counters = cache.counters().clone();
    let config = Config::<Shop>::new(cache);

    config.warm()?; // every setting in one round trip, at the start of a service
    println!("after the start:   {}", counters.counts());
    for _ in 0..1_000 {
        config.get(Shop::PAGE_SIZE)?;
    }
    println!("after 1,000 reads: {}", counters.counts());
    assert_eq!((counters.counts().hits, counters.counts().fetches), (1_000, 1));
    config.set(Shop::PAGE_SIZE, 50)?;
    println!("its own write is seen at once: {}", config.get(Shop::PAGE_SIZE)?);
    assert_eq!(config.get(Shop::PAGE_SIZE)?, 50);
    println!("and the rest:      {}, {}", config.snapshot()?.site_name, counters.counts());
    Ok(())
}

#[test]
fn it_runs() -> Result<()> {
    main()
}
