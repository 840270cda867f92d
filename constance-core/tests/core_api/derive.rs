//! What `#[derive(Settings)]` and `#[derive(SettingEnum)]` generate.

// The expansion has to be free of warnings in the strictest of crates.
#![deny(warnings, missing_docs, unreachable_pub, unused_qualifications, clippy::all, clippy::pedantic)]

mod enums;
mod names;
mod rules;
mod structs;
