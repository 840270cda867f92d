//! The asynchronous front, over tokio.

mod cancelled;
mod env;
mod events;
mod front;
#[cfg(feature = "pickle")]
mod legacy;
mod live;
mod live_outages;

use std::sync::Arc;

use constance_core::aio::{AsyncConfig, Blocking};
use constance_core::testing::{FaultyBackend, ReferenceBackend};
use constance_core::{Settings, backend::Key};

#[derive(Debug, Clone, PartialEq, Settings)]
pub(crate) struct Shop {
    #[setting(default = 42, min = 0)]
    the_answer: i64,
    #[setting(default = "My Title", alias = "title")]
    site_name: String,
    note: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Settings)]
#[settings(validate = low_below_high)]
pub(crate) struct Bounds {
    #[setting(default = 1)]
    low: i64,
    #[setting(default = 10)]
    high: i64,
}

fn low_below_high(bounds: &Bounds) -> Result<(), &'static str> {
    if bounds.low < bounds.high { Ok(()) } else { Err("low must be below high") }
}

pub(crate) type Faulty = Arc<FaultyBackend<ReferenceBackend>>;

/// A front, and what it stands on.
pub(crate) fn shop() -> (Faulty, AsyncConfig<Shop>) {
    over(ReferenceBackend::new())
}

pub(crate) fn over<S: Settings>(reference: ReferenceBackend) -> (Faulty, AsyncConfig<S>) {
    let faulty = Arc::new(FaultyBackend::new(reference));
    (Arc::clone(&faulty), AsyncConfig::new(Blocking::new(faulty)))
}

pub(crate) fn key(config: &AsyncConfig<Shop>, name: &str) -> Key {
    config.prefix().key(name).expect("a valid name")
}
