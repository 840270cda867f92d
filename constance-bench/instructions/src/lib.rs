//! The settings, and the `Config`s over them, whose instructions are counted: `cargo xtask test instructions`.

use std::time::Duration;

use constance_cache::LocalCache;
use constance_core::{Config, Live, MessagePack, Result, Settings};
use constance_memory::MemoryBackend;
use serde::{Deserialize, Serialize};

/// 186 bytes when it is encoded.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Banner {
    title: String,
    text: String,
    link: String,
    tags: Vec<String>,
    priority: u32,
    ratio: f64,
    dismissible: bool,
}

impl Banner {
    /// The banner of the summer sale.
    #[must_use]
    pub fn new(priority: u32) -> Self {
        Self {
            title: "Summer sale".to_owned(),
            text: "Everything must go: up to 40 percent off until Sunday evening".to_owned(),
            link: "https://shop.example/sale/summer".to_owned(),
            tags: vec!["sale".to_owned(), "summer".to_owned()],
            priority,
            ratio: 0.4,
            dismissible: true,
        }
    }
}

/// One setting of each kind that a service has most of.
#[derive(Debug, Clone, Settings)]
pub struct Shop {
    /// An integer with a bound
    #[setting(default = 42, min = 0)]
    pub the_answer: i64,
    /// A text
    #[setting(default = "My Title")]
    pub site_name: String,
    /// A duration
    #[setting(default = Duration::from_secs(1800))]
    pub basket_timeout: Duration,
    /// A list
    #[setting(default = vec![20, 50, 100])]
    pub page_sizes: Vec<u32>,
    /// A struct
    #[setting(default = Banner::new(300), serde)]
    pub banner: Banner,
}

/// A `Config` that is there as long as the process, over a store that holds another value than the default.
///
/// # Errors
///
/// What the backend says.
pub fn over_memory() -> Result<&'static Config<Shop>> {
    let config = Config::<Shop>::new(MemoryBackend::new());
    fill(&config)?;
    Ok(Box::leak(Box::new(config)))
}

/// The same over a cache that has been filled.
///
/// # Errors
///
/// What the backend says.
pub fn over_a_cache() -> Result<&'static Config<Shop>> {
    let config = Config::<Shop>::new(LocalCache::new(MemoryBackend::new()));
    fill(&config)?;
    config.warm()?;
    Ok(Box::leak(Box::new(config)))
}

/// The same over memory, with its `live()`.
///
/// # Errors
///
/// What the backend says.
pub fn followed() -> Result<(&'static Config<Shop>, &'static Live<Shop>)> {
    let config = over_memory()?;
    let live = config.live()?;
    Ok((config, Box::leak(Box::new(live))))
}

fn fill(config: &Config<Shop, MessagePack>) -> Result<()> {
    config.set(Shop::THE_ANSWER, 300)?;
    config.set(Shop::SITE_NAME, "Another Title".to_owned())?;
    config.set(Shop::BANNER, Banner::new(301))
}
