//! No read allocates, unless the value itself does.

use constance_cache::LocalCache;
use constance_core::{Config, Settings};
use constance_memory::MemoryBackend;

#[derive(Debug, Clone, Settings)]
struct Shop {
    #[setting(default = 42, min = 0)]
    the_answer: i64,
    #[setting(default = "My Title")]
    site_name: String,
}

/// How many allocations the operation makes once everything has been used before.
fn allocations(mut operation: impl FnMut() -> i64) -> u64 {
    operation();
    allocation_counter::measure(|| {
        for _ in 0..100 {
            std::hint::black_box(operation());
        }
    })
    .count_total
}

#[test]
fn reads_allocate_nothing() {
    let config = Config::<Shop>::new(MemoryBackend::new());
    config.set(Shop::THE_ANSWER, 300).expect("writes");
    let live = config.live().expect("loads");
    let mut reader = live.reader();
    assert_eq!(allocations(|| live.load().the_answer), 0, "live.load()");
    assert_eq!(allocations(|| reader.load().the_answer), 0, "live.reader()");
    assert_eq!(allocations(|| config.get(Shop::THE_ANSWER).expect("reads")), 0, "get of an integer from memory");
    config.reset(Shop::THE_ANSWER).expect("writes");
    assert_eq!(allocations(|| config.get(Shop::THE_ANSWER).expect("reads")), 0, "get of a default");
    assert!(allocations(|| config.get(Shop::SITE_NAME).expect("reads").len() as i64) > 0, "the counter counts");
}

#[test]
fn hits_of_a_cache_allocate_nothing() {
    let config = Config::<Shop>::new(LocalCache::new(MemoryBackend::new()));
    config.set(Shop::THE_ANSWER, 300).expect("writes");
    config.warm().expect("reads");
    assert_eq!(allocations(|| config.get(Shop::THE_ANSWER).expect("reads")), 0, "a hit");
    config.reset(Shop::THE_ANSWER).expect("writes");
    assert_eq!(allocations(|| config.get(Shop::THE_ANSWER).expect("reads")), 0, "a hit of what is absent");
}
