//! What `#[derive(Settings)]` and `#[derive(SettingEnum)]` generate.

// The expansion has to be free of warnings in the strictest of crates.
#![deny(warnings, missing_docs, unreachable_pub, unused_qualifications, clippy::all, clippy::pedantic)]
// Test helpers are no tests to clippy.
#![allow(clippy::expect_used)]

#[path = "derive/enums.rs"]
mod enums;
#[path = "derive/names.rs"]
mod names;
#[path = "derive/rules.rs"]
mod rules;
#[path = "derive/structs.rs"]
mod structs;
