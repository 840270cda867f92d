//! What the core promises beside the contract: the typed front, the derive macros, and what is stored.
// The lint's exception for tests knows the test functions only, not what they share.
#![allow(clippy::expect_used)]

#[cfg(feature = "tokio")]
mod aio;
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
mod lengths;
mod live;
#[cfg(all(feature = "jiff", feature = "json", feature = "rust_decimal", feature = "url", feature = "uuid"))]
mod messages;
mod overrides;
mod panics;
#[cfg(all(feature = "jiff", feature = "json", feature = "rust_decimal", feature = "time"))]
mod ranges;
mod registry;
mod registry_urls;
mod secrecy;
#[cfg(all(feature = "json", feature = "pickle"))]
mod secret_shape;
#[cfg(all(
    feature = "chrono",
    feature = "jiff",
    feature = "rust_decimal",
    feature = "time",
    feature = "url",
    feature = "uuid"
))]
mod types;
mod within;
