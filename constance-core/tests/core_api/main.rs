//! What the core promises beside the contract: the typed front, the derive macros, and what is stored.
// The lint's exception for tests knows the test functions only, not what they share.
#![allow(clippy::expect_used)]

#[cfg(feature = "tokio")]
mod aio;
mod aliases;
mod bounds;
#[cfg(feature = "json")]
mod changing;
mod derive;
#[cfg(all(
    feature = "chrono",
    feature = "jiff",
    feature = "json",
    feature = "pickle",
    feature = "rust_decimal",
    feature = "time",
    feature = "url",
    feature = "uuid"
))]
mod django;
mod events;
mod front;
mod golden;
mod hostile;
#[cfg(all(
    feature = "chrono",
    feature = "jiff",
    feature = "json",
    feature = "rust_decimal",
    feature = "time",
    feature = "url",
    feature = "uuid"
))]
mod kinds;
mod last_good;
mod layers;
mod lengths;
mod limits;
mod live;
mod live_fixed;
mod live_handlers;
mod live_outages;
mod live_status;
#[cfg(all(feature = "jiff", feature = "json", feature = "rust_decimal", feature = "url", feature = "uuid"))]
mod messages;
mod nested;
mod overridden_writes;
mod overrides;
mod panics;
#[cfg(all(feature = "jiff", feature = "json", feature = "rust_decimal", feature = "time"))]
mod ranges;
mod registry;
mod registry_urls;
mod rules;
mod secrecy;
#[cfg(all(feature = "json", feature = "pickle"))]
mod secret_shape;
mod stale;
mod subscribe_to;
mod transaction;
#[cfg(all(
    feature = "chrono",
    feature = "jiff",
    feature = "rust_decimal",
    feature = "time",
    feature = "url",
    feature = "uuid"
))]
mod types;
