//! Promise 16: a rule across settings holds on reading as on writing.

#[cfg(feature = "tokio")]
mod aio;
mod live;
mod overridden;
mod reading;
mod writing;

use std::sync::Arc;

use constance_core::testing::{FaultyBackend, ReferenceBackend};
use constance_core::{Config, Settings};

/// Two rules that share a setting, and a setting that is in none.
#[derive(Debug, Clone, PartialEq, Settings)]
#[settings(validate(Shop::in_order, fields(min, max)))]
#[settings(validate(|s: &Shop| if s.step <= s.max { Ok(()) } else { Err("the step is above the maximum") }, fields(step, max)))]
pub(crate) struct Shop {
    #[setting(default = 1)]
    min: i64,
    #[setting(default = 10, alias = "maximum")]
    max: i64,
    #[setting(default = 2)]
    step: i64,
    #[setting(default = "My Title")]
    site_name: String,
}

impl Shop {
    fn in_order(&self) -> Result<(), &'static str> {
        if self.min <= self.max { Ok(()) } else { Err("the minimum is above the maximum") }
    }
}

/// An older program, which knows no rule.
#[derive(Debug, Clone, PartialEq, Settings)]
pub(crate) struct Old {
    #[setting(default = 1)]
    min: i64,
    #[setting(default = 100)]
    max: i64,
    #[setting(default = 2)]
    step: i64,
    #[setting(default = "My Title")]
    site_name: String,
}

pub(crate) type Store = Arc<FaultyBackend<Arc<ReferenceBackend>>>;

/// A store, and the two programs. The old one goes past the faults.
pub(crate) fn store() -> (Store, Config<Shop>, Config<Old>) {
    let reference = Arc::new(ReferenceBackend::new());
    let store = Arc::new(FaultyBackend::new(Arc::clone(&reference)));
    (Arc::clone(&store), Config::new(store), Config::new(reference))
}

pub(crate) const BROKEN: &str = "cannot read settings \"min\", \"max\" from reference: the rule \"in_order\" is broken: \
     the minimum is above the maximum; set or reset them in one change to repair it";
