//! Overrides in tests: a test gives the code under test other values, which nobody else sees.
//!
//! ```text
//! cargo run -p constance-memory --example overrides_in_tests
//! cargo test -p constance-memory --example overrides_in_tests
//! ```
#![expect(clippy::print_stdout, reason = "an example shows what it does")]

use constance_core::{Config, Result, Settings};
use constance_memory::MemoryBackend;

/// Live settings of the shop.
#[derive(Debug, Clone, Settings)]
struct Shop {
    /// From this sum on, in cents, delivery is free
    #[setting(default = 5_000, min = 0)]
    free_delivery_from: i64,
}

/// The code under test takes the `Config` that it is given.
fn delivery(config: &Config<Shop>, sum: i64) -> Result<i64> {
    Ok(if sum >= config.get(Shop::FREE_DELIVERY_FROM)? { 0 } else { 490 })
}

fn main() -> Result<()> {
    let shared = Config::<Shop>::new(MemoryBackend::new());
    let test = shared.overrides();
    {
        let _free = test.set(Shop::FREE_DELIVERY_FROM, 0)?;
        println!("with the override: {} cents", delivery(test.config(), 100)?);
        println!("everybody else:    {} cents", delivery(&shared, 100)?);
    }
    println!("after its end:     {} cents", delivery(test.config(), 100)?);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    // One store for all tests, as an application may have it. They run at the same time and do not see each other.
    fn shared() -> &'static Config<Shop> {
        static SHARED: std::sync::OnceLock<Config<Shop>> = std::sync::OnceLock::new();
        SHARED.get_or_init(|| Config::new(MemoryBackend::new()))
    }

    #[test]
    fn a_large_order_is_delivered_for_nothing() -> Result<()> {
        let test = shared().overrides();
        let _override = test.set(Shop::FREE_DELIVERY_FROM, 1_000)?;
        assert_eq!(delivery(test.config(), 1_000)?, 0);
        Ok(())
    }

    #[test]
    fn nothing_is_free_while_delivery_is_not() -> Result<()> {
        let test = shared().overrides();
        test.with(Shop::FREE_DELIVERY_FROM, i64::MAX, || assert_eq!(delivery(test.config(), 1_000).ok(), Some(490)))
    }
}
