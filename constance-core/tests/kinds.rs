//! A value of every type read as every other type: it is the same value, or an error, and never another value.

// The lint's exception for tests knows the test functions only, not what they share.
#![allow(clippy::expect_used)]
#![cfg(all(
    feature = "chrono",
    feature = "jiff",
    feature = "json",
    feature = "rust_decimal",
    feature = "time",
    feature = "url",
    feature = "uuid"
))]

#[path = "kinds/meaning.rs"]
mod meaning;
#[path = "kinds/pairs.rs"]
mod pairs;
#[path = "kinds/serde_types.rs"]
mod serde_types;
