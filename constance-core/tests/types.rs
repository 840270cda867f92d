//! The types of other crates as settings: their text forms, their stored form, and that the crates read each other's.

// The lint's exception for tests knows the test functions only, not what they share.
#![allow(clippy::expect_used)]
#![cfg(all(
    feature = "chrono",
    feature = "jiff",
    feature = "rust_decimal",
    feature = "time",
    feature = "url",
    feature = "uuid"
))]

#[path = "types/declared.rs"]
mod declared;
#[path = "types/stored.rs"]
mod stored;
#[path = "types/texts.rs"]
mod texts;
