//! Follows the settings in a Redis, and prints each change with what it was before, whoever makes it.
//!
//! ```text
//! cargo run -p constance-redis --example follow -- redis://127.0.0.1:6379/0
//! ```
//!
//! In a second terminal, set the setting, and remove what is stored with the tool of the server:
//!
//! ```text
//! cargo run -p constance-redis --example follow -- redis://127.0.0.1:6379/0 50
//! redis-cli del constance:page_size
//! ```
#![expect(clippy::print_stdout, reason = "an example shows what it does")]

use std::time::Duration;

use constance_core::{Config, Settings};
use constance_redis::RedisBackend;

/// Live settings of the shop.
#[derive(Debug, Clone, Settings)]
struct Shop {
    /// How many articles a page shows
    #[setting(default = 20, min = 1)]
    page_size: u32,
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut args = std::env::args().skip(1);
    let url = args.next().ok_or("which server? such as redis://127.0.0.1:6379/0")?;
    let config = Config::<Shop>::new(RedisBackend::from_url(&url)?);
    if let Some(size) = args.next() {
        // By name and text, as a tool does it: checked like any other write.
        config.set_text("page_size", &size)?;
        return Ok(());
    }
    let _subscription = config.subscribe(|event| {
        println!("{}: {:?} -> {:?}", event.name(), event.old(Shop::PAGE_SIZE), event.new_value(Shop::PAGE_SIZE));
    });
    // An error here, and no default, where the server cannot be reached.
    let live = config.live()?;
    println!("page_size is {}; waiting for changes, Ctrl-C ends it", live.load().page_size);
    loop {
        if !live.wait_for_change(Duration::from_secs(10)) {
            println!("{}", live.status());
        }
    }
}
